"""Opens the explorer, which is installed only where it is wanted."""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from lazyscope.errors import LazyscopeError

if TYPE_CHECKING:
    from lazyscope.model.trace import TraceData


def explore(source: Path | TraceData) -> None:
    """Run the explorer in this terminal.

    Raises
    ------
    LazyscopeError
        If Textual is not installed, there is no terminal, or an event loop is running, as in a notebook.
    """
    require("textual", "the explorer")
    if not _has_screen():
        raise LazyscopeError("the explorer needs a terminal: `lazyscope show TRACE` prints a summary")
    if _is_in_a_loop():
        raise LazyscopeError(
            "the explorer cannot run inside an event loop: save the trace and type `lazyscope tui FILE`"
        )
    from lazyscope_tui.app import Explorer

    Explorer(source).run()


def require(module: str, what: str) -> None:
    """See that an optional part is installed.

    Raises
    ------
    LazyscopeError
        If it is not.
    """
    if find_spec(module) is None:
        raise LazyscopeError(f"{what} needs {module}: python -m pip install 'lazyscope[tui]'")


def _has_screen() -> bool:
    """Whether there is a terminal, or a server in its place."""
    return "TEXTUAL_DRIVER" in os.environ or (_is_terminal(sys.__stdin__) and _is_terminal(sys.__stdout__))


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _is_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
