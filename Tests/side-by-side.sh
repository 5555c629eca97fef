#!/usr/bin/env bash
# Runs steps of a long run at the same time: side-by-side.sh TITLE COMMAND [TITLE COMMAND]… A step with --then before its
# title starts when the one before it has succeeded; both form a lane. The output of the first lane is shown as it comes,
# that of each other lane when all its steps have ended. Each step prints the time it took. Fails if one of them failed,
# once all have ended.
set -uo pipefail

place=$(mktemp -d)
lanes=()
end_all() {
    for lane in "${lanes[@]}"; do kill -TERM -- "-$lane" 2>/dev/null; done
    rm -rf "$place"
}
trap end_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# step TITLE COMMAND: runs it and says how it ended, and after how long.
step() {
    local began=$SECONDS status=0 outcome=done
    printf '\n==> %s\n' "$1"
    bash -euo pipefail -c "$2" || status=$?
    [ "$status" -eq 0 ] || outcome="FAILED ($status)"
    printf '    %s in %d s: %s\n' "$outcome" $((SECONDS - began)) "$1"
    return "$status"
}

# lane TITLE COMMAND [TITLE COMMAND]…: one after the other, until one fails.
lane() {
    while [ "$#" -gt 1 ]; do
        step "$1" "$2" || return
        shift 2
    done
}

# Each in a process group of its own, so that all of it can be ended.
set -m
while [ "$#" -gt 1 ]; do
    steps=("$1" "$2")
    shift 2
    while [ "${1:-}" = --then ]; do
        steps+=("$2" "$3")
        shift 3
    done
    if [ "${#lanes[@]}" -eq 0 ]; then
        lane "${steps[@]}" </dev/null &
    else
        lane "${steps[@]}" </dev/null >"$place/${#lanes[@]}" 2>&1 &
    fi
    lanes+=("$!")
done
set +m

status=0
for number in "${!lanes[@]}"; do
    wait "${lanes[number]}" || status=1
    [ "$number" -eq 0 ] || cat "$place/$number"
done
lanes=()
exit "$status"
