"""Graph: the course of the program, drawn; findings lead to their place in it and back."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import get_current_worker

from lazyscope.catalogue.finding import Diagnosis
from lazyscope.errors import LazyscopeError
from lazyscope.report.graphs.picture import Node, Picture, nodes
from lazyscope_tui.box_drawing import Drawing, drawn
from lazyscope_tui.keys import bindings
from lazyscope_tui.plain_layout import DETAILS, Detail, Layout, laid_out
from lazyscope_tui.screens.main_screen import MainScreen
from lazyscope_tui.session import DiagnosisReady, GoTo, Session
from lazyscope_tui.widgets.graph_canvas import GraphCanvas
from lazyscope_tui.widgets.looks import QUIET, STRONG
from lazyscope_tui.widgets.page import text

_STEP = 4
"""Columns that one key press moves the view; rows are as high as two of them are wide."""
_LEGEND = "heavy: force; ▮ share of the time; ╱ run before; round: lazy calls"
_NAMES: dict[Detail, str] = {"full": "all lines", "heads": "first lines", "overview": "overview"}


class Drawn(Message):
    """A worker has drawn the picture in one detail."""

    def __init__(self, layout: Layout, drawing: Drawing) -> None:
        super().__init__()
        self.layout = layout
        self.drawing = drawing


class GraphScreen(MainScreen):
    """The program view in the terminal."""

    NAME = "graph"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("graph")]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._canvas = GraphCanvas()
        self._legend = Static(markup=False, id="legend")
        self._words = Static(markup=False, id="about-node")
        self._detail: Detail = "full"
        self._ready: dict[Detail, tuple[Layout, Drawing]] = {}
        self._picture: Picture | None = None
        self._wanted: str | None = session.selected
        """Id of the finding to look at."""

    def body(self) -> Iterable[Widget]:
        yield self._legend
        yield self._canvas
        yield self._words

    def on_mount(self) -> None:
        self._canvas.focus()
        self._legend.update(Content.styled("The graph is drawn once the causes are found ...", QUIET))
        self._begin()

    def on_diagnosis_ready(self, message: DiagnosisReady) -> None:
        message.stop()
        self._ready, self._picture = {}, None
        self._begin()

    # Drawing

    def _begin(self) -> None:
        if self.session.diagnosis is not None:
            self._draw(self.session.diagnosis, self._detail)

    # Without a description Textual writes out all arguments, which takes a second for many findings.
    @work(thread=True, exclusive=True, group="drawing", description="draw")
    def _draw(self, diagnosis: Diagnosis, detail: Detail) -> None:
        from lazyscope.report.graphs.drawing import picture_of

        picture = self._picture
        if picture is None:
            picture = self._picture = picture_of(self.session.trace, diagnosis, "program")
        layout = laid_out(picture, detail)
        drawing = drawn(layout)
        if not get_current_worker().is_cancelled:
            self.post_message(Drawn(layout, drawing))

    def on_drawn(self, message: Drawn) -> None:
        self._ready[message.layout.detail] = message.layout, message.drawing
        if message.layout.detail == self._detail:
            self._show()

    def _show(self) -> None:
        """Put the picture of this detail on the canvas, with the same node in the middle."""
        layout, drawing = self._ready[self._detail]
        self._canvas.show(layout, drawing)
        if self._canvas.node is None:
            self._canvas.selected = self._first_node(layout.picture)
        if self._wanted is not None:
            self._select_finding(self._wanted)
        self._tell()
        # The canvas knows its size then.
        self.call_after_refresh(self._canvas.center)

    def _first_node(self, picture: Picture) -> str:
        """The node of the dearest finding that is drawn, else the first."""
        diagnosis = self.session.diagnosis
        for found in diagnosis.findings if diagnosis is not None else ():
            node = self._node_of(found.id)
            if node is not None:
                return node.id
        return next(nodes(picture.content)).id

    def _tell(self) -> None:
        """Say what is seen above, and what is selected below the picture."""
        layout = self._canvas.drawn_layout
        if layout is None:
            return
        said = layout.why_stacked or layout.picture.left_out or _LEGEND
        self._legend.update(text(f"{_NAMES[layout.detail]}  {said}", QUIET))
        node = self._canvas.node
        lines = [] if node is None else _about(node)
        self._words.update(Content("\n").join(lines))

    # Findings

    def _places(self) -> list[Node]:
        return [] if self._picture is None else list(nodes(self._picture.content))

    def _node_of(self, finding: str) -> Node | None:
        """Where a finding is: at what happened, rather than at the note that says what to do."""
        found = [node for node in self._places() if node.finding == finding]
        return next((node for node in found if node.kind != "fix"), found[0] if found else None)

    def _select_finding(self, finding: str) -> None:
        self._wanted = None
        node = self._node_of(finding)
        if node is not None:
            self._canvas.selected = node.id
        elif finding:
            self.notify(f"{finding} has no place in the graph", markup=False, timeout=3)

    def reveal(self, wanted: str | None, /) -> None:
        self._wanted = wanted
        if self._ready:
            self._show()

    def here(self) -> str | None:
        node = self._canvas.node
        return None if node is None else node.finding

    # Keys

    def action_pan(self, columns: int, rows: int) -> None:
        self._canvas.pan(columns * _STEP, rows * _STEP // 2)

    def action_page(self, columns: int, rows: int) -> None:
        size = self._canvas.size
        self._canvas.pan(columns * size.width // 2, rows * max(size.height - 2, 1))

    def action_ends(self, last: bool) -> None:
        """To the start or the end of the program."""
        all_nodes = self._places()
        if all_nodes:
            self._look_at(all_nodes[-1 if last else 0].id)

    def action_zoom(self, by: int) -> None:
        """Show more or less of each node."""
        place = DETAILS.index(self._detail) + by
        if not 0 <= place < len(DETAILS) or self._picture is None:
            return
        self._detail = DETAILS[place]
        if self._detail in self._ready:
            self._show()
        else:
            self._begin()

    def action_next_finding(self, by: int) -> None:
        """To the next place of a finding, in the order of the program."""
        drawn_nodes = self._places()
        elsewhere = {node.finding for node in drawn_nodes if node.kind != "fix"}
        places = [
            node.id
            for node in drawn_nodes
            if node.finding is not None and (node.kind != "fix" or node.finding not in elsewhere)
        ]
        self._step(places, by)

    def action_next_node(self, by: int) -> None:
        """To the next node."""
        self._step([node.id for node in self._places()], by)

    def _step(self, places: list[str], by: int) -> None:
        if not places:
            self.notify("no finding is in the graph", markup=False, timeout=2)
            return
        order = {node.id: number for number, node in enumerate(self._places())}
        here = order.get(self._canvas.selected or "", -1)
        if by > 0:
            found = next((one for one in places if order[one] > here), places[0])
        else:
            found = next((one for one in reversed(places) if order[one] < here), places[-1])
        self._look_at(found)

    def _look_at(self, node: str) -> None:
        self._canvas.selected = node
        self._canvas.bring_into_view()
        self._tell()

    def action_show_finding(self) -> None:
        node = self._canvas.node
        if node is not None and node.finding is not None:
            self.session.selected = node.finding
            self.post_message(GoTo("finding", node.finding))
        else:
            self.notify("no finding here: n goes to the next one", markup=False, timeout=2)

    def on_graph_canvas_selected(self, message: GraphCanvas.Selected) -> None:
        message.stop()
        self._tell()

    def on_graph_canvas_chosen(self, message: GraphCanvas.Chosen) -> None:
        message.stop()
        self._tell()
        self.action_show_finding()

    # The picture as a file

    def action_open_picture(self) -> None:
        if self._picture is not None:
            self._write(self._picture)

    @work(thread=True, exclusive=True, group="writing", description="write")
    def _write(self, picture: Picture) -> None:
        from lazyscope.report.graphs.dot_source import dot_source
        from lazyscope.report.graphs.rendering import rendered
        from lazyscope_tui.exporting import free_path, write_new

        try:
            content = rendered(dot_source(picture), "svg")
            path = free_path(self.session, ".svg")
            write_new(path, content)
        except LazyscopeError as error:
            self.app.notify(str(error), markup=False, severity="warning", timeout=8)
            return
        opened = opened_in_browser(path)
        self.app.notify(f"{'opened' if opened else 'written'}: {path}", markup=False, timeout=6)


def opened_in_browser(path: Path) -> bool:
    """Open a file in a browser with a window of its own; one in this terminal would be in the way."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(browser) is webbrowser.GenericBrowser:
        return False
    return browser.open(path.absolute().as_uri())


def _about(node: Node) -> list[Content]:
    """What is known of a node, in a few lines."""
    first = Content.assemble(text("  ".join(line.text for line in node.lines[:1]), STRONG))
    rest = [line.text for line in node.lines[1:]]
    lines = [first + text(f"  {'  '.join(rest)}" if rest else "", QUIET)]
    more = [line for line in node.tooltip.split("\n") if line]
    if node.finding is not None and node.kind != "fix":
        # Why it was forced says more than where.
        more = more[-1:] + more[:-1]
    return lines + [text(line) for line in more]
