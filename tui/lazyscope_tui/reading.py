"""Reading a trace and finding its causes, in a worker beside the screen."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lazyscope_tui.session import Session

if TYPE_CHECKING:
    from lazyscope.catalogue.finding import Diagnosis
    from lazyscope.model.trace import TraceData


def read(path: Path) -> Session:
    """Read a trace, and what its first screen says of it.

    Raises
    ------
    LazyscopeError
        If the file cannot be read.
    """
    from lazyscope.model.trace import load

    with _collector_paused():
        session = Session(path, load(path))
        # Many thousand records, none of which is garbage.
        gc.freeze()
    assert session.sites is not None
    return session


def causes(trace: TraceData) -> Diagnosis:
    """Find out why a trace was forced."""
    from lazyscope.catalogue.diagnose import diagnose

    with _collector_paused():
        return diagnose(trace)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Have the garbage collector not walk over a large trace again and again while it grows."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
