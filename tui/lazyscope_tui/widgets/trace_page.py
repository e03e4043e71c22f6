"""The trace as a whole on a page: its cost, what stayed lazy, what was not seen, versions."""

from __future__ import annotations

from lazyscope import figures
from lazyscope.analysis.cost import site_at, totals
from lazyscope.analysis.stayed_lazy import lazy_lines
from lazyscope.report.headline import cost_sentences, how_it_ended
from lazyscope.report.html.excerpts import place
from lazyscope.report.html.markup import cut
from lazyscope.report.unseen import unseen
from lazyscope.text.harmless import harmless
from lazyscope_tui.session import Session
from lazyscope_tui.widgets.looks import PLACE, QUIET
from lazyscope_tui.widgets.page import Page, prose, text

_MOST = 40
"""Lines that stayed lazy which are shown."""


def verdict(session: Session) -> str:
    """What is said where there is nothing to mend; no more than the trace can know."""
    trace = session.trace
    missing = session.diagnosis is not None and unseen(trace, session.diagnosis)
    if trace.forces:
        clean = "Nothing to mend: what was forced is what the program asked for."
        return clean if trace.ended == "ok" else f"{clean[:-1]}, as far as the trace goes."
    if trace.ended != "ok":
        return "No graph was executed as far as the trace goes: the program did not come to its end."
    if missing:
        return "No graph was executed, as far as could be seen."
    return "It stayed lazy all the time: no graph was executed, so there is nothing to mend."


def write_verdict(page: Page, session: Session) -> None:
    """That there is nothing to mend, and why that can be said."""
    page.paragraph(text(verdict(session)))
    _stayed_lazy(page, session)
    _not_seen(page, session)


def write_trace(page: Page, session: Session) -> None:
    """All that is said of no finding."""
    trace, header = session.trace, session.trace.header
    page.heading("Program")
    page.paragraph(text(" ".join(header.argv) or "a traced block"))
    page.paragraph(text(f"It {how_it_ended(trace, lambda name: harmless(cut(name, 80)))}"))
    page.heading("Cost")
    for sentence in cost_sentences(trace, totals(trace)):
        page.paragraph(text(sentence))
    _not_seen(page, session)
    _stayed_lazy(page, session)
    page.heading("Recorded with")
    for name, version in {"lazyscope": header.lazyscope, **header.versions}.items():
        page.line((f"{cut(name, 20):<21}", QUIET), text(version))
    if header.array_api_set:
        page.paragraph(text("SCIPY_ARRAY_API was set by `run --array-api`."))
    if session.path is not None:
        page.heading("File")
        page.paragraph(text(str(session.path)))


def _stayed_lazy(page: Page, session: Session) -> None:
    found = lazy_lines(session.trace)
    if not found:
        return
    page.heading("Stayed lazy")
    for line in found[:_MOST]:
        site = site_at(session.trace, line.user_site)
        where = "unknown line" if site is None else place(site)
        code = "" if site is None else cut(site.code, 120)
        calls = figures.plural(line.calls, "array call")
        page.line(text(where, PLACE), f"  {calls}  ", text(code, QUIET))
    if found[_MOST:]:
        page.line((f"and {figures.plural(len(found) - _MOST, 'more line')}", QUIET))


def _not_seen(page: Page, session: Session) -> None:
    if session.diagnosis is None:
        return
    found = unseen(session.trace, session.diagnosis)
    if found:
        page.heading("Not seen")
    for line in found:
        page.paragraph(prose(line), indent=2, first=text("- "))
