"""``rechunk``: bring the axes that a function needs whole into one chunk, where it gets the array."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.syntax.terms import own_nodes, path_of
from lazyscope.fixes.check import objections
from lazyscope.fixes.compute_before import told
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.written import Written, user_frames

SKETCH = "bring the axis that must be whole into one chunk before this line"


def rechunk_argument(
    evidence: Placed, axes: Sequence[int], price: str, *, numblocks: int | None = None
) -> Fix:
    """Rechunk the dask arrays that the user's line hands to what needs them in one chunk.

    Parameters
    ----------
    evidence
        The exception.
    axes
        Axes that must be in one chunk; all if empty.
    price
        What that costs.
    numblocks
        Into how many chunks the axis is cut, where the message says so.
    """
    for written in user_frames(evidence):
        edit = _edit(written, axes, numblocks, at_site=written.position == evidence.site)
        if edit is not None and not objections(evidence.trace, edit):
            return Fix("rechunk", told(evidence, edit), price, edit=edit, sketch=SKETCH)
    return Fix("rechunk", SKETCH, price, sketch=SKETCH)


def _edit(written: Written, axes: Sequence[int], blocks: int | None, *, at_site: bool) -> Edit | None:
    node = written.expression
    if not isinstance(node, ast.Call):
        return None
    draft = Draft(written.trace)
    first = _rechunk(draft, written, node, axes, blocks)
    if not first:
        return None
    for statement in written.scope.statements if at_site else ():
        for other in own_nodes(statement):
            if isinstance(other, ast.Call) and other is not node and _same_function(node, other):
                _rechunk(draft, written, other, axes, None)
    return draft.edit()


def _same_function(one: ast.Call, other: ast.Call) -> bool:
    path = path_of(one.func)
    same_keywords = [ast.dump(word) for word in one.keywords] == [ast.dump(word) for word in other.keywords]
    return bool(path) and path == path_of(other.func) and same_keywords


def _rechunk(draft: Draft, written: Written, call: ast.Call, axes: Sequence[int], blocks: int | None) -> bool:
    given = [argument for argument in call.args if written.is_array(argument)]
    if isinstance(call.func, ast.Attribute) and written.is_array(call.func.value):
        given.insert(0, call.func.value)
    done = False
    for argument in given:
        chunks = _chunks(written, argument, axes, blocks)
        if chunks is not None:
            draft.replace(written.file, argument, f"{written.tight(argument)}.rechunk({chunks})")
            done = True
    return done


def _chunks(written: Written, node: ast.expr, axes: Sequence[int], blocks: int | None) -> str | None:
    """How to write the chunks; None where nothing has to be brought together, or the axis is not known."""
    layout = written.layout(node)
    if layout is None:
        return None
    ndim, grid = len(layout.shape), layout.numblocks
    whole = [axis for axis in axes if -ndim <= axis < ndim]
    if blocks is not None and not (whole and grid[whole[0]] == blocks):
        same = [axis for axis, number in enumerate(grid) if number == blocks]
        if len(same) != 1:
            return None
        whole = same
    if axes and not whole:
        return None
    if all(grid[axis] == 1 for axis in (whole or range(ndim))):
        return None
    if not whole or ndim == 1:
        return "-1"
    return "{" + ", ".join(f"{axis}: -1" for axis in whole) + "}"
