#!/usr/bin/env bash
# Installs Docker from the distribution's own packages (Debian and Ubuntu, as root).
# shellcheck source=container/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

apt_get=$CONTAINER_DIR/../packaging/apt-get.sh
have apt-get || die "this machine has no apt-get"
"$apt_get" update

packages=(iptables ca-certificates)
if ! have dockerd; then packages+=(docker.io); fi
# Newer releases package the command line apart from the daemon.
if ! find_engine >/dev/null && [ -n "$(apt-cache search --names-only '^docker-cli$')" ]; then
  packages+=(docker-cli)
fi
# A kernel that enforces AppArmor refuses containers until the tool that loads profiles is there.
if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]; then
  packages+=(apparmor)
fi

# What is here already stays at the version it has.
"$apt_get" install --yes --no-install-recommends --no-upgrade "${packages[@]}"
