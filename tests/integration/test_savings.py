"""What `if_persisted` and `if_not_forced` promise is what happens: each program is run again without it.

The truth is the witness's count of tasks, and what counting sources did, before and after.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from traced_programs import Run, Runner, known_names
from witness import Blocks, Reader, Witness

import lazyscope
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.rereading import partition_rereading, rereadings
from lazyscope.analysis.savings import Saving, if_not_forced, if_persisted
from lazyscope.model.trace import TraceData

ROOT = Path(__file__).parents[2]


@dataclass
class Change:
    """A program before and after an array of it is persisted, and what was promised for that."""

    before: Run
    after: Run
    promised: Saving

    @property
    def tasks(self) -> int:
        """Tasks that vanished."""
        return sum(self.before.seen.tasks) - sum(self.after.seen.tasks)

    @property
    def repeated(self) -> int:
        """Repeated tasks that vanished."""
        return sum(self.before.seen.repeated) - sum(self.after.seen.repeated)


def layer_named(trace: TraceData, name: str) -> int:
    """The number of the layer of an array.

    Arrays made of blocks of others have none where the trace does not record them.
    """
    layer = lineage(trace).layers.get(trace.texts.index(name) if name in trace.texts else -1)
    if layer is None:
        pytest.skip("the trace has no layer for this array")
    return layer


def persisting(run: Runner, text: str, variable: str, **names: Any) -> Change:
    """Run a program as it is and with its line ``#+`` replaced by one that persists a variable."""
    before = run(text, **names)
    after = run(text.replace("#+", f"{variable} = {variable}.persist()"), **names)
    layer = layer_named(before.data, before.names[variable].name)
    return Change(before, after, if_persisted(before.data, [layer]))


# Arrays that are asked for whole: the promise is exact

WHOLE = {
    "a source": ("#+\nx.sum().compute()\nx.mean().compute()\nx.max().compute()", "x"),
    "a source that is asked for as it is": ("#+\nx.compute()\nx.compute()\n(x + 1).compute()", "x"),
    "an array of several steps": ("y = (x + 1) * 2\n#+\ny.sum().compute()\ny.max().compute()", "y"),
    "one of two steps": ("y = x + 1\n#+\n(y * 2).sum().compute()\n(y * 2).max().compute()", "y"),
    "an intermediate of two results": (
        "y = (x - x.mean()) / x.std()\n#+\na = y.min()\nb = y.max()\na.compute()\nb.compute()", "y",
    ),
    "a source beside its child": ("y = x + 1\n#+\n(x * y).sum().compute()\n(x * y).max().compute()", "y"),
    "a child asked for alone and beside its source": (
        "y = x + 1\n#+\ny.sum().compute()\n(x * y).max().compute()", "y",
    ),
    "an array asked for once": ("y = x + 1\n#+\ny.sum().compute()\nx.sum().compute()", "y"),
    "an array asked for among others": (
        "y = x + 1\n#+\ndask.compute(y.sum(), x.max())\ndask.compute(y.min(), (x * 2).sum())", "y",
    ),
    "a reduction": ("y = x.mean(axis=0)\n#+\n(x - y).sum().compute()\ny.compute()", "y"),
    "a transposed array": ("y = (x + 1).T\n#+\n(y @ x).compute()\ny.sum(axis=0).compute()", "y"),
    "rechunked": ("y = x.rechunk((2, 8))\n#+\ny.sum().compute()\ny.max(axis=1).compute()", "y"),
    "in a loop": ("#+\nfor n in range(9):\n    (x + n).sum().compute()", "x"),
    "a value check": ("#+\nif (x < 0).any():\n    raise ValueError\nx.sum().compute()", "x"),
    "conversions": ("#+\nnp.asarray(x)\nfloat(x.sum())\nbool((x > 0).all())", "x"),
    "assigned elements": ("y = x + 1\ny[y > 9] = 0\n#+\ny.sum().compute()\ny.max().compute()", "y"),
    "a matrix that is multiplied": (
        "y = x @ x.T\n#+\nfor n in range(3):\n    (y + n).sum().compute()", "y",
    ),
    "a persisted parent": (
        "z = (x + 1).persist()\ny = z * 2\n#+\ny.sum().compute()\ny.max().compute()", "y",
    ),
}  # fmt: skip
"""By name: a program on `x`, 8 by 8 in 4 blocks, and the variable that is persisted."""


