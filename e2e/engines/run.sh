#!/usr/bin/env bash
# Runs the tests of other engines than the machine's own: podman as root, podman as an ordinary user who is made for the
# purpose, a second docker engine behind SSH and TLS, and Slurm as a launcher. Arguments go to pytest. Everything is in one
# directory, which is gone afterwards, and so are the user and the networks.
#
#     run.sh --gvisor …    runs nothing but the tests with gVisor as the runtime, which takes long
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tests=$(dirname "$here")
root=$(dirname "$tests")
python=$root/.venv/tests/bin/python
program=${EXEC_MCP_BINARY:-$root/.build/release/exec-mcp}
engine=${MCP_EXECUTOR_ENGINE:-docker}
image=${MCP_EXECUTOR_IMAGE:-mcp-code-executor:latest}
small=exec-mcp-small:latest
suites=(
    engines/test_podman.py sandbox/test_isolation.py
    sandbox/test_orphans.py::test_a_container_of_a_dead_owner_is_removed_at_the_next_start
)
# What only docker does so: how it describes a container, what its filter of system calls forbids, a network of its own, and
# that it leaves the names of users alone (podman enters a number of its own before all others).
without=(
    "test_a_way_out_is_closed[unshare --user --map-root-user true]" test_the_engine_was_asked_for_every_restriction
    test_names_and_labels_say_whose_the_container_is test_limits_can_be_set test_a_network_can_be_asked_for
    test_the_user_is_coderunner_under_a_number_that_no_person_has "test_the_sandbox_knows_its_own_name[bridge]"
)
selection=("${suites[@]}" "${without[@]/#/--deselect=sandbox/test_isolation.py::}" "$@")

# With gVisor: what code can see and do, and attacks of all kinds.
gvisor=(sandbox/test_isolation.py attacks/test_kernel.py attacks/test_paths.py attacks/test_quotas.py)

cd "$tests"
say() { printf 'engines: %s\n' "$*"; }

# collects ARGUMENT…: whether a selection in the arguments leaves any of these tests.
collects() {
    local outcome=0
    "$python" -m pytest "$@" --collect-only -qq >/dev/null || outcome=$?
    [ "$outcome" -eq 0 ] || [ "$outcome" -eq 5 ] || exit "$outcome"
    [ "$outcome" -eq 0 ]
}

kinds=()
if [ "${1:-}" = --gvisor ]; then
    shift
    kinds=(gvisor)
else
    ! collects "${selection[@]}" || kinds+=(root rootless)
    ! collects engines/test_remote.py engines/test_tls.py "$@" || kinds+=(remote)
    ! collects engines/test_slurm.py "$@" || kinds+=(slurm)
fi
[ "${#kinds[@]}" -gt 0 ] || exit 0

place=$(mktemp -d /tmp/exec-mcp-engines-XXXXXX)
chmod 755 "$place"
account=exec-mcp-$(basename "$place" | tail -c 7 | tr '[:upper:]' '[:lower:]')

clean_up() {
    local kind
    [ ! -d "$place/remote" ] || "$here/remote-engine.sh" stop "$place/remote" || true
    [ ! -d "$place/slurm" ] || "$here/slurm.sh" stop "$place/slurm" || true
    for kind in root rootless; do
        [ ! -x "$place/$kind/podman" ] || "$place/$kind/podman" system reset --force >/dev/null 2>&1 || true
    done
    if id "$account" >/dev/null 2>&1; then
        # podman leaves a process that keeps the user's namespace.
        [ ! -e "$place/rootless/run/libpod/tmp/pause.pid" ] || kill "$(cat "$place/rootless/run/libpod/tmp/pause.pid")" || true
        userdel --force "$account" >/dev/null 2>&1 || true
    fi
    rm -rf "$place"
}
trap clean_up EXIT

# The program as a bundle has it, where every user can read it.
mkdir "$place/bundle"
cp "$program" "$place/bundle/exec-mcp"
cp -R "$root/skills" "$root/tools" "$place/bundle/"
chmod -R a+rX "$place/bundle"

# The system of the sandbox's image without its packages and papers: isolation needs neither, and it is copied at once.
say "copying the system of $image"
left_out=(proc sys dev tmp usr/share usr/local/share usr/lib/apt var/lib/apt var/lib/dpkg var/cache)
"$engine" run --rm --network none --user 0:0 --entrypoint tar "$image" -C / --create \
    --exclude '*/site-packages/*' --exclude '*/dist-packages/*' --exclude './usr/lib/*/gconv' --exclude './usr/lib/*/perl*' \
    "${left_out[@]/#/--exclude=./}" . >"$place/system.tar"
chmod 644 "$place/system.tar"

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

# has KIND: whether tests of this kind are to run.
has() { [[ " ${kinds[*]} " = *" $1 "* ]]; }

status=0
if has slurm; then
    say "Slurm"
    "$here/slurm.sh" start "$place/slurm"
    (
        . "$place/slurm/settings"
        export EXEC_MCP_BINARY=$place/bundle/exec-mcp
        "$python" -m pytest engines/test_slurm.py "$@"
    ) || status=1
    "$here/slurm.sh" stop "$place/slurm"
fi
if has remote || has gvisor; then
    ! has gvisor || "$here/install.sh" gvisor >/dev/null
    say "starting an engine elsewhere"
    "$here/remote-engine.sh" start "$place/remote" "$place/system.tar" "$small"
    . "$place/remote/settings"
    export MCP_EXECUTOR_IMAGE=$small EXEC_MCP_BINARY=$place/bundle/exec-mcp
    if has remote; then
        say "docker behind SSH and TLS"
        "$python" -m pytest engines/test_remote.py engines/test_tls.py "$@" || status=1
    fi
    if has gvisor; then
        say "gVisor"
        DOCKER_HOST=$REMOTE_ENGINE MCP_EXECUTOR_RUNTIME=runsc "$python" -m pytest "${gvisor[@]}" "$@" || status=1
    fi
    "$here/remote-engine.sh" stop "$place/remote"
fi
has root || exit "$status"

"$here/install.sh" podman >/dev/null
prepare root env
useradd --no-create-home --home-dir "$place/rootless" --shell /bin/sh "$account"
prepare rootless setpriv --reuid "$account" --regid "$account" --init-groups
chown -R "$account:" "$place/rootless"

for kind in root rootless; do
    say "podman, $kind"
    export MCP_EXECUTOR_ENGINE=$place/$kind/podman MCP_EXECUTOR_IMAGE=$small EXEC_MCP_BINARY=$place/$kind/exec-mcp
    "$MCP_EXECUTOR_ENGINE" import --change 'USER 1000:1000' "$place/system.tar" "$small" >/dev/null 2>"$place/import.log" || {
        cat "$place/import.log" >&2
        exit 1
    }
    "$python" -m pytest "${selection[@]}" || status=1
done
exit "$status"
