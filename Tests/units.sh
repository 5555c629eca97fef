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
    '^EngineTests\.'
    '^ExecMCPTests\.'
    '^ExecAgentTests\.'
    '^(BridgeTests|MCPClientTests|MCPServersTests|OpenAITests)\.'
)
rest=$(IFS='|' && printf '%s' "${parts[*]}")

status=0
for part in "${parts[@]}"; do
    Tests/units.sh part --filter "$part" || status=1
done
Tests/units.sh part --skip "$rest" || status=1
exit "$status"
