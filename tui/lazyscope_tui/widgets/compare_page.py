"""A comparison on a page: the verdict, both runs side by side, and one change."""

from __future__ import annotations

from textual.content import Content

from lazyscope.catalogue.before_after import BeforeAfter, Change, Run
from lazyscope.report import diff_words
from lazyscope.report.diff_notes import notes
from lazyscope.report.headline import how_it_ended
from lazyscope.report.html.markup import capitalised, cut
from lazyscope_tui.widgets.looks import ADDED, QUIET, REMOVED, STRONG
from lazyscope_tui.widgets.page import Page, prose, text
from lazyscope_tui.widgets.source_lines import write_source

_TONES = {"worse": REMOVED, "better": ADDED, "same": "", "": ""}
_LABEL = 8


def write_comparison(page: Page, compared: BeforeAfter) -> None:
    """The verdict and the sums."""
    word = diff_words.verdict(compared)
    style = f"{STRONG} {_TONES[compared.verdict]}"
    page.paragraph(Content.assemble((f"{word}: ", style), text(diff_words.reasons(compared))))
    for label, run in (("before", compared.before), ("after", compared.after)):
        page.paragraph(text(_run(run)), indent=_LABEL, first=Content.styled(label, QUIET))
    page.blank()
    rows = diff_words.sums(compared)
    widths = [max(len(getattr(row, name)) for row in rows) for name in ("label", "before", "after")]
    for row in rows:
        cells = (
            f"{row.label:<{widths[0]}}  {row.before:>{max(widths[1], 6)}}  {row.after:>{max(widths[2], 6)}}  "
        )
        page.line(cells, (row.change, _TONES[row.tone]))
    for note in notes(compared, lambda words: cut(words, 200)):
        page.paragraph(text(note), indent=_LABEL, first=Content.styled("note", STRONG))


def _run(run: Run) -> str:
    program = cut(" ".join(run.trace.header.argv) or "the traced block", 60)
    return f"{program} {how_it_ended(run.trace, lambda exception: cut(exception, 40))}"


def write_change(page: Page, compared: BeforeAfter, change: Change) -> None:
    """What became of a finding, where it is, and what to do about it."""
    page.blank()
    severity, code = diff_words.severity_of(change), diff_words.code_of(change)
    named = f"{change.kind}: {diff_words.ids(change)} {severity} {code}  "
    page.paragraph(Content.assemble((named, STRONG), prose(change.finding.title, STRONG)))
    effect = diff_words.effect(compared, change)
    if effect:
        page.paragraph(text(effect))
    if change.kind in ("new", "worse") and change.finding.fixes:
        fix = change.finding.fixes[0]
        page.paragraph(prose(f"→ Fix: {capitalised(fix.summary)}."))
    run, found = (
        (compared.after, change.after) if change.after is not None else (compared.before, change.before)
    )
    assert found is not None
    position = found.site if found.user_site is None else found.user_site
    if position is not None:
        write_source(page, run.trace, position, "Your line" if found.user_site is not None else "At")
