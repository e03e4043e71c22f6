"""What the forces of a trace cost: in total, and site by site."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lazyscope.analysis.asked import force_of
from lazyscope.analysis.source import SourceSite, locate
from lazyscope.model.trace import Force, TraceData, covered_seconds


@dataclass(frozen=True)
class Totals:
    """The sums over a whole trace, as in ``totals`` of the JSON report."""

    calls: int
    forces: int
    forced_seconds: float
    """Seconds in which at least one force was running."""
    tasks: int
    tasks_repeated: int
    bytes: int | None
    """What came back, as far as it is known; None if nothing of it is."""
    unattributed_forces: int
    """Forces without a site."""


@dataclass(frozen=True)
class SiteCost:
    """The forces that share a site, a user line, a trigger and the reason they are allowed for."""

    site: SourceSite | None
    position: int | None
    """Number of a position of `site`: of the first force."""
    user_site: SourceSite | None
    user_position: int | None
    direct: bool
    """Whether the user's own line forced, with no library in between."""
    inherited: bool
    """Whether every one of them has its user line from the force around it."""
    trigger: str
    allowed: str | None
    """Why the program says that they are meant."""
    entries: tuple[str, ...]
    """Public functions the user's line reached, the first first; empty if user code forced directly."""
    forces: tuple[int, ...]
    """Their ids, in the order of time."""
    unfinished: int
    """How many of them had not come back when the trace ended: their time is a lower bound."""
    raised: int
    """How many ended with an exception."""
    tasks: int
    tasks_repeated: int
    tasks_exact: bool
    """False if a number of tasks is an upper bound."""
    self_seconds: float
    """Wall time without that of nested forces."""
    share: float | None
    """`self_seconds` / seconds of the program; None where those are not known."""
    bytes: int | None


@dataclass(frozen=True)
class GroupCost:
    """What some of the forces cost together, as in ``cost`` of a finding in the JSON report."""

    seconds: float
    """Wall time in which at least one of them was running, nested forces included."""
    self_seconds: float
    """Wall time without that of nested forces, whichever they are."""
    tasks: int
    tasks_repeated: int
    bytes: int | None
    share: float | None
    """`self_seconds` / seconds of the program; None where those are not known."""


@dataclass(frozen=True)
class Breakdown:
    """The program's time, divided up: ``sites - overlap + unforced`` is all of it."""

    seconds: float
    """Of the program."""
    sites: tuple[SiteCost, ...]
    """The dearest first; of equally dear ones the earliest."""
    overlap_seconds: float
    """Counted more than once because forces ran at the same time in several threads; 0 on one thread."""
    unforced_seconds: float
    """In which no force was running."""

    def share(self, seconds: float) -> float | None:
        """`seconds` as a part of the program's; None if the program's are not known."""
        return seconds / self.seconds if self.seconds > 0 else None


def totals(trace: TraceData) -> Totals:
    """Sum up all forces of `trace`, nested ones included.

    Numbers of tasks of a force leave out those of the forces nested in it, so they can be added.
    """
    return Totals(
        calls=len(trace.calls),
        forces=len(trace.forces),
        forced_seconds=trace.forced_seconds,
        tasks=sum(force.begin.tasks for force in trace.forces),
        tasks_repeated=sum(force.begin.tasks_repeated for force in trace.forces),
        bytes=known_bytes(trace.forces),
        unattributed_forces=sum(force.begin.site is None for force in trace.forces),
    )


def known_bytes(forces: Iterable[Force]) -> int | None:
    """Bytes that came back from `forces`: those that are known, or None if none of them is.

    Only a force that completed brought anything back, so a failed one adds nothing and leaves nothing
    unknown.
    """
    sizes = [force.end.bytes for force in forces if force.end and force.end.completed]
    known = [size for size in sizes if size is not None]
    return sum(known) if known or not sizes else None


def breakdown(trace: TraceData) -> Breakdown:
    """Divide the program's time among the sites that forced, and the rest."""
    forced = trace.forced_seconds
    seconds = max(trace.seconds, forced)
    sites = [_site_cost(trace, group, seconds) for group in _grouped(trace)]
    sites.sort(key=lambda site: (-site.self_seconds, site.forces[0]))
    return Breakdown(
        seconds=seconds,
        sites=tuple(sites),
        overlap_seconds=max(sum(site.self_seconds for site in sites) - forced, 0.0),
        unforced_seconds=seconds - forced,
    )


def group_cost(trace: TraceData, forces: Iterable[int]) -> GroupCost:
    """Sum up the forces of these ids.

    Shares of groups into which all forces are divided, and of the unforced rest, make 1 on one thread.
    """
    group = [force_of(trace, number) for number in sorted(set(forces))]
    own, program = sum(force.self_seconds for force in group), max(trace.seconds, trace.forced_seconds)
    return GroupCost(
        seconds=covered_seconds((force.begin.at, force.ran_until) for force in group),
        self_seconds=own,
        tasks=sum(force.begin.tasks for force in group),
        tasks_repeated=sum(force.begin.tasks_repeated for force in group),
        bytes=known_bytes(group),
        share=own / program if program > 0 else None,
    )


def site_at(trace: TraceData, position: int | None) -> SourceSite | None:
    """As `locate`; no position has no site."""
    return None if position is None else locate(trace, position)


def _grouped(trace: TraceData) -> list[list[Force]]:
    """Forces by (file, line and expression of the site; the user's line; trigger; reason)."""
    groups: dict[object, list[Force]] = {}
    for force in trace.forces:
        site, user_site = site_at(trace, force.begin.site), site_at(trace, force.begin.user_site)
        key = (
            site and (site.file, site.line, site.expression),
            user_site and (user_site.file, user_site.line),
            force.begin.trigger,
            force.begin.allowed,
        )
        groups.setdefault(key, []).append(force)
    return list(groups.values())


def _site_cost(trace: TraceData, forces: list[Force], seconds: float) -> SiteCost:
    begins = [force.begin for force in forces]
    own = sum(force.self_seconds for force in forces)
    return SiteCost(
        site=site_at(trace, begins[0].site),
        position=begins[0].site,
        user_site=site_at(trace, begins[0].user_site),
        user_position=begins[0].user_site,
        direct=all(begin.site is not None and begin.site == begin.user_site for begin in begins),
        inherited=all(begin.inherited for begin in begins),
        trigger=begins[0].trigger,
        allowed=begins[0].allowed,
        entries=tuple(dict.fromkeys(trace.texts[b.entry] for b in begins if b.entry is not None)),
        forces=tuple(force.id for force in forces),
        unfinished=sum(force.end is None for force in forces),
        raised=sum(force.end is not None and not force.end.completed for force in forces),
        tasks=sum(begin.tasks for begin in begins),
        tasks_repeated=sum(begin.tasks_repeated for begin in begins),
        tasks_exact=all(begin.tasks_exact for begin in begins),
        self_seconds=own,
        share=own / seconds if seconds > 0 else None,
        bytes=known_bytes(forces),
    )
