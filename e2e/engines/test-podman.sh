#!/usr/bin/env bash
# Runs tests with podman instead of docker, as root and then as an ordinary user: test-podman.sh PLACE ACCOUNT ARGUMENT…
# run.sh has filled PLACE and removes what is left in it, and the account, which doesn't exist yet. The arguments are
# pytest's.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/kinds.sh"
place=$1 account=$2
shift 2

# prepare KIND [COMMAND…]: podman with a storage of its own, behind a program that COMMAND makes another user's.
prepare() {
    local kind=$1 home=$place/$1 name
    shift
    mkdir -p "$home/storage" "$home/run" "$home/tmp"
    cat >"$home/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$home/storage"
runroot = "$home/run/storage"
CONF
    # Root may not have podman's own limits everywhere. They are the tests' alone: a sandbox has its own.
    # runc, because crun takes no hybrid of both versions of control groups. And no systemd.
    cat >"$home/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=16384:16384"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
    for name in podman exec-mcp; do
        cat >"$home/$name" <<SCRIPT
#!/bin/sh
export HOME=$home XDG_RUNTIME_DIR=$home/run XDG_CONFIG_HOME=$home TMPDIR=$home/tmp
export CONTAINERS_CONF=$home/containers.conf CONTAINERS_STORAGE_CONF=$home/storage.conf
cd "\$HOME"
[ "\$(id -u)" != 0 ] || exec $* $( [ $name = podman ] && command -v podman || echo "$place/bundle/exec-mcp") "\$@"
exec $( [ $name = podman ] && command -v podman || echo "$place/bundle/exec-mcp") "\$@"
SCRIPT
        chmod 755 "$home/$name"
    done
}

"$here/install.sh" podman >/dev/null
prepare root env
useradd --no-create-home --home-dir "$place/rootless" --shell /bin/sh "$account"
prepare rootless setpriv --reuid "$account" --regid "$account" --init-groups
chown -R "$account:" "$place/rootless"

status=0
for kind in root rootless; do
    say "podman, $kind"
    export MCP_EXECUTOR_ENGINE=$place/$kind/podman MCP_EXECUTOR_IMAGE=$small EXEC_MCP_BINARY=$place/$kind/exec-mcp
    "$MCP_EXECUTOR_ENGINE" import --change 'USER 1000:1000' "$place/system.tar" "$small" >/dev/null 2>"$place/import.log" || {
        cat "$place/import.log" >&2
        exit 1
    }
    "$python" -m pytest "$@" || status=1
done
exit "$status"
