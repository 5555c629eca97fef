#!/bin/sh
# Run by the Dockerfile as root: makes the base image a place for the sandbox's code.
set -eu

# What a shell is expected to find. A base made with debootstrap has it already.
tools="file jq less ps unzip zip"
for tool in $tools; do
    if ! command -v "$tool" >/dev/null; then
        apt-get update
        apt-get install --yes --no-install-recommends file jq less procps unzip zip
        rm -rf /var/lib/apt/lists/*
        break
    fi
done

# The user whose code runs, and the directories the server promises.
useradd --uid 1000 --user-group --create-home --shell /bin/bash coderunner
mkdir -p /workspace /artifacts /tools /skills
chown coderunner:coderunner /workspace /artifacts
# Where the workspace is a directory of the host, the code runs under the number of whoever owns that.
chmod 0777 /workspace /artifacts
# Some versions of runc give the memory mounted here this directory's mode, whatever mode was asked for.
chmod 1777 /home/coderunner

# The image is read-only when it runs: what has no bytecode now would be compiled at every start.
# Slim images leave the standard library's out.
python3 -m compileall -q -j 0 -x '/(dist-packages|site-packages|test|tests|idlelib|lib2to3)/' \
    "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"

# No bit in the file system may raise privileges.
find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
