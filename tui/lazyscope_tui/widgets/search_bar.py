"""Where a search is typed."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static


class SearchBar(Horizontal):
    """A line with what is searched for, and how much of it there is; not there while nothing is.

    Parameters
    ----------
    fields
        Names that may stand before a colon.
    """

    class Changed(Message):
        """Another text is searched for."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The search is written; the list goes on."""

    def __init__(self, fields: tuple[str, ...] = ()) -> None:
        super().__init__()
        named = ", ".join(f"{field}:..." for field in fields)
        self._input = Input(
            placeholder=f"words{f', {named}' if named else ''}", compact=True, select_on_focus=False
        )
        self._found = Static(markup=False)

    def compose(self) -> ComposeResult:
        yield Static("/", markup=False, classes="slash")
        yield self._input
        yield self._found

    @property
    def text(self) -> str:
        """What is searched for."""
        return self._input.value

    def open(self) -> None:
        """Show it, and write on."""
        self.add_class("open")
        self._input.focus()

    def search(self, text: str) -> None:
        """Search for another text."""
        self.set_class(bool(text), "open")
        self._input.value = text
        self._input.cursor_position = len(text)

    def say(self, found: str) -> None:
        """Say how many were found."""
        self._found.update(found)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.set_class(bool(event.value), "open")
        self.post_message(self.Left())
