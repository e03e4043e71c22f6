"""A length that is not known is compared, and the answer does not depend on the data.

When it occurs
    Unique values, selections by a mask and positions of what is not zero have a length that dask knows only
    after computing. Until then it is ``nan``, and a comparison with ``nan`` is False whatever the data are,
    ``!=`` True: ``xp.unique_values(z).shape[0] < 6`` never holds. Nothing is forced and nothing raised, so
    the program silently goes the wrong way. (``len(u)`` and ``int(u.shape[0])`` raise instead: LZ308.)

    Whether the answer is wrong for these data is not known, so the severity is ``info``, unless
    `lazyscope.compare_with_numpy` has shown that the result is wrong.

Fixes
    ``native-function``: count instead of selecting: ``xpx.nunique(z)`` of array-api-extra,
    ``xp.count_nonzero(mask)``. The count is a lazy 0-d array; a comparison of it is lazy too, and computes
    only where an ``if`` asks it.

    ``compute-chunk-sizes``: ``u = u.persist(); u.compute_chunk_sizes()`` before the comparison. It computes
    the array once, and holds it in memory.

    ``compute-once``: as the caller, hand over NumPy arrays. They are held in memory.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from lazyscope.analysis import parsing
from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.places import place_of
from lazyscope.analysis.reading import Reading, read
from lazyscope.analysis.syntax.lengths import AskedLength
from lazyscope.analysis.unknown_shapes import UnknownPath, path_of_unknown
from lazyscope.catalogue.advice import author, compute_before, names, short
from lazyscope.catalogue.comparisons import severity_of_cause
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.lengths import counted
from lazyscope.fixes.words import SKETCHES
from lazyscope.model import events
from lazyscope.model.trace import TraceData

CODE = "LZ502"
TITLE = "An unknown length is compared"

EXAMPLE = """
import dask.array as da
from array_api_compat import array_namespace


def has_ties(z):
    xp = array_namespace(z)
    return xp.unique_values(z).shape[0] < z.shape[0]


print(has_ties(da.from_array([1.0, 2.0, 2.0, 3.0], chunks=2)))
"""

REPAIRED = """
import array_api_extra as xpx
import dask.array as da


def has_ties(z):
    return xpx.nunique(z) < z.shape[0]


print(has_ties(da.from_array([1.0, 2.0, 2.0, 3.0], chunks=2)).compute())
"""


@dataclass(frozen=True)
class _Compared:
    """Comparisons of one unknown length."""

    path: UnknownPath
    site: int
    """Position of the call whose result was compared."""
    reading: Reading
    asked: tuple[AskedLength, ...]

    @property
    def at(self) -> float:
        return self.path.origin.at


def find(trace: TraceData) -> Iterator[Discovery]:
    """Unknown shapes whose length the source compares before anything settles it."""
    found: dict[Hashable, list[_Compared]] = {}
    for shape in trace.unknown_shapes:
        if shape.site is None:
            continue
        for compared in _comparisons(trace, path_of_unknown(trace, shape)):
            user = None if shape.user_site is None else place_of(trace, shape.user_site)
            found.setdefault((place_of(trace, compared.site), user), []).append(compared)
    for group in found.values():
        yield _discovery(trace, group)


def _comparisons(trace: TraceData, path: UnknownPath) -> Iterator[_Compared]:
    if path.settled_by is not None or any(harm.force is not None for harm in path.harms):
        return
    assert path.origin.site is not None
    steps = [(path.origin.site, path.made_by)]
    steps += [(step.call.site, step.call) for step in path.carried.shown]
    for site, call in steps:
        reading = read(trace, site)
        unknown = _unknown_axes(trace, call)
        asked = [one for one in reading.lengths if _is_silent(one, unknown)] if reading else []
        if reading is not None and asked:
            yield _Compared(path, site, reading, tuple(asked))


def _unknown_axes(trace: TraceData, call: events.Call | None) -> tuple[bool, ...] | None:
    """Which axes of what a call made have an unknown length; None if that is not known."""
    if call is None or not call.outputs:
        return None
    return tuple(length is None for length in trace.layouts[call.outputs[0][2]].shape)


def _is_silent(asked: AskedLength, unknown: tuple[bool, ...] | None) -> bool:
    """Whether a comparison has the same answer whatever the data are, without any exception."""
    comparison = _parsed(asked.text)
    if comparison is None or asked.length.startswith("len("):
        return False
    signs = comparison.ops
    if "xp_size(" in asked.length and not all(isinstance(sign, (ast.Eq, ast.NotEq)) for sign in signs):
        return False
    axis = _AXIS.search(asked.length)
    if unknown is not None and axis is not None and not _at(unknown, int(axis[1])):
        return False
    return not any(isinstance(sign, (ast.Is, ast.IsNot, ast.In, ast.NotIn)) for sign in signs)


_AXIS = re.compile(r"\.shape\[(-?\d+)\]$")


def _parsed(text: str) -> ast.Compare | None:
    node = parsing.expression(f"({text})")
    return node if isinstance(node, ast.Compare) else None


def _at(unknown: tuple[bool, ...], axis: int) -> bool:
    return -len(unknown) <= axis < len(unknown) and unknown[axis]


def _discovery(trace: TraceData, group: list[_Compared]) -> Discovery:
    first = group[0]
    origin = first.path.origin
    evidence = Placed(trace, _at_site(origin, first.site))
    at_least = severity_of_cause(trace, [one.at for one in group])
    return Discovery(
        Match(_why(trace, first), tuple(_fixes(evidence)), expected=at_least is None, at_least=at_least),
        site=first.site,
        user_site=origin.user_site,
        entry=origin.entry,
        occurrences=len(group),
    )


def _at_site(origin: events.UnknownShape, site: int) -> events.UnknownShape:
    fields = {name: getattr(origin, name) for name in origin.__struct_fields__}
    return events.UnknownShape(**(fields | {"site": site}))


def _why(trace: TraceData, compared: _Compared) -> str:
    texts = names([f"`{short(asked.text)}` (line {asked.line})" for asked in compared.asked])
    first = _parsed(compared.asked[0].text)
    never = first is None or not any(isinstance(sign, ast.NotEq) for sign in first.ops)
    are = "is" if len(compared.asked) == 1 else "are"
    origin = read(trace, compared.path.origin.site) if compared.path.origin.site is not None else None
    made = origin.expression if origin and origin.expression else compared.path.origin.operation
    return (
        f"The length of `{short(made)}` is not known before it is computed: dask has `nan` for it. So "
        f"{texts} {are} {'False' if never else 'True'} for whatever data, without an exception."
    )


def _fixes(evidence: Placed) -> Iterator[Fix]:
    if not evidence.at_user and evidence.user_call is not None:
        yield compute_before(evidence)
    yield counted(evidence)
    yield Fix(
        "compute-chunk-sizes",
        SKETCHES["compute-chunk-sizes"],
        "computes the array and holds it in memory",
        audience=author(evidence),
    )
