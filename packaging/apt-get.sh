#!/usr/bin/env bash
# apt-get for the scripts that prepare this machine. Several of them may run at once: of two updates at the same time,
# one would fail. Takes the arguments of apt-get. With --without-services before them, no package starts a service.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
with_services=yes
if [ "${1:-}" = --without-services ]; then
    with_services=
    shift
fi
# Only root changes what two of them would share.
[ "$(id -u)" = 0 ] || exec apt-get "$@"
# In a directory of root's, so that no other account can hold the lock or own its file.
exec 9>>/run/exec-mcp-apt.lock
flock 9
# Not before apt-get has ended, which goes on with its work.
trap 'exit 143' TERM

# What Debian's packages ask before they start a service. A machine's own answer stays; ours, which a killed run has left,
# doesn't.
policy=/usr/sbin/policy-rc.d
mark='# Made by packaging/apt-get.sh of exec-mcp, which removes it again.'
if [ -z "$with_services" ] && { [ ! -e "$policy" ] || grep -qxF "$mark" "$policy"; }; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod 755 "$policy"
fi
# Without the lock: what an installation starts may stay, and would keep it.
apt-get -o DPkg::Lock::Timeout=300 "$@" 9>&-
