"""Who draws: the `dot` on the PATH, else graphviz-pure, else nobody, and a line that says how to get one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path

from lazyscope.errors import LazyscopeError

FORMATS = ("svg", "png", "pdf")
"""What can be drawn; ``dot`` needs nobody to draw it."""

_LONGEST = 120
"""Seconds after which a layout is given up."""

HOW_TO_GET_ONE = (
    "no renderer for graphs was found: install Graphviz so that `dot` is on the PATH, or "
    "`python -m pip install graphviz-pure`"
)


class NotDrawnError(LazyscopeError):
    """Nobody could draw a graph."""


@lru_cache(maxsize=8)
def renderer(kind: str = "svg") -> str | None:
    """Path of the program that draws `kind`; None if there is none.

    graphviz-pure has no PDF. What lies in the environment of the running interpreter counts as being on the
    PATH: environments are often used without being activated.
    """
    names = ("dot",) if kind == "pdf" else ("dot", "graphviz-pure")
    for name in names:
        for path in (None, *_beside_python()):
            found = shutil.which(name, path=path)
            if found is not None:
                return found
    return None


def _beside_python() -> list[str]:
    """Where commands of the running interpreter's environment lie."""
    return [str(Path(sys.executable).parent), sysconfig.get_path("scripts")]


def rendered(dot: str, kind: str) -> bytes:
    """The picture in one of `FORMATS`.

    Raises
    ------
    NotDrawnError
        If there is no renderer, or it fails.
    """
    program = renderer(kind)
    if program is None:
        raise NotDrawnError(_missing(kind))
    command = [program, f"-T{kind}"] + (["-Gdpi=144"] if kind == "png" else [])
    try:
        done = subprocess.run(command, input=dot.encode(), capture_output=True, timeout=_LONGEST, check=False)
    except subprocess.TimeoutExpired:
        raise NotDrawnError(f"{program} took more than {_LONGEST} s to draw") from None
    except OSError as error:
        raise NotDrawnError(f"cannot run {program}: {error.strerror}") from None
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        last = said[-1] if said else f"status {done.returncode}"
        raise NotDrawnError(f"{program} could not draw the graph ({last})")
    return _with_fonts(done.stdout) if kind == "svg" else done.stdout


def _missing(kind: str) -> str:
    if kind == "pdf" and renderer("svg") is not None:
        return "only Graphviz itself draws PDF: install it so that `dot` is on the PATH, or choose .svg"
    return HOW_TO_GET_ONE


_FONTS = {
    b"Helvetica": b"Helvetica, Arial, 'Liberation Sans', Arimo, sans-serif",
    b"Courier": b"'Courier New', 'Liberation Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
}
_FONT = re.compile(rb'font-family="(Helvetica|Courier)[^"]*"')


def _with_fonts(svg: bytes) -> bytes:
    """Name others of the same widths, for where these are missing."""
    return _FONT.sub(lambda found: b'font-family="' + _FONTS[found[1]] + b'"', svg)


_SIZE = re.compile(r'<svg width="[^"]*" height="[^"]*"')


def for_inlining(svg: bytes) -> str:
    """The element alone, as wide as its surroundings allow."""
    text = svg.decode()
    return _SIZE.sub("<svg", text[text.index("<svg") :].strip(), count=1)
