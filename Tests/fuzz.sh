#!/usr/bin/env bash
# Runs libFuzzer on every property of FuzzTests, or on those named in the arguments, for FUZZ_SECONDS in all (300). What
# breaks one is written to its corpus, Tests/FuzzTests/Corpus/PROPERTY/crash-*, where the next run begins with it and
# `swift test --filter FuzzTests` repeats it. Inputs of interest are kept in .build/fuzz, from run to run.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
build=$root/.build/fuzz
seconds=${FUZZ_SECONDS:-300}

[[ $seconds =~ ^[1-9][0-9]{0,6}$ ]] || {
    echo "fuzz.sh: FUZZ_SECONDS must be a whole number of seconds, not '$seconds'" >&2
    exit 2
}

# Optimised, as is the server, for many more inputs in the time; what traps in the server traps here.
cd "$root" || exit 1
EXEC_MCP_FUZZER=1 swift build -c release --product Fuzzer --scratch-path "$build" \
    -Xswiftc -sanitize=fuzzer -Xswiftc -enable-testing || {
    echo "fuzz.sh: no fuzzer was built: Apple's toolchains lack libFuzzer, those of swift.org have it" >&2
    exit 1
}
fuzzer=$build/release/Fuzzer

names=$("$fuzzer") || exit 1
properties=("$@")
[ $# -gt 0 ] || mapfile -t properties <<<"$names"
each=$((seconds / ${#properties[@]}))
[ "$each" -gt 0 ] || each=1

broken=()
for property in "${properties[@]}"; do
    grep -qxF -- "$property" <<<"$names" || {
        printf 'fuzz.sh: there is no property %q; there are:\n%s\n' "$property" "$names" >&2
        exit 2
    }
    kept=$here/FuzzTests/Corpus/$property
    found=$build/corpus/$property
    mkdir -p "$found"
    printf '\n== %s, %d s\n' "$property" "$each"
    # The first directory is where new inputs go. No backtrace by Swift: it may outlive the process. What is left out of
    # the report are bytes that helped.
    SWIFT_BACKTRACE=enable=no "$fuzzer" "$property" -max_total_time="$each" -max_len=4096 -timeout=10 \
        -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 -artifact_prefix="$kept/" "$found" "$kept" 2>&1 |
        sed '/^"/d; /NEW_FUNC/d; /ecommended dictionary/d' || broken+=("$property")
done

if [ ${#broken[@]} -gt 0 ]; then
    printf '\nBroken: %s. The inputs are in Tests/FuzzTests/Corpus.\n' "${broken[*]}" >&2
    exit 1
fi
printf '\nAll properties held.\n'
