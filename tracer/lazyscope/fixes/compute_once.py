"""``compute-once``: compute what a function needs whole, and go on with NumPy.

The arguments are computed where they are handed over, so that the rest of the program keeps its dask
arrays; what is done with the result later is adapted (`consumers`).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from lazyscope import figures
from lazyscope.analysis.arrays import Array
from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.known_names import kind_of_name
from lazyscope.analysis.source import Found, found_at
from lazyscope.analysis.syntax.calls import call_in
from lazyscope.analysis.syntax.place import Place
from lazyscope.analysis.syntax.terms import FUNCTIONS, arguments_of
from lazyscope.fixes.consumers import Consumers
from lazyscope.fixes.edit import SINGLE, Draft, Edit
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.placement import file_at, owner_of
from lazyscope.model.trace import TraceData


def compute_in_call(evidence: Placed, arrays: Sequence[Array], *, sketch: str = "") -> Fix:
    """Compute the dask arrays that the user's line hands to a function, where that is known.

    Parameters
    ----------
    evidence
        What happened in the function.
    arrays
        The arrays that it was about, as far as they are known: what they are called in the user's code.
    sketch
        What is said where there is no edit.
    """
    call = _call_at(evidence)
    size = _bytes(arrays)
    price = "the whole array is in memory, as NumPy; what follows is no longer lazy"
    if size is not None:
        price = f"holds {figures.size(size)} in memory, as NumPy; what follows is no longer lazy"
    said = sketch or f"compute the dask arrays that `{evidence.function}` gets, once, before it gets them"
    if call is None or evidence.user_site is None:
        return Fix("compute-once", said, price)
    found, node = call
    given = lazy_arguments_in(evidence.trace, evidence.user_site, found, node, arrays)
    edit = _edit(evidence, found, node, given) if given else None
    summary = _summary(evidence.trace, edit) if edit is not None else said
    return Fix("compute-once", summary, price, edit=edit, sketch=said)


def _call_at(evidence: Placed) -> tuple[Found, ast.Call] | None:
    if evidence.user_site is None:
        return None
    found = found_at(evidence.trace, evidence.user_site)
    if found is None:
        return None
    node = call_in(Place(found, evidence.trace.positions[evidence.user_site].opcode))
    return None if node is None else (found, node)


def lazy_arguments_in(
    trace: TraceData, position: int, found: Found, call: ast.Call, arrays: Sequence[Array]
) -> list[ast.expr]:
    """The arguments of a call that are dask arrays by record, or hold them; a list gives its elements."""
    owner = owner_of(found)
    function = owner.name if isinstance(owner, FUNCTIONS) else None
    made_here = _made_in(trace, position)
    names = {array.variable for array in arrays if array.variable}
    chosen: list[ast.expr] = []
    for argument in arguments_of(call):
        parts = argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]
        for part in parts:
            if isinstance(part, ast.Name):
                kind = kind_of_name(trace, file_at(trace, position), function, part.id)
                if kind == "array" or (kind is None and part.id in names):
                    chosen.append(part)
            elif isinstance(part, SINGLE) and _place(part) in made_here:
                chosen.append(part)
    return chosen


def _made_in(trace: TraceData, position: int) -> set[tuple[int, int, int, int]]:
    """Places of expressions by which a function made dask arrays, in the same function as a position."""
    code = trace.positions[position].code
    known: dict[int, set[tuple[int, int, int, int]]] | None = vars(trace).get("_places_of_makings")
    if known is None:
        known = vars(trace)["_places_of_makings"] = {}
        for call in trace.calls:
            if call.outputs and call.site == call.user_site:
                place = trace.positions[call.site]
                if place.end_line is not None and place.column is not None and place.end_column is not None:
                    span = (place.line, place.column, place.end_line, place.end_column)
                    known.setdefault(place.code, set()).add(span)
    return known.get(code, set())


def _place(node: ast.expr) -> tuple[int, int, int, int]:
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0


def _edit(evidence: Placed, found: Found, call: ast.Call, given: list[ast.expr]) -> Edit | None:
    assert evidence.user_site is not None
    trace, file = evidence.trace, file_at(evidence.trace, evidence.user_site)
    draft = Draft(trace)
    first = call.args.index(given[0]) if given[0] in call.args else None
    consecutive = first is not None and call.args[first : first + len(given)] == given
    if len(given) > 1 and consecutive:
        dask = draft.import_of(file, "dask")
        draft.prepend(file, given[0], f"*{dask}.compute(")
        draft.append(file, given[-1], ")")
    else:
        for node in given:
            draft.append(file, node, ".compute()")
    if not Consumers(draft, file).adapt(call):
        return None
    return draft.edit()


def _summary(trace: TraceData, edit: Edit) -> str:
    change = edit.main
    new = " ".join(line.strip() for line in change.new)
    return f"`{new}` on line {change.line}" if len(change.new) == 1 else f"compute them on line {change.line}"


def _bytes(arrays: Sequence[Array]) -> int | None:
    sizes = {array.text: array.bytes for array in arrays}
    known = [size for size in sizes.values() if size is not None]
    return sum(known) if known and len(known) == len(sizes) else None
