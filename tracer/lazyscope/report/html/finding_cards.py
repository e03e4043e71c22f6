"""The findings as cards: what is wrong, where, why, what it cost, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lazyscope import figures
from lazyscope.analysis.asked import force_of
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.model.trace import TraceData
from lazyscope.report.findings_list import cost_of, dependence, worth_a_look
from lazyscope.report.html.changes import ShownFix, shown_fix
from lazyscope.report.html.excerpts import Excerpt, excerpt
from lazyscope.report.html.markup import cut, plain, prose

MOST = 300
"""Findings that are shown; the dearest ones."""

SHAPES = {"high": "▲", "medium": "◆", "low": "●", "info": "○"}
"""A mark for each severity, so that nobody has to tell colours apart."""


@dataclass(frozen=True)
class Bar:
    """A part of a whole, drawn and in words."""

    label: str
    percent: float
    text: str
    hatched: bool = False


@dataclass(frozen=True)
class Where:
    """A line that has to do with the finding."""

    role: str
    lines: Excerpt


@dataclass(frozen=True)
class Card:
    """One finding, ready to be drawn."""

    id: str
    code: str
    severity: str
    shape: str
    title: Markup
    plain_title: str
    cost: str
    entry: str
    follows: str | None
    occurrences: str
    where: tuple[Where, ...]
    why: Markup
    depends_on: tuple[str, ...]
    through: tuple[str, ...]
    bars: tuple[Bar, ...]
    facts: tuple[tuple[str, str], ...]
    fixes: tuple[ShownFix, ...]
    forces: int
    first_force: int | None
    followers: tuple[str, ...]
    """Ids of those that go away with it."""


@dataclass(frozen=True)
class Cards:
    """All cards: those to look at, each before those that follow it, and those without anything to mend."""

    open: tuple[Card, ...]
    folded: tuple[Card, ...]
    left_out: str = ""


def cards(trace: TraceData, diagnosis: Diagnosis, *, source: bool) -> Cards:
    """The findings of a trace, the dearest first."""
    looked_at = worth_a_look(diagnosis)
    ids = {found.id for found in looked_at}
    folded = [found for found in diagnosis.findings if found.id not in ids]
    ordered = _under_heads(looked_at)
    shown = ordered[:MOST]
    rest = folded[: MOST - len(shown)]
    missing = len(diagnosis.findings) - len(shown) - len(rest)
    followers = _followers(diagnosis.findings)
    return Cards(
        tuple(_card(trace, found, followers, source) for found in shown),
        tuple(_card(trace, found, followers, source) for found in rest),
        f"{figures.plural(missing, 'more finding')}, less dear, not shown: the JSON report has all."
        if missing
        else "",
    )


def _followers(findings: Iterable[Finding]) -> dict[str, list[str]]:
    known: dict[str, list[str]] = {}
    for found in findings:
        if found.follows is not None:
            known.setdefault(found.follows, []).append(found.id)
    return known


def _under_heads(findings: Sequence[Finding]) -> list[Finding]:
    """Each that follows another directly behind it."""
    ids = {found.id for found in findings}
    behind: dict[str | None, list[Finding]] = {}
    for found in findings:
        head = found.follows if found.follows in ids else None
        behind.setdefault(head, []).append(found)
    return [one for head in behind.get(None, []) for one in (head, *behind.get(head.id, []))]


def _card(trace: TraceData, found: Finding, followers: Mapping[str, list[str]], source: bool) -> Card:
    arrays, calls = dependence(trace, found) if source else ([], [])
    return Card(
        id=found.id,
        code=found.code,
        severity=found.severity,
        shape=SHAPES[found.severity],
        title=prose(found.title, source=source, longest=200),
        plain_title=plain(found.title, source=source, longest=120),
        cost=cut(cost_of(trace, found), 80),
        entry="" if found.entry is None else cut(trace.texts[found.entry], 120),
        follows=found.follows,
        occurrences=figures.plural(found.occurrences, "time"),
        where=tuple(_where(trace, found, source)),
        why=prose(found.why, source=source),
        depends_on=tuple(cut(name, 120) for name in arrays),
        through=tuple(cut(name, 120) for name in calls),
        bars=tuple(bars(found)),
        facts=tuple(facts(trace, found)),
        fixes=tuple(shown_fix(trace, fix, source=source) for fix in found.fixes),
        forces=len(found.forces) if found.owns_forces else 0,
        first_force=found.forces[0] if found.forces else None,
        followers=tuple(followers.get(found.id, ())),
    )


def _where(trace: TraceData, found: Finding, source: bool) -> Iterable[Where]:
    """The user's line, and the library's if that is another."""
    if found.user_site is not None:
        yield Where("Your line", excerpt(trace, found.user_site, source=source))
    if found.site is not None and found.site != found.user_site:
        role = "Where the library forced" if found.owns_forces else "Where it happens"
        yield Where(role, excerpt(trace, found.site, source=source))


def bars(found: Finding) -> Iterable[Bar]:
    """Its time and the work done again, as parts of the program's time and of its work."""
    cost = found.cost
    if found.owns_forces and cost.share is not None:
        time = figures.duration(cost.self_seconds)
        label = f"{time}, {figures.percent(cost.share)} of the program's time"
        yield Bar("time", 100 * min(cost.share, 1.0), label)
    if cost.tasks:
        share = min(cost.tasks_repeated / cost.tasks, 1.0)
        label = f"{cost.tasks_repeated:,} of {figures.plural(cost.tasks, 'task')} computed before"
        yield Bar("work done again", 100 * share, label, hatched=True)


def facts(trace: TraceData, found: Finding) -> Iterable[tuple[str, str]]:
    """Figures with their names."""
    if found.owns_forces:
        yield "forces", figures.count(found.occurrences)
    elif found.occurrences > 1:
        yield "occurrences", figures.count(found.occurrences)
    if found.owns_forces and found.cost.bytes is not None:
        yield "brought back", figures.size(found.cost.bytes)
    if not found.owns_forces and found.at_stake > 0:
        yield "its best fix saves", f"up to {figures.duration(found.at_stake)}"
    saved = found.not_forced
    if saved is not None and saved.tasks[1] > 0:
        yield "without these forces", _less(saved.tasks, saved.seconds)
    if not all(force_of(trace, number).begin.tasks_exact for number in found.forces):
        yield "tasks", "counted at most"


def _less(tasks: tuple[int, int], seconds: tuple[float, float]) -> str:
    least, most = max(tasks[0], 0), tasks[1]
    span = figures.count(most) if least == most else f"{least:,} to {most:,}"
    return f"{span} tasks and up to {figures.duration(seconds[1])} less"
