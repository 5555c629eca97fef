#!/usr/bin/env bash
# Runs steps of a long run at the same time: side-by-side.sh TITLE COMMAND [TITLE COMMAND]… What the first prints is shown
# as it comes; what each of the others prints, when it has ended. Each says how long it took. Fails if one of them failed,
# once all have ended.
set -uo pipefail

place=$(mktemp -d)
steps=()
end_all() {
    for step in "${steps[@]}"; do kill -TERM -- "-$step" 2>/dev/null; done
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

# Each in a process group of its own, so that all of it can be ended.
set -m
while [ "$#" -gt 1 ]; do
    if [ "${#steps[@]}" -eq 0 ]; then
        step "$1" "$2" </dev/null &
    else
        step "$1" "$2" </dev/null >"$place/${#steps[@]}" 2>&1 &
    fi
    steps+=("$!")
    shift 2
done
set +m

status=0
for number in "${!steps[@]}"; do
    wait "${steps[number]}" || status=1
    [ "$number" -eq 0 ] || cat "$place/$number"
done
steps=()
exit "$status"
