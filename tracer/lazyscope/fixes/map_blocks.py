"""``map-blocks``: run a function that needs NumPy on each chunk, where it works along an axis that is whole.

Only functions of which it is known that their result has the shape of the input, and that what is computed
for one position of the other axes depends on nothing at other positions.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.syntax.terms import arguments_of, keyword, words
from lazyscope.fixes.check import objections
from lazyscope.fixes.compute_before import told
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.lazy_consumers import saves_an_execution
from lazyscope.fixes.written import Written, written_at
from lazyscope.model import events

SKETCH = "run the function on each chunk, where what it computes needs nothing of other chunks"
_PRICE = "each chunk is worked on by itself, when the result is computed"


@dataclass(frozen=True)
class AlongAxis:
    """A function that works along one axis and gives an array of the same shape."""

    array: int
    """Which positional argument the array is."""
    axis: int
    """Which positional argument the axis is."""
    default: int = -1
    """The axis if none is given."""
    result: str = "float"
    """``float``, ``complex``, ``int`` or ``same``: the dtype of the result."""


ALONG_AXIS: dict[str, AlongAxis] = {
    "scipy.signal.detrend": AlongAxis(0, 1),
    "scipy.signal.savgol_filter": AlongAxis(0, 5),
    "scipy.signal.filtfilt": AlongAxis(2, 3),
    "scipy.signal.lfilter": AlongAxis(2, 3),
    "scipy.signal.sosfilt": AlongAxis(1, 2),
    "scipy.signal.sosfiltfilt": AlongAxis(1, 2),
    "scipy.signal.hilbert": AlongAxis(0, 2, result="complex"),
    "scipy.ndimage.gaussian_filter1d": AlongAxis(0, 2, result="same"),
    "scipy.ndimage.uniform_filter1d": AlongAxis(0, 2, result="same"),
    "scipy.ndimage.maximum_filter1d": AlongAxis(0, 2, result="same"),
    "scipy.ndimage.minimum_filter1d": AlongAxis(0, 2, result="same"),
    "scipy.ndimage.convolve1d": AlongAxis(0, 2, result="same"),
    "scipy.ndimage.correlate1d": AlongAxis(0, 2, result="same"),
    "scipy.fft.dct": AlongAxis(0, 3),
    "scipy.fft.idct": AlongAxis(0, 3),
    "scipy.fft.dst": AlongAxis(0, 3),
    "scipy.fft.idst": AlongAxis(0, 3),
    "numpy.unwrap": AlongAxis(0, 2, result="same"),
    "numpy.sort": AlongAxis(0, 1, result="same"),
    "numpy.argsort": AlongAxis(0, 1, result="int"),
}
"""By import path."""

_OWN = words("name token dtype chunks drop_axis new_axis enforce_ndim meta func args kwargs")
"""Parameters of `map_blocks` itself: those of the function must not be called so."""

_CHANGES_SHAPE = words("n zi N")
"""Options with which these functions give something else."""


def on_chunks(evidence: Placed) -> Fix | None:
    """Run the function that the user's line calls on each chunk; None where that is wrong or no better.

    Parameters
    ----------
    evidence
        What happened in the function.
    """
    written = written_at(evidence.trace, evidence.user_site)
    node = written.expression if written is not None else None
    if written is None or not isinstance(node, ast.Call):
        return None
    found = ALONG_AXIS.get(written.resolved(node.func))
    edit = _edit(written, node, found) if found is not None else None
    if edit is None or objections(evidence.trace, edit):
        return None
    return Fix("map-blocks", told(evidence, edit), _PRICE, edit=edit, sketch=SKETCH)


def _edit(written: Written, call: ast.Call, how: AlongAxis) -> Edit | None:
    if len(call.args) <= how.array or any(isinstance(one, ast.Starred) for one in call.args):
        return None
    if any(word.arg is None or word.arg in _CHANGES_SHAPE for word in call.keywords):
        return None
    array = call.args[how.array]
    others = [one for one in arguments_of(call) if one is not array]
    layout, dtype = written.layout(array), _dtype(written, array, how)
    if not written.is_array(array) or layout is None or dtype is None:
        return None
    if any(_may_be_lazy(written, one) for one in others):
        return None
    axis = _axis(call, how)
    if axis is None or not _is_whole(layout, axis):
        return None
    if not saves_an_execution(written.trace, written.file, call):
        return None
    draft = Draft(written.trace)
    text = _text(written, call, how, array, dtype)
    if text is None:
        return None
    draft.replace(written.file, call, text)
    return draft.edit()


def _may_be_lazy(written: Written, node: ast.expr) -> bool:
    return written.is_lazy(node) or bool(written.lazy_parts(node))


def _axis(call: ast.Call, how: AlongAxis) -> int | None:
    given = keyword(call, "axis")
    if given is None and len(call.args) > how.axis:
        given = call.args[how.axis]
    if given is None:
        return how.default
    sign = 1
    if isinstance(given, ast.UnaryOp) and isinstance(given.op, ast.USub):
        given, sign = given.operand, -1
    if isinstance(given, ast.Constant) and type(given.value) is int:
        return sign * given.value
    return None


def _is_whole(layout: events.Layout, axis: int) -> bool:
    """Whether an axis is in one chunk, and there are several chunks along others."""
    grid: Sequence[int] = layout.numblocks
    if not -len(grid) <= axis < len(grid) or None in layout.shape:
        return False
    return grid[axis] == 1 and any(number > 1 for number in grid)


def _dtype(written: Written, array: ast.expr, how: AlongAxis) -> str | None:
    recorded = written.dtype(array)
    try:
        kind = np.dtype(recorded) if recorded is not None else None
    except TypeError:
        return None
    if kind is None:
        return None
    if how.result == "same":
        return f"{written.tight(array)}.dtype"
    if how.result == "int":
        return "int"
    return how.result if kind == np.float64 or kind.kind in "iu" else None


def _text(written: Written, call: ast.Call, how: AlongAxis, array: ast.expr, dtype: str) -> str | None:
    function, lazy = written.text(call.func), written.tight(array)
    clashes = any(word.arg in _OWN for word in call.keywords)
    if how.array == 0 and not clashes:
        rest = [written.text(one) for one in call.args[1:]]
        rest += [f"{word.arg}={written.text(word.value)}" for word in call.keywords]
        return f"{lazy}.map_blocks({', '.join([function, *rest, f'dtype={dtype}'])})"
    names = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
    if "block" in names:
        return None
    inner = ["block" if one is array else written.text(one) for one in call.args]
    inner += [f"{word.arg}={written.text(word.value)}" for word in call.keywords]
    return f"{lazy}.map_blocks(lambda block: {function}({', '.join(inner)}), dtype={dtype})"


_REDUCING = words("sum mean")


def reduced_in_blocks(evidence: Placed) -> Fix | None:
    """Reduce blocks that are no NumPy arrays with their own method, where dask gives it what it has not.

    `scipy.sparse` matrices have no ``keepdims``: dask reduces each block so. Along an axis in one chunk the
    reduction of a block is all of it.
    """
    written = written_at(evidence.trace, evidence.user_site)
    node = written.expression if written is not None else None
    if written is None or not isinstance(node, ast.Call):
        return None
    called = _reduction(written, node)
    axis = keyword(node, "axis")
    along = axis.value if isinstance(axis, ast.Constant) else None
    if called is None or type(along) is not int or along not in (0, 1):
        return None
    array, name = called
    layout = written.layout(array)
    if layout is None or len(layout.shape) != 2 or layout.numblocks[along] != 1:
        return None
    draft = Draft(written.trace)
    np_ = draft.import_of(written.file, "numpy")
    block = f"{np_}.asarray(block.{name}(axis={along})).ravel()"
    more = f"drop_axis={along}, dtype=float, meta={np_}.empty(0)"
    draft.replace(written.file, node, f"{written.tight(array)}.map_blocks(lambda block: {block}, {more})")
    edit = draft.edit()
    if edit is None or objections(evidence.trace, edit):
        return None
    return Fix("map-blocks", told(evidence, edit), _PRICE, edit=edit, sketch=SKETCH)


def _reduction(written: Written, call: ast.Call) -> tuple[ast.expr, str] | None:
    """The array and the name of the reduction of a call with nothing but an axis."""
    if {word.arg for word in call.keywords} != {"axis"}:
        return None
    path = written.resolved(call.func)
    module, _, name = path.rpartition(".")
    if module in ("dask.array", "numpy") and len(call.args) == 1:
        found = call.args[0]
    elif isinstance(call.func, ast.Attribute) and not call.args:
        found, name = call.func.value, call.func.attr
    else:
        return None
    dtype = written.dtype(found)
    return (found, name) if name in _REDUCING and written.is_array(found) and dtype == "float64" else None
