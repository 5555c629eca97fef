#!/usr/bin/env bash
# Makes this machine ready to build exec-agent. On Linux its HTTPS connections are libcurl's, whose header and whose file
# to link with are no part of Swift. Does nothing where they are there.
set -euo pipefail

if [ "$(uname -s)" != Linux ]; then exit 0; fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The compiler is the one that Swift brings along and links with.
builds_with_curl() {
    printf '#include <curl/curl.h>\nint main(void) { return curl_multi_wakeup(0) == CURLM_OK; }\n' \
        | clang -x c - -o "$scratch/program" -lcurl 2>"$scratch/errors"
}

if builds_with_curl; then exit 0; fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "prepare-build: installing libcurl4-openssl-dev" >&2
    "$here/apt-get.sh" -qq update >&2
    "$here/apt-get.sh" -qq install -y --no-install-recommends libcurl4-openssl-dev >&2
    if builds_with_curl; then exit 0; fi
fi

cat "$scratch/errors" >&2
cat >&2 <<'ADVICE'
error: exec-agent cannot be built: the development files of libcurl are missing
Debian, Ubuntu: sudo apt-get install libcurl4-openssl-dev
Fedora:         sudo dnf install libcurl-devel
`make build-server` builds exec-mcp alone, which needs none of this.
ADVICE
exit 1
