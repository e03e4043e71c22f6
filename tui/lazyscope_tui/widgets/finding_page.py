"""A finding on a page: what is wrong, what to do, where, why, and what it cost."""

from __future__ import annotations

from textual.content import Content

from lazyscope.catalogue.finding import Finding
from lazyscope.fixes.fix import Fix
from lazyscope.report.findings_list import cost_of, dependence
from lazyscope.report.html.changes import ShownChange, shown_fix
from lazyscope.report.html.finding_cards import bars, facts
from lazyscope.report.html.markup import capitalised
from lazyscope_tui.session import Session
from lazyscope_tui.widgets.looks import ADDED, QUIET, REMOVED, SEVERITY, SHAPES, STRONG
from lazyscope_tui.widgets.page import Page, prose, text
from lazyscope_tui.widgets.source_lines import write_source

_INDENT = 3


def write_finding(page: Page, session: Session, found: Finding, chosen: int) -> None:
    """All about a finding.

    Parameters
    ----------
    page
        Where it is written.
    session
        The trace.
    found
        The finding.
    chosen
        Which of its fixes is the one that is copied.
    """
    _head(page, session, found)
    _best_fix(page, found)
    _sources(page, session, found)
    page.heading("Why")
    page.paragraph(prose(found.why))
    _provenance(page, session, found)
    _cost(page, session, found)
    _fixes(page, session, found, chosen)
    _links(page, session, found)


def _head(page: Page, session: Session, found: Finding) -> None:
    mark = f"{found.id} {SHAPES[found.severity]} {found.severity} {found.code}"
    page.paragraph(Content.assemble((mark, SEVERITY[found.severity]), "  ", prose(found.title, STRONG)))
    cost = cost_of(session.trace, found)
    entry = "" if found.entry is None else f"in {session.trace.texts[found.entry]}"
    told = ", ".join(part for part in (cost, entry) if part)
    if told:
        page.line(text(told, QUIET))
    reason = session.allowed.get(found.fingerprint)
    if reason is not None:
        page.line(("allowed here: ", STRONG), text(reason))


def _best_fix(page: Page, found: Finding) -> None:
    """What to do, before anything else."""
    if not found.fixes:
        return
    fix = found.fixes[0]
    label = "→ Fix: " if fix.technique != "none" else "→ "
    who = "for the library's authors: " if fix.audience == "library" else ""
    price = "" if fix.technique == "none" or not fix.price else f" Price: {fix.price}."
    told = prose(f"{who}{capitalised(fix.summary)}.{price}")
    page.paragraph(told, indent=len(label), first=Content.styled(label, STRONG))


def _sources(page: Page, session: Session, found: Finding) -> None:
    if found.user_site is not None:
        write_source(page, session.trace, found.user_site, "Your line")
    if found.site is not None and found.site != found.user_site:
        role = "Forced by" if found.owns_forces else "Happens at"
        write_source(page, session.trace, found.site, role)


def _provenance(page: Page, session: Session, found: Finding) -> None:
    arrays, calls = dependence(session.trace, found)
    if arrays:
        page.heading("Depends on")
        page.paragraph(text(", ".join(arrays)), indent=0)
        if calls:
            page.paragraph(text(f"through {', '.join(calls)}", QUIET))


def _cost(page: Page, session: Session, found: Finding) -> None:
    drawn, named = list(bars(found)), list(facts(session.trace, found))
    if drawn or named:
        page.heading("Cost")
    for bar in drawn:
        page.bar(bar.label, bar.percent, bar.text, filled="▒" if bar.hatched else "█")
    for name, value in named:
        page.line((f"{name:<21}", QUIET), " ", text(value))


def _fixes(page: Page, session: Session, found: Finding, chosen: int) -> None:
    if not found.fixes:
        return
    several = len(found.fixes) > 1
    page.heading(f"{len(found.fixes)} fixes, the best first" if several else "Fix")
    for number, fix in enumerate(found.fixes):
        _fix(page, session, fix, number, is_chosen=several and number == chosen)


def _fix(page: Page, session: Session, fix: Fix, number: int, *, is_chosen: bool) -> None:
    mark = Content.styled(f"{'▸' if is_chosen else ' '}{number + 1} ", STRONG)
    if fix.technique == "none":
        page.paragraph(prose(capitalised(fix.summary)), indent=_INDENT, first=mark)
        return
    who = " (for the library's authors)" if fix.audience == "library" else ""
    told = Content.assemble((f"{fix.technique}{who}: ", STRONG), prose(f"{capitalised(fix.summary)}."))
    page.paragraph(told, indent=_INDENT, first=mark)
    page.paragraph(Content.assemble(("Price: ", STRONG), prose(f"{fix.price}.")), indent=_INDENT)
    shown = shown_fix(session.trace, fix, source=True)
    if shown.saving:
        page.paragraph(Content.assemble(("Saves: ", STRONG), text(shown.saving)), indent=_INDENT)
    for change in shown.changes:
        _change(page, change)


def _change(page: Page, change: ShownChange) -> None:
    margin = " " * _INDENT
    page.line(margin, text(change.heading.striptags(), QUIET))
    for sign, lines, style in (
        ("-", change.removed, REMOVED),
        ("+", change.added, ADDED),
        (" ", change.after, QUIET),
    ):
        for line in lines:
            page.line(margin, text(f"{sign} {line}", style))
    if change.left_out:
        page.line(margin, (change.left_out, QUIET))


def _links(page: Page, session: Session, found: Finding) -> None:
    """What goes away with it, and what it goes away with."""
    assert session.diagnosis is not None
    following = [one for one in session.diagnosis.findings if one.follows == found.id]
    if found.follows is not None:
        page.blank()
        page.paragraph(Content(f"It goes away with {found.follows}."))
    if following:
        page.blank()
        verb = "goes" if len(following) == 1 else "go"
        named = ", ".join(f"{one.id} ({one.code})" for one in following)
        page.paragraph(Content(f"With it {verb} {named}."))


def copied_fix(session: Session, fix: Fix) -> str:
    """What is copied of a fix: the lines to put in, else what to do."""
    added = [line for change in fix.edit.changes for line in change.new] if fix.edit else []
    if added:
        return "\n".join(added) + "\n"
    return shown_fix(session.trace, fix, source=True).copied
