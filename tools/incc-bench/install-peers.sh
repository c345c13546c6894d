#!/usr/bin/env bash
# Makes a virtual environment that peers run in: install-peers.sh FOLDER REQUIREMENTS
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
if [[ $2 == */requirements-torch.txt ]]; then
  need_torch_venv "$1" "$2" "${1%/}.log"
else
  need_venv "$1" "$2" "${1%/}.log"
fi
