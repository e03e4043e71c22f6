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
from lazyscope.analysis.asked import force_of
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.places import place_of
from lazyscope.analysis.reading import Reading, read
from lazyscope.catalogue.advice import short, times
from lazyscope.catalogue.caught_arrays import Caught
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.fix import Fix

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
    if _runs_no_code(evidence):
        return _held_by_tasks(evidence, caught)
    return Match(why=_why(evidence, caught), fixes=tuple(_fixes(caught)))


def _runs_no_code(evidence: ForceEvidence) -> bool:
    """Whether nothing but dask stands between the force and the one whose task it is in."""
    if evidence.innermost is None or evidence.begin.parent is None:
        return evidence.innermost is None
    trace, around = evidence.trace, force_of(evidence.trace, evidence.begin.parent).begin.site
    return around is not None and place_of(trace, around) == place_of(trace, evidence.innermost)


def _held_by_tasks(evidence: ForceEvidence, caught: Caught) -> Match:
    """No code of the program or of a library runs in these tasks: an argument of theirs is a dask array."""
    asked, taker = evidence.user_where, _taker(evidence, caught)
    whose = f"Tasks of `{short(asked.expression or asked.code)}`" if asked is not None else "Tasks"
    ran = figures.plural(evidence.tasks, "task")
    given = f"`{short(taker.expression)}`" if taker is not None and taker.expression else ""
    where = f", by {given} on line {taker.line}" if taker is not None else ""
    function = taker.call.name if taker is not None and taker.call is not None else ""
    kept = _FROM_ARRAYS.get(function.removesuffix("_like"))
    lazily = Fix(
        "keep-0d",
        f"build it from what takes arrays: {kept or 'arithmetic with the array of one element'}",
        "the last bits may differ" if "linspace" in function else "nothing changes",
    )
    named = " and ".join(f"`{name}`" for name in _lazy_names(caught))
    return Match(
        why=f"{whose} hold a dask array as an argument that dask took for a plain value{where}: it is "
        f"computed inside of them, {times(len(evidence.forces))}, {ran} in all.",
        fixes=(
            Fix(
                "compute-once",
                f"compute {named or 'what the function got in place of a number'} first, together",
                "the graph is executed once, when the rest is built",
            ),
            lazily,
        ),
    )


_FROM_ARRAYS = {
    "linspace": "a `linspace` of plain numbers, scaled and shifted by the array",
    "arange": "an `arange` of plain numbers, scaled and shifted by the array",
    "full": "zeros of the shape, to which the array is added",
}
"""Functions that take plain numbers, and what stays lazy in place of them."""


def _taker(evidence: ForceEvidence, caught: Caught) -> Reading | None:
    """The user's line that gave the array to a function which makes arrays of plain numbers."""
    taken, trace = {array.text for array in caught.arrays}, evidence.trace
    for call in trace.calls:
        making = trace.texts[call.operation].rpartition(".")[2].removesuffix("_like") in _FROM_ARRAYS
        if making and call.site is not None and taken.intersection(call.inputs):
            return read(trace, call.site)
    return None


def _lazy_names(caught: Caught) -> list[str]:
    return [array.variable for array in caught.arrays if array.variable is not None]


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
