"""What is seen: one module per screen, and where the main ones are."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lazyscope_tui.screens.main_screen import MainScreen
    from lazyscope_tui.session import Session


@dataclass(frozen=True)
class ScreenModule:
    """Where a screen of the line on top is found."""

    module: str
    name: str
    """Of its class."""

    def opened(self, session: Session) -> MainScreen:
        """The screen; its module is imported now."""
        made: MainScreen = getattr(import_module(f"{__name__}.{self.module}"), self.name)(session)
        return made


SCREENS = {
    "findings": ScreenModule("findings", "FindingsScreen"),
    "calls": ScreenModule("calls", "CallsScreen"),
    "forces": ScreenModule("forces", "ForcesScreen"),
    "graph": ScreenModule("graph", "GraphScreen"),
    "timeline": ScreenModule("timeline", "TimelineScreen"),
    "compare": ScreenModule("compare", "CompareScreen"),
}
"""The main screens by name; `keys.EVERYWHERE` has the key of each."""
