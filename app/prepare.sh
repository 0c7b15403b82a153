# Sourced by app/run and tests/run: installs what is missing and builds Release into build/release.
# Runs with `set -euo pipefail`, in the root of the repository.

# "a|b" means whichever of the two the system has: Debian and Ubuntu releases differ in a few names.
build_packages=(g++ cmake ninja-build pkg-config qt6-base-dev "qt6-svg-dev|libqt6svg6-dev" zlib1g-dev libisal-dev libre2-dev libdw-dev libelf-dev libqscintilla2-qt6-dev
                nlohmann-json3-dev libcli11-dev fontconfig fonts-inter fonts-jetbrains-mono)
test_packages=(libsimdjson-dev)

# prints one line per package that is not installed, alternatives as they stand in the list
missing_packages() {
  local entry name
  for entry in "$@"; do
    for name in ${entry//|/ }; do
      if [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ]; then
        continue 2
      fi
    done
    echo "$entry"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

say_what_to_install() {
  echo "Opscope needs these packages (names of Debian 12 and Ubuntu 24.04), or what your system calls them:" >&2
  echo "  $*" >&2
  echo "With all of them installed, OPSCOPE_NO_INSTALL=1 $0 builds without looking for them." >&2
}

# the first of the alternatives that apt knows
available_name() {
  local name
  for name in ${1//|/ }; do
    if apt-cache show "$name" >/dev/null 2>&1; then
      echo "$name"
      return
    fi
  done
  echo "${1%%|*}"
}

install_missing() {
  [ -z "${OPSCOPE_NO_INSTALL:-}" ] || return 0
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say_what_to_install "$@"
    exit 1
  fi
  local missing names=() entry
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    say_what_to_install "${missing[@]}"
    exit 1
  fi
  echo "Installing: ${missing[*]}"
  local quiet=(-qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
  as_root apt-get "${quiet[@]}" update
  for entry in "${missing[@]}"; do
    names+=("$(available_name "$entry")")
  done
  as_root apt-get "${quiet[@]}" install -y --no-install-recommends "${names[@]}" >/dev/null
}

# build_release [CMAKE OPTIONS...]
build_release() {
  mkdir -p build/release
  local log=build/release/configure.log
  cmake --preset release "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  echo "Building (the first time takes a few minutes)"
  cmake --build --preset release --parallel "$(nproc)"
}
