"""Findings: what is wrong, the dearest first, and all about the one that is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget

from lazyscope import figures
from lazyscope.catalogue.finding import Finding
from lazyscope.report.findings_list import worth_a_look
from lazyscope_tui.editing import open_in_editor
from lazyscope_tui.finding_rows import FIELDS, FindingRows
from lazyscope_tui.keys import bindings
from lazyscope_tui.screens.main_screen import WIDE, MainScreen
from lazyscope_tui.session import DiagnosisReady, GoTo, Session
from lazyscope_tui.widgets.details import Details
from lazyscope_tui.widgets.finding_page import copied_fix, write_finding
from lazyscope_tui.widgets.headline import Headline
from lazyscope_tui.widgets.page import Page
from lazyscope_tui.widgets.row_list import RowList
from lazyscope_tui.widgets.search_bar import SearchBar
from lazyscope_tui.widgets.sites_page import write_sites
from lazyscope_tui.widgets.trace_page import verdict, write_verdict

_ROWS_ON_TOP = 6
"""Findings in view where the list stands above what is said of one of them; a quarter of more rows."""


class FindingsScreen(MainScreen):
    """The first screen."""

    NAME = "findings"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("findings")]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._found = FindingRows(session)
        self._fix = 0
        self._rows = RowList(self._found.draw, empty="Looking for causes ...", id="rows")
        self._details = Details(self._write, id="details")
        self._search = SearchBar(FIELDS)
        self._wanted: str | None = None
        """Id of a finding to show once the findings are there."""

    def body(self) -> Iterable[Widget]:
        yield Headline(self.session)
        yield self._search
        yield Container(self._rows, self._details, id="halves")

    def on_mount(self) -> None:
        self._rows.focus()
        self._list()

    def on_diagnosis_ready(self, message: DiagnosisReady) -> None:
        message.stop()
        self._list(self._wanted)
        self.query_one(Headline).tell()

    def _list(self, wanted: str | None = None) -> None:
        """Show the findings that are searched for, with the cursor on one of them."""
        self._found.update()
        count = len(self._found.shown)
        wide = self.app.size.width >= WIDE
        # The line below says where, which tells findings of one kind apart.
        self._rows.lines = self._found.lines = 2 if wide else 1
        most = max(_ROWS_ON_TOP, self.size.height // 4)
        self._rows.styles.max_height = None if wide else min(max(count, 1), most)
        self._rows.show(count, self._found.index(wanted or self.session.selected) or 0, empty=self._empty())
        self._search.say(figures.plural(count, "finding"))

    def _empty(self) -> str:
        if self.session.diagnosis is None:
            return "Looking for causes ..."
        if self._found.search and self.session.diagnosis.findings:
            return "No finding has all of this. Esc clears the search."
        return "No findings."

    def on_resize(self) -> None:
        self._list()

    # The chosen finding

    @property
    def chosen(self) -> Finding | None:
        """The finding of the cursor."""
        shown = self._found.shown
        return shown[self._rows.cursor] if self._rows.cursor < len(shown) else None

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        message.stop()
        found = self.chosen
        if found is not None and found.id != self.session.selected:
            self._fix = 0
        self.session.selected = None if found is None else found.id
        self._details.rewrite()

    def _write(self, page: Page) -> None:
        found = self.chosen
        diagnosis = self.session.diagnosis
        if found is not None:
            if diagnosis is not None and not worth_a_look(diagnosis):
                page.paragraph(Content(verdict(self.session)))
                page.blank()
            write_finding(page, self.session, found, self._fix)
        elif diagnosis is None:
            write_sites(page, self.session)
        elif not diagnosis.findings:
            write_verdict(page, self.session)

    def reveal(self, wanted: str | None, /) -> None:
        if self.session.diagnosis is None:
            self._wanted = wanted
            return
        if self._found.index(wanted) is None and self._found.search:
            self._search.search("")
            self._found.search = ""
        self._list(wanted)

    def here(self) -> str | None:
        return self.session.selected

    # Keys

    def action_search(self) -> None:
        self._search.open()

    def action_clear_search(self) -> None:
        self._search.search("")
        self._rows.focus()

    def on_search_bar_changed(self, message: SearchBar.Changed) -> None:
        self._found.search = message.text
        self._list()

    def on_search_bar_left(self) -> None:
        self._rows.focus()

    def action_next_fix(self) -> None:
        found = self.chosen
        if found is not None and found.fixes:
            self._fix = (self._fix + 1) % len(found.fixes)
            self._details.rewrite(to_top=False)
            self.notify(f"fix {self._fix + 1} of {len(found.fixes)}", markup=False, timeout=2)

    def action_copy_fix(self) -> None:
        found = self.chosen
        if found is None or not found.fixes:
            self.notify("there is no fix to copy", markup=False)
            return
        fix = found.fixes[self._fix]
        copied = copied_fix(self.session, fix)
        self.app.copy_to_clipboard(copied)
        lines = len(copied.splitlines())
        self.notify(
            f"copied {figures.plural(lines, 'line')} of fix {self._fix + 1} of {found.id}: {fix.technique}",
            markup=False,
        )

    def action_open_line(self) -> None:
        found = self.chosen
        if found is not None:
            open_in_editor(self, self.session, found.site if found.user_site is None else found.user_site)

    def action_allow(self) -> None:
        from lazyscope_tui.screens.allow import AllowScreen

        found = self.chosen
        if found is not None:
            self.app.push_screen(AllowScreen(found), lambda reason: self._allowed(found, reason))

    def _allowed(self, found: Finding, reason: str | None) -> None:
        """Mark a finding; without a reason leave it as it is, with an empty one take the mark away."""
        if reason is None:
            return
        if not reason:
            self.session.allowed.pop(found.fingerprint, None)
        else:
            self.session.allowed[found.fingerprint] = reason
            line = f"with lazyscope.allow({reason!r}):"
            self.app.copy_to_clipboard(line)
            self.notify(f"{found.id} is allowed here. Copied, to put around the line: {line}", markup=False)
        self._list(found.id)

    def action_show_graph(self) -> None:
        self._go("graph")

    def action_show_timeline(self) -> None:
        self._go("timeline")

    def action_show_calls(self) -> None:
        self._go("calls")

    def _go(self, kind: str) -> None:
        found = self.chosen
        self.post_message(GoTo(kind, None if found is None else found.id))  # type: ignore[arg-type]

    def action_show_forces(self) -> None:
        found = self.chosen
        if found is not None:
            self.post_message(GoTo("force", found.id))

    def action_scroll_details(self) -> None:
        """A page further; from the end back to the start."""
        if self._details.scroll_y >= self._details.max_scroll_y:
            self._details.scroll_home(animate=False)
        else:
            self._details.scroll_page_down(animate=False)
