"""Numbers wrapped in a dask array are computed.

When it occurs
    A library makes arrays of plain numbers, ``xp.asarray(2)``, so that the same code works for all of its
    callers, and later asks for their values. The graph has a few tasks and holds no data: there is nothing
    to gain, and the severity is ``info``.

Fixes
    ``convert-input``: keep the number a Python number, or NumPy, until it meets an array.

    ``none``: leave it.
"""

from __future__ import annotations

from lazyscope.analysis import parsing
from lazyscope.analysis.arrays import Array
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.provenance import dependencies
from lazyscope.analysis.reading import read
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import author, short, times
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.fix import Fix
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData

CODE = "LZ117"
TITLE = "Numbers wrapped in a dask array are computed"

EXAMPLE = """
import dask.array as da

order = da.asarray(2)
if order > 1:
    print("higher order")
"""

REPAIRED = """
order = 2
if order > 1:
    print("higher order")
"""

_MAKING = words("asarray array asanyarray from_array full ones zeros arange linspace")
_MOST_TASKS = 16
_MOST_BYTES = 256
_LOOKED_AT = 8


def match_force(evidence: ForceEvidence) -> Match | None:
    """Graphs that begin with numbers written in the code and with nothing else."""
    if evidence.trigger in ("persist", "store") or (evidence.trigger == "compute" and evidence.at_user):
        return None
    if any(force.begin.tasks > _MOST_TASKS for force in evidence.forces):
        return None
    if not all(_is_constant(evidence.trace, force) for force in evidence.forces[:_LOOKED_AT]):
        return None
    return Match(
        why=(
            f"`{short(evidence.expression)}` depends on numbers only that the code wrapped in an array; "
            f"it was executed {times(len(evidence.forces))} and holds no data."
        ),
        fixes=(
            Fix(
                "convert-input",
                "keep the number a Python number, or a NumPy array, until it meets a dask array",
                "nothing changes",
                author(evidence),
            ),
            Fix("none", "leave it: there is next to nothing to compute", "nothing changes"),
        ),
        expected=True,
    )


def _is_constant(trace: TraceData, force: Force) -> bool:
    known = dependencies(trace, force.id)
    begun = known.beginnings
    if not begun or any(
        source.tasks > 1 or (source.chunk_bytes or 0) > _MOST_BYTES for source in known.sources
    ):
        return False
    return all(_is_number(trace, array) for array in begun)


def _is_number(trace: TraceData, array: Array) -> bool:
    """Whether an array was made of a number, or by a library of a few, as they are written."""
    call = array.made_by
    if call is None or call.via is not None:
        return False
    if trace.texts[call.operation].rpartition(".")[2] not in _MAKING or (array.bytes or 0) > _MOST_BYTES:
        return False
    single = _shape(trace, call, array.text) == ()
    library = trace.file_of(call.site).role == "library"
    return (single and library) or ((single or library) and _is_written_out(trace, call.site))


def _shape(trace: TraceData, call: events.Call, name: int) -> tuple[int | None, ...] | None:
    return next((tuple(trace.layouts[n].shape) for output, _, n in call.outputs if output == name), None)


def _is_written_out(trace: TraceData, position: int) -> bool:
    reading = read(trace, position)
    call = None if reading is None else reading.call
    if call is None or not call.positional:
        return False
    try:
        parsing.literal(call.positional[0])
    except ValueError:
        return False
    return True
