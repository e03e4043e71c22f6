"""Forces: every execution of a dask graph, and which earlier one had run its tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from lazyscope import figures
from lazyscope.model.trace import Force
from lazyscope_tui.editing import open_in_editor
from lazyscope_tui.force_rows import FIELDS, ForceRows
from lazyscope_tui.keys import bindings
from lazyscope_tui.screens.main_screen import MainScreen
from lazyscope_tui.searching import toggled
from lazyscope_tui.session import DiagnosisReady, GoTo, Session
from lazyscope_tui.widgets.details import Details
from lazyscope_tui.widgets.force_page import earlier_forces, write_force
from lazyscope_tui.widgets.page import Page
from lazyscope_tui.widgets.row_list import RowList
from lazyscope_tui.widgets.search_bar import SearchBar
from lazyscope_tui.widgets.trace_page import write_verdict


class ForcesScreen(MainScreen):
    """The table of forces, and all about the one that is chosen."""

    NAME = "forces"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("forces")]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._found = ForceRows(session)
        self._rows = RowList(self._found.draw, heading=self._found.heading, id="rows")
        self._details = Details(self._write, id="details")
        self._search = SearchBar(FIELDS)

    def body(self) -> Iterable[Widget]:
        yield self._search
        yield Container(self._rows, self._details, id="halves")

    def on_mount(self) -> None:
        self._rows.focus()
        self._list()
        # Beside the search for causes it would be in the way, and its findings are not known yet.
        if self.session.diagnosis is not None:
            self._prepare()

    @work(thread=True, exclusive=True)
    def _prepare(self) -> None:
        self._found.prepare()

    def on_diagnosis_ready(self, message: DiagnosisReady) -> None:
        message.stop()
        self._found.diagnosed()
        self._prepare()
        self._list(None if self.chosen is None else self.chosen.id)

    def _list(self, force: int | None = None) -> None:
        """Show the forces that are searched for, with the cursor on one of them."""
        self._found.update()
        cursor = None if force is None else self._found.index(force)
        self._rows.show(len(self._found.shown), cursor or 0, empty=self._empty())
        self._search.say(figures.plural(len(self._found.shown), "force"))

    def _empty(self) -> str:
        if self.session.trace.forces:
            return "No force has all of this. Esc clears the search."
        return "No graph was executed."

    # The chosen force

    @property
    def chosen(self) -> Force | None:
        """The force of the cursor."""
        shown = self._found.shown
        return shown[self._rows.cursor] if self._rows.cursor < len(shown) else None

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        message.stop()
        self._details.rewrite()

    def on_row_list_chosen(self) -> None:
        self.action_show_finding()

    def _write(self, page: Page) -> None:
        if self.chosen is not None:
            write_force(page, self.session, self.chosen)
        elif not self.session.trace.forces:
            write_verdict(page, self.session)

    def reveal(self, wanted: str | None, /) -> None:
        """Show a force, or all forces of a finding or of a search."""
        if wanted is None:
            return
        if not wanted.isdecimal():
            self._look_for(f"finding:{wanted}" if self.session.finding(wanted) else wanted, None)
        elif self._found.index(int(wanted)) is None:
            self._look_for("", int(wanted))
        else:
            self._list(int(wanted))

    def here(self) -> str | None:
        return None if self.chosen is None else str(self.chosen.id)

    # Keys

    def _look_for(self, search: str, force: int | None) -> None:
        found = None if search else force
        if search.startswith("finding:"):
            self._found.search = search
            self._search.search(search)
            self._list(self._first_of(search.removeprefix("finding:")))
            return
        self._found.search = search
        self._search.search(search)
        self._list(found)

    def _first_of(self, finding: str) -> int | None:
        found = self.session.finding(finding)
        return found.forces[0] if found is not None and found.forces else None

    def action_search(self) -> None:
        self._search.open()

    def action_clear_search(self) -> None:
        self._rows.focus()
        here = self.chosen
        self._look_for("", None if here is None else here.id)

    def on_search_bar_changed(self, message: SearchBar.Changed) -> None:
        if message.text != self._found.search:
            self._found.search = message.text
            self._list(None if self.chosen is None else self.chosen.id)

    def on_search_bar_left(self) -> None:
        self._rows.focus()

    def action_filter_by(self, field: str) -> None:
        here = self.chosen
        value = "" if here is None else self._found.value(here, field)
        if here is None or not value:
            self.notify(f"this force has no {field}", markup=False, timeout=2)
            return
        search = toggled(self._found.search, field, value, FIELDS)
        self._found.search = search
        self._search.search(search)
        self._list(here.id)

    def action_sort(self) -> None:
        here = self.chosen
        self._found.by_cost = not self._found.by_cost
        self._list(None if here is None else here.id)
        order = "the dearest first" if self._found.by_cost else "in the order of time"
        self.notify(order, markup=False, timeout=2)

    def action_show_finding(self) -> None:
        found = "" if self.chosen is None else self._found.finding(self.chosen)
        if found:
            self.post_message(GoTo("finding", found))
        else:
            self.notify("this force belongs to no finding yet", markup=False, timeout=2)

    def action_show_earlier(self) -> None:
        """To the force that had run most of these tasks."""
        earlier = None if self.chosen is None else earlier_forces(self.chosen).most_common(1)
        if earlier:
            self.post_message(GoTo("force", str(earlier[0][0])))
        else:
            self.notify("none of its tasks had been computed before", markup=False, timeout=2)

    def action_open_line(self) -> None:
        if self.chosen is not None:
            open_in_editor(self, self.session, self.chosen.begin.site)
