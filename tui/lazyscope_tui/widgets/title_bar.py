"""The line on top: all screens, the one that is shown, and the name of the trace."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widget import Widget

from lazyscope_tui.keys import EVERYWHERE
from lazyscope_tui.session import Session
from lazyscope_tui.widgets.page import text

_SHORTEST = 6
"""Cells for the name of the trace, with fewer of which it is left out."""


class TitleBar(Widget):
    """Tabs that are clicked or reached by their number.

    Parameters
    ----------
    session
        The trace.
    current
        Name of the screen that it stands on.
    """

    def __init__(self, session: Session, current: str) -> None:
        super().__init__()
        self._session = session
        self._current = current
        self._tabs = [key for key in EVERYWHERE if key.action.startswith("go(")]

    def render(self) -> Content:
        pieces: list[Content | tuple[str, str] | str] = []
        for key in self._tabs:
            current = key.action == f"go('{self._current}')"
            pieces.append((f" {key.keys} {key.label} ", "bold reverse" if current else ""))
        tabs = Content.assemble(*pieces)
        room = self.size.width - tabs.cell_length - 2
        name = text(self._session.name)
        if name.cell_length > room:
            # Traces are told apart by the ends of their names.
            name = Content("…") + name[-max(room - 1, 1) :] if room > _SHORTEST else Content("")
        return tabs + name.pad_left(self.size.width - tabs.cell_length - name.cell_length - 1)

    async def on_click(self, event: events.Click) -> None:
        start = 0
        for key in self._tabs:
            width = len(f" {key.keys} {key.label} ")
            if start <= event.x < start + width:
                await self.app.run_action(key.action)
                return
            start += width
