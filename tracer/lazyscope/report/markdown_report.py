"""The Markdown report: what to put into an issue, in one comment.

Whatever a trace holds, the text has fewer than 65,536 characters, which is what GitHub takes, and nothing
in it but the report's own words and headings is markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from lazyscope import figures
from lazyscope.analysis import cost
from lazyscope.analysis.cost import SiteCost, site_at
from lazyscope.analysis.source import SourceSite
from lazyscope.analysis.stayed_lazy import LazyLine, lazy_lines
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.catalogue.severity import ORDER
from lazyscope.fixes.edit import Change
from lazyscope.fixes.fix import Fix
from lazyscope.model import events
from lazyscope.model.trace import TraceData
from lazyscope.report.events_list import unexplained
from lazyscope.report.findings_list import cost_of, dependence, worth_a_look
from lazyscope.report.fix_words import lines_of, saving
from lazyscope.report.headline import cost_sentences, how_it_ended
from lazyscope.report.killed import wanted_sentences
from lazyscope.report.markdown_text import LONGEST_LINE, block, code_span, prose, shortened, table_row
from lazyscope.report.screen import Screen
from lazyscope.report.site_rows import TITLES, Row, SiteRows, entries_of, how_of
from lazyscope.report.snippets import code, excerpt
from lazyscope.report.unseen import unseen
from lazyscope.report.without_source import without_code

LONGEST = 65_535
"""Characters of a report."""

_OVERVIEW, _SITES, _NOTES = 10_000, 12_000, 4_000
"""Characters that a part may take; the findings get what the others leave."""
_RESERVE = 500
"""For what is said of what was left out."""
_DIFF_LINES, _DIFF = 40, 3_000
"""Lines and characters that a change may have."""
_PROGRAM = 80
_PLACE = 70
_CODE_CELLS = 120


def render(trace: TraceData, *, source: bool = True) -> str:
    """The report as text.

    Parameters
    ----------
    trace : TraceData
        A trace.
    source : bool
        Whether lines of source text are included; if not, there are places only, and no diffs.
    """
    return _Writer(trace, source, diagnose(trace), Screen(width=_CODE_CELLS, color=False)).text()


@dataclass(frozen=True)
class _Writer:
    trace: TraceData
    source: bool
    diagnosis: Diagnosis
    screen: Screen
    drawn: dict[Change, str] = field(default_factory=dict)
    """Changes that were drawn, and the finding under which they are."""

    def text(self) -> str:
        """All parts; the findings in the room that the others leave."""
        before = [*self.headline(), *self.running(), *self.overview()]
        after = [*self.sites(), *self.failures(), *self.stayed_lazy(), *self.not_seen(), self.origin()]
        room = LONGEST - _RESERVE - _length([*before, *after])
        return "\n\n".join([*before, *self.findings(room), *after]) + "\n"

    # What happened

    def headline(self) -> list[str]:
        """The program, how it ended, and what its forces cost."""
        trace = self.trace
        argv = code_span(" ".join(trace.header.argv), _PROGRAM) or "the traced block"
        process = "" if trace.header.process == "main" else f" ({prose(trace.header.process)} child)"
        ended = how_it_ended(trace, lambda exception: code_span(exception, _PROGRAM))
        sums = " ".join(cost_sentences(trace, cost.totals(trace)))
        program = argv[0].upper() + argv[1:] + process
        return [f"## lazyscope: {argv}", f"{program} {ended} {sums}"]

    def running(self) -> list[str]:
        """What a killed program was doing."""
        force = self.trace.running
        if force is None:
            return []
        begin = force.begin
        entry = "" if begin.entry is None else f" in {code_span(self.trace.texts[begin.entry])}"
        around = "" if begin.parent is None else f", inside force {begin.parent}"
        wanted = " ".join(wanted_sentences(self.trace, begin))
        places = self.places(begin.site, begin.user_site, "ran")
        what = f"Force {force.id} was running, by {code_span(begin.trigger)}{entry}{around}. {wanted}"
        return ["### What was running", what, *places]

    def overview(self) -> list[str]:
        """All findings in a table, those without anything to mend last."""
        findings = self.diagnosis.findings
        if not findings:
            return []
        head = [table_row(["", "severity", "code", "finding", "line", "cost"]), "|---|---|---|---|---|---|"]
        rows = [self.overview_row(found) for found in findings]
        shown = _fitting(rows, _OVERVIEW, separator=1)
        texts = ["\n".join([*head, *rows[:shown]])]
        if findings[shown:]:
            texts.append(f"{_left_out(findings[shown:])}.")
        if not worth_a_look(self.diagnosis):
            texts.insert(0, "Nothing to mend: what was forced is what the program asked for.")
        return ["### Findings", *texts]

    def overview_row(self, found: Finding) -> str:
        follows = "" if found.follows is None else f" (goes away with {found.follows})"
        line = site_at(self.trace, found.site if found.user_site is None else found.user_site)
        return table_row(
            [
                found.id,
                found.severity,
                found.code,
                prose(self.sentence(found.title), 200) + follows,
                "" if line is None else self.place(line),
                prose(cost_of(self.trace, found), 80),
            ]
        )

    # Findings

    def findings(self, room: int) -> list[str]:
        """Each that is worth a look, the dearest first, as far as there is room."""
        found = worth_a_look(self.diagnosis)
        texts: list[str] = []
        for number, one in enumerate(found):
            text = "\n\n".join(self.finding(one))
            room -= len(text) + 2
            if room < 0:
                more = _left_out(found[number:])
                return [*texts, f"{more} for want of room: the JSON report has them."]
            texts.append(text)
        return texts

    def finding(self, found: Finding) -> list[str]:
        """One of them; what goes away with another is folded."""
        entry = "" if found.entry is None else f" · in {code_span(self.trace.texts[found.entry])}"
        price = prose(cost_of(self.trace, found), 120)
        label = " · ".join(part for part in (found.severity, found.code, price) if part) + entry
        places = self.places(found.site, found.user_site, "forced" if found.owns_forces else "happens")
        told = [prose(self.sentence(found.why)), *self.depends_on(found)]
        text = [label, *places, *told, *self.fixes(found)]
        if found.follows is None:
            return [f"### {found.id}: {prose(self.sentence(found.title), 200)}", *text]
        summary = f"{found.id}, {found.code}: goes away with {found.follows}"
        title = f"**{prose(self.sentence(found.title), 200)}**"
        return [f"<details><summary>{summary}</summary>", title, *text, "</details>"]

    def sentence(self, text: str) -> str:
        return text if self.source else without_code(text)

    def places(self, site: int | None, user_site: int | None, verb: str) -> list[str]:
        """The user's line and the library's, as a list."""
        lines = []
        if user_site is not None and user_site != site:
            lines.append(f"- your line {self.line(user_site, mark=site is None)}")
        if site is not None:
            where = "in your line" if site == user_site else "at"
            lines.append(f"- {verb} {where} {self.line(site, mark=True)}")
        return ["\n".join(lines)] if lines else []

    def line(self, position: int, *, mark: bool) -> str:
        """Place, function, distribution and code of a line, its expression between guillemets."""
        found = excerpt(self.trace, position)
        site = found.site
        inside = [code_span(site.function, 80)] if site.function not in ("", "<module>") else []
        inside += [prose(site.distribution, 80)] if site.distribution else []
        where = f"{self.place(site)} ({', '.join(inside)})" if inside else self.place(site)
        if not self.source or not site.code:
            return where
        text = code(self.screen, found, self.screen.width, mark=mark).plain
        return f"{where}: {code_span(text, 4 * _CODE_CELLS)}"

    def place(self, site: SourceSite) -> str:
        line = f":{site.line}" if site.line > 0 else ""
        return code_span(self.screen.end(site.file, _PLACE) + line, 4 * _PLACE)

    def depends_on(self, found: Finding) -> list[str]:
        arrays, calls = dependence(self.trace, found)
        if not self.source or not arrays:
            return []
        parts = [", ".join(map(_named, names)) for names in (arrays, calls) if names]
        return [f"Depends on {' through '.join(parts)}."]

    def fixes(self, found: Finding) -> list[str]:
        """The ways to mend it, the best first."""
        items = [self.fix(number, fix, found) for number, fix in enumerate(found.fixes, start=1)]
        return ["What to do:", "\n".join(items).rstrip()] if items else []

    def fix(self, number: int, fix: Fix, found: Finding) -> str:
        summary = prose(self.sentence(fix.summary))
        if fix.technique == "none":
            return f"{number}. {summary[:1].upper()}{summary[1:]}."
        whose = "for the library: " if fix.audience == "library" else ""
        price = prose(self.sentence(fix.price))
        saved = saving(fix.estimate)
        saves = f" Saves {saved}." if saved else ""
        text = f"{number}. **{fix.technique}**: {whose}{summary}. Price: {price}.{saves}"
        indent = " " * (len(str(number)) + 2)
        changes = fix.edit.changes if fix.edit is not None and self.source else ()
        return "\n".join([text, *(line for change in changes for line in self.diff(change, found, indent))])

    def diff(self, change: Change, found: Finding, indent: str) -> list[str]:
        """A change as a hunk that `patch` takes; the same one only once."""
        if change in self.drawn:
            return [f"{indent}The change is shown at {self.drawn[change]}."]
        lines = self.trace.source_lines(change.file)
        old = lines[change.line - 1 : change.end_line]
        after = [] if old else lines[change.end_line :][:1]
        file = code_span(self.trace.files[change.file].path)
        drawn = [*old, *change.new, *after]
        if len(drawn) > _DIFF_LINES or sum(min(len(line), LONGEST_LINE) for line in drawn) > _DIFF:
            return [f"{indent}{_what(change)} of {file}; too long to show: the JSON report has the lines."]
        self.drawn[change] = found.id
        cut = any(len(line) > LONGEST_LINE for line in drawn)
        what = f"{_what(change)} of {file}{', long lines cut' if cut else ''}:"
        return ["", f"{indent}{what}", "", *block(_hunk(change, old, after), "diff", indent=indent), ""]

    # Everything else

    def sites(self) -> list[str]:
        """All forces by their lines, folded; the dearest lines if there are too many."""
        if not self.trace.forces:
            return []
        breakdown = cost.breakdown(self.trace)
        rows = SiteRows(breakdown, cost.totals(self.trace))
        shown = min(len(breakdown.sites), 100)
        while shown and len(self.sites_table(rows, shown)) > _SITES:
            shown -= max(shown // 10, 1)
        forces = figures.plural(len(self.trace.forces), "force")
        summary = f"<details><summary>{forces} at {figures.plural(len(breakdown.sites), 'line')}</summary>"
        return [summary, self.sites_table(rows, shown), "</details>"]

    def sites_table(self, table: SiteRows, shown: int) -> str:
        rows = table.rows(shown)
        lines = [table_row([*TITLES, "how", "line", "called from"]), "|--:|--:|--:|--:|--:|---|---|---|"]
        for row, cells in zip(rows, table.cells(rows), strict=True):
            lines.append(table_row([*cells, *self.site_cells(row)]))
        return "\n".join(lines)

    def site_cells(self, row: Row) -> list[str]:
        if row.site is None:
            return [row.label, "", ""]
        line = "" if row.site.site is None else self.place(row.site.site)
        return [self.how(row.site), line, self.called_from(row.site)]

    def how(self, site: SiteCost) -> str:
        finding = self.diagnosis.of_force.get(site.forces[0])
        return f"{finding.id}, {prose(how_of(site), 100)}" if finding else prose(how_of(site), 100)

    def called_from(self, site: SiteCost) -> str:
        entries = _named(entries_of(site))
        if site.user_site is None or site.direct:
            return entries
        return ", ".join(part for part in (self.place(site.user_site), entries) if part)

    def failures(self) -> list[str]:
        found = unexplained(self.trace, self.diagnosis)
        items = [self.failure(failure, count) for failure, count in found]
        return _notes("Exceptions without a finding", items)

    def failure(self, failure: events.Failure, count: int) -> str:
        times = f" ({figures.count(count)} times)" if count > 1 else ""
        outcome = "escaped" if failure.escaped else "handled"
        message = f": {code_span(failure.message)}" if failure.message else ""
        places = [
            self.line(n, mark=True) for n in dict.fromkeys((failure.site, failure.user_site)) if n is not None
        ]
        where = f", at {', from '.join(places)}" if places else ""
        return f"{code_span(failure.type, 80)}{message}, {outcome}{times}{where}"

    def stayed_lazy(self) -> list[str]:
        return _notes("Stayed lazy", [self.lazy_line(line) for line in lazy_lines(self.trace)])

    def lazy_line(self, line: LazyLine) -> str:
        return f"{self.line(line.user_site, mark=True)}, {figures.plural(line.calls, 'array call')}"

    def not_seen(self) -> list[str]:
        return _notes("Not seen", [prose(line, 300) for line in unseen(self.trace, self.diagnosis)])

    def origin(self) -> str:
        """The versions, and where to read more."""
        header = self.trace.header
        versions = ", ".join(f"{name} {version}" for name, version in header.versions.items())
        explain = "`lazyscope explain CODE` tells more of a finding. " if self.diagnosis.findings else ""
        return (
            f"{explain}Recorded by lazyscope {prose(header.lazyscope, 40)} with {code_span(versions, 400)}."
        )


def _named(text: str) -> str:
    """A name, and what is said of it behind a space: `` `pixels` (line 39)``."""
    name, _, more = shortened(text, 120).partition(" ")
    return f"{code_span(name)} {prose(more)}".strip()


def _notes(title: str, items: Sequence[str]) -> list[str]:
    """A list under a heading; none without items."""
    if not items:
        return []
    shown = _fitting(items, _NOTES, separator=3)
    lines = [f"- {item}" for item in items[:shown]]
    if items[shown:]:
        lines.append(f"- and {len(items) - shown:,} more")
    return [f"### {title}", "\n".join(lines)]


def _fitting(texts: Sequence[str], room: int, *, separator: int = 2) -> int:
    """How many of the first texts fit."""
    used = 0
    for number, text in enumerate(texts):
        used += len(text) + separator
        if used > room:
            return number
    return len(texts)


def _length(texts: Sequence[str]) -> int:
    return sum(len(text) + 2 for text in texts)


def _left_out(findings: Sequence[Finding]) -> str:
    """``12 more findings, less dear, are left out: 2 medium, 10 low``."""
    counts = Counter(found.severity for found in findings)
    named = ", ".join(f"{counts[severity]:,} {severity}" for severity in ORDER if counts[severity])
    verb = "is" if len(findings) == 1 else "are"
    return f"{figures.plural(len(findings), 'more finding')}, less dear, {verb} left out ({named})"


def _what(found: Change) -> str:
    """``Replaces lines 3 to 5``, ``Inserts before line 3``."""
    return f"{'Inserts' if found.is_insertion else 'Replaces'} {lines_of(found)}"


def _hunk(change: Change, old: Sequence[str], after: Sequence[str]) -> list[str]:
    before, now = len(old) + len(after), len(change.new) + len(after)
    spans = f"-{_span(change.line, before)} +{_span(change.line, now)}"
    removed, added = [f"-{line}" for line in old], [f"+{line}" for line in change.new]
    return [f"@@ {spans} @@", *removed, *added, *(f" {line}" for line in after)]


def _span(line: int, lines: int) -> str:
    """Lines of a hunk: a part without any is said to be after the line before."""
    return f"{line},{lines}" if lines else f"{line - 1},0"
