#!/usr/bin/env bash
# trees.sh: makes an image of each Debian that the packages are to run on, exec-mcp-system:SUITE: the smallest system
# with Python, certificates and Docker's command line, and neither Swift nor a compiler. Prints the tags. An existing
# image is used again until this file changes. Needs root, on Debian.
# shellcheck source=packaging/portable/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../packaging/portable/lib.sh"

engine=${MCP_EXECUTOR_ENGINE:-docker}
suites=(bullseye bookworm trixie)
inputs=$(sha256sum <"${BASH_SOURCE[0]}" | cut -c1-64)
# Which package has Docker's command line.
declare -A clients=([bullseye]=docker.io [bookworm]=docker.io [trixie]=docker-cli)

# make_tree SUITE SCRATCH
make_tree() {
    local suite=$1 scratch=$2 mirror script=
    # In memory: dpkg waits for the disk after each file.
    mount -t tmpfs -o mode=755 none "$scratch"
    apt_for "$scratch/apt" "$suite"
    mirror=$(awk -v suite="$suite" '$1 == "deb" && $3 == suite { print $2; exit }' "$scratch/apt/sources.list")
    # A debootstrap older than the release has no script of its own for it; Debian's releases all share one.
    [ -e "/usr/share/debootstrap/scripts/$suite" ] || script=sid
    debootstrap --variant=minbase --include=python3-venv,ca-certificates "$suite" "$scratch/root" \
        "$mirror" ${script:+"$script"} >&2
    # The command line alone: the engine is this machine's.
    (cd "$scratch" && apt_get "$scratch/apt" download "${clients[$suite]}")
    dpkg-deb --fsys-tarfile "$scratch/${clients[$suite]}"_*.deb | tar -x -C "$scratch/root" ./usr/bin/docker
    rm -rf "$scratch"/root/var/cache/apt/* "$scratch"/root/var/lib/apt/lists/*
    tar -C "$scratch/root" --numeric-owner --one-file-system --create . |
        "$engine" import --change 'CMD ["bash"]' --change "LABEL exec-mcp.build-inputs=$inputs" - \
            "exec-mcp-system:$suite" >&2
}

if [ "${1:-}" = --make ]; then
    make_tree "$2" "$3"
    exit
fi

[ "$(. /etc/os-release && echo "$ID")" = debian ] || die "the systems are made on Debian, of its own archives"
install_missing debootstrap debootstrap
for suite in "${suites[@]}"; do
    made=$("$engine" image inspect --format '{{index .Config.Labels "exec-mcp.build-inputs"}}' "exec-mcp-system:$suite" \
        2>/dev/null || true)
    if [ "$made" != "$inputs" ]; then
        began=$SECONDS
        # Not /tmp: that may forbid device files and programs.
        scratch=$(mktemp -d /var/tmp/exec-mcp-system.XXXXXX)
        # A shell of its own, which ends at the first command that fails, and whose mounts end with it.
        unshare --mount "${BASH_SOURCE[0]}" --make "$suite" "$scratch" 2>"$scratch.log" || {
            tail -n 20 "$scratch.log" >&2
            rm -rf --one-file-system "$scratch"
            die "the system $suite cannot be made: see $scratch.log"
        }
        rm -rf --one-file-system "$scratch" "$scratch.log"
        printf 'systems: made %s in %d s\n' "$suite" $((SECONDS - began)) >&2
    fi
    printf 'exec-mcp-system:%s\n' "$suite"
done
