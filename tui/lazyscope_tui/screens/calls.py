"""Calls: your lines, the library functions that they reached, and the array calls of these."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from lazyscope import figures
from lazyscope.model.trace import Force
from lazyscope_tui.call_tree import FIELDS, CallTree, Node
from lazyscope_tui.editing import open_in_editor
from lazyscope_tui.keys import bindings
from lazyscope_tui.open_tree import OpenTree
from lazyscope_tui.screens.main_screen import MainScreen
from lazyscope_tui.searching import parsed
from lazyscope_tui.session import GoTo, Session
from lazyscope_tui.widgets.looks import PLACE, QUIET, STRONG
from lazyscope_tui.widgets.page import text
from lazyscope_tui.widgets.row_list import RowList
from lazyscope_tui.widgets.search_bar import SearchBar

_COLUMNS = {"time": 8, "forces": 6, "tasks": 7, "again": 7, "calls": 7}
"""Cells of the columns."""
_WIDE = 100
"""From so many cells on the calls have a column of their own."""


class RootsFound(Message):
    """The first level of the tree is there."""

    def __init__(self, roots: list[Node]) -> None:
        super().__init__()
        self.roots = roots


class CallsScreen(MainScreen):
    """The tree of calls."""

    NAME = "calls"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("calls")]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._tree = CallTree(session.trace)
        self._roots: list[Node] = []
        self._open = OpenTree(self._tree)
        self._rows = RowList(self._draw, heading=self._heading, empty="Sorting the calls ...", id="rows")
        self._search = SearchBar(FIELDS)
        self._wanted: str | None = None
        """Id of a finding to show once the tree is there."""

    def body(self) -> Iterable[Widget]:
        yield self._search
        yield self._rows

    def on_mount(self) -> None:
        self._rows.focus()
        self._sort()

    @work(thread=True, exclusive=True)
    def _sort(self) -> None:
        self.post_message(RootsFound(self._tree.roots()))

    def on_roots_found(self, message: RootsFound) -> None:
        self._roots = message.roots
        self._list()
        if self._wanted is not None:
            self.reveal(self._wanted)

    def _list(self) -> None:
        """Show the lines that are searched for; a search closes what was open."""
        terms = parsed(self._search.text, FIELDS)
        shown = [node for node in self._roots if self._tree.is_found(node, terms)]
        for node in self._roots:
            node.is_open = False
        self._open = OpenTree(self._tree, shown, terms)
        empty = "No line has all of this. Esc clears the search." if self._roots else EMPTY
        self._rows.show(len(shown), 0, empty=empty)
        self._search.say(figures.plural(len(shown), "line"))

    # Drawing

    def _heading(self, width: int) -> Content:
        names = " ".join(name.rjust(_COLUMNS[name]) for name in _columns(width))
        return Content(f"{'line, function, call':<{max(width - len(names) - 1, 0)}} {names}")

    def _draw(self, index: int, width: int) -> Content:
        node, columns = self._open.rows[index], _columns(width)
        cells = _cells(node)
        numbers = " ".join(cells.get(name, "").rjust(_COLUMNS[name]) for name in columns)
        sign = ("▾ " if node.is_open else "▹ ") if node.can_open else "  "
        style = {"line": PLACE, "function": STRONG}.get(node.kind, "")
        times = f" {node.call_count:,}×" if "calls" not in columns and node.kind == "calls" else ""
        name = Content.assemble(
            "  " * node.depth, sign, text(node.label, style), times, "  ", text(node.detail, QUIET)
        )
        room = max(width - len(numbers) - 1, 1)
        return Content.assemble(name.truncate(room, ellipsis=True, pad=True), " ", numbers)

    # The chosen row

    @property
    def chosen(self) -> Node | None:
        """The row of the cursor."""
        rows = self._open.rows
        return rows[self._rows.cursor] if self._rows.cursor < len(rows) else None

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        message.stop()

    async def on_row_list_chosen(self) -> None:
        if self.chosen is not None and self.chosen.is_open:
            self.action_close_node()
        else:
            self.action_open_node()

    def reveal(self, wanted: str | None, /) -> None:
        """Open the tree at a finding."""
        found = self.session.finding(wanted)
        if not self._roots:
            self._wanted = wanted
            return
        self._wanted = None
        if found is None:
            return
        if self._search.text:
            self._search.search("")
            self._list()
        for position, kind in ((found.user_site, "line"), (found.site, "function"), (found.site, "forces")):
            index = self._index(position, kind)
            if index is None:
                return
            if kind != "forces" and not self._open.rows[index].is_open:
                self._open.open(index)
            self._rows.show(len(self._open.rows), index)

    def _index(self, position: int | None, kind: str) -> int | None:
        """The row of a kind for a position, behind the cursor or at it."""
        trace = self.session.trace

        def key(number: int | None) -> object:
            if number is None:
                return None
            here = trace.positions[number]
            file = trace.codes[here.code].file
            return here.code if kind == "function" else (file, here.line)

        start = 0 if kind == "line" else self._rows.cursor
        rows = list(enumerate(self._open.rows))[start:]
        return next(
            (n for n, node in rows if node.kind == kind and key(node.position) == key(position)), None
        )

    # Keys

    def action_open_node(self) -> None:
        node, index = self.chosen, self._rows.cursor
        if node is None:
            return
        if node.kind == "force" and isinstance(node.events[0], Force):
            self.post_message(GoTo("force", str(node.events[0].id)))
        elif node.is_open:
            self._rows.cursor = index + 1
        else:
            self._open.open(index)
            self._rows.show(len(self._open.rows), index)

    def action_close_node(self) -> None:
        if self.chosen is not None:
            index = self._open.close(self._rows.cursor)
            self._rows.show(len(self._open.rows), index)

    def action_show_finding(self) -> None:
        diagnosis, node = self.session.diagnosis, self.chosen
        forces = [] if node is None else sorted(node.forces, key=lambda one: -one.self_seconds)
        found = (
            next((diagnosis.of_force[one.id] for one in forces if one.id in diagnosis.of_force), None)
            if diagnosis
            else None
        )
        if found is None:
            self.notify("nothing here belongs to a finding", markup=False, timeout=2)
        else:
            self.post_message(GoTo("finding", found.id))

    def action_show_forces(self) -> None:
        forces = [] if self.chosen is None else self.chosen.forces
        if forces:
            self.post_message(GoTo("force", str(max(forces, key=lambda one: one.self_seconds).id)))
        else:
            self.notify("nothing was forced here", markup=False, timeout=2)

    def action_open_line(self) -> None:
        if self.chosen is not None:
            open_in_editor(self, self.session, self.chosen.position)

    def action_search(self) -> None:
        self._search.open()

    def action_clear_search(self) -> None:
        self._search.search("")
        self._rows.focus()

    def on_search_bar_changed(self) -> None:
        self._list()

    def on_search_bar_left(self) -> None:
        self._rows.focus()


EMPTY = "No array call was recorded, and no graph was executed."


def _columns(width: int) -> list[str]:
    """The columns that there is room for."""
    return [name for name in _COLUMNS if name != "calls" or width >= _WIDE]


def _cells(node: Node) -> dict[str, str]:
    """The figures of a row; none where there is nothing to say."""
    if node.kind == "more":
        return {}
    calls = {"calls": figures.count(node.call_count)} if node.call_count else {}
    if not node.force_count:
        return calls
    return calls | {
        "time": figures.duration(node.seconds),
        "forces": figures.count(node.force_count),
        "tasks": figures.count(node.tasks),
        "again": figures.count(node.repeated) if node.repeated else "-",
    }
