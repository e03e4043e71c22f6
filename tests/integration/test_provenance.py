"""Where forced values and unknown shapes come from, in programs that were run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from traced_programs import Run, Runner
from witness import Blocks, Reader

from lazyscope.analysis.loops import loops
from lazyscope.analysis.provenance import Dependencies, dependencies
from lazyscope.analysis.rereading import Rereading, rereadings
from lazyscope.analysis.unknown_shapes import (
    Harm,
    origins_of_failure,
    origins_of_force,
    path_of_unknown,
)
from lazyscope.model import events


def behind(done: Run, force: int = 1) -> Dependencies:
    return dependencies(done.data, force)


def calls(done: Run, found: Dependencies) -> list[tuple[str, int]]:
    """Operation and line of the calls that are shown, the nearest first."""
    data = done.data
    return [(data.texts[s.call.operation], data.positions[s.call.site].line) for s in found.calls.shown]


def variables(found: Dependencies) -> tuple[list[str | None], list[str | None]]:
    """Of the nearest arrays that the user has in hand, and of those at the far end."""
    return [array.variable for array in found.arrays], [array.variable for array in found.beginnings]


# Forced values


def test_a_chain_of_lines(run: Runner) -> None:
    """Every call with its line, back to the file."""
    done = run(
        """
        x = da.from_array(reader, chunks=5)
        y = x + 1
        z = (y * 2).sum()
        float(z)
        """,
        reader=Reader(20),
    )
    found = behind(done)
    assert calls(done, found) == [
        ("Array.sum", 3), ("Array.__mul__", 3), ("Array.__add__", 2), ("dask.array.from_array", 1),
    ]  # fmt: skip
    assert variables(found) == (["z"], ["x"])
    assert [(s.operation, s.tasks, s.chunk_bytes) for s in found.sources] == [("array", 4, 40)]


def test_an_array_that_was_there_before(run: Runner) -> None:
    """The parameter of a function that is traced."""
    done = run("(x - x.mean()).max().compute()", x=Blocks().array((5, 5)))
    found = behind(done)
    assert calls(done, found) == [("Array.max", 1), ("Array.__sub__", 1), ("Array.mean", 1)]
    assert [array.made_by for array in found.beginnings] == [None]
    assert [source.tasks for source in found.sources] == [2]


def test_arrays_that_are_changed_in_place(run: Runner) -> None:
    """Assigned elements, ``+=``, and names that change behind a variable."""
    done = run(
        """
        y = x.copy()
        y += 1
        y[y > 3] = 0
        y[0] = 5
        np.asarray(y)
        """,
        x=da.arange(20.0, chunks=5),
    )
    found = behind(done)
    assert calls(done, found) == [
        ("Array.__setitem__", 4), ("Array.__setitem__", 3), ("Array.__add__", 2), ("Array.__gt__", 3),
    ]  # fmt: skip
    assert variables(found)[0] == ["y"]


def test_the_latest_turn_of_a_loop(run: Runner) -> None:
    """Each force depends on the array of its own turn."""
    done = run(
        """
        for n in range(3):
            y = x * n
            y.sum().compute()
        """,
        x=da.arange(20.0, chunks=5),
    )
    made = [behind(done, force).calls.shown[1].call for force in (1, 2, 3)]
    assert [call.outputs[0][0] for call in made] == sorted({call.outputs[0][0] for call in made})


def test_a_loop_that_builds_on_itself(run: Runner) -> None:
    """Twenty additions of one line are one step."""
    done = run(
        """
        for n in range(20):
            x = x + 1
        x.compute()
        """,
        x=da.arange(20.0, chunks=5),
    )
    (step,) = behind(done).calls.shown
    assert (step.times, step.distance, step.at_user) == (20, 1, True)


@pytest.mark.parametrize("name", ["persist", "compute_chunk_sizes"])
def test_forces_inside_calls(run: Runner, name: str) -> None:
    """What dask asks for inside the call is named by what the call took."""
    done = run(f"x = da.arange(20., chunks=5)\ny = x[x > 3]\nz = y.{name}()")
    found = behind(done)
    assert calls(done, found)[0] == ("Array.__getitem__", 2)
    assert variables(found) == (["y"], ["x"])


def test_results_of_several_arrays(run: Runner) -> None:
    """Both are followed."""
    done = run("a = x + 1\nb = y * 2\ndask.compute(a, b)", x=da.ones(4, chunks=2), y=da.zeros(4, chunks=2))
    assert sorted(calls(done, behind(done))) == [("Array.__add__", 1), ("Array.__mul__", 2)]
    assert variables(behind(done))[0] == ["a", "b"]


LIBRARY = '''\
"""A library."""

import dask.array as da


def normalise(x):
    centred = x - da.mean(x)
    if not bool(da.all(da.isfinite(centred))):
        raise ValueError
    return centred / da.std(centred)
'''


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A distribution as ``pip install --target`` leaves it."""
    folder = tmp_path / "installed"
    info = folder / "normalising-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "normalising.py").write_text(LIBRARY)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: normalising\nVersion: 1.0\n")
    (info / "RECORD").write_text("normalising.py,,\nnormalising-1.0.dist-info/METADATA,,\n")
    monkeypatch.syspath_prepend(str(folder))
    yield
    sys.modules.pop("normalising", None)


