"""Whole programs, as people write them: what the diagnosis says first, and what it must not say."""

from __future__ import annotations

import textwrap
from importlib.metadata import version
from pathlib import Path

import pytest
from example_programs import above_info, diagnosed

from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.fixes.fix import Fix

OF_SCIPY_1_18 = pytest.mark.skipif(
    not version("scipy").startswith("1.18."), reason="what SciPy 1.18 does on this way"
)

SWITCH = """
import os

os.environ["SCIPY_ARRAY_API"] = "{dispatch}"  # before scipy is imported
"""

HEAD = """
import dask
import dask.array as da
import numpy as np
{imports}

def load(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=50)


def load_rows(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=(20, 6))


def main():
    x = da.map_blocks(load, chunks=((50,) * 4,), dtype=float, meta=np.empty((0,)))
    X = da.map_blocks(load_rows, chunks=((20,) * 4, (6,)), dtype=float, meta=np.empty((0, 0)))
{body}


print(main())
"""


def program(body: str, imports: str = "", *, dispatch: bool = False) -> str:
    """A program whose main function has an array and a table to work with."""
    indented = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    switch = SWITCH.format(dispatch="1" if dispatch else "") if imports else ""
    return switch + HEAD.format(imports=imports, body=indented)


def first_fixes(found: Diagnosis) -> list[tuple[str, str]]:
    """Code and technique of the two best fixes of each finding; which of them is dearest, chance decides."""
    return [(one.code, fix.technique) for one in found.findings for fix in one.fixes[:2]]


def about(found: Diagnosis, code: str) -> list[Finding]:
    return [one for one in found.findings if one.code == code]


def said(found: list[Finding]) -> str:
    """All that is advised, one summary a line."""
    return "\n".join(fix.summary for one in found for fix in one.fixes)


def edits(found: list[Finding], technique: str) -> list[list[str]]:
    """Of each fix by a technique the lines that its edit puts in, without their indent; none of a sketch."""
    return [new_lines(fix) for one in found for fix in one.fixes if fix.technique == technique]


def new_lines(fix: Fix) -> list[str]:
    return [line.strip() for change in fix.edit.changes for line in change.new] if fix.edit else []


