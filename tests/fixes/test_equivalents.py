"""Every row of the table of equivalents gives NumPy's result, and computes nothing for it."""

from __future__ import annotations

import ast

import dask
import dask.array as da
import numpy as np
import pytest

from lazyscope.fixes.equivalents import (
    ATTRIBUTES,
    EQUIVALENTS,
    METHODS,
    UFUNC_METHODS,
    Equivalent,
    filled,
    numpy_has,
)

LINE = np.random.default_rng(5).normal(size=12)
OTHER = np.random.default_rng(6).normal(size=12)
WHOLE = np.arange(12) % 5
TABLE = np.random.default_rng(7).normal(size=(6, 4))
MASK = LINE > 0

FUNCTIONS = {
    "sort": ["np.sort(x)", "np.sort(t, axis=0)"],
    "argsort": ["np.argsort(x)", "np.argsort(t, axis=0)"],
    "partition": ["np.partition(x, 3)"],
    "unwrap": ["np.unwrap(x)"],
    "interp": ["np.interp(x, [-1, 0, 2], [0, 1, 5])"],
    "trapezoid": ["np.trapezoid(x)", "np.trapezoid(x, y)"],
    "amax": ["np.amax(t)", "np.amax(t, axis=1)", "np.amax(t, 1)"],
    "amin": ["np.amin(t)", "np.amin(t, axis=1)", "np.amin(t, 1)"],
    "concat": ["np.concat([x, y])", "np.concat([t, t], axis=1)"],
    "permute_dims": ["np.permute_dims(t, (1, 0))"],
    "matrix_transpose": ["np.matrix_transpose(t)"],
    "linalg.matrix_transpose": ["np.linalg.matrix_transpose(t)"],
    "pow": ["np.pow(x, 2)"],
    "bitwise_invert": ["np.bitwise_invert(w)"],
    "unique_values": ["np.unique_values(o)"],
    "vecdot": ["np.vecdot(x, y)"],
    "linalg.vecdot": ["np.linalg.vecdot(x, y)"],
    "astype": ["np.astype(w, float)"],
    "column_stack": ["np.column_stack([x, y])"],
    "row_stack": ["np.vstack([x, y])"],
    "inner": ["np.inner(x, y)"],
    "linalg.matmul": ["np.linalg.matmul(t, t.T)"],
    "linalg.outer": ["np.linalg.outer(x, y)"],
    "linalg.tensordot": ["np.linalg.tensordot(x, y, axes=1)"],
    "linalg.trace": ["np.linalg.trace(t)"],
    "linalg.diagonal": ["np.linalg.diagonal(t)"],
    "linalg.vector_norm": ["np.linalg.vector_norm(x)"],
    "linalg.matrix_norm": ["np.linalg.matrix_norm(t)"],
    "linalg.svdvals": ["np.linalg.svdvals(t)"],
    "cumulative_sum": ["np.cumulative_sum(x)", "np.cumulative_sum(t, axis=1)"],
    "cumulative_prod": ["np.cumulative_prod(x)", "np.cumulative_prod(t, axis=1)"],
    "copy": ["np.copy(x)"],
    "size": ["np.size(x)"],
    "diagflat": ["np.diagflat(x)"],
    "median": ["np.median(t)", "np.median(t, axis=0)"],
    "nanmedian": ["np.nanmedian(t)"],
    "intersect1d": ["np.intersect1d(w, w + 2)"],
    "setdiff1d": ["np.setdiff1d(w, w + 2)"],
    "vander": ["np.vander(x, 3)"],
    "broadcast_shapes": ["np.broadcast_shapes((3, 1), (1, 4))"],
    "issubdtype": ["np.issubdtype(x.dtype, np.floating)"],
    "result_type": ["np.result_type(np.float32, np.int64)"],
}
METHOD_CALLS = {
    "take": ["t.take([0, 2], axis=1)", "t.take([5, 2])"],
    "searchsorted": ["ordered.searchsorted(x)"],
    "compress": ["x.compress(m)"],
    "diagonal": ["t.diagonal()"],
    "ptp": ["np.ptp(t)", "np.ptp(t, axis=1)", "np.ptp(t, 1)"],
    "conjugate": ["x.conjugate()"],
    "argsort": ["x.argsort()", "t.argsort(axis=0)"],
    "sum": ["x.sum(where=m)", "t.sum(axis=0, where=t > 0)"],
    "prod": ["x.prod(where=m)", "t.prod(axis=0, where=t > 0)"],
    "any": ["m.any(where=x > 1)"],
    "all": ["m.all(where=x > 1)"],
    "mean": ["x.mean(where=m)", "t.mean(axis=0, where=t > -2)"],
    "ravel": ['t.ravel(order="F")', 't.ravel(order="C")'],
    "flatten": ['t.flatten(order="F")', 't.flatten(order="C")'],
}


