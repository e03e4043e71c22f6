"""A write to a view gets lost: dask copies where NumPy shares memory.

When it occurs
    ``v = x[1:3]`` is a view in NumPy: ``v[...] = 0`` and ``v += 1`` change ``x``. In dask ``v`` is an array
    of its own, so only ``v`` changes and ``x`` stays as it was. The same holds for ``x.T[0] = 1`` and
    ``x[0][1] = 1``, where what is changed is thrown away at once. Nothing is forced and nothing raised: what
    uses ``x`` later goes on with the old values.

    It is reported where the source shows that the array is used later and nothing puts the change back.
    Whether that was meant is not known, so the severity is ``info``, unless
    `lazyscope.compare_with_numpy` has shown that the result is wrong.

Fixes
    ``at``: write to ``x`` itself: ``x[1:3] = 0``, ``x = xpx.at(x)[1:3].set(0)``, or put the changed part
    back, ``x[1:3] = v``. On dask this adds one task for each block.

    ``where``: choose with ``xp.where`` on a mask of the whole array. Both of its values are computed
    everywhere.

    ``compute-once``: as the caller, hand over NumPy arrays. They are held in memory.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.lost_writes import LostWrite, lost_write_at
from lazyscope.analysis.places import place_of
from lazyscope.catalogue.advice import author, compute_before, short
from lazyscope.catalogue.comparisons import called_at, calls_of, severity_of_cause
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.spot import spot_at
from lazyscope.model import events
from lazyscope.model.trace import TraceData

CODE = "LZ503"
TITLE = "A write to a view gets lost"

EXAMPLE = """
import dask.array as da

x = da.arange(8, chunks=4)
first = x[:2]
first[...] = 0
print(x.sum().compute())
"""

REPAIRED = """
import dask.array as da

x = da.arange(8, chunks=4)
x[:2] = 0
print(x.sum().compute())
"""

_CHANGING = (
    "Array.__setitem__",
    "Array.__add__",
    "Array.__sub__",
    "Array.__mul__",
    "Array.__truediv__",
    "Array.__floordiv__",
    "Array.__mod__",
    "Array.__pow__",
    "Array.__and__",
    "Array.__or__",
    "Array.__xor__",
)


def find(trace: TraceData) -> Iterator[Discovery]:
    """Statements that change a view of an array which is used later."""
    writes: dict[int, LostWrite | None] = {}
    found: dict[Hashable, list[events.Call]] = {}
    for _, call in calls_of(trace, *_CHANGING):
        if call.site not in writes:
            writes[call.site] = lost_write_at(trace, call.site)
        if writes[call.site] is not None:
            user = None if call.user_site is None else place_of(trace, call.user_site)
            found.setdefault((place_of(trace, call.site), user), []).append(call)
    for calls in found.values():
        write = writes[calls[0].site]
        assert write is not None
        yield _discovery(trace, calls, write)


def _discovery(trace: TraceData, calls: list[events.Call], write: LostWrite) -> Discovery:
    evidence = called_at(trace, calls[0])
    at_least = severity_of_cause(trace, [call.at for call in calls])
    return Discovery(
        Match(_why(write), tuple(_fixes(evidence, write)), expected=at_least is None, at_least=at_least),
        site=calls[0].site,
        user_site=calls[0].user_site,
        occurrences=len(calls),
    )


def _why(write: LostWrite) -> str:
    changed = f"`{short(write.statement)}` changes `{short(write.view)}`"
    if write.variable is not None:
        changed = (
            f"`{short(write.statement)}` changes `{write.variable}`, which is `{short(write.view)}` "
            f"(line {write.made})"
        )
    return (
        f"{changed}: in NumPy a view of `{write.base}`, so that `{write.base}` changes too. In dask it is an "
        f"array of its own, and `{write.base}` keeps its old values, with which line {write.used} goes on."
    )


def _fixes(evidence: Placed, write: LostWrite) -> Iterator[Fix]:
    if not evidence.at_user and evidence.user_call is not None:
        yield compute_before(evidence)
    edit = _putting_back(evidence, write)
    yield Fix(
        "at",
        _written(edit) if edit else _SKETCH,
        "one more task for each block; whoever holds the old array keeps the old values",
        audience=author(evidence),
        edit=edit,
        sketch=_SKETCH,
    )


_SKETCH = "write to the array itself, or put the changed part back into it"


def _written(edit: Edit) -> str:
    change = edit.changes[0]
    return f"`{change.new[0].strip()}` after line {change.line - 1}, which puts the change into the array"


def _putting_back(evidence: Placed, write: LostWrite) -> Edit | None:
    """A line after the statement that writes the changed part to the array."""
    spot = spot_at(evidence.trace, evidence.site)
    if spot is None or not write.assignable or write.variable is None:
        return None
    draft = Draft(evidence.trace)
    draft.insert_after(spot.file, spot.statement, f"{write.view} = {write.variable}")
    return draft.edit()
