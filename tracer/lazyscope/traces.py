"""A trace as an object: `Trace` looks at it, `load` reads one from a file."""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lazyscope.errors import LazyscopeError, TraceFileError
from lazyscope.text.harmless import harmless
from lazyscope.whole_files import write_whole

if TYPE_CHECKING:
    from lazyscope.capture.session import Session
    from lazyscope.model.trace import TraceData
    from lazyscope.views import Call, Failure, Finding, Force, UnknownShape


class Trace:
    """What was recorded: forces, calls, unknown shapes and failures, in the order of time.

    Looking at a trace computes nothing. While its block is open it shows what happened so far.
    """

    def __init__(self, content: bytes | None = None, *, name: str = "trace") -> None:
        self._content = content
        self._name = name
        self._session: Session | None = None

    @property
    def data(self) -> TraceData:
        """The tables and events themselves."""
        # Another thread may be about to end it.
        session = self._session
        if session is None:
            return self._final
        session.recorder.flush()
        return self._assembled(session.recorder.journal.content())

    @cached_property
    def _final(self) -> TraceData:
        return self._assembled(self._journal_bytes())

    def _assembled(self, content: bytes) -> TraceData:
        from lazyscope.model import journal
        from lazyscope.model.trace import assemble

        return assemble(journal.read_records(content, name=self._name))

    def _journal_bytes(self) -> bytes:
        session = self._session
        if self._content is not None:
            return self._content
        if session is None:
            raise LazyscopeError("this trace has not begun: use it as `with lazyscope.trace() as t:`")
        session.recorder.flush()
        return session.recorder.journal.content()

    def _end(self) -> None:
        """Keep what was recorded: the program may do with the file what it likes."""
        session = self._session
        if session is None:
            return
        try:
            self._content = session.recorder.journal.content()
        except OSError as error:
            self._content = b""
            from lazyscope.capture.narration import narrate

            narrate(f"cannot read {self._name} again: {error.strerror}")
        self._session = None

    @property
    def findings(self) -> list[Finding]:
        """What the catalogue says of it all, the dearest first: causes, costs and fixes."""
        from lazyscope.views import findings

        return findings(self.data)

    @property
    def forces(self) -> list[Force]:
        """Every execution of a dask graph."""
        from lazyscope.views import forces

        return forces(self.data)

    @property
    def calls(self) -> list[Call]:
        """Every array-API call on dask arrays."""
        from lazyscope.views import calls

        return calls(self.data)

    @property
    def unknown_shapes(self) -> list[UnknownShape]:
        """Every array whose shape became unknown, where that began."""
        from lazyscope.views import unknown_shapes

        return unknown_shapes(self.data)

    @property
    def failures(self) -> list[Failure]:
        """Every exception that passed through a recorded call or left the traced block."""
        from lazyscope.views import failures

        return failures(self.data)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the trace to a file that `load` and the command line read.

        Raises
        ------
        TraceFileError
            If the file exists and `overwrite` is false, or cannot be written.
        """
        content = self._journal_bytes()
        target = Path(path)
        try:
            write_whole(target, content, overwrite=overwrite)
        except FileExistsError:
            raise TraceFileError(
                f"{target} exists and would be lost: give another path, or overwrite=True"
            ) from None
        except OSError as error:
            raise TraceFileError(f"cannot write {target}: {error.strerror}; give another path") from None
        return target

    def show(self) -> None:
        """Print the terminal summary."""
        from lazyscope.report import terminal

        sys.stdout.write(terminal.render_for_stdout(self.data))

    def explore(self) -> None:
        """Look at the trace in the explorer, which takes over the terminal until it is left.

        Raises
        ------
        LazyscopeError
            If Textual is not installed, or where there is no terminal or an event loop is running, as in a
            notebook.
        """
        from lazyscope.exploring import explore

        explore(self.data)

    def __repr__(self) -> str:
        if self._content is None and self._session is None:
            return "<lazyscope trace, not begun>"
        data = self.data
        state = "open" if self._session is not None else harmless(data.ended)
        return f"<lazyscope trace, {state}: {len(data.forces)} forces, {len(data.calls)} calls>"

    def _repr_html_(self) -> str:
        return self._html()

    def _html(self, name: str = "") -> str:
        """What a notebook shows."""
        if self._content is None and self._session is None:
            from html import escape

            return f"<div>{escape(repr(self))}</div>"
        from lazyscope.report.notebook_html import trace_html

        # Another thread may end it while it is read.
        is_open = self._session is not None
        return trace_html(self.data, is_open=is_open, name=name)


def load(path: str | Path) -> Trace:
    """Read a trace from a file.

    Raises
    ------
    TraceFileError
        If there is no trace that can be read.
    """
    from lazyscope.model import journal

    target = Path(path)
    content = journal.read_content(target)
    # What is no trace is refused here, not when it is first looked at.
    journal.read_records(content, name=str(target))
    return Trace(content, name=str(target))
