"""Asks what to write and where, and writes it while the explorer goes on."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, ProgressBar, Static
from textual.worker import Worker, get_current_worker

from lazyscope.errors import LazyscopeError
from lazyscope_tui.exporting import Export, exports, free_path, write_new
from lazyscope_tui.keys import bindings
from lazyscope_tui.session import Session
from lazyscope_tui.typed_files import typed_path
from lazyscope_tui.widgets.looks import QUIET, STRONG
from lazyscope_tui.widgets.page import text
from lazyscope_tui.widgets.row_list import RowList


class Written(Message):
    """The file is there; or not, for the reason given."""

    def __init__(self, file: Path, error: str = "") -> None:
        super().__init__()
        self.file = file
        self.error = error


class ExportScreen(ModalScreen[None]):
    """Lists what can be written.

    Parameters
    ----------
    session
        The trace.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("export", first=("tab",))]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._exports = exports()
        self._rows = RowList(self._draw, id="exports")
        self._file_name = Input(compact=True)
        self._progress = ProgressBar(show_eta=False, show_percentage=False)
        self._said = Static(markup=False)
        self._writing: Worker[None] | None = None
        self._began = 0.0

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content.styled("Write", STRONG), markup=False)
            yield self._rows
            yield Static(Content.styled("to the file", STRONG), markup=False)
            yield self._file_name
            yield self._progress
            yield self._said

    def on_mount(self) -> None:
        self._rows.focus()
        self._progress.display = False
        self._rows.show(len(self._exports))
        self._say(Content.styled("Enter writes it, Tab changes the name, Esc leaves", QUIET))
        self.set_interval(0.2, self._tick)

    def _draw(self, index: int, width: int) -> Content:
        one = self._exports[index]
        return Content.assemble(f"{one.suffix:<15}", (one.what, QUIET)).truncate(width, ellipsis=True)

    def _say(self, words: Content) -> None:
        self._said.update(words)

    @property
    def _chosen(self) -> Export:
        return self._exports[self._rows.cursor]

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        message.stop()
        if self._writing is None:
            self._file_name.value = str(free_path(self._session, self._chosen.suffix))

    def on_row_list_chosen(self) -> None:
        self.action_write()

    def on_input_submitted(self) -> None:
        self.action_write()

    def action_edit_name(self) -> None:
        (self._rows if self._file_name.has_focus else self._file_name).focus()

    def action_write(self) -> None:
        """Begin to write, unless that has begun."""
        name = self._file_name.value.strip()
        if self._writing is not None or not name:
            return
        try:
            file = typed_path(name)
        except LazyscopeError as error:
            self._say(text(str(error)))
            return
        if not file.name.endswith(self._suffix):
            self._say(text(f"the name must end in {self._suffix}"))
            return
        if os.path.lexists(file):
            self._say(text(f"{file} exists and would be lost: give another name"))
            return
        self._began = time.monotonic()
        self._progress.display = True
        self._tick()
        self._writing = self._write(self._chosen, file)

    @property
    def _suffix(self) -> str:
        """The part of the ending that names the format."""
        ending = self._chosen.suffix
        return ending[ending.index(".") :]

    def _tick(self) -> None:
        if self._writing is not None:
            seconds = time.monotonic() - self._began
            self._say(text(f"writing {self._file_name.value}, {seconds:.0f} s; Esc calls it off"))

    @work(thread=True, exclusive=True, group="exporting", description="writes a file")
    def _write(self, chosen: Export, file: Path) -> None:
        try:
            content = chosen.made(self._session.trace)
            if get_current_worker().is_cancelled:
                return
            write_new(file, content)
        except LazyscopeError as error:
            self.post_message(Written(file, str(error)))
        except Exception as error:
            self.post_message(Written(file, f"{type(error).__name__}: {error}; a fault of lazyscope"))
        else:
            self.post_message(Written(file))

    def on_written(self, message: Written) -> None:
        if self._writing is None:
            return
        self._writing = None
        self._progress.display = False
        if message.error:
            self._say(text(message.error))
        else:
            self.app.notify(f"written: {message.file}", markup=False)
            self.dismiss()

    def action_cancel(self) -> None:
        """Call off what is being written, and leave; nothing is written then."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
            self.app.notify("called off; nothing was written", markup=False)
        self.dismiss()