USING = """\
import normalising
pixels = da.from_array(reader, chunks=5)
result = normalising.normalise(pixels)
total = result.sum()
total.compute()
"""


@pytest.mark.usefixtures("library")
def test_a_library_that_forces(run: Runner) -> None:
    """Its own calls, and the user's array that it was given."""
    done = run(USING, reader=Reader(20))
    found = behind(done)
    assert [operation for operation, _ in calls(done, found)] == [
        "dask.array.all", "dask.array.isfinite", "Array.__sub__", "dask.array.from_array", "dask.array.mean",
    ]  # fmt: skip
    assert [step.at_user for step in found.calls.shown] == [False] * 3 + [True, False]
    assert variables(found) == (["pixels"], ["pixels"])


@pytest.mark.usefixtures("library")
def test_an_array_that_a_library_returned(run: Runner) -> None:
    """The user's next line took it, so the user has it in hand, under the name of the assignment."""
    text = USING.replace("total.compute()", "again = normalising.normalise(result)")
    done = run(text, reader=Reader(20))
    first, second = behind(done, 1), behind(done, 2)
    assert variables(first) == (["pixels"], ["pixels"])
    assert variables(second) == (["result"], ["pixels"])
    assert [array.position is not None for array in second.arrays] == [True]


# Data that is read again


def reread(done: Run) -> list[Rereading]:
    return rereadings(done.data)


@pytest.mark.usefixtures("library")
def test_what_the_library_and_the_user_read_again(run: Runner) -> None:
    """The check reads the file, the result again: `centred` for the library, `pixels` for the user."""
    reader = Reader(20)
    done = run(USING, reader=reader)
    (found,) = reread(done)
    assert sum(reader.times.values()) == 8
    assert [array.position is not None and array.at_user for array in found.arrays] == [False]
    assert [array.variable for array in found.user_arrays] == ["pixels"]
    assert (found.asked_least, found.asked_most) == (2, 2)
    assert found.bytes == 160


@pytest.mark.parametrize("repeats", [2, 9])
def test_blocks_and_how_often_they_are_made(run: Runner, repeats: int) -> None:
    """The same as the blocks say themselves, whole and in part."""
    made = Blocks()
    done = run(
        """
        for n in range(repeats):
            (x + n).sum().compute()
        for n in range(repeats - 1):
            (x[:10] - n).sum().compute()
        """,
        x=made.array((5, 5, 5, 5)),
        repeats=repeats,
    )
    (found,) = [one for one in reread(done) if one.sources]
    times = made.times.values()
    assert (found.asked_least, found.asked_most) == (min(times), max(times))
    assert (found.tasks, found.tasks_repeated) == (sum(times), sum(times) - 4)
    assert found.forces == tuple(range(1, 2 * repeats))


def test_arrays_that_are_read_once(run: Runner) -> None:
    """A program that persists first reads nothing again."""
    done = run("x = x.persist()\nx.sum().compute()\nx.max().compute()", x=Blocks().array((5, 5)))
    assert reread(done) == []


# Unknown shapes


PREPARATION = "x = da.arange(10., chunks=5)\nm = da.ones((4, 4), chunks=2)\n"


def harms(done: Run) -> list[tuple[int, str, str | None, list[str]]]:
    """Of each origin's harms: its number, force or exception, the call that took it, calls between."""
    data, found = done.data, []
    for number, shape in enumerate(data.unknown_shapes):
        found += [(number, *told(data.texts, harm)) for harm in path_of_unknown(data, shape).harms]
    return found


