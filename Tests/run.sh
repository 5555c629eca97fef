#!/usr/bin/env bash
# Runs every end-to-end test against the built server, the built agent and the real engine. Arguments go to pytest, for
# example `Tests/run.sh -k timeout`; EXEC_MCP_BINARY and EXEC_AGENT_BINARY name other programs to test.
#
# Modules run side by side, TEST_PROCESSES of them (two for each processor, eight at most), since most tests wait most of
# the time; 0 runs them in one process, which a debugger needs. What is marked `alone` runs afterwards, by itself.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
export EXEC_MCP_BINARY=${EXEC_MCP_BINARY:-$root/.build/release/exec-mcp}
export EXEC_AGENT_BINARY=${EXEC_AGENT_BINARY:-$root/.build/release/exec-agent}

for program in "$EXEC_MCP_BINARY" "$EXEC_AGENT_BINARY"; do
    [ -x "$program" ] && continue
    echo "run.sh: there is no program $program: build it first (make build)" >&2
    exit 1
done
"$here/environment.sh" || exit 1

processors=$(getconf _NPROCESSORS_ONLN)
processes=${TEST_PROCESSES:-$((processors < 4 ? processors * 2 : 8))}

cd "$here" || exit 1
status=0
suite() {
    local environment=$1 title=$2
    shift 2
    printf '\n== %s\n' "$title"
    "$root/.venv/$environment/bin/python" -m pytest "$@"
    local outcome=$?
    # 5: a selection in the arguments left nothing of this suite.
    [ "$outcome" -eq 0 ] || { [ "$outcome" -eq 5 ] && [ "${#selection[@]}" -gt 0 ]; } || status=1
}

selection=("$@")
suites=(Conformance Protocol CommandLine Clients Sandbox Faults Attacks Skills Agent)
suite tests "conformance, protocol, command line, published clients (mcp 2.x, fastmcp), sandbox, faults, attacks, skills, agent" \
    "${suites[@]}" -m "not alone" -n "$processes" --dist loadfile "$@"
suite tests "what runs alone" "${suites[@]}" -m alone "$@"
suite tests-mcp1 "published client mcp 1.x" ClientsV1 "$@"
suite tests-frameworks "agents of published frameworks" Frameworks "$@"
printf '\n== %s\n' "podman in docker's place, as root and without"
"$here/Engines/run.sh" "$@" || status=1
exit "$status"
