"""Warnings are seen where they are shown or collected; filters, lists and displays stay as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from traced_programs import Run, Runner

PREPARATION = "import warnings\nx = da.arange(10., chunks=5)\n"
MESSAGE = "The `numpy.partition` function is not implemented by Dask array."


def run_prepared(run: Runner, text: str, **names: Any) -> Run:
    return run(PREPARATION + text, **names)


def warned(done: Run) -> list[tuple[str, str, int | None]]:
    """Category, message and line of each."""
    return [
        (w.category, w.message, done.data.positions[w.site].line if w.site is not None else None)
        for w in done.data.warnings
    ]


def fallbacks(done: Run) -> list[tuple[str, int | None]]:
    """The NumPy functions that dask lacks, and where they were called."""
    return [
        (c.operation, c.site.line if c.site else None)
        for c in done.trace.calls
        if c.operation.startswith("numpy.") or "__array_function__" in c.operation
    ]


def test_collected_warnings(run: Runner) -> None:
    """Under ``catch_warnings(record=True)`` the program's list and the trace have the same ones."""
    done = run_prepared(
        run,
        """\
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for n in range(2):
        np.partition(x, n)  #!
    warnings.warn("own", UserWarning)  #!
""",
    )
    fallback, own = done.lines()
    found = warned(done)
    assert [(category, line) for category, _, line in found] == [
        ("FutureWarning", fallback),
        ("FutureWarning", fallback),
        ("UserWarning", own),
    ]
    assert [m[: len(MESSAGE)] for _, m, _ in found] == [MESSAGE, MESSAGE, "own"]
    assert [str(w.message) for w in done.names["caught"]] == [m for _, m, _ in found]
    assert len(done.forces) == len(done.seen) == 2


def test_once_is_shown_once(run: Runner) -> None:
    """What the filter suppresses was not displayed: calls of the fallback count all the same."""
    done = run_prepared(
        run,
        """\
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("once")
    for n in range(3):
        np.partition(x, 2)  #!
""",
    )
    assert len(done.names["caught"]) == len(warned(done)) == 1
    assert [line for _, line in fallbacks(done)] == [done.line("#!")] * 3


def test_ignored_warnings(run: Runner) -> None:
    """Nobody is shown them; the fallback is a call and a force."""
    done = run_prepared(
        run,
        """\
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    np.partition(x, 2)  #!
""",
    )
    assert warned(done) == []
    assert fallbacks(done) == [("numpy.partition", done.line("#!"))]
    assert [f.trigger for f in done.forces] == ["array_function"]


def test_warnings_as_errors(run: Runner) -> None:
    """The exception passes through the call: a failure, not a warning, and nothing is executed."""
    done = run_prepared(
        run,
        """\
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        np.partition(x, 2)  #!
    except FutureWarning:
        pass
""",
    )
    assert warned(done) == []
    assert [(f.type, f.escaped, f.site and f.site.line) for f in done.trace.failures] == [
        ("FutureWarning", False, done.line("#!"))
    ]
    assert (done.forces, len(done.seen)) == ([], 0)


def test_messages_are_cut(run: Runner) -> None:
    """At 500 characters; the program's own stays whole."""
    done = run_prepared(
        run,
        """\
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn("m" * 2000)
""",
    )
    assert [m for _, m, _ in warned(done)] == ["m" * 500]
    assert str(done.names["caught"][0].message) == "m" * 2000


def test_functions_dask_has_are_no_fallbacks(run: Runner) -> None:
    """`np.sum` and its like are answered lazily, without a warning."""
    done = run_prepared(run, "y = np.sum(x), np.concatenate([x, x]), np.where(x > 2, x, 0)")
    assert (warned(done), done.forces) == ([], [])


SCRIPT = """\
import warnings
{before}
import dask.array as da
import numpy as np
x = da.arange(10.0, chunks=5)
def inner():
    warnings.warn("own", stacklevel=2)
for n in range(2):
    np.partition(x, 2)
    inner()
print(warnings.filters[:1])
"""


@pytest.mark.parametrize("options", [[], ["-W", "error::UserWarning"], ["-W", "ignore"], ["-W", "always"]])
def test_what_is_displayed_is_what_was(tmp_path: Path, options: list[str]) -> None:
    """The same lines on stderr, at the same places, the same number of times, traced or not."""
    script = tmp_path / "program.py"
    script.write_text(SCRIPT.format(before=""))
    bare, traced = (
        subprocess.run(
            [sys.executable, *options, *middle, str(script)], capture_output=True, text=True, check=False
        )
        for middle in ([], ["-m", "lazyscope", "run", "-o", str(tmp_path / "t.lazy")])
    )
    own = [line for line in traced.stderr.splitlines() if not line.startswith("lazyscope")]
    assert own == bare.stderr.splitlines()
    assert (traced.returncode, traced.stdout) == (bare.returncode, bare.stdout)
