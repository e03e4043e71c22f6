"""Follows advice: puts the edit of a fix into a program and runs both."""

from __future__ import annotations

import runpy
import textwrap
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import dask
import dask.local
from example_programs import recorded

from lazyscope.catalogue.diagnose import diagnose
from lazyscope.fixes.fix import Fix
from lazyscope.model.trace import TraceData


@dataclass(frozen=True)
class Ran:
    """What a program printed, and how many graphs it executed."""

    printed: str
    executions: int
    error: str | None = None


@dataclass(frozen=True)
class Followed:
    """A program before and after an edit."""

    fix: Fix
    new: tuple[str, ...]
    """The lines that the edit put in, without their indent."""
    before: Ran
    after: Ran


def fixes_of(text: str, folder: Path, code: str) -> tuple[TraceData, list[Fix]]:
    """All fixes of the findings of a kind in a program."""
    trace = recorded(text, folder)
    return trace, [fix for found in diagnose(trace).findings if found.code == code for fix in found.fixes]


def follow(text: str, folder: Path, code: str, technique: str) -> Followed:
    """Put the first fix of a technique that has code into a program, and run both."""
    trace, fixes = fixes_of(text, folder, code)
    chosen = [fix for fix in fixes if fix.technique == technique and fix.edit is not None]
    assert chosen, [(fix.technique, fix.summary) for fix in fixes]
    edit = chosen[0].edit
    assert edit is not None
    (file,) = edit.files
    edited = folder / "edited.py"
    edited.write_text("\n".join(edit.lines(trace, file)) + "\n")
    new = tuple(line.strip() for change in edit.changes for line in change.new)
    return Followed(chosen[0], new, run(folder / "program.py"), run(edited))


def sketched(text: str, folder: Path, code: str, technique: str) -> list[str]:
    """Summaries of the fixes of a technique, none of which may have code."""
    _, fixes = fixes_of(text, folder, code)
    own = [fix for fix in fixes if fix.technique == technique]
    assert own, [fix.technique for fix in fixes]
    assert all(fix.is_sketch for fix in own), [fix.summary for fix in own]
    return [fix.summary for fix in own]


def run(path: Path) -> Ran:
    """Run a program in this process and count the graphs that it executes."""
    executed = 0
    inner: Callable[..., Any] = dask.local.start_state_from_dask

    def counting(*args: Any, **kwargs: Any) -> Any:
        nonlocal executed
        executed += 1
        return inner(*args, **kwargs)

    out, error = StringIO(), None
    dask.local.start_state_from_dask = counting
    try:
        with redirect_stdout(out), redirect_stderr(StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runpy.run_path(str(path), run_name="__main__")
    except Exception as raised:
        error = type(raised).__name__
    finally:
        dask.local.start_state_from_dask = inner
    return Ran(out.getvalue(), executed, error)


def with_numpy(text: str, folder: Path) -> str:
    """What a program prints whose arrays are NumPy's: ``da`` is a namespace of NumPy's functions there."""
    path = folder / "numpy_program.py"
    text = textwrap.dedent(text)
    text = text.replace("import dask.array as da", "import numpy as da").replace(".compute()", "")
    path.write_text(text.replace(", chunks=4", "").replace(", chunks=3", ""))
    return run(path).printed