PROGRAMS = [
    pytest.param(
        "b, a = butter(2, 0.3)\ny = lfilter(b, a, x)\nreturn lfilter(b, a, x ** 2).mean() + y.mean()",
        "from scipy.signal import butter, lfilter",
        False,
        ("LZ103", "persist"),
        ["x = x.persist()"],
        id="a filter without dispatch, its argument made in the call",
    ),
    pytest.param(
        'sos = butter(4, 0.2, output="sos")\nreturn sosfilt(sos, x - x.mean())',
        "from scipy.signal import butter, sosfilt",
        True,
        ("LZ304", "convert-input"),
        ["return sosfilt(da.asarray(sos), x - x.mean())"],
        id="coefficients of NumPy and a signal of dask",
    ),
    pytest.param(
        "return resample(x, 100).mean().compute()",
        "from scipy.signal import resample",
        True,
        ("LZ302", "rechunk"),
        ["return resample(x.rechunk(-1), 100).mean().compute()"],
        id="resampling along an axis in chunks",
    ),
    pytest.param(
        "return gaussian_filter(X, sigma=2.0).max()",
        "from scipy.ndimage import gaussian_filter",
        False,
        ("LZ103", "native-function"),
        "dask_image.ndfilters.gaussian_filter",
        id="an image filter",
    ),
    pytest.param(
        "labels, n = label(X > 0.5)\nreturn [int((labels == k).sum()) for k in range(1, 4)]",
        "from scipy.ndimage import label",
        False,
        ("LZ103", "native-function"),
        "dask_image.ndmeasure.label",
        id="labels of an image",
    ),
    pytest.param(
        "return ks_2samp(x[:100], x[100:]).pvalue",
        "from scipy.stats import ks_2samp",
        True,
        ("LZ303", "compute-once"),
        "take_along_axis",
        id="a test that gathers along an axis",
        marks=OF_SCIPY_1_18,
    ),
    pytest.param(
        "a, b = x[:100], x[100:] + 0.2\nreturn mannwhitneyu(a, b).pvalue",
        "from scipy.stats import mannwhitneyu",
        False,
        ("LZ103", "compute-once"),
        ["return mannwhitneyu(*dask.compute(a, b)).pvalue"],
        id="two samples made on one line",
        marks=OF_SCIPY_1_18,
    ),
    pytest.param(
        "t = da.linspace(0, 1, 200, chunks=50)\ny = 2.0 * t + 0.1 * x\n"
        "return curve_fit(lambda t, a, b: a * t + b, t, y)[0]",
        "from scipy.optimize import curve_fit",
        False,
        ("LZ103", "compute-once"),
        ["return curve_fit(lambda t, a, b: a * t + b, *dask.compute(t, y))[0]"],
        id="a fit that evaluates a lazy model",
    ),
    pytest.param(
        "C = X.T @ X + 3 * da.eye(6, chunks=6)\nreturn cholesky(C, lower=True)[0, 0]",
        "from scipy.linalg import cholesky",
        False,
        ("LZ103", "compute-once"),
        "compute the dask arrays that `cholesky` gets, once, before it gets them",
        id="a factor of a matrix",
        marks=OF_SCIPY_1_18,
    ),
    pytest.param(
        "return cKDTree(X).query(np.zeros(6))",
        "from scipy.spatial import cKDTree",
        False,
        ("LZ103", "compute-once"),
        "compute what `cKDTree` is given",
        id="a compiled class",
    ),
    pytest.param(
        "centroids, labels = kmeans2(X, 3, seed=1, minit='points')\nreturn centroids",
        "from scipy.cluster.vq import kmeans2",
        True,
        ("LZ102", "remove-check"),
        "check_finite=False",
        id="a check that can be turned off",
    ),
    pytest.param(
        "return zscore(x, nan_policy='raise').max().compute()",
        "from scipy.stats import zscore",
        True,
        ("LZ305", "compute-once"),
        ["return zscore(x.compute(), nan_policy='raise').max()"],
        id="a policy that lazy arrays cannot have",
    ),
    pytest.param(
        "log, state = [], x\nfor step in range(5):\n    state = 0.9 * state + 0.1 * state.mean()\n"
        "    log.append(state.var().compute())\nreturn log",
        "",
        False,
        ("LZ106", "persist"),
        "`state = state.persist()` after `state = 0.9 * state + 0.1 * state.mean()`",
        id="a number of each time step",
    ),
    pytest.param(
        "r, a = da.ones(200, chunks=50), abs(x) + 1\nfor _ in range(8):\n    new = 0.5 * (r + a / r)\n"
        "    err = da.max(abs(new - r)).compute()\n    r = new\n    if err < 1e-3:\n        break\n"
        "return r.mean().compute()",
        "",
        False,
        ("LZ106", "persist"),
        "`new = new.persist()` after `new = 0.5 * (r + a / r)`",
        id="a convergence loop that computes explicitly",
    ),
    pytest.param(
        "total = 0.0\nfor block in x.blocks:\n    total += block.sum().compute()\nreturn total",
        "",
        False,
        ("LZ107", "batch-compute"),
        "iter(dask.compute(*[block.sum() for block in x.blocks]))",
        id="a number of each chunk",
    ),
    pytest.param(
        "g = (abs(x) * 2).astype(int)\nmeans = {}\nfor k in da.unique(g).compute():\n"
        "    means[int(k)] = x[g == k].mean().compute()\nreturn means",
        "",
        False,
        ("LZ111", "persist"),
        ["x = x.persist()", "g = g.persist()"],
        id="means over labels that are computed first",
    ),
    pytest.param(
        "parts = []\nfor i in range(4):\n    parts.append(X[20 * i : 20 * i + 20].compute())\n"
        "return np.concatenate(parts).max()",
        "",
        False,
        ("LZ111", "batch-compute"),
        [
            "computed = iter(dask.compute(*[X[20 * i : 20 * i + 20] for i in range(4)]))",
            "parts.append(next(computed))",
        ],
        id="parts that are all kept",
    ),
    pytest.param(
        "return sorted(x[:9])[4]",
        "",
        False,
        ("LZ107", "vectorise"),
        "write one expression of the whole array",
        id="sorted by Python",
    ),
    pytest.param(
        "spread = x.std()\nif spread == 0:\n    return 0.0\nreturn float(((x - x.mean()) / spread).max())",
        "",
        False,
        ("LZ101", "where"),
        # What is returned is a Python number, which callers may need.
        "compute both ways and choose for each element",
        id="an early return of a number",
    ),
    pytest.param(
        "verbose = False\nif (x.max() > 3 or x.min() < -3) and verbose:\n    print('extreme')\n"
        "return x.mean().compute()",
        "",
        False,
        ("LZ101", "reorder"),
        "`verbose and (x.max() > 3 or x.min() < -3)`",
        id="a cheap condition behind a dear one",
    ),
    pytest.param(
        "lo, hi = x.min(), x.max()\nedges = da.linspace(lo, hi, 11)\n"
        "return da.histogram(x, bins=edges)[0].compute()",
        "",
        False,
        ("LZ113", "compute-once"),
        "compute what the function got in place of a number first, together",
        id="lazy bounds",
    ),
    pytest.param(
        "y = da.full_like(x, x.mean())\nreturn abs(x - y).mean().compute()",
        "",
        False,
        ("LZ113", "keep-0d"),
        "build it from what takes arrays: zeros of the shape, to which the array is added",
        id="a lazy value to fill with",
    ),
    pytest.param(
        "good = x[da.isfinite(x)]\ngood.compute_chunk_sizes()\nsmall = good[good < 0]\n"
        "small.compute_chunk_sizes()\nreturn small.shape[0] / good.shape[0], float(small.mean())",
        "",
        False,
        ("LZ109", "persist"),
        "`good = good.persist()`",
        id="sizes computed twice",
    ),
    pytest.param(
        "hits = da.where(x > 1)[0]\nreturn hits.reshape(-1, 2).mean().compute()",
        "",
        False,
        ("LZ203", "compute-chunk-sizes"),
        "`hits = da.where(x > 1)[0].persist().compute_chunk_sizes()`",
        id="positions whose number is unknown",
    ),
    pytest.param(
        "d = xr.DataArray(X, dims=('y', 'x'))\nreturn np.where(d > 0.5, d, 0.0).mean()",
        "import xarray as xr",
        False,
        ("LZ103", "native-function"),
        "`xr.where(cond, a, b)` instead of `np.where`",
        id="a function of NumPy on an object of xarray",
    ),
    pytest.param(
        "d = xr.DataArray(X, dims=('y', 'x'))\nif d.isnull().any():\n    d = d.fillna(0.0)\n"
        "low, high = float(d.min()), float(d.max())\nreturn ((d - low) / (high - low)).mean().values",
        "import xarray as xr",
        False,
        ("LZ101", "persist"),
        "do it without the test",
        id="a repair of an object of xarray",
    ),
    pytest.param(
        "w = da.ones(6, chunks=6) / 6\n\ndef average(row):\n    return (row * np.asarray(w)).sum(axis=-1)\n\n"
        "return da.apply_gufunc(average, '(i)->()', X, output_dtypes=float).max().compute()",
        "",
        False,
        ("LZ113", "compute-once"),
        ["w = w.compute()"],
        id="weights in a closure of a generalised function",
    ),
]