@pytest.mark.parametrize("name", WHOLE)
def test_persisting_what_is_asked_for_whole(run: Runner, name: str) -> None:
    """As many tasks vanish as promised, not one more or less, and the same number of repeated ones."""
    text, variable = WHOLE[name]
    change = persisting(run, text, variable, x=Blocks().array((4, 4), (4, 4)))
    assert change.promised.tasks == (change.tasks, change.tasks)
    assert change.repeated == change.tasks


@pytest.mark.parametrize("repeats", [2, 7, 60])
def test_blocks_that_are_made_again(run: Runner, repeats: int) -> None:
    """A source of 3 blocks in k forces: 3 (k - 1) tasks, and the blocks themselves say so."""
    made = Blocks()
    text = "#+\nfor n in range(repeats):\n    (x + n).sum().compute()"
    change = persisting(run, text, "x", x=made.array((5, 5, 5)), repeats=repeats)
    assert change.promised.tasks == (3 * (repeats - 1), 3 * (repeats - 1))
    assert made.times == {(n,): repeats + 1 for n in range(3)}
    assert change.promised.bytes_held == 15 * 8
    assert change.promised.forces == tuple(range(1, repeats + 1))


def test_a_loop_that_builds_on_itself(run: Runner) -> None:
    """Held at every step, each step runs its own tasks only: of 1 + 2 + ... + n additions n are left."""
    text = "for n in range(12):\n    x = x + 1  #!\n    #+\n    x.sum().compute()"
    before = run(text, x=Blocks().array((5, 5)))
    after = run(text.replace("#+", "x = x.persist()"), x=Blocks().array((5, 5)))
    (steps,) = rereadings(before.data)
    assert {array.variable for array in steps.arrays} == {"x"}
    held = [array.layer for array in steps.arrays if array.layer is not None]
    # The last step is asked for once; holding it changes nothing.
    assert len(held) == 11
    promised = if_persisted(before.data, held).tasks
    assert promised == (sum(before.seen.tasks) - sum(after.seen.tasks),) * 2


def test_seconds_of_forces_that_have_nothing_left(run: Runner) -> None:
    """At least those that ask for nothing else; at most a share of the others'."""
    text = "#+\nx.sum().compute()\nx.compute()\n(x + 1).compute()"
    promised = persisting(run, text, "x", x=Blocks().array((5, 5))).promised
    before = run(text, x=Blocks().array((5, 5)))
    trace = before.data
    layer = layer_named(trace, before.names["x"].name)
    _, whole, half = trace.forces
    promised = if_persisted(trace, [layer])
    assert promised.seconds == pytest.approx((whole.self_seconds, whole.self_seconds + half.self_seconds / 2))


# Parts of arrays, and readers that are not recorded: the truth lies between the bounds

