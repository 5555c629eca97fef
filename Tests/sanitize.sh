#!/usr/bin/env bash
# Runs the unit tests in builds that watch themselves: for memory that is used wrongly (address) and for data races
# (thread). `Tests/sanitize.sh thread` runs one of the two. What a sanitizer reports fails the run, whatever the tests
# say. It takes about ten minutes the first time and about three when little has changed.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sanitizers=("$@")
[ $# -gt 0 ] || sanitizers=(address thread)

# Left out are EngineTests, in which containers do the work, within time limits of the engine's, and PackageTests, which
# read the source text. What the server does with a sandbox is in ExecCoreTests too, with a guest that is played.
left_out=(--skip EngineTests --skip PackageTests)

cd "$root" || exit 1
summary=()
status=0
for sanitizer in "${sanitizers[@]}"; do
    case $sanitizer in
        # Swift's runtime keeps its metadata for ever, which the leak checker takes for leaks.
        address) variable=ASAN_OPTIONS options=detect_leaks=0 ;;
        thread) variable=TSAN_OPTIONS options=halt_on_error=0 ;;
        *)
            printf 'sanitize.sh: there is no sanitizer %q here; there are: address, thread\n' "$sanitizer" >&2
            exit 2
            ;;
    esac
    printf '\n== %s sanitizer\n' "$sanitizer"
    build=$root/.build/sanitize-$sanitizer
    reports=$build/reports
    # Optimised, as is the server.
    flags=(--sanitize="$sanitizer" --scratch-path "$build" -Xswiftc -O)
    swift build --build-tests "${flags[@]}" || {
        printf 'sanitize.sh: the build for the %s sanitizer failed\n' "$sanitizer" >&2
        exit 1
    }

    # Reports go to files, whatever becomes of the standard error of the process that they are about. One test at a time:
    # these builds are slow, and tests have time limits.
    rm -rf "$reports"
    mkdir -p "$reports"
    env "$variable=$options:log_path=$reports/report" \
        swift test --skip-build --no-parallel "${left_out[@]}" "${flags[@]}" >"$build/tests.log" 2>&1
    outcome=$?
    found=$(cat "$reports"/* 2>/dev/null | grep -cE '(ERROR|WARNING): [A-Za-z]+Sanitizer')
    # No test at all would be a success as well.
    tests=$(grep -oE 'Test run with [1-9][0-9]* tests .*' "$build/tests.log" | tail -n 1)
    summary+=("$sanitizer: ${tests:-The tests did not finish.} Reports: $found")

    if [ "$outcome" -ne 0 ] || [ "$found" -ne 0 ] || [ -z "$tests" ]; then
        status=1
        grep -E '^✘|^error:|: error:' "$build/tests.log"
        cat "$reports"/* 2>/dev/null
    fi
done

printf '\n'
printf '%s\n' "${summary[@]}"
[ "$status" -eq 0 ] || printf 'Failed. See tests.log and reports in .build/sanitize-*.\n' >&2
exit "$status"
