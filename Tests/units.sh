#!/usr/bin/env bash
# Runs the Swift tests that `swift build --build-tests` has built, in parts: tests of one run all begin at once, and with
# all of them a test's time limit would mostly be spent waiting for the others. `Tests/units.sh part ARGUMENTS` runs one
# part, with arguments of `swift test`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

if [ "${1:-}" = part ]; then
    # Where the tests are a program, it runs without SwiftPM, whose lock a build beside it has.
    for program in .build/debug/*PackageTests.xctest; do
        [ ! -f "$program" ] || exec "$program" --testing-library swift-testing "${@:2}"
    done
    exec swift test --skip-build "${@:2}"
fi

parts=(
    '^ExecCoreTests\.'
    '^ExecMCPTests\.'
    '^ExecAgentTests\.'
    '^(BridgeTests|MCPClientTests|MCPServersTests|OpenAITests)\.'
)
# They wait for the engine most of the time: the others run beside them.
engine='^EngineTests\.'
rest=$(IFS='|' && printf '%s' "$engine|${parts[*]}")

# lane ARGUMENTS…: the command that runs parts one after the other, even if one fails; each takes two arguments.
lane() {
    printf 'status=0; '
    while [ "$#" -gt 1 ]; do
        printf '%q part %q %q || status=1; ' "$PWD/Tests/units.sh" "$1" "$2"
        shift 2
    done
    printf 'exit $status'
}

selections=()
for part in "${parts[@]}"; do selections+=(--filter "$part"); done
exec Tests/side-by-side.sh \
    'unit tests' "$(lane "${selections[@]}" --skip "$rest")" \
    'engine tests' "$(lane --filter "$engine")"
