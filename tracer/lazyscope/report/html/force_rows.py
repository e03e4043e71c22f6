"""All forces as columns of figures and numbers of texts, small enough for 10,000 of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lazyscope import figures
from lazyscope.analysis.cost import site_at
from lazyscope.catalogue.finding import Diagnosis
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.html.excerpts import place
from lazyscope.report.html.markup import cut

MOST = 20_000
"""Forces that are in the report; the dearest ones."""
FIRST = 100
"""Rows of the table that are there without JavaScript, and of one of its pages with it."""

_FINISHED, _RAISED, _RUNNING = 0, 1, 2
_CODE = 100


class Texts:
    """Texts by number, each once."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text."""
        found = self._numbers.setdefault(text, len(self.all))
        if found == len(self.all):
            self.all.append(text)
        return found


@dataclass(frozen=True)
class Row:
    """A force as the table shows it."""

    id: int
    at: str
    seconds: str
    tasks: str
    repeated: str
    trigger: str
    site: str
    code: str
    user_site: str
    entry: str
    finding: str
    bytes: str


@dataclass
class ForceRows:
    """The forces of a trace in the order of time, those that are shown."""

    trace: TraceData
    diagnosis: Diagnosis
    source: bool
    texts: Texts = field(default_factory=Texts)
    _places: dict[int | None, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        dearest = sorted(self.trace.forces, key=_cost)[:MOST]
        self.shown: list[Force] = sorted(dearest, key=lambda force: (force.begin.at, force.id))

    @property
    def left_out(self) -> str:
        """What is not in the table, in words."""
        missing = len(self.trace.forces) - len(self.shown)
        return f"{figures.plural(missing, 'force')}, less dear, not shown." if missing else ""

    def columns(self) -> dict[str, Any]:
        """A list for each property, all of one length; texts and places by number, -1 for none."""
        begins = [force.begin for force in self.shown]
        texts = self.trace.texts
        sites = [self._place(begin.site) for begin in begins]
        users = [self._place(begin.user_site) for begin in begins]
        return {
            "id": [begin.id for begin in begins],
            "at": [_micro(begin.at) for begin in begins],
            "seconds": [_micro(force.seconds) for force in self.shown],
            "own": [_micro(force.self_seconds) for force in self.shown],
            "state": [_state(force) for force in self.shown],
            "tasks": [begin.tasks for begin in begins],
            "again": [begin.tasks_repeated for begin in begins],
            "inexact": [number for number, begin in enumerate(begins) if not begin.tasks_exact],
            "bytes": [_size(force) for force in self.shown],
            "trigger": self._numbers([begin.trigger for begin in begins], cut),
            "site": [number for number, _ in sites],
            "code": [code for _, code in sites],
            "user": [number for number, _ in users],
            "entry": [
                -1 if begin.entry is None else self.texts.number(cut(texts[begin.entry], 120))
                for begin in begins
            ],
            "findings": list(self._findings),
            "finding": [self._finding(begin.id) for begin in begins],
        }

    def _numbers(self, texts: Sequence[str], shown: Callable[[str], str]) -> list[int]:
        known = {text: self.texts.number(shown(text)) for text in dict.fromkeys(texts)}
        return [known[text] for text in texts]

    def _finding(self, force: int) -> int:
        found = self.diagnosis.of_force.get(force)
        return -1 if found is None else self._findings[found.id]

    @cached_property
    def _findings(self) -> dict[str, int]:
        """The place of each finding in the order of the report, by its id."""
        return {found.id: number for number, found in enumerate(self.diagnosis.findings)}

    def _place(self, position: int | None) -> tuple[int, int]:
        """Numbers of the place, and of its expression or line."""
        if position not in self._places:
            site = site_at(self.trace, position)
            if site is None:
                self._places[position] = -1, -1
            else:
                code = cut(site.expression or site.code, _CODE) if self.source else ""
                number = self.texts.number(place(site))
                self._places[position] = number, self.texts.number(code) if code else -1
        return self._places[position]

    def first(self) -> list[Row]:
        """The dearest, for a reader without JavaScript."""
        return [self._row(force) for force in sorted(self.shown, key=_cost)[:FIRST]]

    def _row(self, force: Force) -> Row:
        begin = force.begin
        bound = "" if begin.tasks_exact else "≤ "
        site, code = self._place(begin.site)
        found = self.diagnosis.of_force.get(force.id)
        size = _size(force)
        return Row(
            id=force.id,
            at=_duration(begin.at) if _micro(begin.at) else "0 s",
            seconds=("≥ " if force.end is None else "") + _duration(force.seconds),
            tasks=bound + figures.count(begin.tasks),
            repeated=(bound if begin.tasks_repeated else "") + figures.count(begin.tasks_repeated),
            trigger=cut(begin.trigger) + ("", ", raised", ", not back")[_state(force)],
            site=self._text(site) or "unknown line",
            code=self._text(code),
            user_site=self._text(self._place(begin.user_site)[0]),
            entry="" if begin.entry is None else cut(self.trace.texts[begin.entry], 120),
            finding="" if found is None else found.id,
            bytes="?" if size is None else figures.size(size),
        )

    def _text(self, number: int) -> str:
        return self.texts.all[number] if number >= 0 else ""


def _cost(force: Force) -> tuple[float, int]:
    """The longest first, then the earliest."""
    return -_micro(force.seconds), force.id


def _state(force: Force) -> int:
    if force.end is None:
        return _RUNNING
    return _FINISHED if force.end.completed else _RAISED


def _size(force: Force) -> int | None:
    return None if force.end is None else force.end.bytes


def _micro(seconds: float) -> int:
    """Whole microseconds; what no clock can have shown (a damaged number) is none."""
    return round(1e6 * seconds) if math.isfinite(seconds) else 0


def _duration(seconds: float) -> str:
    """As the script has it, from whole microseconds."""
    return figures.duration(_micro(seconds) / 1e6)
