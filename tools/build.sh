#!/usr/bin/env bash
# Installs what is missing on Debian 12 and builds incc into build/. Run it as often as you like.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="usage: tools/build.sh [--sanitize LIST] [--debug] [TARGET...]
Installs what is missing (Debian packages as root or by sudo, Python packages into build/venv) and
builds into build/.
  --sanitize LIST  builds with these sanitizers into build-asan/, e.g. address,undefined
  --debug          optimises less and keeps debug information, into build-debug/"

build=$root/build
options=(-DCMAKE_BUILD_TYPE=Release)
targets=()
while (($#)); do
  case $1 in
  --sanitize)
    [[ ${2:-} =~ ^[a-z,-]+$ ]] || die "--sanitize expects a list such as address,undefined"
    build=$root/build-asan
    options=(-DCMAKE_BUILD_TYPE=Release "-DINCC_SANITIZE=$2")
    shift
    ;;
  --debug)
    build=$root/build-debug
    options=(-DCMAKE_BUILD_TYPE=RelWithDebInfo)
    ;;
  -h | --help)
    echo "$usage"
    exit
    ;;
  -*) die "unknown option '$1'"$'\n'"$usage" ;;
  *) targets+=("$1") ;;
  esac
  shift
done
mkdir -p "$build"

packages=(
  clang-19 libclang-rt-19-dev lld-19 llvm-19-dev llvm-19-tools libmlir-19-dev mlir-19-tools
  cmake ninja-build ccache binutils libc6-dev make python3
  libeigen3-dev libfmt-dev libjpeg-dev libpng-dev libprotobuf-dev libyaml-cpp-dev protobuf-compiler
  zlib1g-dev
)
# What cross-compiled models are made with and tested by.
case $(uname -m) in
x86_64) packages+=(libc6-dev-arm64-cross g++-aarch64-linux-gnu qemu-user) ;;
aarch64) packages+=(libc6-dev-amd64-cross) ;;
esac
need_packages "$build/apt.log" "${packages[@]}"
need_venv "$root/build/venv" "$root/tools/requirements.txt" "$build/pip.log"

# Configured once: later ninja does it again by itself when a CMakeLists.txt changes.
options+=(-G Ninja -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19
  "-DINCC_TEST_PYTHON=$root/build/venv/bin/python")
command -v ccache >/dev/null &&
  options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
if [[ ! -f $build/build.ninja || $(cat "$build/configured" 2>/dev/null) != "${options[*]}" ]]; then
  say "configuring ${build#"$root"/}"
  logged "$build/configure.log" cmake -S "$root" -B "$build" "${options[@]}"
  echo "${options[*]}" >"$build/configured"
fi

start=$SECONDS
if [[ -t 2 ]]; then
  ninja -C "$build" -j"$(nproc)" "${targets[@]}" >&2
else
  # Not a terminal: progress would be thousands of lines, so only failures are shown.
  logged "$build/build.log" ninja -C "$build" -j"$(nproc)" "${targets[@]}"
fi
say "built ${build#"$root"/} in $((SECONDS - start)) s"
