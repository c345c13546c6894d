#!/usr/bin/env bash
# Builds incc and runs all its tests. Closes with `N passed, N failed`.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="usage: tools/test.sh [--reference] [--sanitize LIST] [FILTER]
Builds incc and runs its tests, one process per core.
  FILTER           runs only the tests whose path matches this regular expression
  --reference      also compares every model of models/ with PyTorch in float64: from YAML and
                   through ONNX, a line for each as it is done (kept in build/reference.log);
                   installs torch, torchvision and timm into build/venv-torch; hours on two cores
  --sanitize LIST  builds and tests with these sanitizers in build-asan/"

build=$root/build
build_options=()
lit_options=()
reference=
while (($#)); do
  case $1 in
  --reference) reference=1 ;;
  --sanitize)
    build=$root/build-asan
    build_options=(--sanitize "${2:-}")
    shift
    ;;
  -h | --help)
    echo "$usage"
    exit
    ;;
  -*) die "unknown option '$1'"$'\n'"$usage" ;;
  *) lit_options+=(--filter "$1") ;;
  esac
  shift
done

"$root/tools/build.sh" "${build_options[@]}"
# Reads reports as a user does.
need_packages "$build/apt-test.log" chromium-headless-shell ocl-icd-libopencl1 pocl-opencl-icd
if [[ $reference ]]; then
  need_torch_venv "$root/build/venv-torch" "$root/tools/requirements-torch.txt" \
    "$build/pip-torch.log"
  lit_options+=(--param reference=1)
fi

results=$build/test-results.json
rm -f "$results"
status=0
if [[ $reference ]]; then
  : >"$build/reference.log"
  tail -n0 -f "$build/reference.log" &
  trap 'kill '$! EXIT
fi
"$root/build/venv/bin/lit" -sv -j"$(nproc)" "${lit_options[@]}" \
  --output "$results" "$build/test" || status=$?

"$root/build/venv/bin/python" - "$results" <<'PYTHON' || status=$?
import collections, json, sys
try:
    tests = json.load(open(sys.argv[1]))["tests"]
except (OSError, ValueError, KeyError):
    sys.exit("error: lit did not finish")
codes = collections.Counter(test["code"] for test in tests)
good = codes["PASS"] + codes["XFAIL"] + codes["FLAKYPASS"]
skipped = codes["UNSUPPORTED"] + codes["SKIPPED"]
failed = len(tests) - codes["EXCLUDED"] - good - skipped  # what a filter leaves out does not count
print(f"{good} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(failed != 0 or good == 0)
PYTHON
exit "$status"
