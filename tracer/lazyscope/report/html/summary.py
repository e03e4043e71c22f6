"""What a reader in a hurry has to know: what ran, what it cost, the worst of it, and what was not seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup, escape

from lazyscope import figures
from lazyscope.analysis import cost
from lazyscope.analysis.cost import Totals, site_at
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.catalogue.severity import ORDER
from lazyscope.model.trace import TraceData
from lazyscope.report.findings_list import worth_a_look
from lazyscope.report.headline import how_it_ended
from lazyscope.report.html.excerpts import Excerpt, excerpt, place
from lazyscope.report.html.markup import cut, plain, prose
from lazyscope.report.killed import wanted_sentences

_SEGMENTS = 6
"""Findings that have a part of their own in the bar of the time."""


@dataclass(frozen=True)
class Figure:
    """A large number with what it means; `percent` draws it as a part of a whole."""

    value: str
    label: str
    percent: float | None = None
    hatched: bool = False


@dataclass(frozen=True)
class Segment:
    """A part of the program's time."""

    label: str
    finding: str
    start: float
    percent: float
    share: str
    kind: str
    """``cost5`` (dearest) to ``cost2``, ``other`` or ``free``."""


@dataclass(frozen=True)
class Running:
    """The force that a killed program was in."""

    id: int
    sentence: str
    where: tuple[Excerpt, ...]


@dataclass(frozen=True)
class Summary:
    """The head of the report."""

    program: str
    sentences: tuple[str, ...]
    worst: tuple[Markup, ...]
    """About the dearest finding; empty if nothing has to be mended."""
    has_ended_well: bool
    recorded: str
    figures: tuple[Figure, ...]
    segments: tuple[Segment, ...]
    running: Running | None


def summary(trace: TraceData, diagnosis: Diagnosis, *, source: bool) -> Summary:
    """The head of the report on a trace."""
    totals = cost.totals(trace)
    return Summary(
        program=cut(" ".join(trace.header.argv), 120) or "The traced block",
        sentences=tuple(map(_unbroken, _sentences(trace, diagnosis, totals))),
        worst=tuple(_worst(trace, diagnosis, source)),
        has_ended_well=trace.ended == "ok",
        recorded=_recorded(trace),
        figures=tuple(_figures(trace, diagnosis, totals)),
        segments=tuple(_segments(trace, diagnosis, source)),
        running=_running(trace, source),
    )


def _recorded(trace: TraceData) -> str:
    """When, by the trace; empty where its clock cannot have shown that."""
    try:
        return f"{datetime.fromtimestamp(trace.header.started, UTC):%d %B %Y, %H:%M} UTC".lstrip("0")
    except (OverflowError, ValueError, OSError):
        return ""


# In words

_UNIT = re.compile(r"(?<=\d) (?=(?:s|ms|min|h|%)\b|%)")


def _unbroken(sentence: str) -> str:
    """Figures are not parted from their units."""
    return _UNIT.sub("\u00a0", sentence)


def _sentences(trace: TraceData, diagnosis: Diagnosis, totals: Totals) -> Iterator[str]:
    process = "" if trace.header.process == "main" else f" ({cut(trace.header.process, 40)} child)"
    yield f"The program{process} {how_it_ended(trace, lambda exception: cut(exception, 80))}"
    if not totals.forces:
        calls = figures.plural(totals.calls, "array call")
        yield f"It stayed lazy all the time: {calls} recorded, no graph was executed."
        return
    yield _forced(trace, totals)
    yield _again(trace, totals)
    if not worth_a_look(diagnosis):
        yield "There is nothing to mend: what was computed is what the program asked for."


def _forced(trace: TraceData, totals: Totals) -> str:
    """How much of it was work that dask was made to do."""
    share = figures.percent(totals.forced_seconds / trace.seconds if trace.seconds else None)
    sites = figures.plural(len(cost.breakdown(trace).sites), "line")
    times = "once" if totals.forces == 1 else f"{totals.forces:,} times"
    waited = figures.duration(totals.forced_seconds)
    computed = f"It made dask compute {times}, from {sites} of code"
    return f"{computed}, and waited {waited} for that: {share} of the time."


def _again(trace: TraceData, totals: Totals) -> str:
    """How much of that work had been done."""
    if not totals.tasks_repeated:
        return "None of that work had been done before."
    exact = all(force.begin.tasks_exact for force in trace.forces)
    share = figures.percent(totals.tasks_repeated / totals.tasks)
    tasks = f"{totals.tasks_repeated:,} of {figures.plural(totals.tasks, 'task')}"
    return f"{'' if exact else 'At most '}{share} of the work had been done before ({tasks})."


