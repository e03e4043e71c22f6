"""While a program runs: its forces as they begin, its memory against the limit, and what it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Log, Static

from lazyscope import figures
from lazyscope.model.trace import covered_seconds
from lazyscope.report.killed import wanted_sentences
from lazyscope_tui.force_rows import ForceRows
from lazyscope_tui.keys import bindings, keys_of, written
from lazyscope_tui.widgets.looks import BAR, QUIET, STRONG
from lazyscope_tui.widgets.page import text
from lazyscope_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from lazyscope_tui.live import Following

_CELLS = 24
"""Cells of the bar of memory."""
_DANGER = 0.8
"""Part of the limit from which on memory is worth a word."""


class LiveScreen(Screen[None]):
    """Shows a program that runs, and how it ended.

    Parameters
    ----------
    following
        The program.
    """

    NAME: ClassVar[str] = "live"
    BINDINGS: ClassVar[list[BindingType]] = [
        key for key in bindings("live") if isinstance(key, Binding) and key.action == "other_pane"
    ]

    def __init__(self, following: Following) -> None:
        super().__init__()
        self._following = following
        self._found: ForceRows | None = None
        self._state = Static(markup=False, id="state")
        self._rows = RowList(
            self._draw, heading=self._heading, empty="No force yet: so far it is lazy.", id="rows"
        )
        self._pane = Log(id="output", max_lines=10_000)
        self._current = Static(markup=False, id="current")
        self._lines = 0
        """Lines of output that are in the pane."""

    def compose(self) -> ComposeResult:
        yield self._state
        yield self._rows
        yield Static(Content.styled("output of the program", QUIET), markup=False, id="output-title")
        yield self._pane
        yield self._current
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self._rows.focus()
        self.tell()

    def on_resize(self, event: events.Resize) -> None:
        self._following.child.resize(max(event.size.width - 2, 20), max(event.size.height // 2, 5))

    def action_other_pane(self) -> None:
        (self._pane if self._rows.has_focus else self._rows).focus()

    # What is seen

    def tell(self) -> None:
        """Say what is known now."""
        self._state.update(Content("\n").join([self._how_it_goes(), self._memory(), self._wants()]))
        self._list_forces()
        self._list_output()

    def _how_it_goes(self) -> Content:
        following = self._following
        trace = following.tail.trace
        forces = [] if trace is None else trace.forces
        calls = 0 if trace is None else len(trace.calls)
        forced = covered_seconds((force.begin.at, force.ran_until) for force in forces)
        mark = "▶" if following.ended is None else "■"
        parts = [
            figures.plural(calls, "call"),
            figures.plural(len(forces), "force"),
            f"{figures.duration(forced)} forced" if forces else "nothing forced",
        ]
        ending = f"{following.child.ending} {'for' if following.ended is None else 'after'} "
        name = "" if trace is None else " ".join(trace.header.argv)
        return Content.assemble(
            (f"{mark} {ending}{figures.duration(following.seconds)}", STRONG),
            f": {', '.join(parts)}.  ",
            text(name[:200], QUIET),
        )

    def _memory(self) -> Content:
        following = self._following
        trace = following.tail.trace
        limit = None if trace is None else trace.header.memory_limit
        if following.error is not None:
            return text(str(following.error))
        if following.resident is None:
            return Content.styled("memory: not known on this system", QUIET)
        highest = f"highest {figures.size(following.highest)}"
        if not limit:
            return Content(f"memory {figures.size(following.resident)}, {highest}; no limit is known")
        share = following.resident / limit
        cells = min(max(round(share * _CELLS), 1), _CELLS)
        style = "bold $text-error" if share > _DANGER else ""
        warning = "  ! near the limit" if share > _DANGER else ""
        return Content.assemble(
            "memory ",
            ("█" * cells, style or BAR),
            ("░" * (_CELLS - cells), QUIET),
            (f" {figures.size(following.resident)} of {figures.size(limit)}, {highest}{warning}", style),
        )

    def _wants(self) -> Content:
        """What the innermost force that runs is about."""
        running, trace = self._following.tail.running, self._following.tail.trace
        ended = self._following.ended is not None
        if not running or trace is None:
            return Content("Enter explores the trace." if ended and trace is not None else "")
        force = running[-1]
        verb = "did not come back" if ended else "is running"
        wanted = " ".join(wanted_sentences(trace, force.begin))
        head = f"force {force.id} {verb}, {figures.duration(force.seconds)}. "
        return Content.assemble((head, STRONG), text(wanted))

    def _list_forces(self) -> None:
        session = self._following.session
        if session is None:
            return
        if self._found is None:
            self._found = ForceRows(session)
        self._found.update()
        count, rows = len(self._found.shown), self._rows
        # The latest stays in view unless the reader has gone to an earlier one.
        at_end = rows.cursor >= rows.count - 1
        if count != rows.count:
            rows.show(count, count - 1 if at_end else rows.cursor)
        else:
            rows.refresh()

    def _list_output(self) -> None:
        output = self._following.child.output
        count, lines = output.count, list(output.lines)
        new = min(count - self._lines, len(lines))
        if new > 0:
            at_end = self._pane.is_vertical_scroll_end
            self._pane.write_lines(lines[-new:], scroll_end=at_end)
            self._lines = count
            if at_end:
                # With lines that came at once the pane knows only then how far it can go.
                self.call_after_refresh(self._pane.scroll_end, animate=False, x_axis=False)
        self._current.update(Content(output.current))
        self._current.display = bool(output.current)

    def _heading(self, width: int) -> Content:
        return Content("") if self._found is None else self._found.heading(width)

    def _draw(self, index: int, width: int) -> Content:
        assert self._found is not None
        running = self._found.shown[index].end is None
        mark = "▶ " if running and self._following.ended is None else "  "
        return Content.assemble((mark, STRONG), self._found.draw(index, width - 2))


class StopScreen(ModalScreen[str | None]):
    """Asks what Ctrl-C is meant for."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("stop")]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content.styled("Stop whom?", STRONG), markup=False)
            for key in keys_of("stop"):
                yield Static(Content.assemble((f"{written(key):>5}  ", STRONG), key.what), markup=False)
