"""All keys, and what marks and words mean; made from the table of keys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer

from lazyscope_tui.keys import SCOPES, bindings, written
from lazyscope_tui.widgets.details import Details
from lazyscope_tui.widgets.looks import MARK, QUIET, SEVERITY, SHAPES, STRONG
from lazyscope_tui.widgets.page import Page

_WORDS = (
    ("force", "one execution of a dask graph, however it was reached"),
    ("again", "tasks that an earlier force had asked for, too: work done twice"),
    ("trigger", "what made dask compute: __bool__, __array__, compute, ..."),
    ("site", "the line that forced; your line is the one of your program that led there"),
    ("entry", "the public library function that your line reached"),
    ("▏ ▕", "on the timeline: from a line's or function's first call or force in a row to its last"),
    ("≥ ≤", "a lower or an upper bound"),
)
_SEVERITIES = {
    "high": "it ended the program, gave a wrong result, or costs at least 10 s, or 1 s that are 25 %",
    "medium": "at least 1 s, or 0.1 s that are 5 %",
    "low": "whatever else could be better",
    "info": "nothing is wrong, or it is not known whether anything is",
}
_KEY = 10


class HelpScreen(Screen[None]):
    """The help."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("pages"),
        Binding("question_mark,f1", "dismiss", show=False),
    ]

    def compose(self) -> ComposeResult:
        yield Details(_write)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self.query_one(Details).focus()
        self.query_one(Details).rewrite()


def _write(page: Page) -> None:
    for scope in SCOPES:
        if scope.keys:
            page.heading(scope.title)
        for key in scope.keys:
            page.paragraph(Content(key.what), indent=_KEY, first=Content.styled(f"  {written(key)}", STRONG))
    page.heading("Search")
    page.paragraph(
        Content(
            "Words must all be there, in any column. A name before a colon looks into one: trigger:__bool__, "
            'code:LZ103, line:"my file.py". Numbers are whole: finding:F1 is not F12.'
        )
    )
    page.heading("Marks")
    for severity, meaning in _SEVERITIES.items():
        mark = Content.styled(f"  {SHAPES[severity]} {severity}", SEVERITY[severity])
        page.paragraph(Content(meaning), indent=_KEY, first=mark)
    page.paragraph(
        Content("goes away with the finding above it"), indent=_KEY, first=Content.styled("  ↳", QUIET)
    )
    page.paragraph(
        Content.assemble(("underlined", MARK), " in a source line: the expression that forced"), indent=_KEY
    )
    page.heading("Words")
    for word, meaning in _WORDS:
        page.paragraph(Content(meaning), indent=_KEY, first=Content.styled(f"  {word}", STRONG))