@pytest.mark.parametrize(("body", "imports", "dispatch", "expected", "words"), PROGRAMS)
def test_an_apt_fix_comes_first(
    body: str,
    imports: str,
    dispatch: bool,
    expected: tuple[str, str],
    words: str | list[str],
    tmp_path: Path,
) -> None:
    """Words are of a summary; lines are all those that the edit puts in."""
    found = diagnosed(program(body, imports, dispatch=dispatch), tmp_path)
    assert not found.broken
    assert expected in first_fixes(found), first_fixes(found)
    if isinstance(words, str):
        assert words in said(about(found, expected[0])), said(about(found, expected[0]))
    else:
        assert words in edits(about(found, expected[0]), expected[1])
    assert not about(found, "LZ199")


HARMLESS = [
    pytest.param("return float(trim_mean(x, 0.1))", "from scipy.stats import trim_mean", id="a trimmed mean"),
    pytest.param("return float(xlogy(x ** 2, 2.0).sum())", "from scipy.special import xlogy", id="a ufunc"),
    pytest.param(
        "return abs(zscore(x)).max().compute()", "from scipy.stats import zscore", id="standard scores"
    ),
    pytest.param(
        "r = ttest_1samp(x, 0.0)\nreturn dask.compute(r.statistic, r.pvalue)",
        "from scipy.stats import ttest_1samp",
        id="a statistic and its p-value at once",
    ),
    pytest.param("return x[da.argtopk(da.sin(x), 5)].compute()", "", id="a gather by positions"),
    pytest.param("return da.cos(x)[x.argmax()].compute()", "", id="a lazy index"),
    pytest.param(
        "good = x[x > 0].persist()\ngood.compute_chunk_sizes()\nreturn good.reshape(1, -1).mean().compute()",
        "",
        id="sizes of what is held",
    ),
    pytest.param(
        "state = x\nfor _ in range(4):\n    state = (0.9 * state + 0.1 * state.mean()).persist()\n"
        "return state.var().compute()",
        "",
        id="time steps that are held",
    ),
    pytest.param(
        "y = da.apply_along_axis(np.cumsum, 0, X, dtype=float, shape=(80,))\nreturn y.sum().compute()",
        "",
        id="a function along an axis",
    ),
]


