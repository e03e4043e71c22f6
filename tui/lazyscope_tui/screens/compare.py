"""Compare: this trace and another, as a rule of the same program before and after it was changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from lazyscope import figures
from lazyscope.catalogue.before_after import BeforeAfter, Change
from lazyscope.errors import LazyscopeError
from lazyscope.report import diff_words
from lazyscope.text.harmless import harmless
from lazyscope_tui.keys import bindings
from lazyscope_tui.screens.main_screen import MainScreen
from lazyscope_tui.session import GoTo, Session
from lazyscope_tui.typed_files import typed_path
from lazyscope_tui.widgets.compare_page import write_change, write_comparison
from lazyscope_tui.widgets.details import Details
from lazyscope_tui.widgets.looks import QUIET, STRONG
from lazyscope_tui.widgets.page import Page, text
from lazyscope_tui.widgets.row_list import RowList

_KIND = 7


class Compared(Message):
    """The two traces are compared; or not, for the reason given."""

    def __init__(self, other: Path, result: BeforeAfter | None, error: str = "") -> None:
        super().__init__()
        self.other = other
        self.result = result
        self.error = error


class CompareScreen(MainScreen):
    """Chooses the other trace, then lists what changed."""

    NAME = "compare"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("compare")]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._near: list[Path] = []
        self._result: BeforeAfter | None = None
        self._other: Path | None = None
        self._swapped = False
        self._changes: list[Change] = []
        self._rows = RowList(self._draw, id="rows")
        self._details = Details(self._write, id="details")
        self._path = Input(placeholder="another trace: the name of its file", compact=True)

    def body(self) -> Iterable[Widget]:
        yield self._path
        yield Container(self._rows, self._details, id="halves")

    def on_mount(self) -> None:
        self.action_choose()
        self._rows.focus()

    # Choosing

    def action_choose(self) -> None:
        """List the traces that lie near."""
        self._result, self._changes = None, []
        self._near = near(self.session)
        self._path.display = True
        empty = "No other trace lies here: type the name of its file above."
        self._rows.show(len(self._near), empty=empty)
        if self._near:
            self._rows.focus()
        self._path.focus()

    def action_leave_name(self) -> None:
        self._rows.focus()

    def action_take(self) -> None:
        if self._result is not None:
            self._go_to_finding()
        elif self._rows.cursor < len(self._near):
            self._compare(self._near[self._rows.cursor])

    def on_row_list_chosen(self) -> None:
        self.action_take()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        if not name:
            self._rows.focus()
            return
        try:
            other = typed_path(name)
        except LazyscopeError as error:
            self.notify(str(error), markup=False, severity="error")
        else:
            self._compare(other)

    def action_swap(self) -> None:
        self._swapped = not self._swapped
        if self._other is not None and self._result is not None:
            self._compare(self._other)

    # Comparing

    def _compare(self, other: Path) -> None:
        self._rows.show(0, empty=f"Comparing with {harmless(other.name)} ...")
        self._run(other, self._swapped)

    @work(thread=True, exclusive=True)
    def _run(self, other: Path, swapped: bool) -> None:
        from lazyscope.catalogue.before_after import compare
        from lazyscope.model.trace import load

        try:
            traces = sorted([self.session.trace, load(other)], key=lambda one: one.header.started)
            self.post_message(Compared(other, compare(*(traces[::-1] if swapped else traces))))
        except LazyscopeError as error:
            self.post_message(Compared(other, None, str(error)))

    def on_compared(self, message: Compared) -> None:
        if message.result is None:
            self.action_choose()
            self.notify(message.error, markup=False, severity="error")
            return
        self._result, self._other = message.result, message.other
        self._changes = list(message.result.changes)
        self._path.display = False
        self._rows.show(len(self._changes), empty="No finding in either.")
        self._rows.focus()

    # What is shown

    def _draw(self, index: int, width: int) -> Content:
        if self._result is None:
            path = self._near[index]
            folder = "" if path.parent == Path() else f"in {path.parent}"
            return Content.assemble(text(path.name), "  ", text(folder, QUIET)).truncate(width, ellipsis=True)
        change = self._changes[index]
        label = f"{change.kind:<{_KIND}}{diff_words.ids(change):<10}"
        title = text(f"{change.finding.code} {change.finding.title.replace('`', '')}")
        row = Content.assemble((label, STRONG), title).truncate(width, ellipsis=True)
        return row.stylize(QUIET) if change.kind == "same" else row

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        message.stop()
        self._details.rewrite()

    def _write(self, page: Page) -> None:
        if self._result is None:
            told = (
                "Choose a trace with Enter, or type the name of its file. Of the two the one recorded first "
            )
            page.paragraph(Content(f"{told}is the one before; w swaps them."))
            page.line((figures.plural(len(self._near), "trace") + " here", QUIET))
            return
        write_comparison(page, self._result)
        if self._rows.cursor < len(self._changes):
            write_change(page, self._result, self._changes[self._rows.cursor])

    def _go_to_finding(self) -> None:
        """To the finding of the row, where this trace has it."""
        assert self._result is not None
        if self._rows.cursor >= len(self._changes):
            return
        change = self._changes[self._rows.cursor]
        found = change.after if self._result.after.trace is self.session.trace else change.before
        if found is None:
            self.notify("this trace does not have that finding", markup=False, timeout=2)
        else:
            self.post_message(GoTo("finding", found.id))


def near(session: Session) -> list[Path]:
    """Other traces in the directory of this one and in the working directory, the newest first."""
    here = Path.cwd()
    own = session.path.resolve() if session.path is not None else None
    folders = dict.fromkeys([own.parent, here] if own is not None else [here])
    found = {path.resolve(): path for folder in folders for path in folder.glob("*.lazy")}
    others = [path for path in found if path != own]
    others.sort(key=lambda path: (-path.stat().st_mtime, path.name))
    return [path.relative_to(here) if path.is_relative_to(here) else path for path in others]
