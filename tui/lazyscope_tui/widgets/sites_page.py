"""The dearest lines, which are known before their causes are."""

from __future__ import annotations

from lazyscope import figures
from lazyscope.report.html.excerpts import place
from lazyscope.report.html.markup import cut
from lazyscope_tui.session import Session
from lazyscope_tui.widgets.looks import PLACE, QUIET, STRONG
from lazyscope_tui.widgets.page import Page

_MOST = 12


def write_sites(page: Page, session: Session) -> None:
    """The lines that cost most, and what each did."""
    sites = session.sites
    if not sites:
        return
    page.line(("The lines that forced most; why is being found out.", STRONG))
    page.blank()
    for site in sites[:_MOST]:
        seconds, forces = figures.duration(site.self_seconds), figures.plural(len(site.forces), "force")
        where = "unknown line" if site.site is None else place(site.site)
        code = "" if site.site is None else cut(site.site.expression or site.site.code, 100)
        page.line(f"{seconds:>9} {forces:>14}  ", (where, PLACE), "  ", (code, QUIET))
    if sites[_MOST:]:
        page.line((f"and {figures.plural(len(sites) - _MOST, 'more line')}", QUIET))
