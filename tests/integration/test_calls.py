"""The array-API calls of traced code: each once, with its name, line, inputs and outputs; none of dask's."""

from __future__ import annotations

import pickle
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from dask._task_spec import convert_legacy_graph
from dask.base import tokenize
from traced_programs import Run, Runner
from witness import Reader

import lazyscope

PREPARATION = """\
x = da.arange(10., chunks=5)
m = da.from_array(np.eye(4), chunks=2)
"""
PREPARED = 2
"""Calls of the preparation."""


def calls(done: Run) -> list[tuple[str, int | None]]:
    """Operation and line of each call after the preparation."""
    return [(c.operation, c.site.line if done.is_here(c.site) else None) for c in done.trace.calls][PREPARED:]


def run_prepared(run: Runner, text: str, **names: Any) -> Run:
    return run(PREPARATION + text, **names)


OPERATORS = {
    "__add__": "x + 1", "__radd__": "1 + x", "__sub__": "x - 1", "__rsub__": "1 - x", "__mul__": "x * 2",
    "__rmul__": "2 * x", "__truediv__": "x / 2", "__rtruediv__": "2 / x", "__floordiv__": "x // 2",
    "__rfloordiv__": "2 // x", "__mod__": "x % 2", "__rmod__": "2 % x", "__pow__": "x ** 2",
    "__rpow__": "2 ** x", "__matmul__": "m @ m", "__rmatmul__": "np.eye(4).tolist() @ m",
    "__divmod__": "divmod(x, 2)", "__rdivmod__": "divmod(2, x)", "__neg__": "-x", "__pos__": "+x",
    "__abs__": "abs(x)", "__invert__": "~i", "__and__": "i & 1", "__rand__": "1 & i", "__or__": "i | 1",
    "__ror__": "1 | i", "__xor__": "i ^ 1", "__rxor__": "1 ^ i", "__lshift__": "i << 1",
    "__rlshift__": "1 << i", "__rshift__": "i >> 1", "__rrshift__": "1 >> i", "__eq__": "x == 1",
    "__ne__": "x != 1", "__lt__": "x < 1", "__le__": "x <= 1", "__gt__": "x > 1", "__ge__": "x >= 1",
    "__getitem__": "x[2:4]",
}  # fmt: skip


@pytest.mark.parametrize("operator", OPERATORS)
def test_operators(run: Runner, operator: str) -> None:
    """One call, named after the method that Python used."""
    done = run_prepared(run, f"y = {OPERATORS[operator]}", i=da.ones(4, chunks=2, dtype=int))
    assert calls(done) == [(f"Array.{operator}", 3)]


def test_operators_in_place(run: Runner) -> None:
    """Arrays are rebound by ``+=`` and changed by assignment."""
    done = run_prepared(run, "y = x\ny += 1\ny *= 2\ny[0] = 3\ny[y > 2] = 0")
    assert calls(done) == [
        ("Array.__add__", 4), ("Array.__mul__", 5), ("Array.__setitem__", 6), ("Array.__gt__", 7),
        ("Array.__setitem__", 7),
    ]  # fmt: skip


