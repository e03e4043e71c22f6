"""Where arrays of unknown shape begin: once each, at the call that first made them so."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import dask.array as da
import pytest
from traced_programs import Run, Runner

PREPARATION = "x = da.arange(10., chunks=5)\nm = da.ones((4, 4), chunks=2)\n"


def run_prepared(run: Runner, text: str, **names: object) -> Run:
    return run(PREPARATION + text, **names)


def origins(done: Run) -> list[tuple[str, int | None, str | None]]:
    """Operation, line and expression of each unknown shape; the line is None outside the program."""
    return [
        (u.operation, u.site.line if done.is_here(u.site) else None, u.site.expression if u.site else None)
        for u in done.trace.unknown_shapes
    ]


ORIGINS = {
    "a boolean selection": ("y = x[x > 2]  #!", "__getitem__", "x[x > 2]"),
    "rows by a condition": ("y = m[m[:, 0] > 0]  #!", "__getitem__", "m[m[:, 0] > 0]"),
    "columns by a condition": ("y = m[:, m[0] > 0]  #!", "__getitem__", "m[:, m[0] > 0]"),
    "elements of a matrix": ("y = m[m > 0]  #!", "__getitem__", "m[m > 0]"),
    "da.unique": ("y = da.unique(x)  #!", "unique", "da.unique(x)"),
    "da.unique with counts": (
        "y, n = da.unique(x, return_counts=True)  #!",
        "unique",
        "da.unique(x, return_counts=True)",
    ),
    "xp.unique_values": ("y = xp.unique_values(x)  #!", "unique_values", "xp.unique_values(x)"),
    "da.union1d": ("y = da.union1d(x, x)  #!", "union1d", "da.union1d(x, x)"),
    "da.nonzero": ("y = da.nonzero(x > 2)  #!", "nonzero", "da.nonzero(x > 2)"),
    "nonzero": ("(y,) = (x > 2).nonzero()  #!", "nonzero", "(x > 2).nonzero()"),
    "da.argwhere": ("y = da.argwhere(x > 2)  #!", "argwhere", "da.argwhere(x > 2)"),
    "da.flatnonzero": ("y = da.flatnonzero(x > 2)  #!", "flatnonzero", "da.flatnonzero(x > 2)"),
    "da.where of one argument": ("y = da.where(x > 2)  #!", "where", "da.where(x > 2)"),
    "da.compress": ("y = da.compress(x > 2, x)  #!", "compress", "da.compress(x > 2, x)"),
    "da.extract": ("y = da.extract(x > 2, x)  #!", "extract", "da.extract(x > 2, x)"),
    "np.compress": ("y = np.compress(x > 2, x)  #!", "", "np.compress(x > 2, x)"),
    "da.from_delayed": (
        "y = da.from_delayed(dask.delayed(np.ones)(3), (np.nan,), dtype=float)  #!",
        "from_delayed",
        "da.from_delayed(dask.delayed(np.ones)(3), (np.nan,), dtype=float)",
    ),
    "map_blocks with unknown chunks": (
        "y = x.map_blocks(np.unique, chunks=((np.nan, np.nan),), dtype=float)  #!",
        "map_blocks",
        "x.map_blocks(np.unique, chunks=((np.nan, np.nan),), dtype=float)",
    ),
    "a dataframe's values": (
        "import pandas as pd, dask.dataframe as dd\n"
        "d = dd.from_pandas(pd.DataFrame({'a': range(10)}), npartitions=2)\n"
        "y = d.to_dask_array()  #!",
        "to_dask_array",
        "d.to_dask_array()",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ORIGINS)
def test_origin(run: Runner, name: str) -> None:
    """One unknown shape at that line; nothing is executed to find it."""
    text, operation, expression = ORIGINS[name]
    done = run_prepared(run, text)
    y = done.names["y"]
    results = y if isinstance(y, tuple) else (y,)
    assert any(math.isnan(size) for r in results if isinstance(r, da.Array) for size in r.shape)
    found = origins(done)
    assert [(line, e) for _, line, e in found] == [(done.line("#!"), expression)]
    if operation:
        assert [o for o, _, _ in found] == [operation]
    assert (done.forces, len(done.seen)) == ([], 0)
    (unknown,) = done.trace.unknown_shapes
    assert (unknown.id, unknown.entry, unknown.user_site) == (1, None, unknown.site)


def test_what_follows_is_no_origin(run: Runner) -> None:
    """Arrays made from one of unknown shape have no origin of their own."""
    done = run_prepared(
        run,
        """\
