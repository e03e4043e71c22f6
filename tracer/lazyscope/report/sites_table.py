"""The table of sites in the terminal summary: what each cost, and the rest, so that it adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from lazyscope.analysis.cost import Breakdown, SiteCost, Totals
from lazyscope.catalogue.finding import Diagnosis
from lazyscope.model.trace import TraceData
from lazyscope.report.screen import QUIET, STRONG, Screen, Section
from lazyscope.report.site_rows import TITLES, Row, SiteRows, entries_of, how_of
from lazyscope.report.snippets import code, excerpt, place_and_code, place_and_function

_GAP = "  "


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
        figures = SiteRows(self.breakdown, self.totals, *map(self.screen.glyph, "≥≤"))
        rows = figures.rows(shown)
        cells = figures.cells(rows)
        widths = [max(map(len, column)) for column in zip(TITLES, *cells, strict=True)]
        lines = [Text(_GAP.join(_right(TITLES, widths)), QUIET)]
        heading = None
        for row, figures_of_row in zip(rows, cells, strict=True):
            if row.site is not None and (heading_of_row := _heading(row.site)) != heading:
                heading = heading_of_row
                lines.append(self._heading_line(row.site))
            lines += self._row_lines(row, _GAP.join(_right(figures_of_row, widths)))
        return lines

    def _heading_line(self, site: SiteCost) -> Text:
        """The user's line, and what it called."""
        screen, entry = self.screen, entries_of(site)
        if site.user_position is None:
            return screen.spread(Text("no line of the user's", QUIET), Text(screen.end(entry, 50), QUIET))
        found = excerpt(self.trace, site.user_position)
        whole = place_and_code(screen, found, screen.width, mark=site.direct)
        if not entry:
            return whole
        called = Text(screen.end(entry, max(screen.width - whole.cell_len - 2, screen.width // 3)), QUIET)
        line = place_and_code(screen, found, screen.width - called.cell_len - 2, mark=site.direct)
        return screen.spread(line, called)

    def _row_lines(self, row: Row, numbers: str) -> list[Text]:
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
        return ", ".join([*([finding.id] if finding and named else []), how_of(site)])


def _heading(site: SiteCost) -> object:
    """What consecutive rows must share to stand under one heading."""
    user = site.user_site and (site.user_site.file, site.user_site.line)
    return user, site.inherited, entries_of(site), site.direct and site.site and site.site.expression


def _right(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
