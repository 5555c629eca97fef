#!/usr/bin/env bash
# install.sh [KIND…]: installs what the tests of other engines need, from the distribution's own packages (Debian and
# Ubuntu, as root): podman, with what it needs to run without root; remote, for a docker engine behind SSH and TLS; slurm;
# gvisor. Without arguments, all but gvisor. Starts no service. What is here already stays as it is.
set -euo pipefail

declare -A needed=(
    [podman]="podman:podman newuidmap:uidmap runc:runc setpriv:util-linux"
    [remote]="/usr/sbin/sshd:openssh-server ssh:openssh-client ip:iproute2 openssl:openssl"
    [slurm]="slurmctld:slurmctld slurmd:slurmd srun:slurm-client ip:iproute2"
    [gvisor]="runsc:runsc"
)

[ "$#" -gt 0 ] || set -- podman remote slurm
missing=()
for kind; do
    for pair in ${needed[$kind]}; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
    done
done
[ "${#missing[@]}" -gt 0 ] || exit 0

command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || {
    echo "install.sh: missing ${missing[*]}: install them, or run this as root on Debian or Ubuntu" >&2
    exit 1
}
apt_get=$(dirname "${BASH_SOURCE[0]}")/../../packaging/apt-get.sh
"$apt_get" -qq update
"$apt_get" --without-services -qq install --yes --no-install-recommends "${missing[@]}"
