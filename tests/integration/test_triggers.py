"""What made dask execute a graph: trigger, line, expression, entry and number of forces, program by program.

The number of forces is what the witness saw below every sensor; lines are those that end in ``#!``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from traced_programs import Run, Runner

PREPARATION = """\
x = da.arange(10., chunks=5)
s = x.sum()
n = (x > 7).sum()
"""

Expected = list[tuple[str, str, int]]
"""For each marked line: trigger, expression, number of forces. A line may be listed more than once."""

ONE_FORCE = {
    "asarray": ("y = np.asarray(x)  #!", "__array__", "np.asarray(x)"),
    "array with a copy": ("y = np.array(x, copy=True)  #!", "__array__", "np.array(x, copy=True)"),
    "a buffer": ("y = memoryview(np.asarray(x))  #!", "__array__", "np.asarray(x)"),
    "if": ("if s > 0:  #!\n    pass", "__bool__", "s > 0"),
    "elif": ("if 0:\n    pass\nelif s > 0:  #!\n    pass", "__bool__", "s > 0"),
    "while": ("while s:  #!\n    break", "__bool__", "s"),
    "assert": ("assert s, 'text'  #!", "__bool__", "s"),
    "not": ("y = not s  #!", "__bool__", "s"),
    "and": ("y = s and 1  #!", "__bool__", "s"),
    "or": ("y = (s < 0) or 1  #!", "__bool__", "s < 0"),
    "conditional": ("y = 1 if s else 2  #!", "__bool__", "s"),
    "a chain of comparisons": ("y = 0 < s < 100  #!", "__bool__", "0 < s"),
    "a filter": ("y = [i for i in range(1) if s]  #!", "__bool__", "s"),
    "bool": ("y = bool(s)  #!", "__bool__", "bool(s)"),
    "any": ("y = any([s, s])  #!", "__bool__", "any([s, s])"),
    "max": ("y = max(s, s + 1)  #!", "__bool__", "max(s, s + 1)"),
    "allclose": ("y = bool(np.allclose(x, x))  #!", "__bool__", "bool(np.allclose(x, x))"),
    "float": ("y = float(s)  #!", "__float__", "float(s)"),
    "sqrt": ("import math\ny = math.sqrt(s)  #!", "__float__", "math.sqrt(s)"),
    "int": ("y = int(s)  #!", "__int__", "int(s)"),
    "range": ("y = list(range(n))  #!", "__index__", "range(n)"),
    "index": ("import operator\ny = operator.index(n)  #!", "__index__", "operator.index(n)"),
    "an element of a list": ("y = [1, 2, 3][n]  #!", "__index__", "[1, 2, 3][n]"),
    "a slice of an array": ("y = x[:n]  #!", "__index__", "x[:n]"),
    "zeros": ("y = np.zeros(n)  #!", "__index__", "np.zeros(n)"),
    "complex": ("y = complex(s)  #!", "__complex__", "complex(s)"),
    "compute": ("y = x.compute()  #!", "compute", "x.compute()"),
    "dask.compute": ("y = dask.compute(x, x + 1)  #!", "compute", "dask.compute(x, x + 1)"),
    "da.compute": ("y = da.compute(x)  #!", "compute", "da.compute(x)"),
    "persist": ("y = x.persist()  #!", "persist", "x.persist()"),
    "dask.persist": ("y = dask.persist(x, x + 1)  #!", "persist", "dask.persist(x, x + 1)"),
    "delayed": (
        "y = dask.delayed(sum)([1, 2]).compute()  #!",
        "compute",
        "dask.delayed(sum)([1, 2]).compute()",
    ),
    "compute_chunk_sizes": (
        "y = x[x > 2]\ny.compute_chunk_sizes()  #!",
        "compute_chunk_sizes",
        "y.compute_chunk_sizes()",
    ),
    "da.store": ("out = np.zeros(10)\nda.store(x, out)  #!", "store", "da.store(x, out)"),
    "store": ("out = np.zeros(10)\nx.store(out)  #!", "store", "x.store(out)"),
    "store and go on": (
        "out = np.zeros(10)\ny = da.store(x, out, return_stored=True)  #!",
        "store",
        "da.store(x, out, return_stored=True)",
    ),
    "store later": (
        "out = np.zeros(10)\ny = x.store(out, compute=False)\ny.compute()  #!",
        "compute",
        "y.compute()",
    ),
    "to_zarr": ("x.to_zarr(folder)  #!", "store", "x.to_zarr(folder)"),
    "da.to_zarr": ("da.to_zarr(x, folder)  #!", "store", "da.to_zarr(x, folder)"),
    "to_npy_stack": ("da.to_npy_stack(folder, x)  #!", "other", "da.to_npy_stack(folder, x)"),
    "a function dask lacks": ("y = np.partition(x, 3)  #!", "array_function", "np.partition(x, 3)"),
    "another one": ("y = np.interp(x, [0, 1], [0, 1])  #!", "array_function", "np.interp(x, [0, 1], [0, 1])"),
    "dask.get": (
        "y = dask.get({'a': (sum, [1, 2])}, 'a')  #!",
        "other",
        "dask.get({'a': (sum, [1, 2])}, 'a')",
    ),
    "svd_compressed": (
        "y = da.linalg.svd_compressed(da.ones((10, 5), chunks=5), 2, compute=True)  #!",
        "other",
        "da.linalg.svd_compressed(da.ones((10, 5), chunks=5), 2, compute=True)",
    ),
    "np.linspace with a lazy end": ("y = np.linspace(0, s, 3)  #!", "__float__", "np.linspace(0, s, 3)"),
    "da.linspace with a lazy end": ("y = da.linspace(0, s, 3)  #!", "__float__", "da.linspace(0, s, 3)"),
    "a function of the user's": (
        "def inner(v):\n    return float(v)  #!\ndef outer(v):\n    return inner(v)\ny = outer(s)",
        "__float__",
        "float(v)",
    ),
    "a call on several lines": ("y = max(  #!\n    s,\n    s + 1,\n)", "__bool__", "max( s, s + 1, )"),
    "a comment with wide characters": ("é = 1; y = float(s)  # ünï #!", "__float__", "float(s)"),
    "bag": (
        "import dask.bag as db\ny = list(db.from_sequence([1, 2]).map(str))  #!",
        "__iter__",
        "list(db.from_sequence([1, 2]).map(str))",
    ),
    "bag take": (
        "import dask.bag as db\ny = db.from_sequence([1, 2]).take(1)  #!",
        "other",
        "db.from_sequence([1, 2]).take(1)",
    ),
}  # fmt: skip

SEVERAL_FORCES: dict[str, tuple[str, Expected]] = {
    "in a list": ("y = s in [s + 1, s + 0]  #!", [("__bool__", "s in [s + 1, s + 0]", 2)]),
    "a test in a loop": ("y = [i for i in range(3) if s]  #!", [("__bool__", "s", 3)]),
    "np.asarray of scalars": (
        "y = np.asarray([s, s])  #!",
        [("__array__", "np.asarray([s, s])", 2), ("__float__", "np.asarray([s, s])", 2)],
    ),
    "xp.asarray of scalars": (
        "y = xp.asarray([s, s])  #!",
        [("__array__", "xp.asarray([s, s])", 2), ("__float__", "xp.asarray([s, s])", 2)],
    ),
    "tile": ("y = da.tile(x, n)  #!", [("__bool__", "da.tile(x, n)", 2), ("__array__", "da.tile(x, n)", 1)]),
}

LAZY = {
    "ufuncs": "y = np.add.outer(x, x) + np.zeros(10) + np.sin(x)",
    "reductions": "y = np.mean(x) + x.std() + np.clip(x, 0, 1).max()",
    "printing": "y = repr(x), str(s), x._repr_html_()",
    "iteration": "y = list(x)\na, b = x[:2]\nn = len(x)",
    "a scalar as an element": "y = x[n], da.full(3, s)",
    "asking": "y = dask.is_dask_collection(x), x.shape, x.dtype, x.nbytes",
    "masked set": "import array_api_extra as xpx\ny = xpx.at(x)[x > 2].set(0.)\nx[x > 2] = 0",
}


def run_prepared(run: Runner, text: str, **names: Any) -> Run:
    return run(PREPARATION + text, **names)


def test_every_trigger_of_the_contract_is_tried() -> None:
    """Each name of the contract's list has a program here; `__len__` has its own test below."""
    tried = {trigger for _, trigger, _ in ONE_FORCE.values()} | {"__len__"}
    assert tried == {
        "__array__", "__bool__", "__float__", "__int__", "__index__", "__complex__", "__iter__", "__len__",
        "compute", "persist", "compute_chunk_sizes", "store", "array_function", "other",
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:The `numpy:FutureWarning")
@pytest.mark.parametrize("name", ONE_FORCE)
def test_one_force(run: Runner, tmp_path: Path, name: str) -> None:
    """One execution, seen once, at its line, with its trigger and expression; nobody's library."""
    text, trigger, expression = ONE_FORCE[name]
    done = run_prepared(run, text, folder=str(tmp_path / "out"))
    assert done.where() == [(trigger, done.line("#!"), expression)]
    assert done.where(user=True) == done.where()
    assert [(f.entry, f.parent, f.completed, f.thread) for f in done.forces] == [
        (None, None, True, "MainThread")
    ]
    assert len(done.seen) == 1
    done.check_counts()


@pytest.mark.parametrize("name", SEVERAL_FORCES)
def test_several_forces_on_one_line(run: Runner, name: str) -> None:
    """One line that executes again and again: each execution is a force, in order."""
    text, expected = SEVERAL_FORCES[name]
    done = run_prepared(run, text)
    line = done.line("#!")
    assert done.where() == [(t, line, e) for t, e, count in expected for _ in range(count)]
    done.check_counts()


def test_sorting(run: Runner) -> None:
    """Every comparison of a sort is a force; how many there are is Python's affair."""
    done = run_prepared(run, "y = sorted([s, s + 1, s - 1])  #!")
    assert len(done.seen) >= 2
    assert done.where() == [("__bool__", done.line("#!"), "sorted([s, s + 1, s - 1])")] * len(done.seen)
    done.check_counts()


@pytest.mark.parametrize("name", LAZY)
def test_no_force(run: Runner, name: str) -> None:
    """What stays lazy is no force."""
    done = run_prepared(run, LAZY[name])
    assert (done.forces, len(done.seen)) == ([], 0)


def test_metadata_inference_that_swallows(run: Runner) -> None:
    """A function that converts a lazy scalar runs while metadata is inferred, and then once per block."""
    done = run_prepared(
        run,
        """\
def block(b):
    return b * float(s)  #!
y = x.map_blocks(block)
z = y.compute()
""",
    )
    line = done.line("#!")
    inner = ("__float__", line, "float(s)")
    outer = ("compute", line + 2, "y.compute()")
    assert done.where() == [inner, inner, outer, inner, inner]
    assert done.where(user=True) == done.where()
    assert [f.parent for f in done.forces] == [None, None, None, 3, 3]
    assert len(done.seen) == 5
    assert sorted(f.tasks for f in done.forces) == sorted(done.seen.tasks)
    assert sum(f.tasks_repeated for f in done.forces) == sum(done.seen.repeated)


def test_an_error_that_metadata_inference_swallows(run: Runner) -> None:
    """Dask drops what a block function raises on metadata; the force before it is recorded."""
    done = run_prepared(
        run,
        """\
def block(b):
    low = float(s)  #!
    raise ValueError(low)
try:
    y = x.map_blocks(block, dtype=float)
except ValueError:
    pass
""",
    )
    assert len(done.seen) > 0
    assert done.where() == [("__float__", done.line("#!"), "float(s)")] * len(done.seen)


def test_dataframe_triggers(run: Runner) -> None:
    """Length, head, conversions and results of a dataframe."""
    done = run(
        """
        import pandas as pd, dask.dataframe as dd
        d = dd.from_pandas(pd.DataFrame({"a": range(10)}), npartitions=2)
        a = len(d)  #!
        b = d.head()  #!
        c = d.to_dask_array(lengths=True)  #!
        e = d.a.sum().compute()  #!
        f = np.asarray(d)  #!
        g = d.persist()  #!
        """
    )
    assert done.where() == [
        (trigger, line, expression)
        for line, (trigger, expression) in zip(
            done.lines(),
            [
                ("__len__", "len(d)"),
                ("other", "d.head()"),
                ("other", "d.to_dask_array(lengths=True)"),
                ("compute", "d.a.sum().compute()"),
                ("__array__", "np.asarray(d)"),
                ("persist", "d.persist()"),
            ],
            strict=True,
        )
    ]
    assert len(done.seen) == 6


def test_forces_inside_scipy(run: Runner) -> None:
    """The site is SciPy's own line as the witness saw it, the user's line and the public function known."""
    scipy = pytest.importorskip("scipy")
    done = run_prepared(
        run,
        """\
import scipy.signal
import scipy.ndimage as ndi
y = scipy.signal.detrend(x)  #!
z = ndi.gaussian_filter1d(x, 1)  #!
""",
    )
    assert [(f.trigger, f.entry, f.user_site and f.user_site.line) for f in done.forces] == [
        ("__array__", "scipy.signal.detrend", done.lines()[0]),
        ("__array__", "scipy.ndimage.gaussian_filter1d", done.lines()[1]),
    ]
    sites = [force.site for force in done.forces]
    assert [(s and s.file, s and s.line) for s in sites] == [
        innermost_line_in(Path(scipy.__file__).parent, execution.frames) for execution in done.seen
    ]
    assert {s.distribution for s in sites if s} == {f"scipy {scipy.__version__}"}
    assert sites[0] is not None
    assert sites[0].expression == "np.asarray(data)"
    assert done.forces[1].user_site is not None
    assert done.forces[1].user_site.expression == "ndi.gaussian_filter1d(x, 1)"


def innermost_line_in(package: Path, frames: list[tuple[str, str, int]]) -> tuple[str, int]:
    """The innermost frame in an installed package, by the path of its file alone."""
    return next(
        (Path(file).relative_to(package.parent).as_posix(), line)
        for file, _, line in reversed(frames)
        if Path(file).is_relative_to(package)
    )


def test_a_method_of_a_library_class(run: Runner) -> None:
    """The entry of a method names the class of the object; its class is not the one that defines it."""
    pytest.importorskip("sklearn")
    done = run(
        """
        from sklearn.preprocessing import MinMaxScaler
        x = da.arange(10., chunks=5).reshape(10, 1)
        y = MinMaxScaler().fit_transform(x)  #!
        """
    )
    assert len(done.forces) == len(done.seen) > 0
    assert {f.user_site.line for f in done.forces if f.user_site} == {done.line("#!")}
    assert {f.entry for f in done.forces} == {"sklearn.preprocessing.MinMaxScaler.fit_transform"}


def test_a_callback_of_the_user_s_in_a_library(run: Runner) -> None:
    """A force in a function that SciPy calls back is at that function's line, and reached directly."""
    done = run_prepared(
        run,
        """\
import scipy.optimize
def cost(p):
    return float((s - p[0]) ** 2)  #!
y = scipy.optimize.minimize(cost, [44.0], method="Nelder-Mead", options={"maxiter": 2})
""",
    )
    assert len(done.forces) == len(done.seen) >= 3
    assert set(done.where()) == {("__float__", done.line("#!"), "float((s - p[0]) ** 2)")}
    assert {f.entry for f in done.forces} == {None}


def test_code_without_a_file(run: Runner) -> None:
    """Source given to `exec` is the user's; its line is known, its text is not."""
    done = run_prepared(run, "exec(compile('\\n\\ny = float(s)', '<string>', 'exec'))  #!")
    (force,) = done.forces
    assert force.site is not None
    assert force.user_site == force.site
    assert (force.site.file, force.site.line, force.trigger) == ("<string>", 3, "__float__")