@pytest.mark.parametrize(("body", "imports"), HARMLESS)
def test_nothing_is_said_of_what_is_right(body: str, imports: str, tmp_path: Path) -> None:
    found = above_info(diagnosed(program(body, imports, dispatch=True), tmp_path))
    assert not found, [(one.code, one.why) for one in found]


@pytest.mark.parametrize(
    "body",
    [
        "return [X[20 * i : 20 * i + 20].compute().shape for i in range(4)]",
        "tops = []\nfor i in range(4):\n    part = X[20 * i : 20 * i + 20].compute()\n"
        "    tops.append(part.max())\nreturn tops",
    ],
)
def test_a_loop_may_be_there_to_hold_one_large_part_at_a_time(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of little that is no reason: then all parts are better computed together."""
    (found,) = above_info(diagnosed(program(body), tmp_path))
    assert (found.code, found.fixes[0].technique, found.fixes[0].is_sketch) == (
        "LZ111",
        "batch-compute",
        False,
    )
    monkeypatch.setattr("lazyscope.catalogue.requests.LITTLE", 0)
    (tmp_path / "large").mkdir()
    assert above_info(diagnosed(program(body), tmp_path / "large")) == []


def test_no_array_of_numpy_is_computed(tmp_path: Path) -> None:
    """``b`` and ``a`` are NumPy arrays, and have no ``compute``."""
    text = program(
        "b, a = butter(2, 0.3)\nreturn lfilter(b, a, x ** 2).mean()",
        "from scipy.signal import butter, lfilter",
        dispatch=True,
    )
    found = about(diagnosed(text, tmp_path), "LZ304")
    assert edits(found, "compute-once") == [["return lfilter(b, a, (x ** 2).compute()).mean()"]]
    assert edits(found, "convert-input") == [["return lfilter(da.asarray(b), da.asarray(a), x ** 2).mean()"]]


@OF_SCIPY_1_18
def test_what_is_computed_once_anyway_is_left_in_its_line(tmp_path: Path) -> None:
    """An edit would not save anything."""
    text = program("return iqr(X[:, 0])", "from scipy.stats import iqr")
    (found,) = above_info(diagnosed(text, tmp_path))
    assert found.code == "LZ103"
    assert found.fixes[0].technique == "compute-once"
    assert found.fixes[0].is_sketch
    assert not any(fix.edit for fix in found.fixes)


@OF_SCIPY_1_18
def test_a_part_is_not_computed_whole(tmp_path: Path) -> None:
    """All of ``X`` would be in memory, as NumPy, for two columns."""
    text = program("return mannwhitneyu(X[:, 0], X[:, 1]).pvalue", "from scipy.stats import mannwhitneyu")
    found = about(diagnosed(text, tmp_path), "LZ103")
    assert edits(found, "compute-once") == [["return mannwhitneyu(*dask.compute(X[:, 0], X[:, 1])).pvalue"]]


def test_a_dataframe_is_held_by_its_name(tmp_path: Path) -> None:
    text = """
    import dask.dataframe as dd
    import numpy as np
    import pandas as pd

    frame = dd.from_pandas(pd.DataFrame({"a": np.arange(8.0), "b": np.ones(8)}), npartitions=2)
    table = frame[["a", "b"]].to_dask_array()
    print(table[::2].mean().compute())
    """
    (found,) = about(diagnosed(text, tmp_path), "LZ204")
    assert "to_dask_array(lengths=True)`" in said([found])


def test_numbers_of_one_object_of_xarray_are_asked_for_together(tmp_path: Path) -> None:
    text = """
    import dask.array as da
    import xarray as xr

    d = xr.DataArray(da.arange(1200, chunks=400) % 7 / 2, dims="x")
    low, high = float(d.min()), float(d.max())
    print(low, high)
    """
    (found,) = about(diagnosed(text, tmp_path), "LZ111")
    assert found.fixes[0].technique == "batch-compute"
    assert new_lines(found.fixes[0]) == [
        "d_min, d_max = da.compute(d.min(), d.max())",
        "low, high = float(d_min), float(d_max)",
    ]


def test_what_a_loop_goes_over_is_not_asked_for_with_its_turns(tmp_path: Path) -> None:
    text = program(
        "n, total = (x > 1.5).sum(), 0.0\nfor i in range(int(n)):\n    total += float(x[i])\nreturn total"
    )
    found = about(diagnosed(text, tmp_path), "LZ104")
    assert found
    assert "`int(n)` and" not in said(found)


FUNCTION = """
import array_api_compat.dask.array as xp
import numpy as np


def f(x):
    {body}


f(xp.asarray(np.arange(4.0)).rechunk(2))
"""


@pytest.mark.parametrize(
    ("lines", "technique", "new"),
    [
        (["n = float(xp.mean(x))", "return xp.sum(x) / (4 + n)"], "keep-0d", ["n = xp.mean(x)"]),
        # An integer of a truth value: arithmetic with the array itself may be of another dtype.
        (["n = int(xp.any(x > 3))", "return xp.sum(x) / (4 + n)"], "keep-0d", []),
        (["i = int(xp.argmax(x))", "return x[i]"], "take-along-axis", ["i = xp.argmax(x)"]),
        (
            ["p = xp.mean(x)", "if p > 1:", "    p = xp.asarray(1.0)", "return p"],
            "clip",
            ["p = xp.minimum(p, xp.asarray(1.0))"],
        ),
        (
            ["p = xp.mean(x)", "if p < -1:", "    p = xp.asarray(-1.0, dtype=x.dtype)", "return p"],
            "clip",
            ["p = xp.maximum(p, xp.asarray(-1.0, dtype=x.dtype))"],
        ),
    ],
)
def test_a_number_that_arrays_are_made_of_need_not_be_one(
    lines: list[str], technique: str, new: list[str], tmp_path: Path
) -> None:
    """Though nothing is computed twice before the function returns what is lazy."""
    (found,) = above_info(diagnosed(FUNCTION.format(body="\n    ".join(lines)), tmp_path))
    assert found.fixes[0].technique == technique
    assert new_lines(found.fixes[0]) == new


@pytest.mark.parametrize(
    "lines",
    [
        ["n = int(xp.any(x > 3))", "return n + 1"],
        ["x = x.persist()", "top = float(xp.max(x))", "return x / top"],
    ],
)
def test_a_number_that_costs_nothing_twice_is_none(lines: list[str], tmp_path: Path) -> None:
    assert not above_info(diagnosed(FUNCTION.format(body="\n    ".join(lines)), tmp_path))
