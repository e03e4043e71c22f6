"""What must be known of two runs to compare them: other arguments, versions, ends and blind spots."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lazyscope.catalogue.before_after import BeforeAfter
from lazyscope.model.trace import TraceData
from lazyscope.report.diff_words import cut

_SPOTS = 3
"""Blind spots that are named."""


def notes(compared: BeforeAfter, shown: Callable[[str], str]) -> list[str]:
    """Why the two runs might not be comparable, a sentence each.

    Parameters
    ----------
    compared : BeforeAfter
        The runs.
    shown : callable
        How text of the program's, which may be anything, is put into a sentence.
    """
    old, new = compared.before.trace, compared.after.trace
    return [
        *_order(old, new),
        *_settings(old, new, shown),
        *_ends(compared),
        *_limits(compared),
        *_blind_spots(old, new, shown),
    ]


def _order(old: TraceData, new: TraceData) -> Iterator[str]:
    if old.header == new.header and old.seconds == new.seconds:
        yield "both are the same run: nothing can differ"
    elif old.header.started > new.header.started:
        yield "the second trace was recorded before the first: are they swapped?"


def _settings(old: TraceData, new: TraceData, shown: Callable[[str], str]) -> Iterator[str]:
    if old.header.argv != new.header.argv:
        words = [shown(" ".join(trace.header.argv) or "a traced block") for trace in (old, new)]
        yield f"other programs or arguments: {words[0]} -> {words[1]}"
    versions = [trace.header.versions | {"lazyscope": trace.header.lazyscope} for trace in (old, new)]
    names = [name for name in versions[0] | versions[1] if versions[0].get(name) != versions[1].get(name)]
    changed = [f"{name} {versions[0].get(name, 'none')} -> {versions[1].get(name, 'none')}" for name in names]
    if changed:
        yield f"other versions: {shown(', '.join(changed))}"
    switches = [_switches(trace) for trace in (old, new)]
    for name in sorted(switches[0] | switches[1]):
        states = ["on" if one.get(name) else "off" for one in switches]
        if states[0] != states[1]:
            yield f"another setting: {shown(name)} {states[0]} -> {states[1]}"
    if old.header.process != new.header.process:
        yield f"other processes: {old.header.process} -> {new.header.process}"


def _switches(trace: TraceData) -> dict[str, bool]:
    return trace.switches | {"lazyscope run --array-api": trace.header.array_api_set}


def _ends(compared: BeforeAfter) -> Iterator[str]:
    names = (("before", compared.before), ("after", compared.after))
    short = [name for name, run in names if not run.reached_its_end]
    if len(short) == 2:
        yield "neither run reached its end: what came after is in no figure"
    elif short:
        yield f"the run {short[0]} did not reach its end: what came after is in none of its figures"


def _limits(compared: BeforeAfter) -> Iterator[str]:
    for name, run in (("before", compared.before), ("after", compared.after)):
        if not all(force.begin.tasks_exact for force in run.trace.forces):
            yield f"{name}: layers too large to look into were counted whole: numbers of tasks are at most"
        if run.trace.lost_bytes:
            yield f"{name}: {run.trace.lost_bytes:,} bytes at the end of the trace cannot be read"
        for entry in run.diagnosis.broken:
            yield f"{name}: no findings of {cut(entry)}: a fault of lazyscope, please report it"


def _blind_spots(old: TraceData, new: TraceData, shown: Callable[[str], str]) -> Iterator[str]:
    """What only one of the runs could not see."""
    for name, one, other in (("before", old, new), ("after", new, old)):
        spots = [spot for spot in one.blind_spots if spot not in other.blind_spots]
        for spot in spots[:_SPOTS]:
            yield f"not seen {name}: {shown(spot)}"
        if spots[_SPOTS:]:
            yield f"and {len(spots) - _SPOTS:,} more not seen {name}"
