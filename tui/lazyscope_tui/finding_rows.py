"""The findings as rows: which are shown, in which order, and what is searched in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from textual.content import Content

from lazyscope.analysis.cost import site_at
from lazyscope.catalogue.finding import Finding
from lazyscope.report.findings_list import cost_of
from lazyscope.report.html.excerpts import place
from lazyscope.report.html.markup import cut
from lazyscope_tui.searching import parsed
from lazyscope_tui.session import Session
from lazyscope_tui.widgets.looks import QUIET, SEVERITY, SHAPES
from lazyscope_tui.widgets.page import text

FIELDS = ("code", "severity", "line", "entry", "fix", "for")
"""What a search may name."""

_ROOMY = 60
"""From so many cells on there is room for the number of forces, too."""
_ROOM_FOR_PLACE = 24
"""Cells after a title from which on the place is worth showing."""
_INDENT = 4
"""Cells before a second line."""


@dataclass
class FindingRows:
    """Findings in the order of their cost; those allowed while looking at them come last."""

    session: Session
    search: str = ""
    lines: int = 1
    """Of a row; in a second one is the place."""
    shown: list[Finding] = field(default_factory=list)
    _texts: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def update(self) -> None:
        """Take what the session and the search say now."""
        diagnosis = self.session.diagnosis
        terms = parsed(self.search, FIELDS)
        findings = () if diagnosis is None else diagnosis.findings
        found = [one for one in findings if all(term.is_in(self._searched(one)) for term in terms)]
        self.shown = sorted(found, key=lambda one: one.fingerprint in self.session.allowed)

    def index(self, finding: str | None) -> int | None:
        """Where a finding is."""
        return next((place for place, one in enumerate(self.shown) if one.id == finding), None)

    def _searched(self, found: Finding) -> Mapping[str, str]:
        if found.id not in self._texts:
            self._texts[found.id] = {name: value.lower() for name, value in self._fields(found).items()}
        return self._texts[found.id]

    def _fields(self, found: Finding) -> dict[str, str]:
        trace = self.session.trace
        sites = [site_at(trace, position) for position in (found.user_site, found.site)]
        return {
            "id": found.id,
            "title": found.title,
            "code": found.code,
            "severity": found.severity,
            "line": " ".join(place(site) + " " + (site.expression or site.code) for site in sites if site),
            "entry": "" if found.entry is None else trace.texts[found.entry],
            "fix": " ".join(fix.technique for fix in found.fixes),
            "for": found.actionability,
        }

    def _where(self, found: Finding) -> str:
        """The line it happens at, and what stands there."""
        site = site_at(self.session.trace, found.user_site if found.site is None else found.site)
        return "" if site is None else f"{place(site)}  {cut(site.expression or site.code, 120)}"

    def draw(self, index: int, width: int) -> Content:
        """A row: id, severity as shape and word, code, title, cost; on a second line the place."""
        found = self.shown[index]
        allowed = found.fingerprint in self.session.allowed
        told = "allowed" if allowed else cost_of(self.session.trace, found)
        cost = text(told if width >= _ROOMY else told.partition(",")[0])
        label = f"{found.id:<4}{SHAPES[found.severity]} {found.severity:<7}{found.code} "
        indent = "↳ " if found.follows is not None else ""
        room = width - len(label) - len(indent) - cost.cell_length - 2
        title = text(found.title.replace("`", ""))
        if self.lines == 1 and room - title.cell_length >= _ROOM_FOR_PLACE:
            title = Content.assemble(title, "  ", text(self._where(found), QUIET))
        title = title.truncate(max(room, 8), ellipsis=True, pad=True)
        row = Content.assemble(
            (label, SEVERITY[found.severity]), (indent, QUIET), title, "  ", (cost.plain, QUIET)
        )
        if self.lines > 1:
            where = text(self._where(found), QUIET).truncate(max(width - _INDENT, 1), ellipsis=True)
            row = Content("\n").join([row, where.pad_left(_INDENT)])
        return row.stylize(QUIET) if allowed or found.severity == "info" else row
