"""Findings and their fixes: what a diagnosis says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from lazyscope.analysis.cost import GroupCost
from lazyscope.analysis.provenance import Dependencies
from lazyscope.analysis.savings import Saving
from lazyscope.fixes.fix import Fix

Severity: TypeAlias = Literal["high", "medium", "low", "info"]
Actionability: TypeAlias = Literal["caller", "library", "inherent", "follow-on"]


@dataclass(frozen=True)
class Match:
    """What an entry of the catalogue says of events that it explains."""

    why: str
    """What happened and for what reason, in whole sentences."""
    fixes: tuple[Fix, ...]
    """The best first."""
    title: str | None = None
    """In place of the entry's title: the same in the terms of the code at hand."""
    actionability: Actionability | None = None
    """None lets the diagnosis decide by the fixes."""
    expected: bool = False
    """Whether nothing is wrong: the severity is ``info`` whatever it cost."""
    at_least: Severity | None = None
    """A severity that it has whatever it cost, as for a result that was shown to be wrong."""


@dataclass(frozen=True)
class Discovery:
    """What an entry finds in a trace beyond forces of one kind at one place."""

    match: Match
    site: int | None
    """Number of a position, like `user_site`."""
    user_site: int | None
    entry: int | None = None
    forces: tuple[int, ...] = ()
    """Ids of forces that it is about; they belong to a finding of their own, too."""
    failures: tuple[int, ...] = ()
    """Ids of failures that it explains."""
    unknown_shapes: tuple[int, ...] = ()
    """Indices into `TraceData.unknown_shapes` that it explains."""
    occurrences: int | None = None
    """None for the number of forces, failures or unknown shapes."""
    at_stake: float = 0.0
    """Wall time that its best fix would save, at most; what its severity is measured by."""
    tasks: int | None = None
    """Tasks that it is about; None for all of `forces`."""
    tasks_repeated: int | None = None
    bytes: int | None = None
    leads_to: tuple[int, ...] = ()
    """Ids of forces and, negative, of failures that would not be there without it: their findings
    follow this one."""


@dataclass(frozen=True)
class Finding:
    """One diagnosed problem: an entry of the catalogue at one site, with its occurrences."""

    id: str
    """``F1``, counting by measured cost."""
    fingerprint: str
    code: str
    title: str
    severity: Severity
    actionability: Actionability
    follows: str | None
    """Id of the finding that it goes away with."""
    site: int | None
    """Number of a position, like `user_site`."""
    user_site: int | None
    entry: int | None
    """Text: the public library function that the user's line reached."""
    occurrences: int
    forces: tuple[int, ...]
    """Ids, in the order of time."""
    failures: tuple[int, ...]
    unknown_shapes: tuple[int, ...]
    owns_forces: bool
    """Whether its forces belong to it alone. If not, they belong to other findings, which have their
    `self_seconds`: so that these add up."""
    cost: GroupCost
    not_forced: Saving | None
    """What would vanish if its forces did not happen; None if it owns none."""
    at_stake: float
    """Seconds that its severity is measured by."""
    why: str
    depends_on: Dependencies | None
    """Of its first force."""
    fixes: tuple[Fix, ...]


@dataclass(frozen=True)
class Diagnosis:
    """All findings of a trace, the dearest first, and which of them events belong to."""

    findings: tuple[Finding, ...]
    of_force: dict[int, Finding]
    """By id of a force."""
    of_failure: dict[int, Finding]
    of_unknown_shape: dict[int, Finding]
    """By index of an unknown shape; those that did no harm are not in it."""
    broken: tuple[str, ...] = ()
    """Entries that failed on this trace, with the error: what they would have found is missing."""
