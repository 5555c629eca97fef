#!/usr/bin/env bash
# apt-get for the scripts that prepare this machine. Several of them may run at once: of two updates at the same time,
# one would fail. Takes the arguments of apt-get.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
# Only root changes what two of them would share.
[ "$(id -u)" = 0 ] || exec apt-get "$@"
# In a directory of root's, so that no other account can hold the lock or own its file. --close: what an installation
# starts may stay, and would keep the lock.
exec flock --close /run/exec-mcp-apt.lock apt-get -o DPkg::Lock::Timeout=300 "$@"
