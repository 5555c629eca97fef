#!/usr/bin/env bash
# Runs every end-to-end test against the built server, the built agent and the real engine. Arguments go to pytest, for
# example `e2e/run.sh -k timeout`; EXEC_MCP_BINARY and EXEC_AGENT_BINARY name other programs to test.
#
# Modules run side by side, TEST_PROCESSES of them (two for each processor, eight at most), since most tests wait most of
# the time; 0 runs them in one process, which a debugger needs. After them comes the page. Beside both run the suites that
# have a Python environment of their own, and the examples; then the tests of other engines, and, one after the other, the
# tests that are marked `alone`. With a selection all of these come one after the other. `e2e/run.sh --part NAME` runs one
# of them: modules, page, others, examples, engines, alone.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
parts=(modules page others examples engines alone)
part=
if [ "${1:-}" = --part ]; then
    part=$2
    shift 2
# The examples install what is built here, which says nothing about another program.
elif [ -n "${EXEC_MCP_BINARY:-}${EXEC_AGENT_BINARY:-}" ]; then
    parts=(modules page others engines alone)
fi
selection=("$@")
export EXEC_MCP_BINARY=${EXEC_MCP_BINARY:-$root/.build/release/exec-mcp}
export EXEC_AGENT_BINARY=${EXEC_AGENT_BINARY:-$root/.build/release/exec-agent}
processors=$(getconf _NPROCESSORS_ONLN)
processes=${TEST_PROCESSES:-$((processors < 4 ? processors * 2 : 8))}
# Those whose modules take longest begin first, so that none is left over at the end.
suites=(faults sandbox protocol clients bridge agent page_api command_line attacks skills conformance)

status=0
suite() {
    local environment=$1 title=$2 outcome=0
    shift 2
    printf '\n== %s\n' "$title"
    "$root/.venv/$environment/bin/python" -m pytest "$@" "${selection[@]}" || outcome=$?
    # 5: a selection in the arguments left nothing of this suite.
    [ "$outcome" -eq 0 ] || { [ "$outcome" -eq 5 ] && [ "${#selection[@]}" -gt 0 ]; } || status=1
}

run_part() {
    case $1 in
    modules)
        suite tests "faults, sandbox, protocol, published clients (mcp 2.x, fastmcp), bridge, agent, command line, attacks, skills, conformance" \
            "${suites[@]}" -m "not alone" -n "$processes" --dist loadfile --no-loadscope-reorder
        ;;
    page) suite page "the page, in a browser" page -n "$processes" --dist loadfile ;;
    others)
        suite tests-mcp1 "published client mcp 1.x" clients_v1
        suite tests-frameworks "agents of published frameworks" frameworks
        suite kubernetes "sandboxes on Kubernetes: the real kubectl, a double of the API" kubernetes -n 2 --dist loadfile
        ;;
    engines)
        printf '\n== %s\n' "podman instead of docker, as root and rootless; a docker engine behind SSH and TLS; Slurm"
        "$here/engines/run.sh" "${selection[@]}" || status=1
        ;;
    examples)
        suite tests "examples and documents" examples
        # Packages are made on Debian and Ubuntu only.
        if grep -qE '^ID=(debian|ubuntu)$' /etc/os-release 2>/dev/null; then suite tests "packages" packaging; fi
        ;;
    alone)
        # Only the modules that have any: collecting all takes 15 seconds.
        mapfile -t modules < <(grep -rl --include='test_*.py' 'pytest\.mark\.alone' "${suites[@]}")
        suite tests "tests that run alone" "${modules[@]}" -m alone
        ;;
    *)
        echo "run.sh: unknown part '$1'; the parts are: modules, page, others, examples, engines, alone" >&2
        exit 2
        ;;
    esac
}

cd "$here" || exit 1
if [ -n "$part" ]; then
    run_part "$part"
    exit "$status"
fi

for program in "$EXEC_MCP_BINARY" "$EXEC_AGENT_BINARY"; do
    [ -x "$program" ] && continue
    echo "run.sh: $program does not exist: build it first (make build)" >&2
    exit 1
done
"$here/environment.sh" || exit 1

if [ "${#selection[@]}" -gt 0 ] || [ "$processes" -eq 0 ]; then
    for part in "${parts[@]}"; do run_part "$part"; done
    exit "$status"
fi

# lane NAME…: prints the command that runs parts one after the other, even if one fails.
lane() {
    printf 'status=0; '
    for part; do printf '%q --part %s || status=1; ' "$here/run.sh" "$part"; done
    printf 'exit $status'
}

beside=()
for part in "${parts[@]}"; do
    case $part in others | examples) beside+=("$part") ;; esac
done
# Not while other tests run.
"$here/engines/install.sh" >/dev/null || exit 1
"$root/Tests/side-by-side.sh" \
    'modules, the page' "$(lane modules page)" \
    'other suites' "$(lane "${beside[@]}")" || status=1
# On a busy machine these miss limits of the sandbox's own.
for part in engines alone; do run_part "$part"; done
exit "$status"
