"""Timeline: when calls were made and forces ran, thread by thread, from the whole run to microseconds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from lazyscope import figures
from lazyscope.analysis.cost import site_at
from lazyscope.catalogue.finding import Finding
from lazyscope.model.trace import Force
from lazyscope.report.html.excerpts import place
from lazyscope_tui.force_rows import began, took
from lazyscope_tui.keys import bindings
from lazyscope_tui.screens.main_screen import MainScreen
from lazyscope_tui.session import DiagnosisReady, GoTo, Session
from lazyscope_tui.time_strips import Strips, strips
from lazyscope_tui.time_window import time_label
from lazyscope_tui.widgets.flame_strip import FlameStrip
from lazyscope_tui.widgets.lane_painting import BEGIN, END, MOST, NEW, SOME
from lazyscope_tui.widgets.looks import PLACE, QUIET, STRONG
from lazyscope_tui.widgets.page import text

_NEARER = 2.0
_LEGEND = f"{BEGIN}line, function{END}  ▂▄▆ calls  forces: {NEW} new  {SOME} partly run before  {MOST} mostly"


class Arranged(Message):
    """A worker has arranged the trace by thread and time."""

    def __init__(self, found: Strips) -> None:
        super().__init__()
        self.found = found


class TimelineScreen(MainScreen):
    """The flame strip, and a word about the force that is selected."""

    NAME = "timeline"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("timeline")]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._strip: FlameStrip | None = None
        self._legend = Static(markup=False, id="legend")
        self._words = Static(markup=False, id="about-force")
        self._wanted: str | None = None

    def body(self) -> Iterable[Widget]:
        yield self._legend
        yield self._words

    def on_mount(self) -> None:
        self._legend.update(text(_LEGEND, QUIET))
        self._arrange()

    @work(thread=True, exclusive=True)
    def _arrange(self) -> None:
        self.post_message(Arranged(strips(self.session.trace)))

    async def on_arranged(self, message: Arranged) -> None:
        self._strip = FlameStrip(message.found)
        await self.mount(self._strip, after=self._legend)
        self._strip.focus()
        self.call_after_refresh(self._first_look)

    def _first_look(self) -> None:
        """All that was recorded, and in it the finding that was looked at, else the longest force."""
        strip, found = self._strip, self.session.finding(self.session.selected)
        if self._wanted is not None:
            self._reveal_wanted()
        elif strip is not None and strip.selected is None:
            strip.show(*strip.strips.recorded)
            self._select_first(strip, found)
        self._tell()

    def _select_first(self, strip: FlameStrip, found: Finding | None) -> None:
        if strip.strips.forces:
            ids = set(() if found is None else found.forces)
            of_finding = [force for force in strip.strips.forces if force.id in ids]
            strip.select(max(of_finding or strip.strips.forces, key=lambda force: force.seconds))

    def on_diagnosis_ready(self, message: DiagnosisReady) -> None:
        message.stop()
        self._reveal_wanted()
        self._tell()

    # Places

    def reveal(self, wanted: str | None, /) -> None:
        self._wanted = wanted
        self._reveal_wanted()

    def _reveal_wanted(self) -> None:
        """Show a force, or the time of all forces of a finding, once both are known."""
        wanted, strip = self._wanted, self._strip
        if wanted is None or strip is None:
            return
        found = self.session.finding(wanted)
        if not wanted.isdecimal() and found is None and self.session.diagnosis is None:
            return
        self._wanted = None
        ids = {int(wanted)} if wanted.isdecimal() else set(found.forces if found is not None else ())
        forces = [force for force in strip.strips.forces if force.id in ids]
        if not forces:
            return
        if not wanted.isdecimal():
            strip.show(forces[0].begin.at, max(force.ran_until for force in forces))
        strip.select(forces[0])
        self._tell()

    def here(self) -> str | None:
        strip = self._strip
        return str(strip.selected.id) if strip is not None and strip.selected is not None else None

    def _tell(self) -> None:
        strip = self._strip
        if strip is None:
            return
        window = strip.window
        since = time_label(window.start, window.seconds / 10)
        seen, whole = figures.duration(window.seconds), figures.duration(strip.strips.seconds)
        part = f"all {whole}" if seen == whole else f"{seen} from {since} on, of {whole}"
        first = Content.styled(f"in view: {part}", QUIET)
        if strip.selected is None:
            said = "No graph was executed." if not strip.strips.forces else ""
            self._words.update(Content.assemble(said, "  ", first))
            return
        self._words.update(Content("\n").join([*self._about(strip.selected), first]))

    def _about(self, force: Force) -> list[Content]:
        begin, diagnosis = force.begin, self.session.diagnosis
        found = None if diagnosis is None else diagnosis.of_force.get(force.id)
        again = f", {figures.count(begin.tasks_repeated)} again" if begin.tasks_repeated else ""
        around = "" if begin.parent is None else f", inside force {begin.parent}"
        head = Content.assemble(
            (f"Force {force.id} ", STRONG),
            text(f"by {begin.trigger}, at {began(force)}, took {took(force)}, "),
            text(f"{figures.plural(begin.tasks, 'task')}{again}{around}"),
        )
        site = site_at(self.session.trace, begin.site)
        where = "unknown line" if site is None else place(site)
        code = "" if site is None else site.expression or site.code
        line = Content.assemble(
            ("" if found is None else f"{found.id} ", STRONG),
            text(where, PLACE),
            "  ",
            text(code[:200], QUIET),
        )
        return [head, line]

    def on_flame_strip_moved(self, message: FlameStrip.Moved) -> None:
        message.stop()
        self._tell()

    def on_flame_strip_selected(self, message: FlameStrip.Selected) -> None:
        message.stop()
        self._tell()

    def on_flame_strip_chosen(self, message: FlameStrip.Chosen) -> None:
        message.stop()
        self._tell()
        self.action_show_force()

    # Keys

    def action_zoom(self, steps: int) -> None:
        if self._strip is not None:
            self._strip.zoom(_NEARER**steps)

    def action_show_all(self) -> None:
        if self._strip is not None:
            self._strip.show_all()

    def action_show_near(self) -> None:
        """The selected force as wide as the view."""
        if self._strip is not None and self._strip.selected is not None:
            force = self._strip.selected
            self._strip.show(force.begin.at, force.ran_until)

    def action_pan(self, quarters: int) -> None:
        if self._strip is not None:
            self._strip.pan(quarters / 4)

    def action_lanes(self, lines: int) -> None:
        if self._strip is not None:
            self._strip.scroll_relative(y=lines, animate=False)

    def action_next_force(self, by: int) -> None:
        """To the force that began next, or before."""
        strip = self._strip
        if strip is None or not strip.strips.forces:
            self.notify("there is no force", markup=False, timeout=2)
            return
        forces = strip.strips.forces
        here = next((n for n, force in enumerate(forces) if force is strip.selected), -by)
        strip.select(forces[min(max(here + by, 0), len(forces) - 1)])
        self._tell()

    def action_show_force(self) -> None:
        if self._strip is not None and self._strip.selected is not None:
            self.post_message(GoTo("force", str(self._strip.selected.id)))

    def action_show_finding(self) -> None:
        strip, diagnosis = self._strip, self.session.diagnosis
        force = None if strip is None else strip.selected
        found = None if diagnosis is None or force is None else diagnosis.of_force.get(force.id)
        if found is not None:
            self.post_message(GoTo("finding", found.id))
        else:
            self.notify("this force belongs to no finding yet", markup=False, timeout=2)
