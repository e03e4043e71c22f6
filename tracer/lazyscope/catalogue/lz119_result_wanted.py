"""The program asks for its result.

When it occurs
    The program's own code calls ``compute``, ``persist`` or ``store``, or hands a dask array to something
    that shows or keeps it. This is what dask is for: nothing is wrong, and the severity is ``info``
    whatever it cost.

Fixes
    ``none``. Where the same data is read again by several of them, or several results are computed one
    by one, LZ110 and LZ111 say so.
"""

from __future__ import annotations

from lazyscope.catalogue.evidence import ForceEvidence
from lazyscope.catalogue.finding import Fix, Match

CODE = "LZ119"
TITLE = "The program asks for its result"

EXAMPLE = """
import dask.array as da

x = da.arange(12, chunks=4)
print((x + 1).sum().compute())
"""

REPAIRED = """
import dask.array as da

x = da.arange(12, chunks=4)
print((x + 1).sum())
"""

_ASKING = ("compute", "persist", "store")


def match_force(evidence: ForceEvidence) -> Match | None:
    """Explicit requests by the user's own code."""
    if not evidence.at_user or evidence.trigger not in _ASKING:
        return None
    return Match(
        why=f"`{evidence.expression}` is where the program wants its result.",
        fixes=(Fix("none", "leave it: this is what the program wants", "nothing changes"),),
        actionability="inherent",
        expected=True,
    )
