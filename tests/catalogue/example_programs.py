"""Runs programs under lazyscope and diagnoses what they did."""

from __future__ import annotations

import copy
import itertools
import os
import re
import runpy
import subprocess
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
    suppress,
)
from importlib import import_module
from io import StringIO
from pathlib import Path
from pkgutil import iter_modules
from unittest.mock import patch

import dask

# Its import adds settings, which must not be taken for a program's.
import distributed  # noqa: F401

import lazyscope
from lazyscope import capture
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.model.trace import TraceData, load

_NEEDS_A_PROCESS = re.compile(r"\b(scipy|sklearn|distributed|os\.environ|multiprocessing)\b")
"""Programs whose libraries look at the environment once, when they are imported."""


Clock = Callable[[], AbstractContextManager[None]]

CAPTURE = [import_module(f"lazyscope.capture.{found.name}") for found in iter_modules(capture.__path__)]


@contextmanager
def even_clock() -> Iterator[None]:
    """A microsecond passes whenever lazyscope looks at the clock, on any machine.

    What is advised, and how urgently, depends on seconds; those of so small programs are the machine's.
    """
    ticks = itertools.count()

    def perf_counter() -> float:
        return next(ticks) / 1e6

    with ExitStack() as patched:
        for module in (time, *CAPTURE):
            if hasattr(module, "perf_counter"):
                patched.enter_context(patch.object(module, "perf_counter", perf_counter))
        yield


def recorded(text: str, folder: Path, name: str = "program.py", clock: Clock = even_clock) -> TraceData:
    """What a program leaves behind, however it ends.

    Parameters
    ----------
    text
        The program.
    folder
        An empty folder.
    name
        Of its file.
    clock
        What times are measured by, of a program that needs no process of its own.
    """
    path = folder / name
    path.write_text(textwrap.dedent(text).lstrip("\n"))
    if _NEEDS_A_PROCESS.search(text):
        return _in_a_process(path)
    saved = path.with_suffix(".lazy")
    tracing = lazyscope.trace()
    quiet = redirect_stdout(StringIO()), redirect_stderr(StringIO())
    configured = copy.deepcopy(dask.config.config)
    try:
        with clock(), suppress(Exception), quiet[0], quiet[1], warnings.catch_warnings(), tracing as trace:
            warnings.simplefilter("ignore")
            runpy.run_path(str(path), run_name="__main__")
    finally:
        # A program may set its scheduler for good.
        dask.config.config.clear()
        dask.config.config.update(configured)
    trace.save(saved)
    return load(saved)


def _in_a_process(path: Path) -> TraceData:
    saved = path.with_suffix(".lazy")
    command = [sys.executable, "-m", "lazyscope", "run", "-o", str(saved), str(path)]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, env=dict(os.environ))
    assert saved.exists(), done.stderr
    return load(saved)


def diagnosed(text: str, folder: Path, clock: Clock = even_clock) -> Diagnosis:
    """The diagnosis of a program."""
    return diagnose(recorded(text, folder, clock=clock))


def above_info(diagnosis: Diagnosis) -> list[Finding]:
    """What the diagnosis says should be better."""
    return [found for found in diagnosis.findings if found.severity != "info"]
