"""A force of which only place and cost are known.

When it occurs
    None of the other entries knows what happened: the source could not be read, or the graph was executed
    in a way that the catalogue has no words for.

Fixes
    Look at the line. If it is in your own code and meant, `lazyscope.allow("reason")` around it says so.
"""

from __future__ import annotations

from lazyscope.catalogue.evidence import ForceEvidence
from lazyscope.catalogue.finding import Fix, Match

CODE = "LZ199"
TITLE = "A force whose cause is not known"

EXAMPLE = """
import dask
import dask.array as da

x = da.arange(12, chunks=4)
dask.get(x.__dask_graph__(), x.__dask_keys__())
"""

REPAIRED = """
import dask.array as da

x = da.arange(12, chunks=4)
"""


def match_force(evidence: ForceEvidence) -> Match:
    """Whatever no other entry explains."""
    return Match(
        why=f"A graph was executed by `{evidence.trigger}`; the source says no more about it.",
        fixes=(Fix("none", "look at the line", "nothing changes"),),
    )
