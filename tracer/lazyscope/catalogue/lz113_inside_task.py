"""A task computes another graph, block by block.

When it occurs
    A function that dask runs on blocks holds on to a dask array that is not its argument: a variable of the
    function around it, a default, a global, an attribute. Every block then computes that array for itself,
    inside its task, with a scheduler inside the scheduler. Results are right; the work is multiplied by the
    number of blocks, and threads wait for each other.

Fixes
    ``pass-as-argument``: hand the array to ``map_blocks`` or the like as one more argument: dask then gives
    each block its value and computes it once. Its blocks must line up with those of the array.
    ``compute-once``: compute it before, and let the function hold on to the NumPy array: memory for it, and
    this part is computed when the graph is built.
    ``persist``: hold it in memory before: every block still asks for it, which is quick then.
"""

from __future__ import annotations

from lazyscope import figures
from lazyscope.catalogue.advice import short, times
from lazyscope.catalogue.caught_arrays import Caught
from lazyscope.catalogue.evidence import ForceEvidence
from lazyscope.catalogue.finding import Fix, Match

CODE = "LZ113"
TITLE = "A task computes another graph"

EXAMPLE = """
import dask.array as da
import numpy as np

x = da.arange(12, chunks=4) / 3
centre = x.mean()


def subtract(block):
    return block - np.asarray(centre)


y = x.map_blocks(subtract, dtype=float, meta=np.empty(0))
print(y.std().compute())
"""

REPAIRED = """
import dask.array as da
import numpy as np

x = da.arange(12, chunks=4) / 3
centre = x.mean()


def subtract(block, centre):
    return block - centre


y = x.map_blocks(subtract, centre, dtype=float, meta=np.empty(0))
print(y.std().compute())
"""


def match_force(evidence: ForceEvidence) -> Match | None:
    """Forces in tasks of others, of arrays that were made outside of these tasks."""
    if not evidence.nested or evidence.begin.inferring:
        return None
    caught = Caught(evidence)
    if not caught.arrays or _is_written_out_in_delayed(evidence, caught):
        return None
    return Match(why=_why(evidence, caught), fixes=tuple(_fixes(caught)))


def _is_written_out_in_delayed(evidence: ForceEvidence, caught: Caught) -> bool:
    """Whether a delayed function computes an array that it was given, or reaches in a way not seen."""
    delayed = caught.function is not None and caught.function.delayed
    return delayed and not caught.names and evidence.trigger in ("compute", "persist")


def _why(evidence: ForceEvidence, caught: Caught) -> str:
    number = len(evidence.forces)
    expression = f"`{short(evidence.expression)}`" if evidence.expression else "A line"
    tasks = figures.plural(evidence.tasks, "task")
    again = f", {figures.count(evidence.tasks_repeated)} of them again" if evidence.tasks_repeated else ""
    ran = f"{tasks}{again}"
    if not caught.names:
        return f"{expression} runs inside tasks, {times(number)}, and computes a dask array there: {ran}."
    named = ", ".join(caught.names)
    verb = "is a dask array" if len(caught.names) == 1 else "are dask arrays"
    return (
        f"{expression} in {caught.function_name} runs inside the tasks of another graph, {times(number)}. "
        f"`{named}` {verb} that the function takes from around it, so each of these tasks computes it "
        f"anew: {ran}."
    )


def _fixes(caught: Caught) -> list[Fix]:
    found = [caught.as_argument(), caught.computed_before(), caught.persisted_before()]
    fixes = [fix for fix in found if fix is not None]
    if len(fixes) == 1:
        fixes.append(
            Fix(
                "compute-once",
                f"compute it once, outside, and let {caught.function_name} hold on to the NumPy array",
                "it stays in memory; that part is computed when the graph is built",
            )
        )
    return fixes
