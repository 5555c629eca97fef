#!/usr/bin/env bash
# link.sh [BUILD]: links both programs for other machines from what `make build` has compiled (BUILD: .build/release),
# into .build/portable. They differ from those of `make build` in this:
#
# - They need glibc 2.31 or newer and no other library: libcurl, OpenSSL and GCC's runtime are in them.
# - They have no symbols and no debug information.
# shellcheck source=packaging/portable/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:-$root/.build/release}" && pwd)
output=$root/.build/portable
libraries=$output/libraries

[ "$(uname -s)" = Linux ] || die "portable programs are made on Linux only"

# link_program NAME MODULE [LIBRARY]...
link_program() {
    local name=$1 module=$2 objects=$build/$1.product/Objects.LinkFileList
    shift 2
    [ -f "$objects" ] || die "$objects does not exist: build first (make build)"
    # lld, which comes with Swift: it takes static libraries in any order.
    swiftc -emit-executable -static-stdlib -use-ld=lld -module-name "${name//-/_}" \
        -o "$output/$name.new" "@$objects" "$output/missing.o" -L "$libraries/lib" "$@" -ldl -lpthread \
        -Xclang-linker "--sysroot=$libraries/sysroot" -Xclang-linker -static-libgcc \
        -Xlinker --gc-sections -Xlinker --as-needed -Xlinker --strip-all -Xlinker -z -Xlinker now \
        -Xlinker --defsym -Xlinker "main=${module}_main"
    mv "$output/$name.new" "$output/$name"
    "$output/$name" --version >/dev/null
}

mkdir -p "$output"
"$here/sysroot.sh" "$libraries"
clang++ "--sysroot=$libraries/sysroot" -O2 -fPIC -c "$here/missing.cpp" -o "$output/missing.o"
link_program exec-mcp ExecMCP
link_program exec-agent ExecAgent -lcurl -lnghttp2 -lssl -lcrypto -lz

# The third-party code in the programs, for the list of components and the licenses.
swift=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
mkdir -p "$output/licenses"
cp "$libraries"/licenses/*.txt "$output/licenses/"
cp "$swift/share/swift/LICENSE.txt" "$output/licenses/swift-runtime.txt"
{
    cat "$libraries/components.tsv"
    version=$(swiftc --version 2>/dev/null)
    # In a package URL of GitHub, the version is the tag.
    tag=$(sed -nE 's/.*\((swift-[^) ]+)\).*/\1/p' <<<"$version")
    printf '%s\t' swift-runtime "$(sed -nE 's/.*Swift version ([0-9.]+).*/\1/p' <<<"$version")" \
        "Apache-2.0 WITH Swift-exception" licenses/swift-runtime.txt
    printf 'github/swiftlang/swift%s\n' "${tag:+@$tag}"
} >"$output/components.tsv"
ls -l "$output"/exec-{mcp,agent} | awk '{ print "Made " $NF " (" $5 " bytes)" }'