PARTS = {
    "slices of a file": ("#+\nx[0:3].sum().compute()\nx[5:8].sum().compute()\nx[0:3].max().compute()", "x"),
    "rows of a file": ("#+\nfor n in range(6):\n    x[n].compute()", "x"),
    "a slice": ("y = x[0:3]\n#+\ny.sum().compute()\ny.max().compute()", "y"),
    "a slice of two blocks": ("y = x[3:7]\n#+\ny.sum().compute()\ny.max().compute()", "y"),
    "every second element": ("y = x[::2]\n#+\ny.sum().compute()\ny.max().compute()", "y"),
    "half of an array": ("y = x + 1\n#+\ny[:10].sum().compute()\ny[:10].max().compute()", "y"),
    "another half each time": ("y = x + 1\n#+\ny[:10].sum().compute()\ny[10:].max().compute()", "y"),
    "one block again and again": ("y = x + 1\n#+\nfor n in range(4):\n    y[:5].sum().compute()", "y"),
    "half of it beside its source": ("y = x + 1\n#+\n(y[:10] + x[10:]).compute()\ny.sum().compute()", "y"),
    "blocks": ("y = x.blocks[1:3]\n#+\n(y + 1).sum().compute()\ny.compute()", "y"),
    "a concatenation": ("y = da.concatenate([x, x + 1])\n#+\ny.sum().compute()\ny.max().compute()", "y"),
    "a part of a concatenation": (
        "z = x + 1\n#+\ny = da.concatenate([x, z])\ny.sum().compute()\nz.max().compute()", "z",
    ),
    "a stack": ("y = da.stack([x, x + 1])\n#+\ny[0].compute()\ny[1].compute()\ny.sum().compute()", "y"),
    "a selection": ("y = x[x > 4]\n#+\ny.compute_chunk_sizes()\ny.sum().compute()", "y"),
    "a mask": ("y = x > 4\n#+\nx[y].sum().compute()\nx[y].max().compute()", "y"),
    "rechunked both ways": (
        "y = x.rechunk(10)\n#+\ny.sum().compute()\ny.rechunk(5).max().compute()", "y",
    ),
    "overlapping blocks": (
        "y = x.map_overlap(np.sort, depth=1, boundary='none', dtype=float, meta=np.empty(0))\n#+\n"
        "y.sum().compute()\ny.max().compute()", "y",
    ),
    "unique values": ("y = da.unique(x)\n#+\ny.compute()\ny.sum().compute()", "y"),
    "cumulative": ("y = x.cumsum(axis=0)\n#+\ny[-1].compute()\ny.compute()", "y"),
}  # fmt: skip
"""By name: a program on `x`, a file of 20 elements in 4 chunks, and the variable that is persisted."""


@pytest.mark.parametrize("name", PARTS)
def test_persisting_what_is_asked_for_in_part(run: Runner, name: str) -> None:
    """What really vanishes lies between the bounds."""
    text, variable = PARTS[name]
    change = persisting(run, text, variable, x=da.from_array(Reader(20), chunks=5))
    assert change.promised.tasks[0] <= change.tasks <= change.promised.tasks[1]


@pytest.mark.parametrize(
    "name", ["slices of a file", "rows of a file", "a slice", "a selection", "a concatenation", "blocks"]
)
def test_parts_that_are_known(run: Runner, name: str) -> None:
    """Of these nothing is uncertain."""
    text, variable = PARTS[name]
    change = persisting(run, text, variable, x=da.from_array(Reader(20), chunks=5))
    assert change.promised.tasks == (change.tasks, change.tasks)


# Programs by chance

OPERATIONS = {
    "add": "{0} + {1} * {n}", "double": "{0} * (2 + {n})", "transpose": "({0} + {n}).T",
    "centre": "({0} - {0}.mean(axis=0)) * {n}", "product": "{0} @ {1} / {n}", "absolute": "abs({0} - {n})",
    "half": "({0}[:4] + {n}).rechunk((2, 4)).repeat(2, axis=0)", "flip": "({0} - {n})[::-1]",
    "join": "da.concatenate([{0}[:4], {1}[4:] + {n}])", "rechunk": "({0} + {n}).rechunk((8, 4))",
}  # fmt: skip
"""Each line has its number in it: a line that makes the same array again would not use the one held."""
RESULTS = ("{0}.sum()", "{0}.max(axis=0)", "{0}", "{0}[:4]", "{0}[2]", "{0} * .1", "{0} + {1} * .1")
WHOLE_OPERATIONS = ("add", "double", "transpose", "centre", "product", "absolute")
WHOLE_RESULTS = (RESULTS[0], RESULTS[1], RESULTS[2], RESULTS[5], RESULTS[6])


