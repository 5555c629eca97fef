# For scripts that start servers in network namespaces of their own, and end them. To be sourced.

# number_of PLACE: six digits that belong to this directory, for names of interfaces, which have at most 15 characters.
number_of() {
    local digits
    digits=$(printf '%s' "$1" | cksum | cut -d ' ' -f 1)
    printf '%06d' "$((digits % 1000000))"
}

# add_namespace SPACE LINK FAR NEAR_ADDRESS FAR_ADDRESS: a namespace at the other end of a pair of interfaces.
add_namespace() {
    ip netns add "$1"
    ip link add "$2" type veth peer name "$3" netns "$1"
    ip address add "$4/30" dev "$2"
    ip link set "$2" up
    ip -n "$1" address add "$5/30" dev "$3"
    ip -n "$1" link set "$3" up
    ip -n "$1" link set lo up
}

# remove_namespace SPACE LINK: with all processes in it.
remove_namespace() {
    ip netns pids "$1" 2>/dev/null | xargs --no-run-if-empty kill -KILL 2>/dev/null || true
    ip link delete "$2" 2>/dev/null || true
    ip netns delete "$1" 2>/dev/null || true
}

# stop_process FILE: ends the process whose number is in FILE, and waits for its end.
stop_process() {
    local pid
    [ -s "$1" ] || return 0
    pid=$(cat "$1")
    kill "$pid" 2>/dev/null || return 0
    for _ in $(seq 300); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
}

# until_true SECONDS COMMAND…: repeats a command until it succeeds.
until_true() {
    local seconds=$1
    shift
    for _ in $(seq $((seconds * 10))); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}
