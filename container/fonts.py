"""Run by install.py with the directory of the installed packages: makes charts find a glyph for every script.

Matplotlib draws a text with the first family of `font.family` and looks a missing glyph up in the others. Its own font,
DejaVu Sans, lacks Chinese, Japanese, Korean, the Indic scripts, Thai, emoji and many more. The fonts come as Python
packages; here they get their place among the system's fonts, and matplotlib's defaults and styles, and seaborn's
themes, which replace those, get their names.
"""

import os
import re
import sys
from pathlib import Path

FONT_PACKAGES = ("manimgx_fonts", "noto_cjk_sans_jp_regular")
SYSTEM_FONTS = Path("usr/share/fonts/truetype/noto")
# The serifless one first, whichever that is; then what lacks in it.
FAMILIES = (
    ["sans-serif", "Noto Sans CJK JP", "Noto Sans"]
    + [
        f"Noto Sans {script}"
        for script in (
            "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam",
            "Sinhala", "Thai", "Lao", "Khmer", "Myanmar", "Ethiopic", "Symbols",
        )
    ]
    + ["Noto Emoji"]
)  # fmt: skip


def replaced(path: Path, pattern: str, replacement: str) -> None:
    """Replaces every match in a file; a file without one is not the one that this was written for."""
    text, count = re.subn(pattern, lambda _: replacement, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if not count:
        # Another version of the package, which somebody asked for, works without.
        print(f"{path}: nothing matches {pattern}")
        if "--strict" in sys.argv:
            sys.exit(1)
        return
    path.write_text(text, encoding="utf-8")


def install_fonts(stage: Path, packages: Path) -> None:
    directory = stage / SYSTEM_FONTS
    directory.mkdir(parents=True, exist_ok=True)
    for font in sorted(font for name in FONT_PACKAGES for font in (packages / name).glob("*.[ot]tf")):
        link = directory / font.name
        link.symlink_to(os.path.join("/", font.relative_to(stage)))


def set_families(packages: Path) -> None:
    listed = ", ".join(FAMILIES)
    replaced(packages / "matplotlib/mpl-data/matplotlibrc", r"^#font\.family:.*$", f"font.family: {listed}")
    for style in (packages / "matplotlib/mpl-data/stylelib").glob("*.mplstyle"):
        if re.search(r"^font\.family:", style.read_text(encoding="utf-8"), re.MULTILINE):
            replaced(style, r"^font\.family:.*$", f"font.family: {listed}")
    themes = packages / "seaborn/rcmod.py"
    replaced(themes, r'\["sans-serif"\]', repr(FAMILIES))
    replaced(themes, r'font="sans-serif"', f"font={tuple(FAMILIES)!r}")


def main() -> None:
    stage = Path(sys.argv[1])
    found = list(stage.glob("usr/**/matplotlib/mpl-data/matplotlibrc"))
    if not found:
        return
    packages = found[0].parents[2]
    install_fonts(stage, packages)
    set_families(packages)


main()