y = x[x > 2]  #!
z = (y + 1) * 2
z = np.sin(z).reshape(-1) if 0 else abs(z)
w = z[z > 3]
v = da.concatenate([y, w])
u = y.map_blocks(np.sort)
t = y.copy()
s = y.astype("f4").sum()
r = y.persist()
q = r + 1
""",
    )
    assert origins(done) == [("__getitem__", done.line("#!"), "x[x > 2]")]


def test_each_origin_counts(run: Runner) -> None:
    """The same line makes another array unknown each time; the same array again is nothing new."""
    done = run_prepared(
        run,
        """\
for n in range(3):
    y = x[x > n]  #!
z = x[x > 2]
""",
    )
    assert origins(done) == [("__getitem__", done.line("#!"), "x[x > n]")] * 3


def test_sizes_that_were_computed_are_known(run: Runner) -> None:
    """After `compute_chunk_sizes` a new selection is a new origin."""
    done = run_prepared(
        run,
        """\
y = x[x > 2]  #!
y.compute_chunk_sizes()
z = y + 1
w = z[z > 5]  #!
""",
    )
    assert done.names["z"].shape == (7,)
    assert [line for _, line, _ in origins(done)] == done.lines()
    assert len(done.forces) == len(done.seen) == 1


def test_chunks_that_are_set(run: Runner) -> None:
    """A program that sets unknown chunks itself is the origin; known ones are none."""
    done = run_prepared(run, "x._chunks = ((np.nan, np.nan),)  #!\nm._chunks = ((2, 2), (2, 2))\ny = x + 1")
    assert [line for _, line, _ in origins(done)] == done.lines()


def test_known_shapes_are_none(run: Runner) -> None:
    """Selections by integers, slices and `where` keep their shape known."""
    done = run_prepared(
        run,
        "y = x[[1, 2]], x[2:4], da.where(x > 2, x, 0), x[np.arange(10) > 2], x.compute()[x.compute() > 2]",
    )
    assert done.trace.unknown_shapes == []


LIBRARY = '''\
"""A library."""

def select(x, low):
    return _chosen(x, low)


def _chosen(x, low):
    return x[x > low]


def fail(x):
    return x.reshape(3, 3)
'''


def install_library(folder: Path) -> None:
    """A distribution as ``pip install --target`` leaves it."""
    (folder / "somelibrary.py").write_text(LIBRARY)
    info = folder / "somelibrary-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: somelibrary\nVersion: 1.2\n")
    (info / "RECORD").write_text("somelibrary.py,,\nsomelibrary-1.2.dist-info/METADATA,,\n")


def test_origin_in_a_library(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Site in the library, user's line in the program, the public function that was called."""
    folder = tmp_path / "installed"
    folder.mkdir()
    install_library(folder)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "somelibrary", raising=False)
    done = run_prepared(
        run,
        """\
import somelibrary
y = somelibrary.select(x, 2)  #!
try:
    somelibrary.fail(x)  #?
except ValueError:
    pass
""",
    )
    monkeypatch.delitem(sys.modules, "somelibrary")
    (unknown,) = done.trace.unknown_shapes
    assert unknown.site is not None
    assert unknown.user_site is not None
    assert (unknown.site.file, unknown.site.line, unknown.site.distribution) == (
        "somelibrary.py", 8, "somelibrary 1.2",
    )  # fmt: skip
    assert (unknown.user_site.line, unknown.entry) == (done.line("#!"), "somelibrary.select")
    (failure,) = done.trace.failures
    assert failure.site is not None
    assert failure.user_site is not None
    assert (failure.site.line, failure.user_site.line, failure.entry) == (
        12, done.line("#?"), "somelibrary.fail",
    )  # fmt: skip
