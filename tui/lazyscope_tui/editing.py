"""Opening a line of the program in the reader's editor."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from pathlib import Path

from textual.screen import Screen

from lazyscope.analysis.cost import site_at
from lazyscope_tui.recorded_files import Found, NotFoundHereError, found_file
from lazyscope_tui.session import Session

_GOTO = ("code", "code-insiders", "codium", "cursor")
"""Editors that take ``--goto FILE:LINE``; others take ``+LINE FILE``."""
_ANOTHER = "set EDITOR to another"


class NoEditorError(Exception):
    """There is no editor that can be started, for the reason given."""


def open_in_editor(screen: Screen[None], session: Session, position: int | None) -> None:
    """Open the line at a position, or say why not."""
    site = site_at(session.trace, position)
    if position is None or site is None or site.line < 1:
        screen.notify("the trace does not know the line", markup=False)
        return
    try:
        editor = editor_words()
        found = found_file(session, position)
    except (NoEditorError, NotFoundHereError) as reason:
        screen.notify(str(reason), markup=False)
        return
    if not found.unchanged:
        screen.notify(_changed(found), markup=False)
    _run(screen, command(editor, found.path, site.line))


def editor_words() -> list[str]:
    """The command of the reader's editor with its own options.

    Raises
    ------
    NoEditorError
        If none is set, or what is set is no command.
    """
    name = next((name for name in ("VISUAL", "EDITOR") if os.environ.get(name, "").strip()), None)
    if name is None:
        raise NoEditorError("no editor is set: export EDITOR=vim, say, and try again")
    try:
        words = shlex.split(os.environ[name])
    except ValueError as error:
        raise NoEditorError(f"{name} is no command, {os.environ[name]}: {error}; {_ANOTHER}") from None
    if not words or not words[0]:
        raise NoEditorError(f"{name} names no command: {os.environ[name]}; {_ANOTHER}")
    return words


def command(editor: list[str], path: Path, line: int) -> list[str]:
    """The command line that opens a file at a line.

    The path is absolute, so that no file can be named like an option of the editor.
    """
    file = os.path.abspath(path)
    if Path(editor[0]).stem in _GOTO:
        return [*editor, "--wait", "--goto", f"{file}:{line}"]
    return [*editor, f"+{line}", file]


def _changed(found: Found) -> str:
    if found.recorded:
        return f"{found.path.name} has changed since the trace was recorded: the line may be another"
    return f"the trace has no text of {found.path.name}: the line may be another by now"


def _run(screen: Screen[None], words: list[str]) -> None:
    from textual.app import SuspendNotSupported

    try:
        with screen.app.suspend():
            said = _call(words)
    except SuspendNotSupported:
        screen.notify("an editor cannot be opened from here: it needs a terminal of its own", markup=False)
        return
    screen.refresh(layout=True)
    if said:
        screen.notify(said, markup=False)


def _call(words: list[str]) -> str:
    """Run the editor; what went wrong. It raises nothing: Textual would not take the terminal back."""
    try:
        status = subprocess.call(words)
    except OSError as error:
        return f"cannot start {words[0]}: {error.strerror}; {_ANOTHER}"
    except (ValueError, KeyboardInterrupt) as error:
        return f"{words[0]} was not run to its end: {error or type(error).__name__}"
    if status < 0:
        return f"{words[0]} was ended by {_signal_name(-status)}"
    return f"{words[0]} ended with status {status}" if status else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
