"""Draws the README's picture, the terminal summary of a trace: ``make_pictures.py TRACE show.svg``."""

from __future__ import annotations

import re
import sys
from io import StringIO
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

import lazyscope
from lazyscope.report import terminal

# Rich's own template loads a font from the network; any monospaced one will do.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
)


def main(trace: str, picture: str) -> None:
    console = Console(
        record=True, width=96, height=40, file=StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(terminal.show(lazyscope.load(trace).data))
    name = Path(trace).name
    Path(picture).write_text(console.export_svg(title=f"lazyscope show {name}", code_format=FORMAT))


if __name__ == "__main__":
    main(*sys.argv[1:])
