#!/usr/bin/env bash
# sysroot.sh DIRECTORY: makes what the programs of a release are linked with, so that they run on systems older than
# this machine. Needs Debian or Ubuntu and its archives; no root, if the tools are there. In DIRECTORY afterwards:
#
#   sysroot/         the C library of the oldest supported release, glibc 2.31, and GCC's static runtime
#   lib/             libcurl and what it needs, as static libraries
#   components.tsv   what these are: name, version, license, file with the license's text, where it is from
#   licenses/        these texts
#
# libcurl is compiled here from the distribution's source package, because its own static library also needs libraries
# that exist as shared ones only. Done once: DIRECTORY is used again until this file or the machine's release changes.
#
# sysroot.sh --prepare installs the tools for it and fetches apt's lists, which two processes can't do at once, and does
# nothing else.
# shellcheck source=packaging/portable/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The releases with glibc 2.31.
declare -A OLDEST=([debian]=bullseye [ubuntu]=focal)
# Those whose OpenSSL, nghttp2, zlib and libcurl are taken, whatever this machine's release is. They are maintained, and
# compiled for a C library before 2.38, which uses names (__isoc23_…) that the oldest one lacks.
declare -A MAINTAINED=([debian]=bookworm [ubuntu]=jammy)

# What exec-agent uses of libcurl: HTTP/1.1 and HTTP/2 over TLS, through HTTP and SOCKS proxies. Where a system has its
# certificates is found out at run time.
CURL_OPTIONS=(
    --disable-shared --enable-static --disable-dependency-tracking --enable-ipv6 --enable-threaded-resolver
    --with-openssl --with-zlib --without-ca-bundle --without-ca-path --without-brotli --without-zstd --without-libidn2
    --without-libpsl --without-librtmp --without-libssh2 --without-libgsasl --disable-ldap --disable-ldaps --disable-ftp
    --disable-file --disable-rtsp --disable-dict --disable-telnet --disable-tftp --disable-pop3 --disable-imap
    --disable-smb --disable-smtp --disable-gopher --disable-mqtt --disable-manual --disable-alt-svc --disable-hsts
    --disable-netrc --disable-ntlm-wb --disable-tls-srp
)

# unpack APT DIRECTORY PACKAGE...
unpack() {
    local apt=$1 directory=$2 package
    shift 2
    mkdir -p "$apt/packages" "$directory"
    (cd "$apt/packages" && apt_get "$apt" download "$@") || die "packages cannot be downloaded: $*"
    for package in "$@"; do
        dpkg-deb --extract "$apt/packages/${package}"_*.deb "$directory"
    done
}

