"""The rows of the table of sites: what each cost, and the rest, so that it adds up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lazyscope import figures
from lazyscope.analysis.cost import Breakdown, SiteCost, Totals

TITLES = ("seconds", "share", "forces", "tasks", "repeated")


@dataclass(frozen=True)
class Row:
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


@dataclass(frozen=True)
class SiteRows:
    """The table without what is drawn around it."""

    breakdown: Breakdown
    totals: Totals
    at_least: str = "≥"
    """How a lower bound is marked."""
    at_most: str = "≤"

    def rows(self, shown: int) -> list[Row]:
        """A row for each of the dearest sites, one for the others, the rest of the time, and the sum."""
        sites = self.breakdown.sites
        rows = [_site_row(site) for site in sites[:shown]]
        if sites[shown:]:
            rows.append(_folded(sites[shown:]))
        if self.breakdown.overlap_seconds > 0:
            rows.append(Row(-self.breakdown.overlap_seconds, label="less: forces that ran side by side"))
        rows.append(Row(self.breakdown.unforced_seconds, label="the rest: no force was running"))
        return [*rows, self._total(rows)]

    def _total(self, rows: Sequence[Row]) -> Row:
        return Row(
            self.breakdown.seconds,
            label="in all",
            is_total=True,
            forces=self.totals.forces,
            tasks=self.totals.tasks,
            repeated=self.totals.tasks_repeated,
            at_least=any(row.at_least for row in rows),
            at_most=any(row.at_most for row in rows),
        )

    def cells(self, rows: Sequence[Row]) -> list[tuple[str, ...]]:
        """The figures of every row, those of time rounded so that the rows add up to the last."""
        decimals = figures.decimals(self.breakdown.seconds)
        parts = [row.seconds for row in rows[:-1]]
        steps = figures.apportion(parts, 10**-decimals)
        shares = self._shares(parts)
        steps.append(sum(steps))
        return [
            (
                _marked(self.at_least, row.at_least, f"{step * 10**-decimals:,.{decimals}f}"),
                share,
                _number(row.forces),
                _marked(self.at_most, row.at_most, _number(row.tasks)),
                _marked(self.at_most, row.at_most, _number(row.repeated)),
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


def _marked(sign: str, applies: bool, figure: str) -> str:
    return sign + figure if applies and figure else figure


def _site_row(site: SiteCost) -> Row:
    return Row(
        site.self_seconds,
        site=site,
        forces=len(site.forces),
        tasks=site.tasks,
        repeated=site.tasks_repeated,
        at_least=site.unfinished > 0,
        at_most=not site.tasks_exact,
    )


def _folded(sites: Sequence[SiteCost]) -> Row:
    """One row for the sites that have none of their own."""
    rows = [_site_row(site) for site in sites]
    return Row(
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


def entries_of(site: SiteCost) -> str:
    """The public function that the user's line reached, and whether there were more."""
    more = f" and {len(site.entries) - 1} more" if len(site.entries) > 1 else ""
    inherited = " (inherited)" if site.inherited and site.user_site else ""
    return "".join(site.entries[:1]) + more + inherited


def how_of(site: SiteCost) -> str:
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
