"""When calls and forces happened, thread by thread: calls as counts in equal bins of time, forces as bars."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lazyscope import figures
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.html.markup import cut

BINS = 2_000
"""Into which the calls of all threads are folded."""
MOST_LANES = 24
"""Threads that have a lane of their own; the others share one."""
_DEEPEST = 8
"""Bars that are drawn one below the other where forces overlap."""


@dataclass(frozen=True)
class Timeline:
    """What the picture needs, and what it says in words."""

    data: dict[str, Any]
    summary: str
    folded: str


def timeline(trace: TraceData, forces: Sequence[Force]) -> Timeline:
    """The timeline of these forces, and of all calls.

    Parameters
    ----------
    trace : TraceData
        A trace.
    forces : sequence of Force
        Those that are drawn, in the order of time.
    """
    lanes = lanes_of(trace, forces)
    seconds = max(trace.seconds, trace.forced_seconds, 1e-6)
    bins = max(BINS // max(len(set(lanes.values())), 1), 1)
    names = lane_names(trace, lanes)
    placed = placed_in(forces, lanes)
    calls: list[list[int]] = [[] for _ in names]
    for (lane, at), count in sorted(_call_counts(trace, lanes, bins / seconds, bins).items()):
        calls[lane] += [at, count]
    data = {
        "seconds": round(seconds, 6),
        "bins": bins,
        "lanes": [{"name": name, "calls": counts} for name, counts in zip(names, calls, strict=True)],
        "lane": [lane for lane, _ in placed],
        "depth": [depth for _, depth in placed],
    }
    return Timeline(data, _summary(trace, forces, seconds), _folded(trace, lanes, bins, seconds))


def lanes_of(trace: TraceData, forces: Sequence[Force]) -> dict[int, int]:
    """The lane of each thread, by the number of its name; that with the first event comes first."""
    busy = Counter(force.begin.thread for force in forces)
    busy.update(dict.fromkeys({call.thread for call in trace.calls}, 0))
    first: dict[int, float] = {}
    for force in forces:
        first.setdefault(force.begin.thread, force.begin.at)
    for thread in busy:
        first.setdefault(thread, math.inf)
    chosen = [thread for thread, _ in busy.most_common(MOST_LANES)]
    order = sorted(chosen, key=lambda thread: (first[thread], thread))
    lanes = {thread: number for number, thread in enumerate(order)}
    return {thread: lanes.get(thread, len(order)) for thread in busy}


def lane_names(trace: TraceData, lanes: dict[int, int]) -> list[str]:
    """What the lanes are called, in their order."""
    by_lane: dict[int, list[int]] = {}
    for thread, lane in lanes.items():
        by_lane.setdefault(lane, []).append(thread)
    return [
        cut(trace.texts[threads[0]], 60) if lane < MOST_LANES else figures.plural(len(threads), "more thread")
        for lane, threads in sorted(by_lane.items())
    ]


def placed_in(forces: Sequence[Force], lanes: dict[int, int]) -> list[tuple[int, int]]:
    """Lane and depth of each force: below those of its lane that are still running."""
    until: dict[int, list[float]] = {}
    found = []
    for force in forces:
        lane = lanes[force.begin.thread]
        rows = until.setdefault(lane, [])
        depth = next((n for n, end in enumerate(rows) if end <= force.begin.at), len(rows))
        if depth == len(rows) and len(rows) < _DEEPEST:
            rows.append(0.0)
        depth = min(depth, _DEEPEST - 1)
        rows[depth] = max(force.ran_until, force.begin.at)
        found.append((lane, depth))
    return found


def _call_counts(
    trace: TraceData, lanes: dict[int, int], scale: float, bins: int
) -> Counter[tuple[int, int]]:
    last = bins - 1
    return Counter(
        (lanes[call.thread], min(max(int(call.at * scale), 0), last))
        for call in trace.calls
        if math.isfinite(call.at)
    )


def _summary(trace: TraceData, forces: Sequence[Force], seconds: float) -> str:
    calls, total = figures.plural(len(trace.calls), "call"), figures.duration(seconds)
    if not forces:
        return f"{calls} and no force in {total}."
    longest = max(forces, key=lambda force: force.seconds)
    return (
        f"{figures.plural(len(trace.forces), 'force')} and {calls} in {total}. "
        f"The longest force, number {longest.id}, began at {figures.duration(longest.begin.at)} "
        f"and took {figures.duration(longest.seconds)}."
    )


def _folded(trace: TraceData, lanes: dict[int, int], bins: int, seconds: float) -> str:
    """What was folded for want of room, in words."""
    notes = []
    if trace.calls:
        width = figures.duration(seconds / bins)
        notes.append(f"{figures.plural(len(trace.calls), 'call')} folded into steps of {width}")
    if len(lanes) > MOST_LANES:
        notes.append(f"{figures.plural(len(lanes) - MOST_LANES, 'thread')} in one lane")
    return "; ".join(notes)