# Makes links within the root relative, so that they work though it isn't mounted as the root.
relative_links() {
    local link target
    find "$1" -type l | while read -r link; do
        target=$(readlink "$link")
        case $target in
        /*) ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$1$target")" "$link" ;;
        esac
    done
}

make_sysroot() {
    local directory=$1
    apt_for "$directory/apt-oldest" "$oldest"
    unpack "$directory/apt-oldest" "$directory/sysroot" libc6 libc6-dev linux-libc-dev libgcc-s1 gcc-10-base \
        libgcc-10-dev libstdc++-10-dev
    relative_links "$directory/sysroot"
    # So that the static one is taken.
    find "$directory/sysroot/usr/lib/gcc" -name libstdc++.so -delete
}

# record NAME VERSION LICENSE SOURCE
record() {
    printf '%s\t%s\t%s\tlicenses/%s.txt\tdeb/%s/%s\n' "$1" "$2" "$3" "$1" "$ID" "$4" >>"$directory/components.tsv"
}

# component NAME PACKAGE-FILE LICENSE SOURCE: records what gets into the programs from a Debian package.
component() {
    local name=$1 package
    package=("$2"_*.deb)
    record "$name" "$(dpkg-deb --field "${package[0]}" Version)" "$3" "$4"
    dpkg-deb --fsys-tarfile "${package[0]}" | tar -xO "./usr/share/doc/$(basename "$2")/copyright" \
        >"$directory/licenses/$name.txt"
}

# compile_libcurl DIRECTORY SOURCE-PACKAGE SCRATCH
compile_libcurl() {
    local feature
    # apt has checked its digest.
    dpkg-source --no-check --extract "$2" "$3" || return
    cd "$3" || return
    CC="clang --sysroot=$1/sysroot" CFLAGS="-O2 -fPIC -ffunction-sections -fdata-sections" CPPFLAGS="-I$1/include" \
        LDFLAGS="-L$1/lib" LIBS="-ldl -lpthread" PKG_CONFIG=false \
        ./configure --with-nghttp2="$1" "${CURL_OPTIONS[@]}" || return
    for feature in ENABLE_IPV6 USE_NGHTTP2 USE_OPENSSL HAVE_LIBZ USE_THREADS_POSIX; do
        grep -q "^#define $feature 1" lib/curl_config.h || die "libcurl was configured without $feature"
    done
    make -C lib -j "$(getconf _NPROCESSORS_ONLN)"
}

make_libcurl() {
    local apt=$1/apt scratch=$1/scratch source
    apt_for "$apt" "${MAINTAINED[$ID]}"
    unpack "$apt" "$scratch" libssl-dev libnghttp2-dev zlib1g-dev
    mkdir -p "$1/lib" "$1/include"
    find "$scratch/usr/lib" \( -name libssl.a -o -name libcrypto.a -o -name libnghttp2.a -o -name libz.a \) \
        -exec cp -t "$1/lib" {} +
    cp -r "$scratch"/usr/include/. "$1/include"
    if [ -d "$1/include/$multiarch" ]; then cp -r "$1/include/$multiarch"/. "$1/include"; fi

    mkdir "$scratch/source"
    (cd "$scratch/source" && apt_get "$apt" source --download-only curl) || die "curl's source cannot be downloaded"
    source=$(find "$scratch/source" -name '*.dsc')
    (compile_libcurl "$1" "$source" "$scratch/curl") >"$1/libcurl.log" 2>&1 || {
        tail -n 20 "$1/libcurl.log" >&2
        die "libcurl cannot be built: see $1/libcurl.log"
    }
    cp "$scratch/curl/lib/.libs/libcurl.a" "$1/lib"
    record curl "$(sed -n 's/^Version: //p' "$source" | head -n 1)" curl curl
    cp "$scratch/curl/COPYING" "$1/licenses/curl.txt"
}

main() {
    local final=$1 wanted directory
    # shellcheck source=/dev/null
    . /etc/os-release
    oldest=${OLDEST[$ID]:-}
    [ -n "$oldest" ] && command -v apt-get >/dev/null ||
        die "portable programs are made on Debian or Ubuntu, not on ${PRETTY_NAME:-this system}"
    install_missing dpkg-source dpkg-dev make make patch patch ar binutils
    if [ "$final" = --prepare ]; then
        require_lists
        return
    fi
    multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)

    # When the archives have newer versions, `rm -r` of the directory gets them; a release starts that way.
    wanted=$(cat "$(dirname "${BASH_SOURCE[0]}")"/{lib,sysroot}.sh /etc/os-release | sha256sum | cut -c1-64)
    [ "$(cat "$final/.fingerprint" 2>/dev/null)" != "$wanted" ] || return 0

    say "making the libraries that programs of a release are linked with (a minute or two)"
    directory=$final.making
    rm -rf "$directory" "$final"
    mkdir -p "$directory/licenses"
    make_sysroot "$directory"
    make_libcurl "$directory"
    component openssl "$directory/apt/packages/libssl-dev" Apache-2.0 openssl
    component nghttp2 "$directory/apt/packages/libnghttp2-dev" MIT nghttp2
    component zlib "$directory/apt/packages/zlib1g-dev" Zlib zlib
    component gcc-runtime "$directory/apt-oldest/packages/gcc-10-base" \
        "GPL-3.0-or-later WITH GCC-exception-3.1" gcc-10
    rm -rf "$directory/scratch" "$directory"/apt*
    printf '%s' "$wanted" >"$directory/.fingerprint"
    mv "$directory" "$final"
}

main "$1"
