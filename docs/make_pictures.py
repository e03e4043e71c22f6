"""Draws the README's pictures from the recorded samples: ``python docs/make_pictures.py``.

Needs the test extra and chromium; graphs are drawn by graphviz-pure, which draws the same everywhere.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

import lazyscope
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.report import terminal
from lazyscope.report.graphs.dot_source import dot_source
from lazyscope.report.graphs.drawing import picture_of
from lazyscope.report.html import html_report
from lazyscope_tui.app import Explorer

DOCS = Path(__file__).parent
TRACES = DOCS.parent / "tests" / "golden" / "traces"

# Rich's and Textual's templates load a font from the network; any monospaced one will do.
FAMILY = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono'"
FONT = re.compile(r"@font-face \{+.*?\}+\s*", flags=re.DOTALL)
FORMAT = FONT.sub("", CONSOLE_SVG_FORMAT).replace("Fira Code", FAMILY)


def draw_summary(name: str, picture: Path) -> None:
    """What `lazyscope show` prints."""
    console = Console(
        record=True, width=96, height=40, file=StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(terminal.show(lazyscope.load(TRACES / f"{name}.lazy").data))
    title = f"lazyscope show lazyscope-{name}-1.lazy"
    picture.write_text(console.export_svg(title=title, code_format=FORMAT))


def draw_program(name: str, picture: Path) -> None:
    """What `lazyscope graph` draws."""
    data = lazyscope.load(TRACES / f"{name}.lazy").data
    dot = dot_source(picture_of(data, diagnose(data), "program"))
    subprocess.run(["graphviz-pure", "-Tsvg", "-o", str(picture)], input=dot.encode(), check=True)


def photograph_report(name: str, picture: Path) -> None:
    """The top of what `lazyscope report` writes, in a browser."""
    page_file = picture.with_suffix(".html")
    page_file.write_text(html_report.render(lazyscope.load(TRACES / f"{name}.lazy").data))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1100, "height": 1250})
        page.goto(page_file.resolve().as_uri())
        page.screenshot(path=str(picture))
        browser.close()
    page_file.unlink()


async def explore(name: str, picture: Path, keys: Sequence[str]) -> None:
    """What `lazyscope tui` shows after these keys."""
    app = Explorer(TRACES / f"{name}.lazy")
    async with app.run_test(size=(120, 34)) as pilot:
        while app.session is None or app.session.diagnosis is None:
            await pilot.pause(0.05)
        for key in keys:
            await pilot.press(key)
            await app.workers.wait_for_complete()
        await pilot.pause(0.5)
        drawn = app.export_screenshot(title=f"lazyscope tui {name}.lazy")
        picture.write_text(FONT.sub("", drawn).replace("Fira Code", FAMILY))


if __name__ == "__main__":
    draw_summary("kmeans", DOCS / "show.svg")
    draw_program("own_code", DOCS / "program.svg")
    photograph_report("kmeans", DOCS / "report.png")
    asyncio.run(explore("kmeans", DOCS / "explore.svg", []))
    asyncio.run(explore("kmeans", DOCS / "explore-graph.svg", ["g"]))
