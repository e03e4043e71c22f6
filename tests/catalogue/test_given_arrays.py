"""Arrays made before the trace began have names, so that holding them can be advised."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import dask
import pytest

import lazyscope

MADE = """
import dask.array as da
import numpy as np

LOADS = []


def load(block_id=None):
    LOADS.append(block_id)
    return np.full((100, 100), float(block_id[0]))


x = da.map_blocks(load, chunks=((100,) * 4, (100,) * 4), dtype=float, meta=np.empty((0, 0)))
"""


def persist_fixes(trace: lazyscope.Trace) -> list[tuple[str, list[str]]]:
    """Summaries and new lines of the fixes that hold arrays, of whatever findings."""
    return [
        (
            fix.summary,
            [f"{edit.line}: {'; '.join(edit.new)}" for edit in fix.edits],
        )
        for finding in trace.findings
        for fix in finding.fixes
        if fix.technique == "persist"
    ]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a program whose array exists before it is traced."""

    def traced(text: str) -> lazyscope.Trace:
        monkeypatch.chdir(tmp_path)
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(text))
        namespace: dict[str, Any] = {"__name__": "program"}
        exec(compile(MADE, str(tmp_path / "made.py"), "exec"), namespace)
        with dask.config.set(scheduler="sync"), lazyscope.trace() as trace:
            exec(compile(path.read_text(), str(path), "exec"), namespace)
        return trace

    return traced


def test_an_array_is_held_before_its_first_use(run: Any) -> None:
    trace = run(
        """\
        a = 1
        low = x.min().compute()
        high = x.max().compute()
        """
    )
    assert persist_fixes(trace) == [
        ("`x = x.persist()` before `low = x.min().compute()`, line 2", ["2: x = x.persist()"])
    ]


def test_it_is_held_before_the_loop_that_uses_it(run: Any) -> None:
    trace = run(
        """\
        found = []
        for power in range(3):
            if power != 1:
                found.append((x ** power).mean().compute())
        """
    )
    assert persist_fixes(trace) == [
        ("`x = x.persist()` before `for power in range(3):`, line 2", ["2: x = x.persist()"])
    ]


def test_it_is_held_where_its_name_lives(run: Any) -> None:
    """Not in the helper that runs again and again."""
    trace = run(
        """\
        def spread(values, power):
            return (values ** power).mean().compute()

        one = spread(x, 1)
        two = spread(x, 2)
        """
    )
    assert persist_fixes(trace) == [
        ("`x = x.persist()` before `one = spread(x, 1)`, line 4", ["4: x = x.persist()"])
    ]
