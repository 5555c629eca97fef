#!/usr/bin/env bash
# Installs an SSH server and `ip` from the distribution's own packages (Debian and Ubuntu, as root), without starting the
# server. What is here already stays as it is.
set -euo pipefail

missing=()
for pair in /usr/sbin/sshd:openssh-server ssh:openssh-client ip:iproute2; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || {
    echo "install-sshd.sh: missing ${missing[*]}: install them, or run this as root on Debian or Ubuntu" >&2
    exit 1
}
# No package may start a service meanwhile.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
apt_get=$(dirname "${BASH_SOURCE[0]}")/../../packaging/apt-get.sh
"$apt_get" -qq update
"$apt_get" -qq install --yes --no-install-recommends "${missing[@]}"