def values(*, lazy: bool) -> dict[str, object]:
    """The variables of the expressions."""
    arrays = {
        "x": LINE,
        "y": OTHER,
        "w": WHOLE,
        "m": MASK,
        "o": WHOLE * 0,
        "t": TABLE,
        "ordered": np.sort(OTHER),
    }
    if not lazy:
        return {"np": np, **arrays}
    chunks = {"t": (2, 2), "ordered": 4}
    return {
        "np": np,
        "da": da,
        **{name: da.from_array(array, chunks=chunks.get(name, 4)) for name, array in arrays.items()},
    }


def rewritten(call: str, row: Equivalent, *, method: bool) -> str | None:
    """The call by a row of the table."""
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    arguments = {str(number): one for number, one in enumerate(node.args)}
    arguments |= {word.arg or "": word.value for word in node.keywords}
    if method and call.startswith("np.ptp"):
        # NumPy 2 has the method no more.
        arguments = {"self": node.args[0], **{str(n): one for n, one in enumerate(node.args[1:])}}
        arguments |= {word.arg or "": word.value for word in node.keywords}
    elif method:
        assert isinstance(node.func, ast.Attribute)
        arguments["self"] = node.func.value

    def text(part: ast.expr, tight: bool) -> str:
        simple = isinstance(part, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
        return ast.unparse(part) if simple or not tight else f"({ast.unparse(part)})"

    return filled(row, arguments, text, {"dask.array": "da", "numpy": "np"}.__getitem__)


def refuse(*_: object, **__: object) -> None:
    """A scheduler for what must stay lazy."""
    raise AssertionError("it was computed")


def same(call: str, text: str) -> None:
    """What the text gives on dask arrays is what the call gives on NumPy arrays, and lazy."""
    expected = eval(call, values(lazy=False))
    with dask.config.set(scheduler=refuse):
        found = eval(text, values(lazy=True))
    if isinstance(found, da.Array):
        assert found.dtype == np.asarray(expected).dtype
        found = found.compute()
    if isinstance(expected, bool | np.dtype | tuple):
        assert found == expected
    else:
        np.testing.assert_allclose(np.asarray(found), np.asarray(expected))


@pytest.mark.parametrize("name", sorted(EQUIVALENTS))
def test_functions_give_the_result_of_numpy_and_stay_lazy(name: str) -> None:
    used = set()
    for call in FUNCTIONS[name]:
        texts = [rewritten(call, row, method=False) for row in EQUIVALENTS[name]]
        fitting = [(number, text) for number, text in enumerate(texts) if text is not None]
        assert fitting, call
        used.update(number for number, _ in fitting)
        for _, text in fitting:
            same(call, text)
    assert used == set(range(len(EQUIVALENTS[name])))


@pytest.mark.parametrize("name", sorted(METHODS))
def test_methods_give_the_result_of_numpy_and_stay_lazy(name: str) -> None:
    used = set()
    for call in METHOD_CALLS[name]:
        for number, row in enumerate(METHODS[name]):
            text = rewritten(call, row, method=True)
            if text is not None:
                used.add(number)
                same(call, text)
    assert used == set(range(len(METHODS[name])))


@pytest.mark.parametrize("name", sorted(UFUNC_METHODS))
def test_methods_of_ufuncs_give_the_result_of_numpy_and_stay_lazy(name: str) -> None:
    array = "(t > 0)" if name.startswith("logical") else "t"
    for call in (f"np.{name}({array})", f"np.{name}({array}, axis=1)", f"np.{name}({array}, 1)"):
        texts = [rewritten(call, row, method=False) for row in UFUNC_METHODS[name]]
        [text] = [text for text in texts if text is not None]
        same(call, text)


def test_attributes_give_the_values_of_numpy() -> None:
    for name, row in ATTRIBUTES.items():
        node = ast.parse("t", mode="eval").body
        text = filled(
            row,
            {"self": node},
            lambda part, _: ast.unparse(part),
            {"dask.array": "da", "numpy": "np"}.__getitem__,
        )
        assert text is not None
        expected = list(TABLE.flat) if name == "flat" else getattr(TABLE, name)
        np.testing.assert_array_equal(eval(text, values(lazy=True)).compute(), expected)


def test_a_row_is_used_only_where_all_arguments_have_a_place() -> None:
    [row] = EQUIVALENTS["interp"]
    assert rewritten("np.interp(x, [0, 1], [0, 1], left=0)", row, method=False) is None
    assert rewritten('t.ravel(order="A")', METHODS["ravel"][0], method=True) is None


def test_numpy_has_what_it_has() -> None:
    assert numpy_has("linalg.det")
    assert not numpy_has("linalg.dte")
    assert not numpy_has("_core")
