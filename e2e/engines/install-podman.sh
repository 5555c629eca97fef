#!/usr/bin/env bash
# Installs podman and what it needs to run without root, from the distribution's own packages (Debian and Ubuntu, as
# root). What is here already stays as it is.
set -euo pipefail

missing=()
for pair in podman:podman newuidmap:uidmap runc:runc setpriv:util-linux; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || {
    echo "install-podman.sh: missing ${missing[*]}: install them, or run this as root on Debian or Ubuntu" >&2
    exit 1
}
apt_get=$(dirname "${BASH_SOURCE[0]}")/../../packaging/apt-get.sh
"$apt_get" -qq update
"$apt_get" -qq install --yes --no-install-recommends "${missing[@]}"
