"""Opening a line of the program in the reader's editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from textual.screen import Screen

from lazyscope.analysis.cost import site_at
from lazyscope_tui.session import Session

_GOTO = ("code", "code-insiders", "codium", "cursor")
"""Editors that take ``--goto FILE:LINE``; others take ``+LINE FILE``."""


def open_in_editor(screen: Screen[None], session: Session, position: int | None) -> None:
    """Open the line at a position, or say why not."""
    site = site_at(session.trace, position)
    if site is None or site.line < 1:
        screen.notify("the trace does not know the line", markup=False)
        return
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        screen.notify("no editor is set: export EDITOR=vim, say, and try again", markup=False)
        return
    path = found_file(session, site.file)
    if path is None:
        screen.notify(
            f"{site.file} is not here: start the explorer where the program was started", markup=False
        )
        return
    _run(screen, command(editor, path, site.line))


def command(editor: str, path: Path, line: int) -> list[str]:
    """The command line that opens a file at a line."""
    words = shlex.split(editor)
    if Path(words[0]).stem in _GOTO:
        return [*words, "--wait", "--goto", f"{path}:{line}"]
    return [*words, f"+{line}", str(path)]


def found_file(session: Session, shown: str) -> Path | None:
    """The file of a path as traces have it: relative to where the program began, or a site directory."""
    path = Path(shown).expanduser()
    if path.is_absolute():
        return path if path.is_file() else None
    return next((root / path for root in _roots(session) if (root / path).is_file()), None)


def _roots(session: Session) -> Iterator[Path]:
    yield Path.cwd()
    if session.path is not None:
        yield from session.path.absolute().parents
    yield from (Path(entry) for entry in sys.path if entry)


def _run(screen: Screen[None], words: list[str]) -> None:
    from textual.app import SuspendNotSupported

    try:
        with screen.app.suspend():
            status = subprocess.call(words)
    except SuspendNotSupported:
        screen.notify("an editor cannot be opened from here: it needs a terminal of its own", markup=False)
    except OSError as error:
        screen.notify(f"cannot start {words[0]}: {error.strerror}; set EDITOR to another", markup=False)
    else:
        screen.refresh(layout=True)
        if status:
            screen.notify(f"{words[0]} ended with status {status}", markup=False)
