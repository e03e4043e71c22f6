"""A page that is scrolled, and built anew for every width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from lazyscope_tui.widgets.page import Page


class Details(VerticalScroll):
    """Shows what a function writes on a page.

    Parameters
    ----------
    write
        Fills the page.
    """

    def __init__(self, write: Callable[[Page], None], **settings: Any) -> None:
        super().__init__(**settings)
        self._write = write
        self._written_for = 0
        self._static = Static(markup=False)

    def compose(self) -> ComposeResult:
        yield self._static

    def rewrite(self, *, to_top: bool = True) -> None:
        """Write the page anew."""
        self._written_for = self._room
        page = Page(self._room)
        self._write(page)
        self._static.update(page.content)
        if to_top:
            self.scroll_home(animate=False)

    @property
    def _room(self) -> int:
        """Cells of a line; the scroll bar has a column of its own."""
        return max(
            self.container_size.width if not self.size.width else self.scrollable_content_region.width, 1
        )

    def on_resize(self) -> None:
        if self._room != self._written_for:
            self.rewrite(to_top=False)
