"""What went wrong, in words: never a traceback over a broken terminal."""

from __future__ import annotations

import traceback
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from lazyscope.errors import LazyscopeError
from lazyscope_tui.keys import bindings
from lazyscope_tui.widgets.looks import QUIET, STRONG
from lazyscope_tui.widgets.page import text

_FRAMES = 6


class FaultScreen(Screen[None]):
    """Says what happened, and what can be done.

    Parameters
    ----------
    error
        What was raised.
    can_go_on
        Whether there is a trace to go back to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("fault")]

    def __init__(self, error: BaseException, *, can_go_on: bool) -> None:
        super().__init__()
        self._error = error
        self._can_go_on = can_go_on

    def compose(self) -> ComposeResult:
        yield Static(Content("\n").join(self._lines()), markup=False)
        yield Footer(compact=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._can_go_on or action != "go_on"

    @property
    def _is_ours(self) -> bool:
        return not isinstance(self._error, LazyscopeError)

    def _lines(self) -> list[Content]:
        if not self._is_ours:
            return [text(str(self._error), STRONG)]
        name = f"{type(self._error).__name__}: {self._error}"
        said = "A fault of lazyscope itself, not of the trace or the program: please report it (y copies it)."
        frames = traceback.extract_tb(self._error.__traceback__)[-_FRAMES:]
        where = [text(f"{frame.filename}:{frame.lineno} in {frame.name}", QUIET) for frame in frames]
        return [text(name[:1000], STRONG), Content(said), Content(""), *where]

    def action_copy(self) -> None:
        """Copy what is shown."""
        self.app.copy_to_clipboard("\n".join(line.plain for line in self._lines()))
        self.notify("copied", markup=False)

    def action_go_on(self) -> None:
        """Go back to the trace, with new screens after a fault of our own."""
        from lazyscope_tui.app import Explorer

        self.dismiss()
        if self._is_ours and isinstance(self.app, Explorer):
            self.app.start_again()
