"""A function that dask runs on nothing, to learn what it returns, forces.

When it occurs
    ``map_blocks``, ``blockwise``, ``apply_gufunc`` and their like are given a function without being told
    what it returns. To find out, dask calls it on empty arrays while the graph is built. A function that
    reaches for a dask array around it converts that array there and then, before anything was asked for;
    and does so again, inside a task, for every block.

Fixes
    ``pass-as-argument``: give the function the array as an argument: it then gets the block of it, here and
    in every task. The blocks must line up.
    ``choose-parameter``: say ``meta=`` or ``dtype=``, so that dask need not call it: the function still
    forces once for every block.
    ``compute-once``: compute the array before, and catch the NumPy array: memory.
"""

from __future__ import annotations

from lazyscope import figures
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.catalogue.advice import caller_fixes, leave_it, short, times
from lazyscope.catalogue.caught_arrays import Caught
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.fix import Fix

CODE = "LZ112"
TITLE = "A function that dask tries on nothing forces"

EXAMPLE = """
import dask.array as da
import numpy as np

x = da.arange(12, chunks=4) / 3
centre = x.mean()


def subtract(block):
    return block - np.asarray(centre)


y = x.map_blocks(subtract)
print(y.shape)
"""

REPAIRED = """
import dask.array as da
import numpy as np

x = da.arange(12, chunks=4) / 3
centre = x.mean()


def subtract(block, centre):
    return block - centre


y = x.map_blocks(subtract, centre)
print(y.shape)
"""


def match_force(evidence: ForceEvidence) -> Match | None:
    """Forces while dask was running a function on empty arrays."""
    if not evidence.begin.inferring:
        return None
    caught = Caught(evidence)
    return Match(why=_why(evidence, caught), fixes=tuple(_fixes(evidence, caught)))


def _why(evidence: ForceEvidence, caught: Caught) -> str:
    call = caught.function.call if caught.function else None
    by = f"`{short(call)}` makes dask call" if call else "dask called"
    needed = (
        f"which needs the values of `{', '.join(caught.names)}`" if caught.names else "which needs values"
    )
    expression = f"`{short(evidence.expression)}`" if evidence.expression else "a line of it"
    often = "" if len(evidence.forces) == 1 else f" ({times(len(evidence.forces))})"
    tasks = figures.plural(evidence.tasks, "task")
    return (
        f"{by} {caught.function_name} on empty arrays to learn what it returns{often}. "
        f"There {expression} runs, {needed}, so {tasks} ran although nothing had been asked for."
    )


def _fixes(evidence: ForceEvidence, caught: Caught) -> list[Fix]:
    fixes = [caught.as_argument()] if caught.names else []
    fixes.append(_told(caught))
    computed = caught.computed_before()
    others = [computed] if computed else [*caller_fixes(evidence)]
    left = leave_it(evidence)
    return [*fixes, *others, *([left] if left else [])]


def _told(caught: Caught) -> Fix:
    function = caught.function
    if function is not None and function.short is not None:
        where = f"to `{short(function.call or function.short)}`"
    else:
        where = f"to the call that is given {caught.function_name}"
    return Fix(
        "choose-parameter",
        f"give the dtype and an empty array for `meta` {where}, so that dask need not run it on nothing",
        "both must be right; the function still forces inside the task of every block",
    )
