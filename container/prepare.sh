#!/bin/sh
# Run by the Dockerfile as root: makes the base image a place for the sandbox's code.
set -eu

# What a shell is expected to find, and what gives any user a name. A base made with debootstrap has it already.
packages=$(cat "$(dirname "$0")/packages.txt")
# shellcheck disable=SC2086 # One word a package.
if ! dpkg --status $packages >/dev/null 2>&1; then
    retry="-o Acquire::Retries=5"
    # shellcheck disable=SC2086
    if ! { apt-get $retry update && DEBIAN_FRONTEND=noninteractive apt-get $retry install --yes \
        --no-install-recommends $packages; }; then
        # Not on standard error, which some builders colour.
        echo "image error: apt could not install the shell's programs: $(echo $packages)"
        exit 1
    fi
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
fi

# The user of a container that is started without a number, and the directories the server promises. The code of each
# of the server's users runs under a number of its own, so they are everybody's and belong to nobody inside.
useradd --uid 1000 --user-group --create-home --shell /bin/bash coderunner
mkdir -p /workspace /artifacts /tools /skills
chmod 0777 /workspace /artifacts
# Some versions of runc give the memory mounted here this directory's mode, whatever mode was asked for.
chmod 1777 /home/coderunner

# The guest writes the name of the number that it runs under where the sandbox can be written. It comes second: asked for
# root, that module gives anybody's name.
if ! [ -e /etc/nsswitch.conf ]; then printf 'passwd: files\ngroup: files\n' >/etc/nsswitch.conf; fi
sed -i -E '/^(passwd|group):/s/files/files extrausers/' /etc/nsswitch.conf
rm -rf /var/lib/extrausers
ln -s /output/.extrausers /var/lib/extrausers

# pip unpacks what it downloads among the temporary files, which are in memory. Here it does so beside the user's packages,
# where there is room; in the sandbox PYTHONUSERBASE says where that is. The pip of a virtual environment comes out of a
# wheel.
python3 - <<'EOF'
import compileall, glob, os, sysconfig, zipfile

import pip

ADDITION = """

def _unpack_beside_user_packages() -> None:
    import os

    base = os.environ.get("PYTHONUSERBASE")
    if base and "TMPDIR" not in os.environ:
        try:
            os.makedirs(base + "/tmp", mode=0o700, exist_ok=True)
        except OSError:
            return
        os.environ["TMPDIR"] = base + "/tmp"


_unpack_beside_user_packages()
"""

with open(pip.__file__, "a") as file:
    file.write(ADDITION)
compileall.compile_file(pip.__file__, quiet=1)

bundled = sysconfig.get_path("stdlib") + "/ensurepip/_bundled"
for wheel in glob.glob("/usr/share/python-wheels/pip-*.whl") + glob.glob(bundled + "/pip-*.whl"):
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(wheel + ".new", "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            text = old.read(member)
            new.writestr(member, text + ADDITION.encode() if member.filename == "pip/__init__.py" else text)
    os.rename(wheel + ".new", wheel)
EOF

# The image is read-only when it runs: what has no bytecode now would be compiled at every start.
# Slim images leave the standard library's out.
python3 -m compileall -q -j 0 -x '/(dist-packages|site-packages|test|tests|idlelib|lib2to3)/' \
    "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"

# No bit in the file system may raise privileges.
find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
