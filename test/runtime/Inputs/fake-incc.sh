#!/bin/sh
# fake-incc.sh MODEL.json -o OUT: stands for incc where models are hand-made.
exec incc-test-library "$1" "$3" "$(dirname "$1")/kernels.o"
