# What the scripts share: messages, Debian packages, virtual environments. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# Runs a command with its output kept in a log, which is shown only if the command fails.
logged() {
  local log=$1 status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  if ((status)); then
    tail -n 40 "$log" >&2
    die "'$*' failed; the whole output is in $log"
  fi
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "installing packages needs root or sudo: $*"
  fi
}

# need_packages LOG PACKAGE...: installs the Debian packages that are missing. Asks dpkg first, so
# that a machine that has them needs neither the network nor root.
need_packages() {
  local log=$1 missing
  shift
  missing=$(comm -23 <(printf '%s\n' "$@" | sort) \
    <(dpkg-query -W -f='${Status}\t${Package}\n' "$@" 2>/dev/null |
      sed -n 's/^install ok installed\t//p' | sort -u))
  [[ -z $missing ]] && return
  command -v apt-get >/dev/null ||
    die "these packages are missing, and there is no apt-get to install them:" $missing
  say "installing" $missing
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends)
  # Lists that are there may do; they are fetched only when they do not.
  if ! as_root "${install[@]}" $missing >"$log" 2>&1; then
    logged "$log" as_root apt-get update
    logged "$log" as_root "${install[@]}" $missing
  fi
}

# need_venv FOLDER REQUIREMENTS LOG: a virtual environment with exactly the pinned packages. A stamp
# keeps what was installed, so that the next time costs nothing.
need_venv() {
  local venv=$1 requirements=$2 log=$3
  cmp -s "$requirements" "$venv/requirements.installed" && "$venv/bin/python" -c '' 2>/dev/null &&
    return
  if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    # Debian splits ensurepip off; other Pythons in PATH bring it along.
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_packages "$log" python3-venv
    rm -rf "$venv"
    logged "$log" python3 -m venv "$venv"
  fi
  say "installing $(grep -c == "$requirements") Python packages into ${venv#"$root"/}"
  logged "$log" "$venv/bin/python" -m pip install --disable-pip-version-check --no-deps \
    -r "$requirements"
  cp "$requirements" "$venv/requirements.installed"
}

# need_torch_venv FOLDER REQUIREMENTS LOG: the same with PyTorch and what depends on it.
need_torch_venv() {
  local venv=$1 requirements=$2 log=$3
  cmp -s "$requirements" "$venv/requirements.installed" && return
  need_venv "$venv" "$root/tools/requirements.txt" "$log"
  say "installing PyTorch into ${venv#"$root"/}"
  local pip=("$venv/bin/python" -m pip install --disable-pip-version-check)
  # PyPI has Linux builds with CUDA only, 3 GB of them: a last resort.
  "${pip[@]}" --retries 1 -r "$requirements" \
    --index-url https://download.pytorch.org/whl/cpu --extra-index-url https://pypi.org/simple \
    >"$log" 2>&1 ||
    logged "$log" "${pip[@]}" -r "$requirements"
  cp "$requirements" "$venv/requirements.installed"
}
