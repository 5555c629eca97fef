#!/usr/bin/env bash
# Makes the tests' three Python environments, .venv/tests, .venv/tests-mcp1 and .venv/tests-frameworks, or with the
# argument bench the one of the comparison, .venv/bench. Up to date already, it takes a moment.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
environments=$(dirname "$here")/.venv
python=${PYTHON:-python3}

say() { printf 'environment: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# Debian and Ubuntu ship python3 without the means to make a virtual environment.
require_venv() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing python3-venv"
        export DEBIAN_FRONTEND=noninteractive
        apt-get -o DPkg::Lock::Timeout=300 -qq update >&2
        apt-get -o DPkg::Lock::Timeout=300 -qq install -y --no-install-recommends python3-venv >&2
        "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    fi
    fail "$python cannot make virtual environments: install its venv and ensurepip modules" \
        "(Debian, Ubuntu: sudo apt-get install python3-venv)"
}

# What an environment is made of; when none of it has changed, neither has the environment.
fingerprint() {
    { "$python" -c 'import sys; print(sys.version, sys.executable)'; cat "${@/#/$here/}"; } | cksum
}

# make_environment NAME REQUIREMENTS [CONSTRAINTS]: without constraints the requirements are all that is installed.
make_environment() {
    local directory=$environments/$1 requirements=$2 wanted options=()
    [ "$#" -gt 2 ] || options=(--no-deps)
    wanted=$(fingerprint "${@:2}")
    [ "$(cat "$directory/.fingerprint" 2>/dev/null)" = "$wanted" ] && [ -x "$directory/bin/python" ] && return
    require_venv
    say "making .venv/$1 (half a minute or more)"
    rm -rf "$directory"
    "$python" -m venv "$directory"
    "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "${options[@]}" \
        -r "$here/$requirements" >&2
    printf '%s' "$wanted" >"$directory/.fingerprint"
}

command -v "$python" >/dev/null || fail "$python is missing: install Python 3.10 or newer"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "$("$python" --version) is too old: the published MCP clients need Python 3.10 or newer"

case ${1:-tests} in
tests)
    make_environment tests requirements.txt constraints.txt
    make_environment tests-mcp1 requirements-mcp1.txt constraints-mcp1.txt
    make_environment tests-frameworks requirements-frameworks.txt
    ;;
bench) make_environment bench requirements-bench.txt constraints-bench.txt ;;
*) fail "there is no environment '$1': name none, or bench" ;;
esac
