"""Asks why a finding is meant."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from lazyscope.catalogue.finding import Finding
from lazyscope_tui.keys import bindings
from lazyscope_tui.widgets.looks import QUIET, STRONG
from lazyscope_tui.widgets.page import text


class AllowScreen(ModalScreen[str | None]):
    """Gives back the reason; None if it is called off, empty if the mark is to go.

    Parameters
    ----------
    found
        The finding.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("allow")]

    def __init__(self, found: Finding) -> None:
        super().__init__()
        self._found = found

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(
                Content.assemble((f"Why is {self._found.id} meant? ", STRONG), text(self._found.title)),
                markup=False,
            )
            yield Input(placeholder="the reason, as in lazyscope.allow(...)")
            yield Static(
                Content.styled("Enter marks it and copies the line to put around; Esc leaves it", QUIET),
                markup=False,
            )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_mark()

    def action_mark(self) -> None:
        """Give back the reason."""
        self.dismiss(self.query_one(Input).value.strip())
