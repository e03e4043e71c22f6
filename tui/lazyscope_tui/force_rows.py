"""The forces as rows: which are shown, in which order, and what is searched in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from textual.content import Content

from lazyscope import figures
from lazyscope.analysis.cost import site_at
from lazyscope.model.trace import Force
from lazyscope.report.html.excerpts import place
from lazyscope.report.html.markup import cut
from lazyscope_tui.searching import parsed
from lazyscope_tui.session import Session
from lazyscope_tui.widgets.looks import PLACE, QUIET
from lazyscope_tui.widgets.page import text

FIELDS = ("trigger", "site", "line", "entry", "finding", "state", "id")
"""What a search may name: ``line`` is the user's, ``site`` where it was forced."""

_FIGURES = f"{'force':>6} {'began':>8} {'took':>8} {'tasks':>7} {'again':>7}  "


@dataclass
class ForceRows:
    """Forces in the order of time, or the dearest first."""

    session: Session
    search: str = ""
    by_cost: bool = False
    shown: list[Force] = field(default_factory=list)
    _texts: dict[int, Mapping[str, str]] = field(default_factory=dict)
    _places: dict[int | None, tuple[str, str]] = field(default_factory=dict)

    def update(self) -> None:
        """Take what the session and the search say now."""
        terms = parsed(self.search, FIELDS)
        forces = self.session.trace.forces
        if terms:
            forces = [one for one in forces if all(term.is_in(self._searched(one)) for term in terms)]
        self.shown = sorted(forces, key=lambda one: -one.seconds) if self.by_cost else list(forces)

    def index(self, force: int) -> int | None:
        """Where a force is."""
        return next((place for place, one in enumerate(self.shown) if one.id == force), None)

    def prepare(self) -> None:
        """Find out what is searched, so that the first search need not."""
        for force in self.session.trace.forces:
            self._searched(force)

    def diagnosed(self) -> None:
        """The findings are known."""
        self._texts = {}

    def value(self, force: Force, name: str) -> str:
        """What a filter on a field would say to find forces like this one."""
        if name == "site":
            return self.place(force.begin.site)[0] or "unknown"
        return self._fields(force).get(name, "")

    def finding(self, force: Force) -> str:
        """Id of its finding; empty while that is not known, or if it has none."""
        diagnosis = self.session.diagnosis
        found = None if diagnosis is None else diagnosis.of_force.get(force.id)
        return "" if found is None else found.id

    def place(self, position: int | None) -> tuple[str, str]:
        """The place and the code at a position."""
        known = self._places.get(position)
        if known is None:
            site = site_at(self.session.trace, position)
            known = ("", "") if site is None else (place(site), cut(site.expression or site.code, 120))
            self._places[position] = known
        return known

    def _searched(self, force: Force) -> Mapping[str, str]:
        known = self._texts.get(force.id)
        if known is None:
            known = {name: value.lower() for name, value in self._fields(force).items()}
            self._texts[force.id] = known
        return known

    def _fields(self, force: Force) -> dict[str, str]:
        begin = force.begin
        return {
            "id": str(force.id),
            "trigger": begin.trigger,
            "site": " ".join(self.place(begin.site)) if begin.site is not None else "unknown",
            "line": " ".join(self.place(begin.user_site)),
            "entry": "" if begin.entry is None else self.session.trace.texts[begin.entry],
            "finding": self.finding(force),
            "state": state(force),
        }

    def heading(self, width: int) -> Content:
        """The names of the columns."""
        rest = f"{'find.':<6}{'trigger':<13}site"
        return Content(_FIGURES + rest).truncate(width)

    def draw(self, index: int, width: int) -> Content:
        """A row."""
        force = self.shown[index]
        begin = force.begin
        bound = "" if begin.tasks_exact else "≤"
        again = figures.count(begin.tasks_repeated) if begin.tasks_repeated else "-"
        numbers = (
            f"{force.id:>6} {began(force):>8} {took(force):>8} "
            f"{bound + figures.count(begin.tasks):>7} {again:>7}  {self.finding(force):<6}"
        )
        trigger = text(begin.trigger).truncate(12, ellipsis=True, pad=True)
        where, code = self.place(begin.site)
        room = width - len(numbers) - 13
        if not where:
            return Content.assemble(numbers, trigger, " ", ("unknown line", QUIET))
        if room < cell_room(where) + 12:
            return Content.assemble(numbers, trigger, " ", (_end(where, room), PLACE))
        return Content.assemble(numbers, trigger, " ", (where, PLACE), "  ", (code, QUIET))


def cell_room(words: str) -> int:
    """Cells that a text takes."""
    return Content(words).cell_length


def _end(words: str, cells: int) -> str:
    """The end of a path, as much as there is room for."""
    return words if len(words) <= cells else f"…{words[-max(cells - 1, 1) :]}"


def began(force: Force) -> str:
    """When, from the start of the trace."""
    return figures.duration(force.begin.at) if force.begin.at > 0 else "0 s"


def took(force: Force) -> str:
    """How long; a lower bound of one that did not come back."""
    return ("≥" if force.end is None else "") + figures.duration(force.seconds)


def state(force: Force) -> str:
    """``finished``, ``raised`` or ``running``."""
    if force.end is None:
        return "running"
    return "finished" if force.end.completed else "raised"
