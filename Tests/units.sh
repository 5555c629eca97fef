#!/usr/bin/env bash
# Runs the Swift tests that `swift build --build-tests` has built, in parts one after the other: tests of one run all begin
# at once, and with all of them a test's time limit would mostly be spent waiting for the others.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

parts=(
    '^ExecCoreTests\.'
    '^EngineTests\.'
    '^(ExecMCPTests|ExecAgentTests)\.'
)
rest=$(IFS='|' && printf '%s' "${parts[*]}")

status=0
for part in "${parts[@]}"; do
    swift test --skip-build --filter "$part" || status=1
done
swift test --skip-build --skip "$rest" || status=1
exit "$status"
