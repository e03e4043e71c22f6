"""The program says that it means this force.

When it occurs
    A graph was executed inside ``with lazyscope.allow("reason")``, or by a function of a library that the
    program allows to. It counts into time and tasks like any other, and its severity is ``info``.

Fixes
    ``none``. Take the ``allow`` away to have the force explained like others.
"""

from __future__ import annotations

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.fix import Fix

CODE = "LZ121"
TITLE = "A force that the program allows"

EXAMPLE = """
import dask.array as da
import lazyscope

x = da.arange(12, chunks=4)
with lazyscope.allow("the largest value decides how many bins there are"):
    bins = int(x.max()) + 1
print(da.bincount(x, minlength=bins))
"""

REPAIRED = """
import dask.array as da

x = da.arange(12, chunks=4)
print(da.bincount(x, minlength=12))
"""


def match_force(evidence: ForceEvidence) -> Match | None:
    """Everything inside ``lazyscope.allow``."""
    reason = evidence.begin.allowed
    if reason is None:
        return None
    said = f", which gives as its reason: {reason.rstrip('.')}" if reason else ""
    what = f"`{evidence.expression}`" if evidence.expression else "A graph"
    return Match(
        why=f"{what} was computed inside `lazyscope.allow`{said}.",
        fixes=(Fix("none", "leave it: the program says that it is meant", "nothing changes"),),
        actionability="inherent",
        expected=True,
    )
