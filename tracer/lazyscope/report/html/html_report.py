"""The HTML report: one file with everything in it, which asks for nothing and runs nothing of others.

What a trace holds is put in as escaped text, its figures as JSON that ends no script; the page's policy lets
run just the one script, and load nothing.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from markupsafe import Markup

from lazyscope._version import __version__
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.finding import Diagnosis
from lazyscope.model.trace import TraceData
from lazyscope.report.html.code_pages import code_pages
from lazyscope.report.html.finding_cards import cards
from lazyscope.report.html.force_rows import FIRST, ForceRows
from lazyscope.report.html.markup import embedded, policy_hash, template
from lazyscope.report.html.summary import summary
from lazyscope.report.html.tables import Tables
from lazyscope.report.html.timeline import timeline

_STYLES = ("page.css", "findings.css", "figures.css")
_SCRIPTS = ("page.js", "figures.js", "force_table.js", "timeline.js", "graphs.js", "start.js")


def render(trace: TraceData, *, source: bool = True) -> str:
    """The report as text: plain ASCII, so that no encoding can be upset by a name in it.

    Parameters
    ----------
    trace : TraceData
        A trace.
    source : bool
        Whether lines of source text are included; if not, there are places only, and no changes.
    """
    text = _template().render(_content(trace, diagnose(trace), source))
    return str(text).encode("ascii", "xmlcharrefreplace").decode("ascii")


def _content(trace: TraceData, diagnosis: Diagnosis, source: bool) -> dict[str, Any]:
    # The graphs bring a program of others along.
    from lazyscope.report.html.drawings import graphs

    found = cards(trace, diagnosis, source=source)
    rows = ForceRows(trace, diagnosis, source)
    times = timeline(trace, rows.shown)
    pictures, anchors = graphs(trace, diagnosis, source=source)
    data = {
        "forces": rows.columns(),
        "texts": rows.texts.all,
        "page": FIRST,
        "timeline": times.data,
        "anchors": anchors,
        "findings": [[card.id, card.code, card.plain_title] for card in (*found.open, *found.folded)],
    }
    return {
        "summary": summary(trace, diagnosis, source=source),
        "cards": found,
        "pages": code_pages(card.code for card in (*found.open, *found.folded)),
        "rows": rows,
        "forces": len(trace.forces),
        "timeline": times,
        "graphs": pictures,
        "tables": Tables(trace, diagnosis, source=source),
        "data": embedded(data),
        "style": Markup(_style()),
        "script": Markup(_script()),
        "style_hash": policy_hash(_style()),
        "script_hash": policy_hash(_script()),
        "version": __version__,
        "has_source": source,
    }


@cache
def _template() -> Any:
    return template(_asset, "report.html.j2")


@cache
def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    return "\n".join(map(_asset, _STYLES))


@cache
def _script() -> str:
    """All scripts in a scope of their own."""
    return "\n".join(['"use strict";', "(() => {", *map(_asset, _SCRIPTS), "})();"])
