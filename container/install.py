"""Run by the Dockerfile with a directory: installs the Python packages below it, as they will lie in the image.

Beside this program lie `requirements.txt`, `with.txt` (what somebody wants on top), `uv.sh`, `fonts.py`, and
`ca-bundle.pem`, which may be empty.
"""

import fnmatch
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path("/tmp/pip-cache")
# In seconds, before each further attempt. pip keeps what it has downloaded whole.
PAUSES = (5, 20)
# What another attempt would not change.
FINAL = re.compile(
    r"ResolutionImpossible|from versions: [^n)]|Invalid requirement|conflicting dependencies|No module named pip"
)

# The packages' own tests are a quarter of their size; there is no compiler to use headers. Arrow's clients of remote
# services, which pyarrow works without, and its libraries under second names are a third of it.
NEEDLESS = (
    "*/tests/*", "*.pxd", "*.pyx", "*.a", "*/plotly/labextension/*", "*/pyarrow/include/*",
    "*/pyarrow/*arrow_flight.so*", "*/pyarrow/*arrow_python_flight.so*", "*/pyarrow/_flight.*",
    "*/pyarrow/*arrow_s3.so*", "*/pyarrow/_s3fs.*", "*/pyarrow/lib*.so", "*/pyarrow/lib*.so.*.*.*",
)  # fmt: skip
NEEDED = "*/pyarrow/lib.*"


def distribution(line: str) -> str | None:
    """The distribution that a line of a requirements file names, in the form for comparisons."""
    found = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", line)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else None


def lines(name: str) -> list[str]:
    return (HERE / name).read_text(encoding="utf-8").splitlines()


def write_requirements(path: Path) -> set[str]:
    """Writes what is to be installed. A package that `with.txt` names takes the place of ours.

    Returns the distributions that are still ours."""
    added = lines("with.txt")
    taken = {distribution(line) for line in added}
    ours = [line for line in lines("requirements.txt") if distribution(line) not in taken]
    path.write_text("".join(f"{line}\n" for line in ours + added), encoding="utf-8")
    return {name for name in map(distribution, ours) if name}


def run_pip(arguments: list[str]) -> tuple[int, str]:
    """Runs pip and passes its output on. Returns its exit status and its output."""
    command = [sys.executable, "-m", "pip", "install", *arguments]
    output = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout:
            print(line, end="", flush=True)
            output.append(line)
    return pip.returncode, "".join(output)


def install(requirements: Path, stage: Path) -> None:
    if (HERE / "ca-bundle.pem").stat().st_size:
        os.environ["PIP_CERT"] = str(HERE / "ca-bundle.pem")
    arguments = ["--root", str(stage), "--ignore-installed", "--no-compile", "--cache-dir", str(CACHE)]
    arguments += ["--timeout", "60", "--disable-pip-version-check", "--root-user-action", "ignore"]
    arguments += ["--no-warn-script-location", "--no-color", "--progress-bar", "off"]
    arguments += ["--requirement", str(requirements)]
    if not any(map(distribution, lines("with.txt"))):
        # All of ours have wheels. Others may have none, and may do without a compiler all the same.
        arguments += ["--only-binary", ":all:"]
    for pause in (*PAUSES, None):
        status, output = run_pip(arguments)
        if status == 0:
            return
        if pause is None or FINAL.search(output):
            break
        print(f"again in {pause} seconds", flush=True)
        time.sleep(pause)
    said = re.findall(r"^ERROR: (.*)$", output, re.MULTILINE) or output.strip().splitlines()[-1:]
    # Not on standard error, which some builders colour.
    print(
        f"image error: the Python packages could not be installed: {'; '.join(said)} (The package index is the one "
        "that PIP_INDEX_URL or this machine's pip configuration names; proxies and certificates are this machine's.)",
        flush=True,
    )
    sys.exit(1)


def remove_needless(packages: Path, ours: set[str]) -> None:
    """Removes from our packages what nobody uses. Those that somebody added stay whole."""
    for found in importlib.metadata.distributions(path=[str(packages)]):
        if distribution(found.metadata["Name"]) not in ours:
            continue
        for file in found.files or ():
            path = os.path.join("/", file)
            if any(fnmatch.fnmatch(path, one) for one in NEEDLESS) and not fnmatch.fnmatch(path, NEEDED):
                (packages / file).unlink(missing_ok=True)
    for directory, _, _ in os.walk(packages, topdown=False):
        if not os.listdir(directory):
            os.rmdir(directory)


def wrap_uv(stage: Path) -> None:
    uv = stage / "usr/local/bin/uv"
    if uv.exists():
        real = stage / "usr/local/lib/uv/uv"
        real.parent.mkdir(parents=True)
        uv.rename(real)
        shutil.copy(HERE / "uv.sh", uv)
        uv.chmod(0o755)


def main() -> None:
    stage = Path(sys.argv[1])
    stage.mkdir()
    requirements = HERE / "all.txt"
    ours = write_requirements(requirements)
    if any(map(distribution, lines("all.txt"))):
        install(requirements, stage)
        shutil.rmtree(CACHE, ignore_errors=True)
        for packages in {path.parent for path in stage.glob("usr/local/lib/python3*/*-packages/*")}:
            remove_needless(packages, ours)
        wrap_uv(stage)
        strict = ["--strict"] if ours >= {"matplotlib", "seaborn"} else []
        subprocess.run([sys.executable, str(HERE / "fonts.py"), str(stage), *strict], check=True)
        subprocess.run([sys.executable, "-m", "compileall", "-q", "-j", "0", "-s", stage, "-p", "/", stage], check=True)


main()
