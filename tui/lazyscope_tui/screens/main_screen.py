"""What the main screens share: the line on top, the keys, and the messages to a reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from lazyscope_tui.session import Session
from lazyscope_tui.widgets.title_bar import TitleBar

WIDE = 130
"""Columns from which on things stand side by side."""


class MainScreen(Screen[None]):
    """A screen of its own in the line on top.

    Parameters
    ----------
    session
        What is looked at.
    """

    BINDINGS: ClassVar[list[BindingType]] = []
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012  (an attribute of instances, for Textual)
    NAME: ClassVar[str]
    """In the table of the app."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def compose(self) -> ComposeResult:
        yield TitleBar(self.session, self.NAME)
        yield from self.body()
        yield Footer(compact=True)

    def body(self) -> Iterable[Widget]:
        """What stands between the line on top and the keys."""
        raise NotImplementedError

    def reveal(self, wanted: str | None, /) -> None:
        """Show what has this id."""

    def here(self) -> str | None:
        """Id of what is looked at, to come back to."""
        return None