@st.composite
def programs(draw: st.DrawFn, operations: tuple[str, ...], results: tuple[str, ...]) -> tuple[str, str]:
    """A program on `v0`, 8 by 8 in 4 blocks; and a variable of it, which ``#+`` lines persist."""
    count = draw(st.integers(1, 5))
    lines = []
    for number in range(1, count + 1):
        sources = [f"v{draw(st.integers(0, number - 1))}" for _ in range(2)]
        lines.append(
            f"v{number} = {OPERATIONS[draw(st.sampled_from(operations))].format(*sources, n=number)}"
        )
    held = draw(st.integers(0, count))
    lines.insert(held, "#+")
    variables = st.sampled_from([f"v{n}" for n in range(count + 1)])
    for _ in range(draw(st.integers(2, 4))):
        result = draw(st.sampled_from(results)).format(draw(variables), draw(variables))
        lines.append(f"({result}).compute()")
    return "\n".join(lines), f"v{held}"


def tasks_of(text: str, source: da.Array) -> tuple[TraceData, dict[str, Any], int]:
    """Run a program in a trace; how many tasks it ran."""
    names = known_names() | {"v0": source}
    seen = Witness()
    with dask.config.set(scheduler="sync"), lazyscope.trace() as trace:
        seen.watch()
        try:
            exec(text, names)
        finally:
            seen.stop()
    return trace.data, names, sum(seen.tasks)


def promised_and_true(program: tuple[str, str]) -> tuple[tuple[int, int], int]:
    """Bounds for persisting the program's variable, which is asked for whole; and what really vanishes."""
    text, variable = program
    source = Blocks().array((4, 4), (4, 4))
    trace, names, before = tasks_of(text, source)
    _, _, after = tasks_of(text.replace("#+", f"{variable} = {variable}.persist()"), source)
    name = names[variable].name
    layer = lineage(trace).layers.get(trace.texts.index(name) if name in trace.texts else -1)
    assume(layer is not None)
    assert layer is not None
    promised = if_persisted(trace, [layer])
    assume(promised.asked_whole)
    return promised.tasks, before - after


EXAMPLES = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@EXAMPLES
@given(programs(tuple(OPERATIONS), RESULTS))
def test_programs_by_chance(program: tuple[str, str]) -> None:
    """Whatever is held, the truth lies between the bounds."""
    (least, most), true = promised_and_true(program)
    assert least <= true <= most


@EXAMPLES
@given(programs(WHOLE_OPERATIONS, WHOLE_RESULTS))
def test_programs_by_chance_on_whole_arrays(program: tuple[str, str]) -> None:
    """Where all is asked for whole, the bounds are the truth."""
    bounds, true = promised_and_true(program)
    assert bounds == (true, true)


# Without a force


def test_a_check_that_is_left_out(run: Runner) -> None:
    """All its tasks vanish, as the upper bound says; those it shares with a later force, at least."""
    text = "if not np.isfinite(x).all():\n    raise ValueError\n(x + 1).sum().compute()"
    source = Blocks().array((5, 5))
    before, after = run(text, x=source), run(text.splitlines()[-1], x=source)
    promised = if_not_forced(before.data, [1])
    assert promised.tasks == (2, sum(before.seen.tasks) - sum(after.seen.tasks))
    assert promised.bytes_held == 0


def test_results_that_are_computed_together(run: Runner) -> None:
    """Each of three results asks for the source: computed together, what the lower bound says vanishes."""
    text = "a = y.sum()\nb = y.max()\nc = x.min()\na.compute()\nb.compute()\nc.compute()"
    source = Blocks().array((5, 5))
    before = run(text, x=source, y=source + 1)
    after = run(text.split("a.compute")[0] + "dask.compute(a, b, c)", x=source, y=source + 1)
    vanished = sum(before.seen.tasks) - sum(after.seen.tasks)
    assert if_not_forced(before.data, [1, 2]).tasks[0] == vanished == 2 + 2 + 2


def test_the_last_force_shares_nothing_later(run: Runner) -> None:
    """What it asks for again it would have to ask for anyway."""
    done = run("x.sum().compute()\nx.max().compute()", x=Blocks().array((5, 5)))
    assert if_not_forced(done.data, [2]).tasks == (0, done.forces[1].tasks)


