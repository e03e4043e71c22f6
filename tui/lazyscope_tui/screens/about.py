"""About the trace: what is said of no finding."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer

from lazyscope_tui.keys import bindings
from lazyscope_tui.session import DiagnosisReady, Session
from lazyscope_tui.widgets.details import Details
from lazyscope_tui.widgets.trace_page import write_trace


class AboutScreen(Screen[None]):
    """A page to read.

    Parameters
    ----------
    session
        The trace.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("pages"), Binding("i", "dismiss", show=False)]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._details = Details(lambda page: write_trace(page, session))

    def compose(self) -> ComposeResult:
        yield self._details
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self._details.focus()
        self._details.rewrite()

    def on_diagnosis_ready(self, message: DiagnosisReady) -> None:
        """What was not seen is known now."""
        message.stop()
        self._details.rewrite(to_top=False)
