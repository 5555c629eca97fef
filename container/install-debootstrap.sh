#!/usr/bin/env bash
# Installs debootstrap from the distribution's own packages (Debian and Ubuntu, as root).
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends debootstrap
