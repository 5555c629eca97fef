#!/usr/bin/env bash
# Runs the tests of other engines than the machine's own: podman as root, podman as an ordinary user who is made for the
# purpose, a second docker engine behind SSH and TLS, and Slurm as a launcher. Arguments go to pytest. They run side by side,
# because they wait most of the time. Everything is in one directory, which is gone afterwards, and so are the user and the
# networks.
#
#     run.sh --gvisor …    runs nothing but the tests with gVisor as the runtime, which takes long
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/kinds.sh"
program=${EXEC_MCP_BINARY:-$root/.build/release/exec-mcp}
engine=${MCP_EXECUTOR_ENGINE:-docker}
image=${MCP_EXECUTOR_IMAGE:-mcp-code-executor:latest}
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
isolation=("${suites[@]}" "${without[@]/#/--deselect=sandbox/test_isolation.py::}")

# collects ARGUMENT…: whether a selection in the arguments leaves any of these tests.
collects() {
    local outcome=0
    "$python" -m pytest "$@" --collect-only -qq >/dev/null || outcome=$?
    [ "$outcome" -eq 0 ] || [ "$outcome" -eq 5 ] || exit "$outcome"
    [ "$outcome" -eq 0 ]
}

kinds=() arguments=("$@")
if [ "${1:-}" = --gvisor ]; then
    arguments=("${@:2}")
    kinds=(gvisor)
else
    ! collects "${isolation[@]}" "$@" || kinds+=(podman)
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
    # What is still mounted there must not hide how the tests went.
    rm -rf "$place" || true
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

# lane SCRIPT ARGUMENT…: the command that runs a script beside this one, with the arguments for pytest.
lane() { printf '%q ' "$here/$1" "$place" "${@:2}" "${arguments[@]}"; }

lanes=()
for kind in "${kinds[@]}"; do
    case $kind in
    podman) lanes+=("podman" "$(lane test-podman.sh "$account" "${isolation[@]}")") ;;
    remote) lanes+=("docker behind SSH and TLS" "$(lane test-remote.sh ssh-and-tls)") ;;
    gvisor) lanes+=("gVisor" "$(lane test-remote.sh gvisor)") ;;
    slurm) lanes+=("Slurm" "$(lane test-slurm.sh)") ;;
    esac
done
"$root/Tests/side-by-side.sh" "${lanes[@]}"
