# Sourced by ./run and ./test: checks that everything the build needs is there, installs it on Debian and Ubuntu, and
# says what it does.

# The same environment for every build: SwiftPM would plan and compile anew in a different one.
export SWIFT_DETERMINISTIC_HASHING=1

say() { printf '\033[1m▸ %s\033[0m\n' "$*"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '▸ %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# need_swift: Swift 6.2 or later.
need_swift() {
    command -v swift >/dev/null 2>&1 || die "Swift is not installed. Get Swift 6.2 or later from https://www.swift.org/install and run this again."
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    case "$version" in
        6.[2-9] | 6.[1-9][0-9] | [7-9].* | [1-9][0-9].*) ;;
        *) die "Swift ${version:-(unknown version)} is too old: 6.2 or later is needed. Get it from https://www.swift.org/install and run this again." ;;
    esac
}

# need_packages NAME...: Debian packages.
need_packages() {
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
        pkg-config --exists sqlite3 2>/dev/null && return 0
        die "This is no Debian or Ubuntu. Install the equivalents of these packages and run this again: $*"
    fi
    local missing=() name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${Status}' "$name" 2>/dev/null)" = "install ok installed" ] || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || die "These packages are missing: ${missing[*]}. Install them as root (apt-get install ${missing[*]}) and run this again."
        as_root=(sudo)
    fi
    say "Installing ${missing[*]}"
    "${as_root[@]}" apt-get update -q </dev/null >/dev/null || die "apt-get update failed. Look at its message above."
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null ||
        die "apt-get install ${missing[*]} failed. Look at its message above."
}
