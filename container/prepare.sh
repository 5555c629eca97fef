#!/bin/sh
# Run by the Dockerfile as root: makes the base image a place for the sandbox's code.
set -eu

# What a shell is expected to find, and what gives any user a name. A base made with debootstrap has it already.
is_complete() {
    for tool in file jq less ps unzip zip; do
        command -v "$tool" >/dev/null || return 1
    done
    ldconfig -p | grep -q libnss_extrausers
}
if ! is_complete; then
    apt-get update
    apt-get install --yes --no-install-recommends file jq less libnss-extrausers procps unzip zip
    rm -rf /var/lib/apt/lists/*
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

# The image is read-only when it runs: what has no bytecode now would be compiled at every start.
# Slim images leave the standard library's out.
python3 -m compileall -q -j 0 -x '/(dist-packages|site-packages|test|tests|idlelib|lib2to3)/' \
    "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"

# No bit in the file system may raise privileges.
find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