def _worst(trace: TraceData, diagnosis: Diagnosis, source: bool) -> Iterator[Markup]:
    """The dearest finding, and its best fix."""
    found = worth_a_look(diagnosis)
    if not found:
        return
    worst = found[0]
    title = prose(worst.title, source=source, longest=200)
    link = Markup('<a href="#{}"><b>{}</b></a>').format(worst.id, worst.id)
    yield Markup("{} {}{}.").format(link, title, _at(trace, worst))
    fix = next((fix for fix in worst.fixes if fix.technique != "none"), None)
    if fix is None:
        return
    whose = "What to do" if fix.audience == "caller" else "What the library’s authors can do"
    told, price = prose(fix.summary, source=source), prose(fix.price, source=source)
    yield Markup("{}: {}. The price: {}.").format(whose, told, price)


def _at(trace: TraceData, found: Finding) -> Markup:
    site = site_at(trace, found.site if found.user_site is None else found.user_site)
    return Markup(" at <code>{}</code>").format(place(site)) if site is not None else escape("")


# In figures


def _figures(trace: TraceData, diagnosis: Diagnosis, totals: Totals) -> Iterator[Figure]:
    yield Figure(figures.duration(trace.seconds), "the program ran")
    if totals.forces:
        share = totals.forced_seconds / trace.seconds if trace.seconds else None
        forces = figures.plural(totals.forces, "force")
        label = f"of the time in {forces} ({figures.duration(totals.forced_seconds)})"
        yield Figure(figures.percent(share), label, None if share is None else min(100 * share, 100.0))
        again = totals.tasks_repeated / totals.tasks if totals.tasks else 0.0
        label = f"of the work done again ({totals.tasks_repeated:,} of {totals.tasks:,} tasks)"
        bound = "" if all(force.begin.tasks_exact for force in trace.forces) else "≤ "
        yield Figure(bound + figures.percent(again), label, 100 * again, hatched=True)
    else:
        yield Figure("0", "forces: nothing was computed")
    yield _finding_figure(diagnosis)


def _finding_figure(diagnosis: Diagnosis) -> Figure:
    found = worth_a_look(diagnosis)
    counts = Counter(one.severity for one in found)
    named = ", ".join(f"{counts[name]:,} {name}" for name in ORDER if counts[name])
    noun = "finding" if len(found) == 1 else "findings"
    return Figure(figures.count(len(found)), f"{noun} ({named})" if named else f"{noun} to mend")


def _segments(trace: TraceData, diagnosis: Diagnosis, source: bool) -> Iterator[Segment]:
    """The program's time by findings, the dearest first; forces that ran side by side are scaled."""
    if not trace.forces:
        return
    owners = sorted(
        (one for one in diagnosis.findings if one.owns_forces and one.cost.self_seconds > 0),
        key=lambda one: -one.cost.self_seconds,
    )
    free = cost.breakdown(trace).unforced_seconds
    parts = [(one.cost.self_seconds, one) for one in owners[:_SEGMENTS]]
    others = sum(one.cost.self_seconds for one in owners[_SEGMENTS:])
    total = sum(seconds for seconds, _ in parts) + others + free
    if not 0 < total < float("inf"):
        return
    start = 0.0
    for number, (seconds, one) in enumerate(parts):
        label = plain(one.title, source=source, longest=80)
        shade = f"cost{max(5 - number, 2)}"
        yield _segment(label, one.id, start, seconds / total, shade)
        start += seconds / total
    if others:
        label = figures.plural(len(owners) - _SEGMENTS, "more finding")
        yield _segment(label, "", start, others / total, "other")
        start += others / total
    yield _segment("no force was running", "", start, free / total, "free")


def _segment(label: str, finding: str, start: float, share: float, kind: str) -> Segment:
    return Segment(label, finding, round(100 * start, 3), round(100 * share, 3), figures.percent(share), kind)


def _running(trace: TraceData, source: bool) -> Running | None:
    force = trace.running
    if force is None:
        return None
    begin = force.begin
    entry = "" if begin.entry is None else f" in {cut(trace.texts[begin.entry], 120)}"
    around = "" if begin.parent is None else f", inside force {begin.parent}"
    sentence = f"Force {force.id} was running, by {cut(begin.trigger)}{entry}{around}."
    positions = dict.fromkeys(n for n in (begin.user_site, begin.site) if n is not None)
    return Running(
        force.id,
        " ".join([sentence, *wanted_sentences(trace, begin)]),
        tuple(excerpt(trace, number, source=source) for number in positions),
    )
