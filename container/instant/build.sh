#!/bin/sh
# Builds what --python instant needs, for the python3 that is here: the launcher and the preloader. Run by a stage of the
# Dockerfile; `$1` is where the files go. Nothing that already is in the image changes.
set -eu
stage=$1
cd "$(dirname "$0")"
visible=$(command -v python3)
real=$(readlink -f "$visible")
# The launcher restores registers and thread state of this architecture.
if [ "$(uname -m)" != x86_64 ]; then exit 1; fi
# Without large packages nothing would be gained.
grep -q '^numpy' requirements.txt
# What it does at the end of the interpreter was proved with this version.
"$real" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13) or sys.implementation.name != "cpython")'
if ! command -v gcc >/dev/null || ! [ -e "$("$real" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ]; then
    packages="gcc libc6-dev"
    case $real in /usr/bin/*) packages="$packages lib$(basename "$real")-dev" ;; esac
    apt-get update
    # shellcheck disable=SC2086 # Several words.
    apt-get install --yes --no-install-recommends $packages
fi

# The paths by which the interpreter is known, and is no virtual environment's.
aliases=
for name in /usr/bin/python3 /usr/bin/python /bin/python3 /bin/python /usr/local/bin/python3 /usr/local/bin/python; do
    if [ "$(readlink -f "$name" 2>/dev/null)" = "$real" ]; then aliases="$aliases$name\\0"; fi
done
directory=/usr/libexec/exec-mcp
mkdir -p "$stage$directory/bin"
ln -s "$real" "$stage$directory/interpreter"
# At an address of its own, far from everything that a snapshot consists of.
gcc -O2 -Wall -Wextra -Werror -ffreestanding -fno-stack-protector -fcf-protection=none -fPIC -fvisibility=hidden \
    -mno-avx -fno-tree-loop-distribute-patterns -nostdlib -static -no-pie -Wl,-Ttext-segment=0x200000000000 \
    -Wl,--build-id=none -Wl,-z,noexecstack -s \
    -DREAL="\"$real\"" -DOWN="\"$directory/bin\"" -DALIASES="\"$aliases\"" -o "$stage$directory/bin/python3" launcher.c
if command -v python >/dev/null; then ln -s python3 "$stage$directory/bin/python"; fi
"$real" - <<'P'
text = "".join(open(name, encoding="utf-8").read() for name in ("resume.py", "preload.py"))
quoted = text.replace("\\", "\\\\").replace('"', '\\"')
with open("preload_source.c", "w", encoding="utf-8") as file:
    file.write("extern const char preload_source[];\nconst char preload_source[] =\n")
    file.writelines(f'"{line}\\n"\n' for line in quoted.splitlines())
    file.write(";\n")
P
# shellcheck disable=SC2046 # Two words.
gcc -O2 -Wall -Wextra -Werror -fPIC -shared -s -fvisibility=hidden -static-libgcc $("$real" -c \
    'import sysconfig; print("-I" + sysconfig.get_path("include"), "-I" + sysconfig.get_path("platinclude"))') \
    -DREAL="\"$real\"" -DLAUNCHER="\"$directory/bin/python3\"" -o "$stage$directory/preloader.so" \
    preloader.c writer.c program.c ending.c exit.c preload_source.c
