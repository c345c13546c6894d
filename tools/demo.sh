#!/usr/bin/env bash
# Builds incc, compiles two networks and classifies pictures with them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="usage: tools/demo.sh [IMAGE.png|IMAGE.jpg]...
Builds incc, compiles ResNet-50 and a network trained on handwritten digits, and classifies pictures
with both: those given, or digits of the test set."

images=()
for argument in "$@"; do
  case $argument in
  -h | --help)
    echo "$usage"
    exit
    ;;
  -*) die "unknown option '$argument'"$'\n'"$usage" ;;
  *)
    [[ -f $argument ]] || die "no such file: '$argument'"
    images+=("$(realpath "$argument")")
    ;;
  esac
done

"$root/tools/build.sh"
PATH=$root/build/bin:$PATH
cd "$root"
mkdir -p build/demo

# Shows a command and runs it.
show() {
  local bold= plain=
  [[ -t 1 ]] && bold=$'\e[1m' plain=$'\e[0m'
  printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
  "$@"
}

digits=(00_7 01_6 02_3 09_3 15_8)
digit_files=("${digits[@]/#/test/data/digits/}")
digit_files=("${digit_files[@]/%/.png}")

say "A network with trained weights: 1.65 million parameters, handwritten digits (the digit is the"
say "last character of a file's name)."
show incc models/minigooglenet_digits.yaml \
  --weights models/minigooglenet_digits.safetensors -o build/demo/digits.so --report build/demo/digits
show incc-run build/demo/digits.so --top 2 --report build/demo/digits "${images[@]:-${digit_files[@]}}"

say
say "ResNet-50, without weights: its answers are random, its speed is that of the real network."
show incc models/resnet50.yaml -o build/demo/resnet50.so
show incc-run build/demo/resnet50.so --top 3 --repeat 10 --profile "${images[@]:-${digit_files[0]}}"

say
say "The libraries and their headers are in build/demo. To link one into a C program, see README.md."
say "To look at the first network, its schedule, memory and times: build/demo/digits/report.html"
