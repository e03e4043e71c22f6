"""What is seen: one module per screen, and where the main ones are."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.screen import Screen

    from lazyscope_tui.session import Session


@dataclass(frozen=True)
class MainScreens:
    """Where a screen of the line on top is."""

    module: str
    name: str
    """Of its class."""

    def opened(self, session: Session) -> Screen[Any]:
        """The screen; its module is imported now."""
        made: Screen[Any] = getattr(import_module(f"{__name__}.{self.module}"), self.name)(session)
        return made


SCREENS = {
    "findings": MainScreens("findings", "FindingsScreen"),
    "calls": MainScreens("calls", "CallsScreen"),
    "forces": MainScreens("forces", "ForcesScreen"),
    "graph": MainScreens("graph", "GraphScreen"),
    "timeline": MainScreens("timeline", "TimelineScreen"),
    "compare": MainScreens("compare", "CompareScreen"),
}
"""The main screens by name; `keys.EVERYWHERE` has the key of each."""
