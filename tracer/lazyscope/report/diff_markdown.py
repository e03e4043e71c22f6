"""``lazyscope diff`` as Markdown: what to put into a pull request, in one comment.

Whatever the traces hold, the text has fewer than 65,536 characters, which is what GitHub takes, and nothing
in it but the comparison's own words and headings is markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lazyscope import figures
from lazyscope.analysis.cost import site_at
from lazyscope.catalogue.before_after import BeforeAfter, Change, Run
from lazyscope.report import diff_notes, diff_words
from lazyscope.report.headline import how_it_ended
from lazyscope.report.markdown_text import code_span, prose, table_row
from lazyscope.report.screen import Screen
from lazyscope.report.snippets import code, excerpt
from lazyscope.report.without_source import without_code

LONGEST = 65_535
"""Characters of a report."""

_TABLE, _NOTES = 24_000, 4_000
"""Characters that a part may take; the details get what the others leave."""
_RESERVE = 500
_PLACE, _CODE_CELLS = 70, 120
_PROGRAM = 80


def render(compared: BeforeAfter, *, source: bool = True) -> str:
    """The comparison as text.

    Parameters
    ----------
    compared : BeforeAfter
        Two runs.
    source : bool
        Whether lines of source text are included; if not, there are places only.
    """
    return _Writer(compared, source, Screen(width=_CODE_CELLS, color=False)).text()


@dataclass(frozen=True)
class _Writer:
    compared: BeforeAfter
    source: bool
    screen: Screen

    def text(self) -> str:
        before = [*self.headline(), self.sums(), *self.table()]
        after = [*self.unchanged(), *self.notes()]
        room = LONGEST - _RESERVE - sum(len(text) + 2 for text in (*before, *after))
        return "\n\n".join([*before, *self.details(room), *after]) + "\n"

    def headline(self) -> list[str]:
        word, reasons = diff_words.verdict(self.compared), diff_words.reasons(self.compared)
        names = [self.program(run) for run in (self.compared.before, self.compared.after)]
        title = " → ".join(dict.fromkeys(names))
        runs = [
            f"- {label}: {name} {how_it_ended(run.trace, lambda text: code_span(text, _PROGRAM))}"
            for label, name, run in zip(
                ("before", "after"), names, (self.compared.before, self.compared.after), strict=True
            )
        ]
        return [f"## lazyscope diff: {title}", f"**{word}**: {prose(reasons)}", "\n".join(runs)]

    def program(self, run: Run) -> str:
        return code_span(" ".join(run.trace.header.argv), _PROGRAM) or "a traced block"

    def sums(self) -> str:
        """Both runs as a whole."""
        lines = [table_row(["", "before", "after", "change"]), "|---|--:|--:|---|"]
        for row in diff_words.sums(self.compared):
            tone = f"{row.change}, {row.tone}" if row.tone else row.change
            lines.append(table_row([row.label, row.before, row.after, tone]))
        return "\n".join(lines)

    def table(self) -> list[str]:
        """All findings that changed."""
        changes = self.compared.of("new", "worse", "gone", "better")
        if not changes:
            return []
        head = [table_row(["", "", "severity", "code", "finding", "line", "effect"])]
        lines = [*head, "|---|---|---|---|---|---|---|"]
        room = _TABLE
        for number, change in enumerate(changes):
            row = self.row(change)
            room -= len(row) + 1
            if room < 0:
                more = figures.plural(len(changes) - number, "more finding")
                return ["### Findings that changed", "\n".join(lines), f"{more} that changed: left out."]
            lines.append(row)
        return ["### Findings that changed", "\n".join(lines)]

    def row(self, change: Change) -> str:
        run, found = self.run(change), change.finding
        position = found.site if found.user_site is None else found.user_site
        return table_row(
            [
                f"**{change.kind}**" if change.kind in ("new", "worse") else change.kind,
                self.arrow(diff_words.ids(change)),
                self.arrow(diff_words.severity_of(change)),
                self.arrow(diff_words.code_of(change)),
                prose(self.sentence(found.title), 200),
                "" if position is None else self.place(run, position),
                self.arrow(prose(diff_words.effect(self.compared, change), 200)),
            ]
        )

    def arrow(self, text: str) -> str:
        return text.replace(" `->` ", " → ").replace(" -> ", " → ")

    def run(self, change: Change) -> Run:
        return self.compared.after if change.after is not None else self.compared.before

    def sentence(self, text: str) -> str:
        return text if self.source else without_code(text)

    def place(self, run: Run, position: int) -> str:
        site = site_at(run.trace, position)
        assert site is not None
        line = f":{site.line}" if site.line > 0 else ""
        return code_span(self.screen.end(site.file, _PLACE) + line, 4 * _PLACE)

    def line(self, run: Run, position: int, *, mark: bool) -> str:
        """Place and code of a line, its expression between guillemets."""
        found = excerpt(run.trace, position)
        where = self.place(run, position)
        if not self.source or not found.site.code:
            return where
        text = code(self.screen, found, _CODE_CELLS, mark=mark).plain
        return f"{where}: {code_span(text, 4 * _CODE_CELLS)}"

    # What is new or worse

    def details(self, room: int) -> list[str]:
        """Lines, reasons and fixes of each finding that is new or worse; the lines of the others, folded."""
        worse = self.compared.of("new", "worse")
        rest = self.compared.of("gone", "better")
        texts = [self.detail(change) for change in worse] + [self.folded(change) for change in rest]
        shown: list[str] = []
        for number, text in enumerate(texts):
            room -= len(text) + 2
            if room < 0:
                more = figures.plural(len(texts) - number, "more finding")
                return [*shown, f"{more} left out for want of room."]
            shown.append(text)
        return shown

    def detail(self, change: Change) -> str:
        found = change.finding
        told = [prose(self.sentence(found.why))]
        fixes = [
            f"{number}. **{fix.technique}**: {prose(self.sentence(fix.summary))}. "
            f"Price: {prose(self.sentence(fix.price))}."
            for number, fix in enumerate(found.fixes, start=1)
            if fix.technique != "none"
        ]
        if fixes:
            told += ["What to do:", "\n".join(fixes)]
        return "\n\n".join([f"### {self.title(change)}", *self.lines(change), *told])

    def folded(self, change: Change) -> str:
        summary = f"{change.finding.id}, {change.finding.code}, {change.kind}"
        parts = [f"**{prose(self.sentence(change.finding.title), 200)}**", *self.lines(change)]
        return "\n\n".join([f"<details><summary>{summary}</summary>", *parts, "</details>"])

    def title(self, change: Change) -> str:
        name = f"{self.arrow(diff_words.ids(change))} {change.kind}"
        return f"{name}: {prose(self.sentence(change.finding.title), 200)}"

    def lines(self, change: Change) -> list[str]:
        """The user's line and the library's; the line before, too, where it was another."""
        run, found = self.run(change), change.finding
        items = []
        if found.user_site is not None and found.user_site != found.site:
            items.append(f"- your line {self.line(run, found.user_site, mark=found.site is None)}")
        if found.site is not None:
            where = "was at" if change.kind == "gone" else "at"
            items.append(f"- {where} {self.line(run, found.site, mark=True)}")
        old = change.before
        if old is not None and old.site is not None and diff_words.was_elsewhere(self.compared, change):
            items.append(f"- was at {self.line(self.compared.before, old.site, mark=True)}")
        effect = self.arrow(prose(diff_words.effect(self.compared, change), 300))
        return ["\n".join([*items, *([f"- {effect}"] if effect else [])])]

    # Everything else

    def unchanged(self) -> list[str]:
        text = diff_words.as_they_were(self.compared, most=50)
        return [f"{self.arrow(text)}."] if text else []

    def notes(self) -> list[str]:
        items = diff_notes.notes(self.compared, lambda text: code_span(text, 300))
        lines = _fitting([f"- {self.arrow(item)}" for item in items])
        return ["### To know", "\n".join(lines)] if items else []


def _fitting(items: Sequence[str]) -> list[str]:
    room = _NOTES
    shown: list[str] = []
    for number, item in enumerate(items):
        room -= len(item) + 1
        if room < 0:
            return [*shown, f"- and {len(items) - number:,} more"]
        shown.append(item)
    return shown
