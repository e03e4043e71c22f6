"""What a check says: a fact, whether it is right, and what to type if it is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How things stand, the worst last."""

    OK = "ok"
    NOTE = "note"
    """Neither right nor wrong."""
    WARNING = "warning"
    """To mend, but programs run."""
    PROBLEM = "problem"
    """Something goes wrong until it is mended."""


@dataclass(frozen=True)
class Remedy:
    """One way to mend something."""

    command: str
    """What to type."""
    when: str = ""
    """Where or when that is the right thing."""


@dataclass(frozen=True)
class Check:
    """One fact about the environment."""

    name: str
    status: Status
    text: str
    remedies: tuple[Remedy, ...] = ()
    """Alternatives, the best first."""


@dataclass(frozen=True)
class Group:
    """Facts about one thing."""

    title: str
    checks: Sequence[Check]


def of_status(groups: Iterable[Group], status: Status) -> list[Check]:
    """All checks that came out one way."""
    return [check for group in groups for check in group.checks if check.status is status]


def verdict(groups: Sequence[Group]) -> str:
    """One sentence: how many things are to be mended, and which, the worst first."""
    found = [*of_status(groups, Status.PROBLEM), *of_status(groups, Status.WARNING)]
    names = list(dict.fromkeys(check.name for check in found))
    if not names:
        return "Everything is in place."
    things = "1 thing" if len(names) == 1 else f"{len(names)} things"
    return f"{things} to mend: {', '.join(names)}."
