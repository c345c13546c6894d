#!/usr/bin/env bash
# Makes the virtual environment that the peers run in: install-peers.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../common.sh"
need_venv "$1" "$here/requirements.txt" "${1%/}.log"
