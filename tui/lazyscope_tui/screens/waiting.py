"""What is seen while a trace is read."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from lazyscope_tui.widgets.page import text


class WaitingScreen(Screen[None]):
    """Says what is being done.

    Parameters
    ----------
    words
        What that is.
    """

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def compose(self) -> ComposeResult:
        yield Static(text(f"{self._words} ..."), markup=False)
