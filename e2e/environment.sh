#!/usr/bin/env bash
# Makes the tests' Python environments, .venv/tests, .venv/tests-mcp1, .venv/tests-frameworks, .venv/page and
# .venv/packaging, and those of the MCP servers that they use, .venv/servers and .venv/servers-mcp1. Installs chromium
# and firefox-esr, which the page's tests need, if they are missing (Debian, as root), and unpacks promtool into
# .venv/promtool. With the argument page it makes .venv/page alone, with servers .venv/servers, with packaging
# .venv/packaging, with kubernetes .venv/kubernetes and .venv/kubectl, with bench the environment of the comparison,
# .venv/bench, with tokens that of `make bench-tokens`, .venv/tokens, with pictures that of `make pictures`,
# .venv/pictures, with promtool .venv/promtool. Up to date already, it takes a moment.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
environments=$root/.venv
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
        "$root/packaging/apt-get.sh" -qq update >&2
        "$root/packaging/apt-get.sh" -qq install -y --no-install-recommends python3-venv >&2
        "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    fi
    fail "$python cannot make virtual environments: install its venv and ensurepip modules" \
        "(Debian, Ubuntu: sudo apt-get install python3-venv)"
}

# What an environment is made of; when none of it has changed, neither has the environment.
fingerprint() {
    { "$python" -c 'import sys; print(sys.version, sys.executable)'; cat "${@/#/$root/}"; } | cksum
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
        -r "$root/$requirements" >&2
    printf '%s' "$wanted" >"$directory/.fingerprint"
}

# The page's tests run in the system's browsers.
require_browsers() {
    has_browsers && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing chromium and firefox-esr"
        "$root/packaging/apt-get.sh" -qq update >&2
        "$root/packaging/apt-get.sh" -qq install -y --no-install-recommends \
            chromium firefox-esr fonts-dejavu-core >&2
        has_browsers && return
    fi
    fail "chromium or firefox-esr is missing: install them (Debian: sudo apt-get install chromium firefox-esr)"
}

# The checks of metrics. The package is unpacked and not installed: its installation would start a server.
require_promtool() {
    local directory=$environments/promtool
    command -v promtool >/dev/null || "$directory/usr/bin/promtool" --version >/dev/null 2>&1 && return
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
        fail "promtool is missing: install it (it is part of Prometheus)"
    say "unpacking promtool"
    # Beside it, so that an interruption leaves nothing that looks whole.
    rm -rf "$directory" "$directory.new"
    mkdir -p "$directory.new"
    if ! (cd "$directory.new" && "$root/packaging/apt-get.sh" -qq download prometheus >&2); then
        [ "$(id -u)" != 0 ] || "$root/packaging/apt-get.sh" -qq update >&2
        (cd "$directory.new" && "$root/packaging/apt-get.sh" -qq download prometheus >&2) ||
            fail "the package prometheus can't be downloaded"
    fi
    dpkg-deb --fsys-tarfile "$directory.new"/prometheus_*.deb | tar -x -C "$directory.new" ./usr/bin/promtool
    rm "$directory.new"/prometheus_*.deb
    mv "$directory.new" "$directory"
}

has_browsers() {
    command -v chromium >/dev/null && { command -v firefox-esr || command -v firefox; } >/dev/null
}

command -v "$python" >/dev/null || fail "$python is missing: install Python 3.10 or newer"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "$("$python" --version) is too old: the published MCP clients need Python 3.10 or newer"

case ${1:-tests} in
tests)
    make_environment tests e2e/requirements.txt e2e/constraints.txt
    make_environment tests-mcp1 e2e/requirements-mcp1.txt e2e/constraints-mcp1.txt
    make_environment tests-frameworks e2e/requirements-frameworks.txt
    require_promtool
    require_browsers
    make_environment page e2e/requirements-page.txt e2e/constraints-page.txt
    make_environment servers e2e/requirements-servers.txt e2e/constraints-servers.txt
    make_environment servers-mcp1 e2e/requirements-servers-mcp1.txt e2e/constraints-servers-mcp1.txt
    make_environment packaging e2e/requirements-packaging.txt e2e/constraints-packaging.txt
    make_environment kubernetes e2e/requirements-kubernetes.txt e2e/constraints.txt
    "$here/kubernetes/install-kubectl.sh" >/dev/null
    ;;
page)
    require_browsers
    make_environment page e2e/requirements-page.txt e2e/constraints-page.txt
    ;;
packaging) make_environment packaging e2e/requirements-packaging.txt e2e/constraints-packaging.txt ;;
promtool) require_promtool ;;
kubernetes)
    make_environment kubernetes e2e/requirements-kubernetes.txt e2e/constraints.txt
    "$here/kubernetes/install-kubectl.sh" >/dev/null
    ;;
servers) make_environment servers e2e/requirements-servers.txt e2e/constraints-servers.txt ;;
bench) make_environment bench bench/requirements-bench.txt bench/constraints-bench.txt ;;
tokens) make_environment tokens bench/requirements-tokens.txt ;;
pictures)
    require_browsers
    make_environment pictures examples/recording/requirements.txt
    ;;
*) fail "no such environment: '$1': give no name, page, promtool, servers, packaging, kubernetes, bench, tokens or pictures" ;;
esac
