"""The table of sites in the terminal summary: what each cost, and the rest, so that it adds up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.text import Text

from lazyscope import figures
from lazyscope.analysis.cost import Breakdown, SiteCost, Totals
from lazyscope.catalogue.finding import Diagnosis
from lazyscope.model.trace import TraceData
from lazyscope.report.screen import QUIET, STRONG, Screen, Section
from lazyscope.report.snippets import code, excerpt, place_and_code, place_and_function

_TITLES = ("seconds", "share", "forces", "tasks", "repeated")
_GAP = "  "


@dataclass(frozen=True)
class _Row:
    """One line of figures; None where a column has nothing to say."""

    seconds: float
    site: SiteCost | None = None
    label: str = ""
    forces: int | None = None
    tasks: int | None = None
    repeated: int | None = None
    is_total: bool = False
    at_least: bool = False
    """Whether `seconds` is a lower bound."""
    at_most: bool = False
    """Whether the numbers of tasks are upper bounds."""


def sites_section(
    screen: Screen, trace: TraceData, breakdown: Breakdown, totals: Totals, diagnosis: Diagnosis
) -> Section:
    """The table as a section of the screen, its items being the sites."""
    table = _Table(screen, trace, breakdown, totals, diagnosis)
    return Section(len(breakdown.sites), table.lines, least=0)


@dataclass(frozen=True)
class _Table:
    screen: Screen
    trace: TraceData
    breakdown: Breakdown
    totals: Totals
    diagnosis: Diagnosis

    def lines(self, shown: int) -> list[Text]:
        rows = self._rows(shown)
        cells = self._cells(rows)
        widths = [max(map(len, column)) for column in zip(_TITLES, *cells, strict=True)]
        lines = [Text(_GAP.join(_right(_TITLES, widths)), QUIET)]
        heading = None
        for row, figures_of_row in zip(rows, cells, strict=True):
            if row.site is not None and (heading_of_row := _heading(row.site)) != heading:
                heading = heading_of_row
                lines.append(self._heading_line(row.site))
            lines += self._row_lines(row, _GAP.join(_right(figures_of_row, widths)))
        return lines

    def _rows(self, shown: int) -> list[_Row]:
        sites = self.breakdown.sites
        rows = [_site_row(site) for site in sites[:shown]]
        if sites[shown:]:
            rows.append(_folded(sites[shown:]))
        if self.breakdown.overlap_seconds > 0:
            rows.append(_Row(-self.breakdown.overlap_seconds, label="less: forces that ran side by side"))
        rows.append(_Row(self.breakdown.unforced_seconds, label="the rest: no force was running"))
        return [*rows, self._total(rows)]

    def _total(self, rows: Sequence[_Row]) -> _Row:
        return _Row(
            self.breakdown.seconds,
            label="in all",
            is_total=True,
            forces=self.totals.forces,
            tasks=self.totals.tasks,
            repeated=self.totals.tasks_repeated,
            at_least=any(row.at_least for row in rows),
            at_most=any(row.at_most for row in rows),
        )

    def _cells(self, rows: Sequence[_Row]) -> list[tuple[str, ...]]:
        """The figures of every row, those of time rounded so that the rows add up to the last."""
        decimals = figures.decimals(self.breakdown.seconds)
        parts = [row.seconds for row in rows[:-1]]
        steps = figures.apportion(parts, 10**-decimals)
        shares = self._shares(parts)
        steps.append(sum(steps))
        return [
            (
                self._bound("≥", row.at_least, f"{step * 10**-decimals:,.{decimals}f}"),
                share,
                _number(row.forces),
                self._bound("≤", row.at_most, _number(row.tasks)),
                self._bound("≤", row.at_most, _number(row.repeated)),
            )
            for row, step, share in zip(rows, steps, shares, strict=True)
        ]

    def _shares(self, parts: Sequence[float]) -> list[str]:
        if self.breakdown.seconds <= 0:
            return ["? %"] * (len(parts) + 1)
        rounded = figures.apportion(parts, self.breakdown.seconds / 100)
        cells = [
            "<1 %" if percent == 0 and part > 0 else f"{percent} %"
            for percent, part in zip(rounded, parts, strict=True)
        ]
        return [*cells, f"{sum(rounded)} %"]

    def _bound(self, sign: str, applies: bool, figure: str) -> str:
        return self.screen.glyph(sign) + figure if applies and figure else figure

    def _heading_line(self, site: SiteCost) -> Text:
        """The user's line, and what it called."""
        screen, entry = self.screen, _entry(site)
        if site.user_position is None:
            return screen.spread(Text("no line of the user's", QUIET), Text(screen.end(entry, 50), QUIET))
        found = excerpt(self.trace, site.user_position)
        whole = place_and_code(screen, found, screen.width, mark=site.direct)
        if not entry:
            return whole
        called = Text(screen.end(entry, max(screen.width - whole.cell_len - 2, screen.width // 3)), QUIET)
        line = place_and_code(screen, found, screen.width - called.cell_len - 2, mark=site.direct)
        return screen.spread(line, called)

    def _row_lines(self, row: _Row, numbers: str) -> list[Text]:
        if row.site is not None and row.site.position is not None and not row.site.direct:
            return self._library_lines(row.site, row.site.position, numbers)
        label = self._how(row.site) if row.site else row.label
        room = self.screen.width - len(numbers) - len(_GAP)
        style = STRONG if row.is_total else ""
        return [Text.assemble((numbers, style), _GAP, (self.screen.start(label, room), QUIET))]

    def _library_lines(self, site: SiteCost, position: int, numbers: str) -> list[Text]:
        """Figures and the library's line; below them how it forced and the code."""
        room = self.screen.width - len(numbers) - len(_GAP)
        found = excerpt(self.trace, position)
        how = Text(self.screen.start(self._how(site), len(numbers)), QUIET)
        return [
            Text.assemble(numbers, _GAP, place_and_function(self.screen, found.site, room)),
            Text.assemble(" " * (len(numbers) - how.cell_len), how, _GAP, code(self.screen, found, room)),
        ]


    def _how(self, site: SiteCost) -> str:
        """The finding, the trigger, and what came of it if that is not a result."""
        finding = self.diagnosis.of_force.get(site.forces[0])
        named = finding is not None and finding.severity != "info"
        return ", ".join([*([finding.id] if finding and named else []), _how(site)])


def _site_row(site: SiteCost) -> _Row:
    return _Row(
        site.self_seconds,
        site=site,
        forces=len(site.forces),
        tasks=site.tasks,
        repeated=site.tasks_repeated,
        at_least=site.unfinished > 0,
        at_most=not site.tasks_exact,
    )


def _folded(sites: Sequence[SiteCost]) -> _Row:
    """One row for the sites that have none of their own."""
    rows = [_site_row(site) for site in sites]
    return _Row(
        sum(row.seconds for row in rows),
        label=f"{figures.plural(len(sites), 'more site')}",
        forces=_sum(row.forces for row in rows),
        tasks=_sum(row.tasks for row in rows),
        repeated=_sum(row.repeated for row in rows),
        at_least=any(row.at_least for row in rows),
        at_most=any(row.at_most for row in rows),
    )


def _sum(numbers: Iterable[int | None]) -> int:
    return sum(number or 0 for number in numbers)


def _heading(site: SiteCost) -> object:
    """What consecutive rows must share to stand under one heading."""
    user = site.user_site and (site.user_site.file, site.user_site.line)
    return user, site.inherited, _entry(site), site.direct and site.site and site.site.expression


def _entry(site: SiteCost) -> str:
    more = f" and {len(site.entries) - 1} more" if len(site.entries) > 1 else ""
    inherited = " (inherited)" if site.inherited and site.user_site else ""
    return "".join(site.entries[:1]) + more + inherited


def _how(site: SiteCost) -> str:
    """The trigger, and what came of it if that is not a result."""
    among = len(site.forces) > 1
    notes = []
    if site.unfinished:
        notes.append(f"{site.unfinished:,} not back" if among else "not back")
    if site.raised:
        notes.append(f"{site.raised:,} raised" if among else "raised")
    notes.append(site.trigger)
    if site.site is None:
        notes.append("line unknown")
    if site.allowed is not None:
        notes.append(f"allowed: {site.allowed}")
    return ", ".join(notes)


def _number(number: int | None) -> str:
    return "" if number is None else figures.count(number)


def _right(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