METHODS = {
    "sum": "x.sum()", "mean": "x.mean(axis=0)", "std": "x.std()", "max": "x.max()", "argmin": "x.argmin()",
    "any": "x.any()", "cumsum": "x.cumsum(axis=0)", "reshape": "x.reshape(2, 5)", "astype": "x.astype('f4')",
    "rechunk": "x.rechunk(2)", "map_blocks": "x.map_blocks(np.sin)", "copy": "x.copy()", "ravel": "x.ravel()",
    "transpose": "m.transpose()", "clip": "x.clip(0, 1)", "round": "x.round()", "dot": "x.dot(x)",
    "T": "m.T", "real": "x.real", "imag": "x.imag", "nonzero": "x.nonzero()", "view": "x.view('i8')",
    "map_overlap": "x.map_overlap(np.sin, depth=1)", "squeeze": "x.squeeze()", "swapaxes": "m.swapaxes(0, 1)",
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_methods(run: Runner, method: str) -> None:
    """One call for each method and array property; what it calls inside is dask's."""
    done = run_prepared(run, f"y = {METHODS[method]}")
    assert calls(done) == [(f"Array.{method}", 3)]


def test_attributes_are_no_calls(run: Runner) -> None:
    """Asking an array what it is is no operation."""
    done = run_prepared(
        run, "y = x.shape, x.dtype, x.ndim, x.chunks, x.name, x.nbytes, x.dask, x.size, repr(x)"
    )
    assert calls(done) == []


FUNCTIONS = {
    "sum": "da.sum(x)", "mean": "da.mean(x)", "concatenate": "da.concatenate([x, x])",
    "stack": "da.stack([x, x])", "where": "da.where(c, x, 0)", "ones_like": "da.ones_like(x)",
    "from_array": "da.from_array(np.ones(3))", "arange": "da.arange(3)", "linspace": "da.linspace(0, 1, 3)",
    "zeros": "da.zeros(3)", "ones": "da.ones(3)", "full": "da.full(3, 2)", "empty": "da.empty(3)",
    "eye": "da.eye(3)", "map_blocks": "da.map_blocks(np.sin, x)", "einsum": "da.einsum('i,i', x, x)",
    "linalg.norm": "da.linalg.norm(x)", "linalg.svd": "da.linalg.svd(m.rechunk((2, 4)))",
    "linalg.cholesky": "da.linalg.cholesky(m)", "fft.fft": "da.fft.fft(w)", "fft.rfft": "da.fft.rfft(w)",
    "sin": "da.sin(x)", "add": "da.add(x, 1)", "isnan": "da.isnan(x)", "maximum": "da.maximum(x, 1)",
    "clip": "da.clip(x, 0, 1)", "unique": "da.unique(x)", "histogram": "da.histogram(x, bins=[0, 1, 2])",
    "ma.masked_greater": "da.ma.masked_greater(x, 2)", "ma.masked_array": "da.ma.masked_array(x)",
    "overlap.overlap": "da.overlap.overlap(x, 1, 'none')",
    "apply_gufunc": "da.apply_gufunc(np.sin, '()->()', x)",
    "random.random": "da.random.random(3)",
}  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_of_dask(run: Runner, function: str) -> None:
    """One call through ``da.``, named as there, ufunc objects included."""
    done = run_prepared(run, f"y = {FUNCTIONS[function]}", c=da.ones(10, chunks=5), w=da.ones(4, chunks=4))
    found = [(o, line) for o, line in calls(done) if o != "Array.rechunk"]
    assert found == [(f"dask.array.{function}", 3)]


COMPAT = {
    "sum": "sum(x)", "mean": "mean(x)", "concat": "concat([x, x])", "sin": "sin(x)",
    "astype": "astype(x, xp.float32)", "linalg.vector_norm": "linalg.vector_norm(x)", "fft.fft": "fft.fft(w)",
    "zeros": "zeros(3)", "permute_dims": "permute_dims(x, (0,))", "unique_values": "unique_values(x)",
    "arange": "arange(3)", "asarray": "asarray(x)", "matmul": "matmul(m, m)", "sort": "sort(x)",
    "cumulative_sum": "cumulative_sum(x)", "take": "take(x, np.array([1]), axis=0)",
}  # fmt: skip
ALIASES = {"concat": "concatenate"}


@pytest.mark.parametrize("namespace", ["xp", "vendored", "proxy"])
@pytest.mark.parametrize("function", COMPAT)
def test_functions_of_compat_namespaces(run: Runner, namespace: str, function: str) -> None:
    """One call through the compat layer, a vendored copy of it and the recording proxy alike."""
    done = run_prepared(
        run, f"y = {namespace}.{COMPAT[function]}", vendored=vendored_namespace(), w=da.ones(4, chunks=4),
        proxy=lazyscope.namespace(compat_namespace()),
    )  # fmt: skip
    ((operation, line),) = calls(done)
    last = function.rpartition(".")[2]
    assert operation.rpartition(".")[2] in (last, ALIASES.get(last))
    assert line == 3


def compat_namespace() -> Any:
    import array_api_compat.dask.array as xp

    return xp


def vendored_namespace() -> Any:
    """SciPy's copy of the compat layer, wherever this version keeps it."""
    import importlib

    for package in ("scipy._external", "scipy._lib"):
        try:
            return importlib.import_module(f"{package}.array_api_compat.dask.array")
        except ImportError:
            continue
    return pytest.skip("no SciPy with a copy of array_api_compat")


def test_numpy_functions(run: Runner) -> None:
    """NumPy's functions and ufuncs on dask arrays are calls of those functions."""
    done = run_prepared(
        run,
        """\
y = np.sum(x)
y = np.concatenate([x, x])
y = np.sin(x)
y = np.add(np.ones(10), x)
y = np.add.outer(x, x)
""",
    )
    assert [line for _, line in calls(done)] == [3, 4, 5, 6, 7]
    assert [operation for operation, _ in calls(done)][:2] == ["numpy.sum", "numpy.concatenate"]


def test_conversions(run: Runner) -> None:
    """Conversions are calls; their answers, which are data, are not in the trace."""
    done = run_prepared(
        run,
        "s = x.sum()\nbool(s)\nfloat(s)\nint(s)\ncomplex(s)\nnp.asarray(x)\nlen(x)\n"
        "list(range(s.astype(int)))",
    )
    assert calls(done) == [
        ("Array.sum", 3), ("Array.__bool__", 4), ("Array.__float__", 5), ("Array.__int__", 6),
        ("Array.__complex__", 7), ("Array.__array__", 8), ("Array.__len__", 9), ("Array.astype", 10),
        ("Array.__index__", 10),
    ]  # fmt: skip
    assert {c.answer for c in done.trace.calls} == {None}


def test_questions(run: Runner) -> None:
    """`is_lazy_array` and `is_dask_array` asked about dask arrays are calls with what was answered."""
    done = run_prepared(
        run,
        """\
import array_api_compat
from array_api_compat import is_dask_array, is_lazy_array
a = is_dask_array(x)
b = is_lazy_array(x)
c = array_api_compat.is_lazy_array(x)
d = vendored.is_lazy_array(x), vendored.is_dask_array(x)
e = is_lazy_array(np.ones(2)), is_dask_array(3)
""",
        vendored=vendored_helpers(),
    )
    asked = [
        (c.operation.rpartition(".")[2], c.site and c.site.line, c.answer)
        for c in done.trace.calls[PREPARED:]
    ]
    assert asked == [
        ("is_dask_array", 5, True),
        ("is_lazy_array", 6, True),
        ("is_lazy_array", 7, True),
        ("is_lazy_array", 8, True),
        ("is_dask_array", 8, True),
    ]
    assert [done.names[n] for n in "abc"] == [True, True, True]


def vendored_helpers() -> Any:
    import importlib

    return importlib.import_module(vendored_namespace().__name__.removesuffix(".dask.array"))


def test_nothing_of_the_array_layer_s_own(run: Runner) -> None:
    """What dask, the compat layer and array-api-extra call inside is theirs, in threads of tasks too."""
    done = run_prepared(
        run,
        """\
import array_api_extra as xpx
y = x.std() + da.percentile(x, 50)
z = xpx.at(x)[x > 2].set(0.)
w = da.median(m, axis=0).compute()
v = np.asarray(da.linalg.svd(m.rechunk((2, 4)))[1])
u = da.map_overlap(np.sin, x, depth=1).compute()
""",
    )
    assert [line for _, line in calls(done)] == [4, 4, 4, 5, 5, 6, 7, 7, 7, 8]


def test_calls_in_tasks(run: Runner) -> None:
    """Traced code in a task calls for itself; the force it is part of is named."""
    done = run_prepared(
        run,
        """\
def block(b):
    s = m.sum()
    return b + float(s)
y = x.map_blocks(block, dtype=float, meta=np.array(()))
z = y.compute()
""",
    )
    assert sorted(calls(done)) == sorted(
        [("Array.map_blocks", 6)] + [("Array.sum", 4), ("Array.__float__", 5)] * 2
    )
    assert [c.force for c in done.trace.calls[PREPARED:]] == [None, 1, 1, 1, 1]
    assert {c.user_site.line for c in done.trace.calls if c.user_site} == {1, 2, 4, 5, 6}


def test_inputs_and_outputs(run: Runner) -> None:
    """Names of the arrays that went in; name, dtype, shape and blocks of those that came out."""
    done = run_prepared(
        run,
        """\
y = x + x[::2].sum()
u, s, v = da.linalg.svd(m.rechunk((2, 4)))
z = x[x > 2].astype("f4")
w = da.stack([x, y])
""",
    )
    names = done.names
    by_operation = {c.operation: c for c in done.trace.calls}
    add = by_operation["Array.__add__"]
    assert add.inputs[0] == names["x"].name
    assert len(add.inputs) == 2
    assert [(o.name, o.dtype, o.shape, o.numblocks) for o in add.outputs] == [
        (names["y"].name, "float64", (10,), (2,))
    ]
    assert [o.name for o in by_operation["dask.array.linalg.svd"].outputs] == [
        names[n].name for n in ("u", "s", "v")
    ]
    assert [(o.dtype, o.shape) for o in by_operation["Array.astype"].outputs] == [("float32", (None,))]
    stack = next(c for c in done.trace.calls if c.operation.endswith(".stack"))
    assert stack.inputs == (names["x"].name, names["y"].name)
    assert [(o.shape, o.numblocks) for o in stack.outputs] == [((2, 10), (2, 2))]


def test_calls_of_many(run: Runner) -> None:
    """Exact counts in a loop, in order, on one line or on several."""
    done = run_prepared(run, "for n in range(1500):\n    x = x + n\ny = sum([x, x, x])")
    assert calls(done) == (
        [("Array.__add__", 4)] * 1500 + [("Array.__radd__", 5)] + [("Array.__add__", 5)] * 2
    )
    assert all(a.started <= b.started for a, b in zip(done.trace.calls, done.trace.calls[1:], strict=False))


def test_nothing_outside_a_trace() -> None:
    """Calls before, after and of another context are not in the trace."""
    x = da.ones(4, chunks=2)
    x + 1
    kept: Any = None
    with lazyscope.trace() as trace:
        from dask.array import mean as kept

        kept(x)
    kept(x)
    x + 2
    assert [c.operation.rpartition(".")[2] for c in trace.calls] == ["mean"]
    assert kept(x).compute() == 1.0


# Nothing about the program changes


def test_graphs_hold_no_function_of_lazyscope_s() -> None:
    """Tasks made inside a trace run dask's and NumPy's own functions."""
    with lazyscope.trace():
        graphs = [dict(y.__dask_graph__()) for y in many_arrays()]
    files = {
        getattr(getattr(node, "func", None), "__code__", None) and node.func.__code__.co_filename
        for graph in graphs
        for node in convert_legacy_graph(graph).values()
    }
    assert [f for f in files if f and f.startswith("<lazyscope")] == []


def test_keys_and_pickles_are_the_same() -> None:
    """Keys of graphs, tokens of functions and closures, and pickles by reference, traced or not."""

    def facts() -> list[Any]:
        xp = compat_namespace()
        return [
            [y.name for y in many_arrays()],
            [tokenize(f) for f in (da.sin, da.mean, xp.mean, xp.log, xp, da.linalg.svd, np.sum)],
            [tokenize(lambda v, f=f: f(v)) for f in (xp.log, da.mean, xp.sum)],
            [pickle.dumps(f) for f in (da.mean, da.concatenate, da.linalg.svd)],
        ]

    before = facts()
    with lazyscope.trace():
        inside = facts()
    assert inside == before
    assert facts() == before


def many_arrays() -> list[da.Array]:
    x = da.from_array(np.arange(64.0).reshape(8, 8), chunks=4, name="fixed")
    tall = x.rechunk((4, 8))
    mean = da.apply_gufunc(np.mean, "(i)->()", tall, axis=-1, output_dtypes=float)
    return [
        x[1:3], x[[1, 2]], x[x > 2], x.T @ x, x.sum(axis=0), x.std(), da.concatenate([x, x])[3:],
        x.rechunk(3), da.coarsen(np.sum, x, {0: 2}), da.ma.masked_greater(x, 2), da.ma.masked_equal(x, 1),
        da.linalg.qr(tall)[0], da.linalg.svd(tall)[1], da.fft.fft(tall), mean, da.unique(x),
        da.percentile(x.ravel(), [50]), da.einsum("ij,kj->ik", x, x), da.pad(x, 1), da.topk(x, 2),
        da.linalg.solve_triangular(da.eye(8, chunks=4), x), x.map_overlap(np.sin, depth=1),
        x.cumsum(axis=0), da.where(x > 1, x, 0), da.dot(x, x), da.vdot(x, x),
    ]  # fmt: skip


@pytest.mark.parametrize("traced", [False, True])
def test_readers_are_asked_for_as_little_as_ever(traced: bool) -> None:
    """Dask reads only the slice that is wanted; inside a trace as outside."""
    reader = Reader(20)

    def program() -> None:
        x = da.from_array(reader, chunks=10)
        x[0:3].compute()
        (x[4:6] + 1).sum().compute()
        x[7].compute()

    if traced:
        with lazyscope.trace():
            program()
    else:
        program()
    assert [what for _, what in reader.done] == [
        "(slice(0, 3, None),)",
        "(slice(4, 6, None),)",
        "(7,)",
    ]


def test_identities_hold() -> None:
    """`xp is array_namespace(x)`, and what schedulers are found and locked with, are what they were."""
    import array_api_compat
    from dask.base import get_scheduler
    from dask.utils import get_scheduler_lock

    x = da.ones(4, chunks=2)

    def facts() -> list[Any]:
        return [
            compat_namespace() is array_api_compat.array_namespace(x),
            [get_scheduler(scheduler=s) for s in ("threads", "sync", "processes", dask.get)],
            get_scheduler(collections=[x]),
            type(get_scheduler_lock(x)),
            type(get_scheduler_lock(x, scheduler="processes")),
        ]

    before = facts()
    with lazyscope.trace():
        assert facts() == before
    assert before[0]
