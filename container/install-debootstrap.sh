#!/usr/bin/env bash
# Installs debootstrap from the distribution's own packages (Debian and Ubuntu, as root).
set -euo pipefail
apt_get=$(dirname "${BASH_SOURCE[0]}")/../packaging/apt-get.sh
"$apt_get" update
"$apt_get" install --yes --no-install-recommends debootstrap
