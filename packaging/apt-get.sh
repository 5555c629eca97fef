#!/usr/bin/env bash
# apt-get for the scripts that ready this machine, of which several may run at once: of two updates at the same time,
# one would fail. Takes the arguments of apt-get.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
# --close: what an installation starts may stay, and would keep the lock.
exec flock --close /var/lock/exec-mcp-apt.lock apt-get -o DPkg::Lock::Timeout=300 "$@"