def told(texts: list[str], harm: Harm) -> tuple[str, str | None, list[str]]:
    what = "force" if harm.failure is None else harm.failure.type
    call = None if harm.call is None else texts[harm.call.operation]
    return what, call, [texts[step.call.operation] for step in harm.through.shown]


SELECTIONS = {
    "a selection": "y = x[x > 2]",
    "rows": "y = m[m[:, 0] > 0]",
    "da.unique": "y = da.unique(x)",
    "da.nonzero": "(y,) = da.nonzero(x > 2)",
    "da.argwhere": "y = da.argwhere(x > 2)",
    "xp.unique_values": "y = xp.unique_values(x)",
    "compress": "y = da.compress(x > 2, x)",
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_lengths_that_are_computed(run: Runner, name: str) -> None:
    """From the selection to the force, whatever made the selection."""
    done = run(f"{PREPARATION}{SELECTIONS[name]}\nz = y + 1\nz.compute_chunk_sizes()\nw = z + 1")
    assert harms(done) == [(0, "force", "Array.compute_chunk_sizes", ["Array.__add__"])]
    data = done.data
    assert origins_of_force(data, 1) == tuple(data.unknown_shapes)
    (path,) = [path_of_unknown(data, shape) for shape in data.unknown_shapes]
    assert path.uses == 2
    assert path.settled_by is not None
    assert path.made_by is not None
    assert data.positions[path.made_by.site].line == 3


FAILING = {
    "reshape": ("y.reshape(2, 2)", ValueError, "Array.reshape"),
    "len": ("len(y)", ValueError, "Array.__len__"),
    "shapes that do not fit": ("y + x", ValueError, "Array.__add__"),
    "slicing": ("y[2:5]", ValueError, "Array.__getitem__"),
    "rechunk": ("y.rechunk(3)", ValueError, "Array.rechunk"),
    "int of a length": ("int(y.shape[0])", ValueError, None),
}


@pytest.mark.parametrize("name", FAILING)
def test_exceptions_because_of_unknown_shapes(run: Runner, name: str) -> None:
    """Back to the selection, through the call that raised or by what the message says."""
    text, error, operation = FAILING[name]
    done = run(f"{PREPARATION}y = x[x > 2]\n{text}", fails=error)
    assert [(number, kind, call) for number, kind, call, _ in harms(done)] == [(0, error.__name__, operation)]
    (failure,) = done.data.failures
    assert origins_of_failure(done.data, failure) == tuple(done.data.unknown_shapes)


def test_exceptions_for_other_reasons(run: Runner) -> None:
    """Nothing unknown took part."""
    done = run(f"{PREPARATION}y = x[x > 2]\nx.reshape(3, 7)", fails=ValueError)
    assert harms(done) == []


def test_a_known_sum_carries_nothing(run: Runner) -> None:
    """The sum of a selection is an array like any other."""
    done = run(f"{PREPARATION}y = x[x > 2].sum()\nfloat(y + 1)")
    (shape,) = done.data.unknown_shapes
    found = path_of_unknown(done.data, shape)
    assert (found.uses, found.harms) == (1, ())


# Loops


def loop_of(done: Run) -> tuple[str, str, int]:
    """Header of the loop of the only line that forces again and again, what repeats, and how many forces."""
    (found,) = loops(done.data)
    assert found.loop is not None
    return found.loop.header, found.repeats, len(found.forces)


LOOPS = {
    "rows": ("for n in range(5):\n    x[n].sum().compute()", ("for n in range(5)", "none", 5)),
    "the same each time": ("y = x.sum()\nfor n in range(5):\n    float(y)", ("for n in range(5)", "all", 5)),
    "until it converges": (
        "n = 0\nwhile bool((x.sum() - n) > 40000):\n    n += 1000",
        ("while bool(x.sum() - n > 40000)", "some", 6),
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_loops(run: Runner, name: str) -> None:
    """The loop of the source around forces that come again and again."""
    text, expected = LOOPS[name]
    data = np.arange(2025.0).reshape(45, 45)[:, :1]
    assert loop_of(run(text, x=da.from_array(data, chunks=(1, 1)))) == expected


def test_records_are_what_is_returned(run: Runner) -> None:
    """Origins are the records of the trace, as the report numbers them."""
    done = run(f"{PREPARATION}y = x[x > 2]")
    (shape,) = done.data.unknown_shapes
    assert isinstance(path_of_unknown(done.data, shape).origin, events.UnknownShape)
