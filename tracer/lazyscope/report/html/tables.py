"""The tables besides that of the forces: lines and their cost, and whatever else was recorded."""

from __future__ import annotations

from dataclasses import dataclass

from lazyscope import figures
from lazyscope.analysis import cost
from lazyscope.analysis.cost import SiteCost, site_at
from lazyscope.analysis.stayed_lazy import lazy_lines
from lazyscope.catalogue.finding import Diagnosis
from lazyscope.model.trace import TraceData
from lazyscope.report.html.excerpts import place
from lazyscope.report.html.markup import cut
from lazyscope.report.site_rows import Row, SiteRows, entries_of, how_of
from lazyscope.report.unseen import unseen

_MOST_SITES, _MOST_ROWS = 200, 200
_CODE = 100


@dataclass(frozen=True)
class Place:
    """A line and what stands there; empty where it is unknown."""

    place: str = ""
    code: str = ""


@dataclass(frozen=True)
class SiteLine:
    """A row of the table of lines."""

    cells: tuple[str, ...]
    percent: float
    again: float
    """Part of its tasks that had been computed, in percent."""
    label: str
    how: str
    finding: str
    site: Place
    user_site: Place
    entries: str
    is_total: bool


@dataclass(frozen=True)
class Listing:
    """Rows of a table, and how many were left out."""

    rows: tuple[tuple[str | Place, ...], ...]
    left_out: int = 0


class Tables:
    """What is in the tables of a report."""

    def __init__(self, trace: TraceData, diagnosis: Diagnosis, *, source: bool) -> None:
        self._trace = trace
        self._diagnosis = diagnosis
        self._source = source

    def site_lines(self) -> list[SiteLine]:
        """What each line cost, and the rest, so that it adds up."""
        if not self._trace.forces:
            return []
        breakdown = cost.breakdown(self._trace)
        table = SiteRows(breakdown, cost.totals(self._trace), at_least="≥ ", at_most="≤ ")
        rows = table.rows(_MOST_SITES)
        return [
            self._site_line(row, cells, breakdown.seconds)
            for row, cells in zip(rows, table.cells(rows), strict=True)
        ]

    def _site_line(self, row: Row, cells: tuple[str, ...], seconds: float) -> SiteLine:
        site = row.site
        found = self._diagnosis.of_force.get(site.forces[0]) if site is not None else None
        return SiteLine(
            cells=cells,
            percent=min(max(100 * row.seconds / seconds, 0.0), 100.0) if seconds > 0 else 0.0,
            again=100 * (row.repeated or 0) / row.tasks if row.tasks else 0.0,
            label=row.label,
            how="" if site is None else cut(how_of(site), 120),
            finding="" if found is None else found.id,
            site=Place() if site is None else self.place(site.position),
            user_site=self._called_from(site),
            entries="" if site is None else cut(entries_of(site), 160),
            is_total=row.is_total,
        )

    def _called_from(self, site: SiteCost | None) -> Place:
        if site is None or site.direct:
            return Place()
        return self.place(site.user_position)

    def place(self, position: int | None) -> Place:
        """The line at a position."""
        site = site_at(self._trace, position)
        if site is None:
            return Place()
        code = site.expression or site.code if self._source else ""
        return Place(place(site), cut(code, _CODE))

    def unknown_shapes(self) -> Listing:
        """Where lengths became unknown: operation, line, user's line, function, finding; equal ones once."""
        counted: dict[tuple[str | Place, ...], int] = {}
        for index, shape in enumerate(self._trace.unknown_shapes):
            found = self._diagnosis.of_unknown_shape.get(index)
            key = (
                cut(shape.operation),
                self.place(shape.site),
                self._other(shape.user_site, shape.site),
                self._text(shape.entry),
                "" if found is None else found.id,
            )
            counted[key] = counted.get(key, 0) + 1
        return _listing([(figures.count(times), *key) for key, times in counted.items()])

    def failures(self) -> Listing:
        """Exceptions: type, message, whether it escaped, lines, finding; equal ones once."""
        counted: dict[tuple[str | Place, ...], int] = {}
        for failure in self._trace.failures:
            found = self._diagnosis.of_failure.get(failure.id)
            key = (
                cut(failure.type, 80),
                cut(failure.message, 300),
                "escaped" if failure.escaped else "handled",
                self.place(failure.site),
                self._other(failure.user_site, failure.site),
                "" if found is None else found.id,
            )
            counted[key] = counted.get(key, 0) + 1
        return _listing([(figures.count(times), *key) for key, times in counted.items()])

    def stayed_lazy(self) -> Listing:
        """The user's lines from which a library worked and nothing was forced."""
        return _listing(
            [
                (self.place(line.user_site), figures.plural(line.calls, "array call"))
                for line in lazy_lines(self._trace)
            ]
        )

    def not_seen(self) -> list[str]:
        """What the trace does not hold, in words."""
        return [cut(line, 300) for line in unseen(self._trace, self._diagnosis)]

    def versions(self) -> list[tuple[str, str]]:
        """Name and version of what was there."""
        found = list(self._trace.header.versions.items())[:100]
        return [(cut(name, 60), cut(version, 60)) for name, version in found]

    def settings(self) -> list[tuple[str, str]]:
        """What the program was run with."""
        header = self._trace.header
        found = [("command", cut(" ".join(header.argv), 1_000) or "a traced block")]
        found.append(("lazyscope", cut(header.lazyscope, 40)))
        if header.memory_limit is not None:
            found.append(("memory limit", figures.size(header.memory_limit)))
        if header.array_api_set:
            found.append(("array API", "switched on by run --array-api"))
        found += [(cut(name, 60), "on" if on else "off") for name, on in self._trace.switches.items()]
        return found

    def _other(self, position: int | None, site: int | None) -> Place:
        return Place() if position == site else self.place(position)

    def _text(self, number: int | None) -> str:
        return "" if number is None else cut(self._trace.texts[number], 120)


def _listing(rows: list[tuple[str | Place, ...]]) -> Listing:
    return Listing(tuple(rows[:_MOST_ROWS]), max(len(rows) - _MOST_ROWS, 0))
