"""A force of which only place and cost are known.

When it occurs
    None of the other entries knows what happened: the source could not be read, or the graph was executed
    in a way that the catalogue has no words for, like a scheduler that is called by hand.

Fixes
    ``none``. Look at the line. If it is in your own code and meant, ``lazyscope.allow("reason")`` around it
    says so.
"""

from __future__ import annotations

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.catalogue.advice import line_of, short
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.fix import Fix

CODE = "LZ199"
TITLE = "A force whose cause is not known"

EXAMPLE = """
import dask
import dask.array as da

x = da.arange(12, chunks=4)
print(dask.get(x.__dask_graph__(), x.__dask_keys__()))
"""

REPAIRED = """
import dask.array as da

x = da.arange(12, chunks=4)
print(x.compute())
"""


def match_force(evidence: ForceEvidence) -> Match:
    """Whatever no other entry explains."""
    return Match(why=_why(evidence), fixes=tuple(_fixes(evidence)))


def _why(evidence: ForceEvidence) -> str:
    if evidence.site is None:
        return "A graph was executed in a thread in which no code of the program or of a library was running."
    if not evidence.expression:
        return f"A graph was executed at {line_of(evidence.where)}; its source is not at hand."
    how = "" if evidence.trigger == "other" else f" by `{evidence.trigger}`"
    return f"`{short(evidence.expression)}` executed a graph{how}; the source says no more about why."


def _fixes(evidence: ForceEvidence) -> list[Fix]:
    if evidence.user_site is None:
        return [Fix("none", "leave it, unless it costs much", "nothing changes")]
    line = line_of(evidence.user_where)
    summary = f"look at {line}; if it is meant, put it inside `with lazyscope.allow(...):`"
    return [Fix("none", summary, "nothing changes but what is reported")]
