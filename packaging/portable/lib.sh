# shellcheck shell=bash
# Helpers that the scripts in this directory share. To be sourced, not run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

die() {
    printf 'error: %s\n' "$1" >&2
    shift
    [ "$#" -eq 0 ] || printf '%s\n' "$@" >&2
    exit 1
}

say() { printf 'portable: %s\n' "$*" >&2; }

# Installs packages of Debian or Ubuntu that are missing, as root. install_missing PROGRAM PACKAGE [PROGRAM PACKAGE]...
install_missing() {
    local wanted=() program package
    while [ "$#" -gt 0 ]; do
        program=$1 package=$2
        shift 2
        command -v "$program" >/dev/null || wanted+=("$package")
    done
    [ "${#wanted[@]}" -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || die "packages are missing: sudo apt-get install ${wanted[*]}"
    say "installing ${wanted[*]}"
    "$root/packaging/apt-get.sh" -o Acquire::Retries=5 -qq update >&2
    "$root/packaging/apt-get.sh" -o Acquire::Retries=5 -qq install -y --no-install-recommends "${wanted[@]}" >&2
}

# Prints "URI CODENAME" for each archive that this machine's apt is configured to use.
archives() {
    # shellcheck disable=SC2016 # apt-get expands these.
    apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
        awk '$3 == "main" { print $1, $2 }' | sort -u | while read -r uri codename; do
        case $uri in
        # A mirror list names its mirrors in a file; any one of them will do.
        mirror+file:*) uri=$(awk '$1 ~ /^https?:/ { print $1; exit }' "${uri#mirror+file:}") ;;
        esac
        printf '%s %s\n' "$uri" "$codename"
    done
}

# Makes sure that apt has lists: without them it doesn't say which release an archive has.
require_lists() {
    [ -n "$(archives)" ] || "$root/packaging/apt-get.sh" -o Acquire::Retries=5 -qq update >&2
}

# apt_get DIRECTORY ARGUMENT...: runs apt-get with the configuration in DIRECTORY. If it fails, tries again with new
# lists: those of a mirror that is being updated may name files that are gone.
apt_get() {
    local directory=$1 attempt
    shift
    for attempt in 1 2 3; do
        APT_CONFIG=$directory/apt.conf apt-get -qq "$@" >&2 && return
        [ "$attempt" -lt 3 ] || return
        say "apt-get $1 failed; trying again in $((attempt * 10)) s"
        sleep $((attempt * 10))
        [ "$1" = update ] || APT_CONFIG=$directory/apt.conf apt-get -qq update >&2 || true
    done
}

# apt_for DIRECTORY SUITE: configures an apt of its own below DIRECTORY: the same archives as this machine's, with their
# updates, for SUITE of the same distribution. It knows no installed packages, and needs no root.
apt_for() {
    local directory=$1 suite=$2 uri codename
    mkdir -p "$directory"/{preferences.d,state/lists/partial,cache/archives/partial}
    : >"$directory/status"
    require_lists
    # shellcheck source=/dev/null
    . /etc/os-release
    archives | while read -r uri codename; do
        case $codename in
        "$VERSION_CODENAME" | "$VERSION_CODENAME-updates" | "$VERSION_CODENAME-security")
            printf '%s %s %s main universe\n' deb "$uri" "$suite${codename#"$VERSION_CODENAME"}"
            printf '%s %s %s main universe\n' deb-src "$uri" "$suite${codename#"$VERSION_CODENAME"}"
            ;;
        esac
    done | if [ "$ID" = ubuntu ]; then cat; else sed 's/ universe$//'; fi >"$directory/sources.list"
    [ -s "$directory/sources.list" ] || die "apt's sources name no archive for $VERSION_CODENAME"
    cat >"$directory/apt.conf" <<CONFIGURATION
Dir::Etc::SourceList "$directory/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::PreferencesParts "$directory/preferences.d";
Dir::State "$directory/state";
Dir::State::Status "$directory/status";
Dir::Cache "$directory/cache";
APT::Sandbox::User "$(id -un)";
APT::Update::Error-Mode "any";
Acquire::Retries "5";
CONFIGURATION
    apt_get "$directory" update || die "the package lists of $suite cannot be fetched" \
        "Either the network failed, or one of these archives no longer has this release:" \
        "$(sed -n 's/^deb /  /p' "$directory/sources.list")"
}