def test_nested_forces_go_with_theirs(run: Runner) -> None:
    """What a task computes is not computed without it."""
    done = run(
        """
        def block(b):
            return b + y.sum().compute() if b.size else b

        da.map_blocks(block, x, dtype=float, meta=np.empty(0)).compute(scheduler="sync")
        """,
        x=da.ones(4, chunks=2),
        y=da.ones(6, chunks=2),
    )
    promised = if_not_forced(done.data, [1])
    assert promised.forces == (1, 2, 3)
    assert promised.tasks[1] == sum(done.seen.tasks)


# Real programs


def traced_sample(folder: Path, text: str) -> tuple[TraceData, str]:
    """Run the text of a sample under ``lazyscope run``; its trace and what it printed."""
    folder.mkdir()
    (folder / "kmeans.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "lazyscope", "run", "-o", "trace.lazy", "kmeans.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tracer"), "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return lazyscope.load(folder / "trace.lazy").data, done.stdout


def test_k_means(tmp_path: Path) -> None:
    """Persisting the pixels of the sample removes all reads but one, as it says; the reader counts them."""
    text = (ROOT / "samples" / "kmeans.py").read_text()
    call = "    palette, distortion = kmeans(pixels"
    assert call in text
    before, printed = traced_sample(tmp_path / "before", text)
    after, _ = traced_sample(tmp_path / "after", text.replace(call, f"    pixels = pixels.persist()\n{call}"))
    (pixels,) = [one for one in rereadings(before) if one.arrays[0].variable == "pixels"]
    times = int(printed.split("each ")[1].split()[0])
    again = 7 * (times - 1)
    assert times > 10
    assert (pixels.asked_least, pixels.asked_most) == (times, times)
    assert (pixels.tasks, pixels.tasks_repeated) == (7 * times, again)
    assert pixels.bytes == 427 * 640 * 3 * 8
    layer = pixels.arrays[0].layer
    assert layer is not None
    vanished = sum(f.begin.tasks for f in before.forces) - sum(f.begin.tasks for f in after.forces)
    assert if_persisted(before, [layer]).tasks == (vanished, vanished) == (again, again)


FRAME = """\
import dask.dataframe as dd
d = dd.read_parquet(folder)
#+
d.a.sum().compute()
(d.a + d.b).max().compute()
len(d)
"""


def test_partitions_of_a_dataframe(run: Runner, tmp_path: Path) -> None:
    """Held in memory, each partition is read once: what was counted as repeated vanishes."""
    pandas = pytest.importorskip("pandas")
    dd = pytest.importorskip("dask.dataframe")
    frame = pandas.DataFrame({"a": np.arange(40), "b": np.arange(40)})
    dd.from_pandas(frame, npartitions=4).to_parquet(tmp_path / "data")
    before = run(FRAME, folder=str(tmp_path / "data")).data
    after = run(FRAME.replace("#+", "d = d.persist()"), folder=str(tmp_path / "data")).data
    found = partition_rereading(before)
    assert found is not None
    reads = [sum(force.partition_reads for force in data.forces) for data in (before, after)]
    assert (found.reads, found.reads_repeated) == (reads[0], reads[0] - reads[1])
    assert partition_rereading(after) is None


def test_an_array_of_a_dataframe(run: Runner, tmp_path: Path) -> None:
    """Its reads vanish with the array: computing the lengths first reads everything twice."""
    pandas = pytest.importorskip("pandas")
    dd = pytest.importorskip("dask.dataframe")
    dd.from_pandas(pandas.DataFrame({"a": np.arange(40.0)}), npartitions=4).to_parquet(tmp_path / "data")
    text = "v = d.a.values\n#+\nv.compute_chunk_sizes()\nv.sum().compute()"
    change = persisting(run, text, "v", d=dd.read_parquet(tmp_path / "data"))
    reads = [
        sum(force.partition_reads for force in done.data.forces) for done in (change.before, change.after)
    ]
    assert change.promised.partition_reads == (reads[0] - reads[1],) * 2
    assert change.promised.tasks == (change.tasks, change.tasks)
