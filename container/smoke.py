"""Run inside the sandbox's image: checks that it holds what requirements.txt promises and that it works confined.

Reads the requirements' text from its first argument, the image's variant from its second. Prints the versions; exits 1
with a line for each defect.
"""

import importlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import stat
import subprocess
import sys

# The PATH of a shell that inherits none.
BARE_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

TOOLS = "bash curl file jq less pip ps python unzip zip".split()
MORE_TOOLS = "git make patch rg sqlite3 tree xz".split()
# What a package has for those who install another one.
OPTIONAL = {"adbc_driver_duckdb"}

defects: list[str] = []


def check(condition: bool, defect: str) -> None:
    if not condition:
        defects.append(defect)


def pinned(requirements: str) -> dict[str, str]:
    """The versions in a requirements file, by distribution name."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", requirements, re.MULTILINE))


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def check_packages(wanted: dict[str, str]) -> None:
    """Every pinned distribution is there in its version, and what it provides can be imported."""
    modules: dict[str, list[str]] = {}
    for module, distributions in importlib.metadata.packages_distributions().items():
        for distribution in distributions:
            modules.setdefault(normalized(distribution), []).append(module)
    for name, version in wanted.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            defects.append(f"{name} is not installed")
            continue
        check(found == version, f"{name} is {found}, not {version}")
        for module in modules.get(normalized(name), []):
            # A leading underscore marks what the package keeps to itself.
            if module.isidentifier() and not module.startswith("_") and module not in OPTIONAL:
                try:
                    importlib.import_module(module)
                except Exception as error:
                    defects.append(f"import {module}: {error!r}")
        print(f"{name} {found}")


def check_bytecode() -> None:
    """The root is read-only, so whatever lacks valid bytecode is compiled again at every start."""
    modules = ["json", "asyncio", "numpy", "pandas", "scipy.stats", "matplotlib.pyplot", "sympy"]
    there = [name for name in modules if importlib.util.find_spec(name.split(".")[0])]
    trace = subprocess.run(
        [sys.executable, "-v", "-c", f"import {', '.join(there)}"],
        capture_output=True,
        text=True,
    ).stderr
    compiled = re.findall(r"code object from '?(\S+\.py)'?$", trace, re.MULTILINE)
    check(".pyc" in trace, "python3 -v shows no bytecode in use")
    check(not compiled, f"no bytecode for {len(compiled)} modules, among them {compiled[:3]}")


# Latin, Greek; Chinese, Japanese and Korean; Arabic, Hebrew; Indic scripts and Thai; emoji of several years.
SCRIPTS = "ä Ω ∑ 汉字 漢字 カタカナ 한국어 السلام עברית हिन्दी বাংলা தமிழ் తెలుగు ไทย 😀 🚀 🧠 🫠 ✓"
PLOT = """
import matplotlib.pyplot as p, seaborn
for prepare in (lambda: None, lambda: p.style.use("seaborn-v0_8"), lambda: p.style.use("ggplot"), seaborn.set_theme):
    prepare()
    p.figure()
    p.plot([1, 3, 2], label="SCRIPTS")
    p.title("SCRIPTS")
    p.legend()
    p.xlabel("$x^2$")
    for kind in ("png", "svg", "pdf"):
        p.savefig("/tmp/plot." + kind)
"""


def check_plot() -> None:
    """A chart is drawn with every letter and nothing said on stderr, though HOME starts out empty."""
    code = PLOT.replace("SCRIPTS", SCRIPTS)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    check(run.returncode == 0 and run.stderr == "", f"matplotlib: {run.stderr.strip()}")
    with open("/tmp/plot.png", "rb") as plot:
        check(plot.read(8) == b"\x89PNG\r\n\x1a\n", "matplotlib wrote no PNG")


def check_latex() -> None:
    """SymPy checks the version of its LaTeX parser's runtime only when it parses."""
    from sympy import Rational
    from sympy.parsing.latex import parse_latex

    value = parse_latex(r"\int_0^1 x \, dx").doit()
    check(value == Rational(1, 2), f"sympy's parse_latex takes the integral of x from 0 to 1 for {value}")


def check_uv() -> None:
    run = subprocess.run(["uv", "--version"], capture_output=True, text=True)
    check(run.returncode == 0, f"uv: {run.stderr.strip()}")


def check_user() -> None:
    """Whatever number the code runs under has a name, and can write where it must."""
    names = "/var/lib/extrausers"
    if not os.path.exists(names):
        # Here is no guest that does it.
        os.mkdir(os.path.realpath(names))
        with open(f"{names}/passwd", "w") as passwd, open(f"{names}/group", "w") as group:
            passwd.write(f"coderunner:x:{os.getuid()}:{os.getgid()}::/home/coderunner:/bin/bash\n")
            group.write(f"coderunner:x:{os.getgid()}:\n")
    said = subprocess.run(["id"], capture_output=True, text=True).stdout
    expected = f"uid={os.getuid()}(coderunner) gid={os.getgid()}(coderunner) groups={os.getgid()}(coderunner)\n"
    check(pwd.getpwuid(0).pw_name == "root", f"uid 0 is called {pwd.getpwuid(0).pw_name}")
    check(os.getuid() > 1000, f"runs as uid {os.getuid()}")
    check(said == expected, f"id says {said.strip()}")
    for directory in ("/workspace", "/artifacts"):
        mode = stat.S_IMODE(os.stat(directory).st_mode)
        check(mode == 0o777, f"{directory} has mode {mode:o}")


def check_system() -> None:
    for directory in ("/tools", "/skills"):
        check(os.stat(directory).st_uid == 0, f"{directory} does not belong to root")
    interpreters = set()
    where = "import os, sys; print(os.path.realpath(sys.executable), sys.path)"
    for name in ("python", "python3"):
        run = subprocess.run(["/usr/bin/env", "-i", BARE_PATH, name, "-c", where], capture_output=True, text=True)
        check(run.returncode == 0, f"{name}: {run.stderr.strip()}")
        interpreters.add(run.stdout)
    check(len(interpreters) == 1, f"python and python3 differ: {interpreters}")
    for tool in TOOLS + ([] if "slim" in sys.argv[2:] else MORE_TOOLS):
        run = subprocess.run(["bash", "-c", f"command -v {tool}"], capture_output=True)
        check(run.returncode == 0, f"no command {tool}")
    privileged = subprocess.run(
        ["find", "/", "-xdev", "-type", "f", "-perm", "/6000"], capture_output=True, text=True
    ).stdout
    check(privileged == "", f"setuid or setgid: {privileged.split()}")


wanted = pinned(sys.argv[1])
print(f"Python {sys.version.split()[0]}")
check_packages(wanted)
check_bytecode()
# An image of Python and the shell alone has none of them.
if "matplotlib" in wanted:
    check_plot()
if "sympy" in wanted:
    check_latex()
if "uv" in wanted:
    check_uv()
check_user()
check_system()
for defect in defects:
    print(f"defect: {defect}", file=sys.stderr)
sys.exit(1 if defects else 0)
