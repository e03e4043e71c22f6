"""Fixes put into programs that are run before and after: the same output, and less work."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from example_programs import diagnosed

from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.fixes.edit import Edit
from lazyscope.fixes.fix import Fix, Technique

PRELUDE = """import dask.array as da
import numpy as np

LOADS = []

def load(block_id=None):
    LOADS.append(block_id)
    return np.random.default_rng(block_id[0]).normal(size=50)

def data():
    return da.map_blocks(load, chunks=((50,) * 4,), dtype=float, meta=np.empty(0))
"""

Diagnose = Callable[[str], Diagnosis]


@pytest.fixture
def diagnosis_of(tmp_path: Path) -> Diagnose:
    return lambda text: diagnosed(PRELUDE + textwrap.dedent(text), tmp_path)


def fix_of(found: Diagnosis, technique: Technique) -> tuple[Finding, Fix]:
    """The first fix of a technique that is an edit, and the finding it belongs to."""
    return next(
        (finding, fix)
        for finding in found.findings
        for fix in finding.fixes
        if fix.technique == technique and fix.edit is not None
    )


def with_edit(text: str, edit: Edit) -> str:
    lines = text.splitlines()
    for change in reversed(edit.changes):
        lines[change.line - 1 : change.end_line] = change.new
    return "\n".join(lines) + "\n"


def outcome(text: str) -> tuple[str, int]:
    """What a program prints, and how many blocks it reads."""
    names: dict[str, Any] = {"__name__": "__main__"}
    said = StringIO()
    with redirect_stdout(said):
        exec(compile(text, "program.py", "exec"), names)
    return said.getvalue(), len(names["LOADS"])


def lines_after(body: str, edit: Edit) -> list[str]:
    """The lines of the program after an edit that it had not before."""
    before = (PRELUDE + textwrap.dedent(body)).splitlines()
    return [line for line in with_edit("\n".join(before), edit).splitlines() if line not in before]


HELD = [
    (
        """
        x = data()
        y = x - x.mean()
        print(y.min().compute())
        print((y / float(y.max())).sum().compute())
        """,
        ["y = y.persist()"],
    ),
    (
        """
        class Band:
            def __init__(self):
                self.values = data()

            def limits(self):
                low = self.values.min().compute()
                return low, (self.values - low).max().compute()

        print(Band().limits())
        """,
        ["    return da.map_blocks(load, chunks=((50,) * 4,), dtype=float, meta=np.empty(0)).persist()"],
    ),
    (
        """
        def limits(x):
            low = x.min().compute()
            return low, (x - low).max().compute()

        print(limits(data() + 1))
        """,
        ["print(limits((data() + 1).persist()))"],
    ),
    (
        """
        def made():
            return data() * 2

        def main():
            x = made()
            low = x.min().compute()
            return low, (x - low).max().compute()

        print(main())
        """,
        ["    x = x.persist()"],
    ),
]


@pytest.mark.parametrize(("body", "lines"), HELD)
def test_an_array_is_held_where_it_is_made(body: str, lines: list[str], diagnosis_of: Diagnose) -> None:
    """Before anything is derived from it, by whatever name the program has for it."""
    _, fix = fix_of(diagnosis_of(body), "persist")
    assert fix.edit is not None
    assert lines_after(body, fix.edit) == lines
    text = PRELUDE + textwrap.dedent(body)
    (before, loads), (after, fewer) = outcome(text), outcome(with_edit(text, fix.edit))
    assert after == before
    assert fewer == 4 < loads


TOGETHER = [
    (
        """
        x = data()
        print(x.min().compute())
        print(x.max().compute())
        """,
        ["x_min, x_max = da.compute(x.min(), x.max())", "print(x_min)", "print(x_max)"],
    ),
    (
        """
        x = data()
        low = x.min().compute()
        high = float(x.max())
        print(low, high)
        """,
        ["low, x_max = da.compute(x.min(), x.max())", "high = float(x_max)"],
    ),
    (
        """
        x = data()
        print([x[n::4].sum().compute() for n in range(4)])
        """,
        ["print(list(da.compute(*[x[n::4].sum() for n in range(4)])))"],
    ),
    (
        """
        x = data()
        print([round(float(x[n::4].sum()), 3) for n in range(4)])
        """,
        ["print([round(float(value), 3) for value in da.compute(*[x[n::4].sum() for n in range(4)])])"],
    ),
    (
        """
        x = data()
        sums = []
        for n in range(4):
            part = x[n::4]
            sums.append(part.sum().compute())
        print(sums)
        """,
        [
            "computed = iter(da.compute(*[(x[n::4]).sum() for n in range(4)]))",
            "    sums.append(next(computed))",
        ],
    ),
    (
        """
        x = data()
        ends = np.array([x.min(), x.max(), 2])
        print(ends, ends.dtype)
        """,
        ["ends = np.array(da.compute(x.min(), x.max(), 2))"],
    ),
    (
        """
        x = data()
        table = np.asarray([[x.min(), 0], [*[x.max()], 1]], dtype="f4")
        print(table, table.dtype)
        """,
        ['table = np.asarray(da.compute([x.min(), 0], [*[x.max()], 1]), dtype="f4")'],
    ),
]


@pytest.mark.parametrize(("body", "lines"), TOGETHER)
def test_results_are_computed_together(body: str, lines: list[str], diagnosis_of: Diagnose) -> None:
    """In a row, in a loop, in a comprehension, in a list that NumPy makes an array of."""
    _, fix = fix_of(diagnosis_of(body), "batch-compute")
    assert fix.edit is not None
    assert lines_after(body, fix.edit) == lines
    text = PRELUDE + textwrap.dedent(body)
    (before, loads), (after, fewer) = outcome(text), outcome(with_edit(text, fix.edit))
    assert after == before
    assert fewer == 4 < loads


APART = [
    """
    x = data()
    low = x.min().compute()
    print((x - low).max().compute())
    """,
    """
    x = data()
    low = x.min().compute()
    x = x * 2
    print(low, x.max().compute())
    """,
    """
    x = data()
    sums = []
    for n in range(4):
        total = x[n::4].sum().compute()
        if total > 0:
            break
        sums.append(total)
    print(sums)
    """,
    """
    def told(x):
        print("asked")
        return x.sum()

    x = data()
    print(x.min().compute())
    print(told(x).compute())
    """,
]


@pytest.mark.parametrize("body", APART)
def test_what_depends_on_more_than_the_data_is_left_apart(body: str, diagnosis_of: Diagnose) -> None:
    """On a value of the group, a changed variable, a loop that may end early, something printed."""
    fixes = [fix for found in diagnosis_of(body).findings for fix in found.fixes]
    assert [fix for fix in fixes if fix.technique == "batch-compute" and fix.edit is not None] == []


def test_a_comprehension_goes_through_what_can_be_gone_through_once_only_once(
    diagnosis_of: Diagnose,
) -> None:
    """Its condition is asked for each element, as before; the values are computed together."""
    body = """
    x = data()
    steps = iter(range(4))
    print([float(x[n::4].sum()) for n in steps if float(x[n]) > 0])
    """
    _, fix = fix_of(diagnosis_of(body), "batch-compute")
    assert fix.edit is not None
    together = "da.compute(*[x[n::4].sum() for n in steps if float(x[n]) > 0])"
    assert lines_after(body, fix.edit) == [f"print([float(value) for value in {together}])"]
    text = PRELUDE + textwrap.dedent(body)
    assert outcome(with_edit(text, fix.edit)) == (outcome(text)[0], 8)
    assert outcome(text)[1] == 16


def test_an_array_that_is_made_again_and_again_is_not_held_there(diagnosis_of: Diagnose) -> None:
    """In a helper that is called for each step the statement would run for each step, too."""
    body = """
    def step(n):
        x = data()
        return float(x.sum()) + n

    print([step(n) for n in range(3)])
    """
    fixes = [fix for found in diagnosis_of(body).findings for fix in found.fixes]
    assert not any("x = x.persist()" in line for fix in fixes if fix.edit for line in fix.edit.main.new)


def test_an_array_without_a_name_that_two_lines_make_is_not_held_at_one_of_them(
    diagnosis_of: Diagnose,
) -> None:
    """The other line makes it anew: nothing would be saved."""
    body = """
    first = [da.arange(12, chunks=4)]
    second = [da.arange(12, chunks=4) + 1]
    print(first[0].sum().compute())
    print(second[0].sum().compute())
    """
    found = diagnosis_of(body).findings
    assert [one.code for one in found if one.code == "LZ110"] == []
    assert [fix for one in found for fix in one.fixes if fix.technique == "persist" and fix.edit] == []
