"""Traces of the bundled samples, as recorded once: what every report is drawn from in golden files."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazyscope.analysis.source import unparsable
from lazyscope.model.trace import TraceData, load

_DIRECTORY = Path(__file__).with_name("golden") / "traces"

RECORDED = sorted(path.stem for path in _DIRECTORY.glob("*.lazy"))


def path_of(name: str) -> Path:
    """The trace of ``samples/<name>.py``."""
    return _DIRECTORY / f"{name}.lazy"


def recorded(name: str) -> TraceData:
    """The trace, read; skips where this Python is too old for what SciPy is written in."""
    trace = load(path_of(name))
    if later := unparsable(trace):
        pytest.skip(f"{later[0]} needs a later Python to be parsed")
    return trace
