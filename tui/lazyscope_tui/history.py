"""Where the reader was."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Visit:
    """A place."""

    screen: str
    id: str | None = None
    """What is looked at there; None for whatever it is."""


@dataclass
class History:
    """Places in the order in which they were visited, and which of them is the present one."""

    _visits: list[Visit] = field(default_factory=list)
    _at: int = -1

    def add(self, visit: Visit) -> None:
        """Go to a new place; those that one had come back from are forgotten."""
        self._visits[self._at + 1 :] = [visit]
        self._at += 1

    def leave(self, visit: Visit) -> None:
        """Remember the present place as it is left."""
        if self._at >= 0 and self._visits[self._at].screen == visit.screen:
            self._visits[self._at] = visit

    def back(self) -> Visit | None:
        """The place before; None at the first."""
        if self._at <= 0:
            return None
        self._at -= 1
        return self._visits[self._at]

    def forward(self) -> Visit | None:
        """The place after; None at the last."""
        if self._at + 1 >= len(self._visits):
            return None
        self._at += 1
        return self._visits[self._at]
