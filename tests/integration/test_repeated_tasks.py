"""Repeated tasks against the truth: blocks and readers that note each execution of their own.

Two independent measures: what sources really did, force by force, and the witness's walk over the graph
as it was before optimisation, task by task.
"""

from __future__ import annotations

import math
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from dask.core import flatten
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from traced_programs import Run, Runner
from witness import Blocks, Reader, Witness

import lazyscope

REPEATS = [1, 2, 7, 400]


def repeated_of(run_or_trace: Run | lazyscope.Trace, layer: str) -> int:
    """Repeated tasks of the layers whose name begins so."""
    return sum(r.tasks for f in run_or_trace.forces for r in f.repeats if r.layer.startswith(layer))


def check_source(done: Run, source: Blocks | Reader, layer: str = "source-") -> None:
    """What is said of a source is what it did."""
    assert repeated_of(done, layer) == source.repeated
    done.check_counts()


def blocks_in(bits: bytes | None, count: int) -> set[int]:
    """The numbers of the blocks in a bit set; all of them where there is none."""
    if bits is None:
        return set(range(count))
    return {i for i in range(len(bits) * 8) if bits[i // 8] >> i % 8 & 1}


# The same again


@pytest.mark.parametrize("repeats", REPEATS)
def test_the_same_force_again(run: Runner, repeats: int) -> None:
    """Every repeat makes every block again, and runs every task again."""
    made = Blocks()
    done = run(
        """
        y = (x + 1).sum()
        for n in range(repeats + 1):
            y.compute()
        """,
        x=made.array((5, 5, 5)),
        repeats=repeats,
    )
    assert set(made.times.values()) == {repeats + 1}
    tasks = done.seen.tasks[0]
    assert [(f.tasks, f.tasks_repeated) for f in done.forces] == [(tasks, 0)] + [(tasks, tasks)] * repeats
    assert repeated_of(done, "source-") == 3 * repeats
    done.check_counts()


@pytest.mark.parametrize("repeats", REPEATS)
def test_other_consumers_of_one_source(run: Runner, repeats: int) -> None:
    """Each force does something new with the blocks: the blocks are repeated, the rest is not."""
    made = Blocks()
    done = run(
        """
        for n in range(repeats + 1):
            (x + n).sum().compute()
        """,
        x=made.array((5, 5)),
        repeats=repeats,
    )
    assert set(made.times.values()) == {repeats + 1}
    assert [f.tasks_repeated for f in done.forces] == [0] + [2] * repeats
    assert [(r.layer[:7], r.tasks, r.force) for f in done.forces for r in f.repeats] == [
        ("source-", 2, n) for n in range(1, repeats + 1)
    ]
    done.check_counts()


@pytest.mark.parametrize("repeats", [1, 2, 7])
def test_persisted_in_between(run: Runner, witness: Witness, repeats: int) -> None:
    """What was persisted is made once; the tasks after it are repeated or not as they are."""
    made = Blocks(witness)
    done = run(
        """
        y = (x * 2).persist()
        for n in range(repeats + 1):
            (y + 1).sum().compute()
        """,
        x=made.array((5, 5)),
        repeats=repeats,
    )
    assert set(made.times.values()) == {1}
    assert [f.tasks for f in done.forces] == [4] + [5] * (repeats + 1)
    assert [f.tasks_repeated for f in done.forces] == [0, 0] + [5] * repeats
    check_source(done, made)


@pytest.mark.parametrize("repeats", REPEATS)
def test_a_growing_loop(repeats: int) -> None:
    """Step k asks for all earlier steps again: a block made, k added to, 2 tasks of the sum."""
    made = Blocks()
    with lazyscope.trace() as trace:
        x = made.array((5,))
        for _ in range(repeats + 1):
            x = x + 1
            x.sum().compute(optimize_graph=repeats < 400)  # fusing hundreds of layers takes dask long
    assert made.times == {(0,): repeats + 1}
    steps = range(1, repeats + 2)
    assert [f.tasks for f in trace.forces] == [1 + k + 2 for k in steps]
    assert [f.tasks_repeated for f in trace.forces] == [0, *steps[1:]]
    assert all(f.tasks_exact for f in trace.forces)


def test_a_growing_loop_of_matrices(run: Runner, witness: Witness) -> None:
    """A convergence loop over blocks of a matrix, as in SciPy's iterations."""
    made = Blocks(witness)
    done = run(
        """
        x = da.ones(8, chunks=4)
        for n in range(12):
            new = a @ x / 100 + 1.0
            change = float(abs(new - x).max())
            x = new
        """,
        a=made.array((4, 4), (4, 4)),
    )
    assert set(made.times.values()) == {12}
    check_source(done, made)


@pytest.mark.parametrize("repeats", REPEATS)
def test_the_same_range_of_a_file_again(run: Runner, repeats: int) -> None:
    """A reader notes the ranges: the same one each time."""
    reader = Reader(20)
    done = run(
        """
        for n in range(repeats + 1):
            (x[0:3] + n).sum().compute()
        """,
        x=da.from_array(reader, chunks=5),
        repeats=repeats,
    )
    assert reader.times == {"(slice(0, 3, None),)": repeats + 1}
    assert repeated_of(done, "array-") == repeats
    done.check_counts()


# What is read of a file


READS: dict[str, tuple[str, int]] = {
    "disjoint slices of two chunks": ("x[0:3].sum().compute()\nx[5:8].sum().compute()", 0),
    "disjoint slices of a chunk": ("x[0:2].sum().compute()\nx[2:4].sum().compute()", 0),
    "the same slice": ("x[0:3].sum().compute()\nx[0:3].max().compute()", 1),
    "a longer slice": ("x[0:3].sum().compute()\nx[0:4].sum().compute()", 0),
    "a slice that is the chunk": ("x.sum().compute()\nx[0:5].max().compute()\nx[5:10].min().compute()", 2),
    "a part of one chunk and all of another": ("x[3:10].sum().compute()\nx.sum().compute()", 1),
    "all, then parts": ("x.sum().compute()\nx[3:10].sum().compute()", 1),
    "growing slices": ("for n in (3, 5, 7, 12):\n    x[:n].sum().compute()", 2),
    "steps": ("x[::2].compute()\nx[::2].sum().compute()\nx[1::2].compute()", 4),
    "one element": ("x[3].compute()\nx[3].compute()\nx[4].compute()", 1),
    "an index array": ("x[[1, 2]].compute()\nx[[1, 2]].compute()\nx[[1, 3]].compute()", 2),
    "slices of slices": ("x[0:4][1:3].compute()\nx[1:3].compute()", 0),
    "two slices of a chunk together": ("dask.compute(x[0:3], x[1:2])\ndask.compute(x[0:3], x[1:2])", 1),
    "two consumers of a slice": ("dask.compute(x[0:3].sum(), x[0:3].max())\nx[0:3].min().compute()", 1),
    "reversed": ("x[::-1].compute()\nx[::-1].sum().compute()", 4),
    "columns": ("y[:, 0:2].sum().compute()\ny[:, 2:4].sum().compute()\ny[:, 2:4].max().compute()", 2),
    "one column after the other": ("for n in range(4):\n    y[:, n].sum().compute()", 0),
    "rows": ("for n in range(6):\n    y[n].sum().compute()", 0),
    "minibatches": ("for n in (0, 2, 4, 0, 2, 4):\n    y[n:n + 2].sum().compute()", 4),
    "a new axis": ("x[0:3, None].compute()\nx[0:3, None].sum().compute()", 1),
}  # fmt: skip
"""By name: a program on `x` (20 elements by 5) and `y` (6 rows by 3, 4 columns in one chunk), and how
many reads of a range repeat an earlier force's."""


WHOLE_CHUNK_READ_FOR_SLICES = {"two slices of a chunk together", "two consumers of a slice"}
"""Where dask reads more than it is asked for, so that only the definition says what is repeated."""


@pytest.mark.parametrize("name", READS)
def test_ranges_of_a_file(run: Runner, witness: Witness, name: str) -> None:
    """A source chunk is repeated exactly when the reader reads the same range of it again."""
    text, expected = READS[name]
    long, table = Reader(20, witness=witness), Reader(6, 4, witness=witness)
    done = run(text, x=da.from_array(long, chunks=5), y=da.from_array(table, chunks=(3, 4)))
    if name not in WHOLE_CHUNK_READ_FOR_SLICES:
        assert long.repeated + table.repeated == expected
    assert repeated_of(done, "array-") == expected
    done.check_counts()


@pytest.mark.parametrize("name", ["lock", "inline_array"])
def test_other_ways_to_open_a_file(run: Runner, witness: Witness, name: str) -> None:
    """A locked reader and one inside the graph are sources like any other."""
    reader = Reader(20, witness=witness)
    x = da.from_array(reader, chunks=5, **{name: True})
    done = run("x[0:3].compute()\nx[0:3].sum().compute()\nx.sum().compute()\nx.max().compute()", x=x)
    assert reader.repeated == 5
    assert repeated_of(done, "array-") == 5
    done.check_counts()


def test_data_in_memory_is_no_task(run: Runner) -> None:
    """Chunks cut from a NumPy array are literals; slicing them is a task."""
    done = run(
        "x[0:3].compute()\nx[0:3].compute()\nx.sum().compute()\nx.compute()\nx.compute()",
        x=da.from_array(np.arange(20.0), chunks=5),
    )
    assert [(f.tasks, f.tasks_repeated) for f in done.forces] == [(1, 0), (1, 1), (5, 0), (0, 0), (0, 0)]
    done.check_counts()


# Programs on counting blocks


PROGRAMS = {
    "reductions": "for f in (x.sum, x.mean, x.std, x.max, x.sum):\n    f().compute()",
    "reductions of an axis": "x.sum(axis=0).compute()\nx.sum(axis=1).compute()\nx.sum(axis=0).compute()",
    "rows": "x[0].compute()\nx[1].compute()\nx[3:7].sum().compute()\nx[3:7].compute()",
    "blocks": "x.blocks[0, 0].compute()\nx.blocks[:, 1].sum().compute()\nx.compute()",
    "fusion": "y = (x + 1) * 2 - 3\ny.compute()\n(y / 2).compute()\n(x + 1).compute()",
    "a diamond": "y = x + 1\n(y * 2 + y * 3).sum().compute()\n(y * 2).compute()",
    "transposition": "x.T.compute()\n(x @ x.T).compute()\n(x + x.T).sum().compute()",
    "rechunk": (
        "y = x.rechunk((3, 8))\ny.compute()\ny.sum(axis=1).compute()\nx.rechunk((2, 2)).sum().compute()"
        ""
    ),
    "overlap": (
        "y = x.map_overlap(lambda b: b + 1, depth=1, dtype=float, meta=np.empty((0, 0)))\n"
        "y.compute()\ny.sum().compute()"
    ),
    "concatenate": "y = da.concatenate([x, x + 1])\ny.compute()\ny[:4].compute()\ny.sum().compute()",
    "stack": "y = da.stack([x, x.T])\ny.sum(axis=0).compute()\ny[0].compute()",
    "linalg": "u, s, v = da.linalg.svd(x.rechunk((4, 8)))\ns.compute()\n(u * s).compute()",
    "cholesky": "y = x @ x.T + 1e6 * da.eye(8, chunks=4)\nda.linalg.cholesky(y).compute()\ny.sum().compute()",
    "cumsum": "y = x.cumsum(axis=0)\ny.compute()\ny[-1].compute()\nx.cumprod(axis=1).sum().compute()",
    "sequential cumsum": "y = da.cumsum(x, axis=0, method='blelloch')\ny.compute()\ny.sum().compute()",
    "masked selection": (
        "y = x[x > 5]\ny.compute()\ny.sum().compute()\nlen(y.compute_chunk_sizes())\ny.max().compute()"
        ""
    ),
    "masked assignment": "x[x > 5] = 0\nx.sum().compute()\nx.compute()",
    "where": "y = da.where(x > 5, x, -x)\ny.compute()\ny.min().compute()",
    "fancy index": "x[[0, 5, 1]].compute()\nx[[0, 5, 1]].sum().compute()\nx[:, [7]].compute()",
    "vindex": "x.vindex[[0, 1], [2, 3]].compute()\nx.vindex[[0, 1], [2, 3]].compute()",
    "reshape": "y = x.reshape(64)\ny.compute()\ny[:9].sum().compute()",
    "optimized": "(y,) = dask.optimize(x + 1)\ny.compute()\ny.sum().compute()\n(y + 1).compute()",
    "persisted": "y = (x + 1).persist()\n(y * x).compute()\n(y * 2).compute()\nx.sum().compute()",
    "several collections": "dask.compute(x, x + 1, x.sum())\ndask.compute(x.T, x + 1)\ndask.persist(x, x.T)",
    "collections in collections": "dask.compute({'a': [x, (x + 1,)]}, 3)\ndask.compute([x + 1])",
    "histogram": "h, e = da.histogram(x, bins=3, range=[0, 30])\nh.compute()\nh.sum().compute()",
    "unique": "da.unique(x).compute()\nda.unique(x, return_counts=True)[1].compute()",
    "sort of": "da.topk(x, 2).compute()\nda.topk(x, 2).sum().compute()\nda.argtopk(x, 1).compute()",
    "percentile": "da.percentile(x.reshape(64), [50]).compute()\nda.median(x, axis=0).compute()",
    "einsum": "da.einsum('ij,kj->ik', x, x).compute()\nda.tensordot(x, x, axes=1).compute()",
    "map_blocks": "y = x.map_blocks(np.sin)\ny.compute()\nx.map_blocks(np.cos).compute()\ny.sum().compute()",
    "reduction of one's own": (
        "y = da.reduction(x, np.sum, np.sum, dtype=float)\ny.compute()\nfloat(y)"
    ),
    "gufunc": (
        "y = da.apply_gufunc(lambda b: b.mean(axis=-1), '(i)->()', x.rechunk((4, 8)), output_dtypes=float)\n"
        "y.compute()\ny.sum().compute()"
    ),
    "delayed": (
        "d = dask.delayed(np.sum, pure=True)(x)\nd.compute()\n(d + 1).compute()\n"
        "x.to_delayed(optimize_graph=False)[0, 0].compute()"
    ),
    "from delayed": (
        "y = da.from_delayed(x.to_delayed()[0, 0], (4, 4), dtype=float)\n"
        "y.compute()\n(y + 1).compute()\ny.sum().compute()"
    ),
    "graphs handed over": (
        "g = dict((x + 1).__dask_graph__())\nk = (x + 1).__dask_keys__()\ndask.get(g, k)\n"
        "dask.get(g, k)\n(x + 1).compute()"
    ),
    "one key of a graph": (
        "g = dict(x.__dask_graph__())\ndask.get(g, [x.__dask_keys__()[0][0]])\n"
        "dask.get(g, x.__dask_keys__())"
    ),
    "unoptimised": (
        "(x + 1).compute(optimize_graph=False)\n(x + 1).sum().compute(optimize_graph=False)\n"
        "(x + 1).compute()"
    ),
    "store": "out = np.zeros((8, 8))\nx.store(out)\nda.store([x, x + 1], [out, out])\n(x + 1).compute()",
    "truth values": "if (x > 0).any() and not (x < -1).any():\n    float(x.max())\nint((x > 3).sum())",
    "fft": "y = da.fft.fft(x.rechunk((4, 8)), axis=1)\ny.compute()\nabs(y).sum().compute()",
    "padding": "y = da.pad(x, 1)\ny.compute()\ny[0].compute()",
    "rolled": "y = da.roll(x, 3, axis=0)\ny.compute()\n(y - x).sum().compute()",
    "views": (
        "y = da.lib.stride_tricks.sliding_window_view(x, 2, axis=0)\ny.sum().compute()\n"
        "y.max().compute()"
    ),
    "boolean and integer": "y = x[x[:, 0] > 4]\nz = y[:, 1]\nz.compute()\nz.sum().compute()",
    "scalars": "s, t = x.sum(), x.max()\nfloat(s)\nfloat(t)\nfloat(s + t)\nbool(s > t)",
}  # fmt: skip
"""Programs on `x`, 8 by 8 in blocks of 4 by 4, whose blocks count."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_on_counting_blocks(run: Runner, witness: Witness, name: str) -> None:
    """Tasks and repeated tasks are the witness's, and blocks were really made again as often as is said."""
    made = Blocks(witness)
    done = run(PROGRAMS[name], x=made.array((4, 4), (4, 4)))
    assert len(done.forces) == len(done.seen) >= 2
    assert all(f.tasks_exact for f in done.forces)
    done.check_counts()
    if name == "optimized":
        # dask has the same blocks made again under other keys: the count is a lower bound.
        assert repeated_of(done, "source-") <= made.repeated
    else:
        assert repeated_of(done, "source-") == made.repeated


def test_two_traces_do_not_share_what_was_asked_for(run: Runner) -> None:
    """What another trace saw is not repeated in this one."""
    made = Blocks()
    x = made.array((5, 5))
    first, second = run("x.compute()", x=x), run("x.compute()\nx.compute()", x=x)
    assert [f.tasks_repeated for f in first.forces] == [0]
    assert [f.tasks_repeated for f in second.forces] == [0, 2]


def test_copies_under_keys_that_are_new_every_time(run: Runner, witness: Witness) -> None:
    """An array handed to `delayed` is copied each time: the copies are the originals."""
    made = Blocks(witness)
    done = run(
        """
        for n in range(3):
            y = dask.delayed(lambda v: v.sum(), pure=False)(x)
            y.compute()
        """,
        x=made.array((5, 5)),
    )
    done.check_counts()
    assert sum(f.tasks_repeated for f in done.forces) == made.repeated == 4


def test_nested_tasks_are_not_the_outer_force_s(run: Runner) -> None:
    """Each force has its own tasks, and what an inner one asks for again is repeated."""
    made = Blocks()
    done = run(
        """
        def block(b):
            return b + float(s)
        y = da.ones(6, chunks=2).map_blocks(block, dtype=float, meta=np.array(()))
        y.compute(scheduler="sync")
        """,
        s=made.array((5, 5)).sum(),
    )
    assert [(f.parent, f.tasks, f.tasks_repeated) for f in done.forces] == [
        (None, 6, 0),
        (1, 5, 0),
        (1, 5, 5),
        (1, 5, 5),
    ]
    assert set(made.times.values()) == {3}


def test_a_scheduler_that_runs_less_than_it_is_asked_for(run: Runner) -> None:
    """Tasks count when asked for, run or not."""
    made = Blocks()

    def scheduler(dsk: Any, keys: Any, **options: Any) -> Any:
        raise RuntimeError("no")

    done = run(
        """
        try:
            x.compute(scheduler=scheduler)
        except RuntimeError:
            pass
        x.compute()
        """,
        x=made.array((5, 5)),
        scheduler=scheduler,
    )
    assert [(f.tasks, f.tasks_repeated, f.completed) for f in done.forces] == [(2, 0, False), (2, 2, True)]
    assert set(made.times.values()) == {1}


# Dataframes


def test_partitions_of_a_dataframe(run: Runner, tmp_path: Any, witness: Witness) -> None:
    """Another column or filter reads the same partitions again; files not asked for are not read."""
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    for n in range(3):
        pd.DataFrame({"a": range(n, n + 4), "b": 1.0}).to_parquet(tmp_path / f"part{n}.parquet")
    done = run(
        """
        import dask.dataframe as dd
        d = dd.read_parquet(folder)
        d["a"].sum().compute()
        d["b"].sum().compute()
        d.partitions[1].compute()
        d[d.a > 2].b.max().compute()
        """,
        folder=str(tmp_path),
    )
    assert [(f.partition_reads, f.partition_reads_repeated) for f in done.forces] == [
        (3, 0),
        (3, 3),
        (1, 1),
        (3, 3),
    ]


def test_partitions_that_a_function_makes(run: Runner, witness: Witness) -> None:
    """Partitions made by a function that counts: as many reads and repeats as it really ran."""
    pd = pytest.importorskip("pandas")
    import dask.dataframe as dd

    counted: list[int] = []

    def make(n: int) -> Any:
        counted.append(n)
        return pd.DataFrame({"a": [n], "b": [2 * n]})

    meta = pd.DataFrame({"a": [1], "b": [1]})
    done = run(
        """
        d = dd.from_map(make, [0, 1, 2], meta=meta)
        for n in range(7):
            (d.a + n).sum().compute()
        """,
        dd=dd,
        make=make,
        meta=meta,
    )
    assert sorted(counted) == [0] * 7 + [1] * 7 + [2] * 7
    assert [(f.partition_reads, f.partition_reads_repeated) for f in done.forces] == [(3, 0)] + [(3, 3)] * 6


# The records


def test_layers_and_blocks_wanted(run: Runner) -> None:
    """A layer has its grid, chunk, bytes and tasks; a force the blocks of it that it wanted."""
    done = run(
        """
        x = da.ones((6, 8), chunks=(3, 2), dtype="f4")
        y = x + 1
        y[:, 3:5].compute()
        y.compute()
        """
    )
    data = done.data
    first, second = (force.begin for force in data.forces)
    layers = {w.layer: data.layers[w.layer] for w in (*first.wanted, *second.wanted)}
    by_name = {data.texts[layer.name].partition("-")[0]: (n, layer) for n, layer in layers.items()}
    assert set(by_name) == {"ones_like", "add", "getitem"}
    number, add = by_name["add"]
    assert (add.tasks, add.blocks, add.chunk, add.chunk_bytes, add.source) == (8, [2, 4], [3, 2], 24, False)
    ones, source = by_name["ones_like"]
    assert (source.tasks, source.blocks, source.source, source.reads) == (8, [2, 4], True, [])
    assert add.reads == [ones]
    wanted = {w.layer: w for w in first.wanted}
    assert (wanted[number].tasks, wanted[number].repeated) == (4, 0)
    assert blocks_in(wanted[number].blocks, 8) == {1, 2, 5, 6}
    assert blocks_in(wanted[ones].blocks, 8) == {1, 2, 5, 6}
    again = {w.layer: w for w in second.wanted}
    assert (again[number].blocks, again[number].tasks, again[number].repeated, again[number].last) == (
        None, 8, 4, 1,
    )  # fmt: skip
    assert first.largest_chunk_bytes == 24
    assert second.expected_bytes == 6 * 8 * 4
    assert [data.texts[r] for r in second.results] == [done.names["y"].name]


def test_blocks_wanted_are_those_of_the_graph(run: Runner) -> None:
    """The bit sets of a force name the blocks that the walk finds, layer by layer."""
    done = run(
        """
        x = da.ones((6, 8, 4), chunks=(3, 2, 2))
        y = da.concatenate([x.T, x.T + 1]).rechunk((4, 4, 3))[1:5, 2:, 0]
        y.compute()
        """
    )
    (execution,) = done.seen
    truth: dict[str, set[tuple[int, ...]]] = {}
    for key in execution.tasks:
        truth.setdefault(key[0], set()).add(key[1:])
    data = done.data
    found = {}
    for wanted in data.forces[0].begin.wanted:
        layer = data.layers[wanted.layer]
        assert layer.blocks is not None
        numbers = blocks_in(wanted.blocks, math.prod(layer.blocks))
        found[data.texts[layer.name]] = {
            tuple(int(i) for i in np.unravel_index(n, layer.blocks)) for n in numbers
        }
        assert wanted.tasks == len(numbers)
    assert found == truth


def test_too_many_tasks_to_walk(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer wanted in part that is too large is counted as whole: never less than the truth."""
    from lazyscope.capture import demand

    monkeypatch.setattr(demand, "WALK_AT_MOST", 10)
    done = run("x = da.ones(400, chunks=1)\n(x + 1)[:50].compute()\nx.compute()")
    part, whole = done.forces
    assert not part.tasks_exact
    assert part.tasks >= done.seen.tasks[0]
    assert (whole.tasks, whole.tasks_exact) == (400, True)


def test_many_tasks_wanted_whole_are_exact(run: Runner) -> None:
    """However large, layers that are wanted whole are counted exactly."""

    def scheduler(dsk: Any, keys: Any, **options: Any) -> Any:
        return [np.float64(0)] * len(list(flatten(keys)))

    done = run(
        """
        x = da.ones(300_000, chunks=1)
        for n in range(2):
            try:
                (x + 1).sum().persist(scheduler=scheduler)
            except Exception:
                pass
        """,
        scheduler=scheduler,
    )
    sums, remaining = 300_000, 300_000
    while remaining > 1:
        remaining = -(-remaining // 4)
        sums += remaining
    tasks = 600_000 + sums
    assert [(f.tasks_exact, f.tasks_repeated) for f in done.forces] == [
        (True, 0),
        (True, done.forces[0].tasks),
    ]
    assert done.forces[0].tasks == pytest.approx(tasks, rel=0.4)


# Random programs


OPERATIONS = st.sampled_from(
    ["add", "multiply", "slice", "step", "row", "transpose", "concatenate", "sum", "rechunk", "where", "mask"]
)
STEPS = st.lists(
    st.tuples(OPERATIONS, st.integers(0, 5), st.integers(0, 5), st.integers(0, 7), st.booleans()),
    min_size=1,
    max_size=7,
)


def apply(operation: str, x: da.Array, y: da.Array, n: int) -> da.Array:
    """One step of a random program; what does not fit the arrays is an addition."""
    unknown = any(math.isnan(s) for s in (*x.shape, *y.shape))
    if operation == "multiply" and x.shape == y.shape and not unknown:
        return x * y
    if operation == "where" and x.shape == y.shape and not unknown:
        return da.where(x > n, x, y)
    if operation == "transpose":
        return x.T
    if operation == "sum" and x.ndim:
        return x.sum(axis=0)
    if operation == "mask" and x.ndim == 1 and not unknown:
        return x[x > n]
    if operation in ("slice", "step", "row") and x.ndim and not math.isnan(x.shape[0]) and x.shape[0] > n + 1:
        return {"slice": lambda: x[n : n + 4], "step": lambda: x[n::2], "row": lambda: x[n]}[operation]()
    if operation == "concatenate" and x.ndim and x.shape == y.shape and not unknown:
        return da.concatenate([x, y])
    if operation == "rechunk" and x.ndim and not unknown:
        return x.rechunk(3)
    return x + n


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_random_programs(steps: list[tuple[str, int, int, int, bool]]) -> None:
    """Tasks, repeated tasks and source blocks of random programs with forces in between."""
    witness = Witness()
    made, reader = Blocks(witness), Reader(8, 6, witness=witness)
    arrays = [made.array((3, 3, 2), (3, 3)), da.from_array(reader, chunks=(4, 3))]
    with lazyscope.trace() as trace, dask.config.set(scheduler="sync"):
        witness.watch()
        try:
            for operation, i, j, n, forced in steps:
                made_now = apply(operation, arrays[i % len(arrays)], arrays[j % len(arrays)], n)
                arrays.append(made_now)
                if forced:
                    made_now.compute()
            dask.compute(*arrays[-2:])
        finally:
            witness.stop()
    assert [f.tasks for f in trace.forces] == witness.tasks
    assert [f.tasks_repeated for f in trace.forces] == witness.repeated
    assert repeated_of(trace, "source-") == made.repeated


def test_a_repeat_names_the_latest_force_that_asked_for_those_very_tasks(run: Runner) -> None:
    """Not one that asked for other blocks of the same layer meanwhile."""
    done = run(
        """
        x = da.map_blocks(lambda block_id: np.ones(1), chunks=((1,) * 3,), dtype=float, meta=np.empty(0),
                          name="x")
        x.sum().compute()
        x[:1].sum().compute()
        x[1:].sum().compute()
        x[:1].max().compute()
        """
    )
    repeats = [[r for r in force.repeats if r.layer == "x"] for force in done.forces]
    assert [[(r.layer, r.tasks, r.force) for r in of_force] for of_force in repeats] == [
        [],
        [("x", 1, 1)],
        [("x", 2, 1)],
        [("x", 1, 2)],
    ]
