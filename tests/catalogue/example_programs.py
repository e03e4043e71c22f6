"""Runs programs under lazyscope and diagnoses what they did."""

from __future__ import annotations

import copy
import os
import re
import runpy
import subprocess
import sys
import textwrap
import warnings
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path

import dask

# Its import adds settings, which must not be taken for a program's.
import distributed  # noqa: F401

import lazyscope
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.model.trace import TraceData, load

_NEEDS_A_PROCESS = re.compile(r"\b(scipy|sklearn|distributed|os\.environ|multiprocessing)\b")
"""Programs whose libraries look at the environment once, when they are imported."""


def recorded(text: str, folder: Path, name: str = "program.py") -> TraceData:
    """What a program leaves behind, however it ends.

    Parameters
    ----------
    text
        The program.
    folder
        An empty folder.
    name
        Of its file.
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
        with suppress(Exception), quiet[0], quiet[1], warnings.catch_warnings(), tracing as trace:
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


def diagnosed(text: str, folder: Path) -> Diagnosis:
    """The diagnosis of a program."""
    return diagnose(recorded(text, folder))


def above_info(diagnosis: Diagnosis) -> list[Finding]:
    """What the diagnosis says should be better."""
    return [found for found in diagnosis.findings if found.severity != "info"]
