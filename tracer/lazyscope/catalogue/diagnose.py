"""Run the catalogue over a trace: match, group, price, link and rank."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from lazyscope.analysis.cost import GroupCost, group_cost
from lazyscope.analysis.evidence import FailureEvidence, ForceEvidence, alike, failures_alike
from lazyscope.analysis.places import place_of
from lazyscope.analysis.provenance import Dependencies, dependencies
from lazyscope.analysis.savings import if_not_forced
from lazyscope.catalogue import entries
from lazyscope.catalogue.entries import Entry
from lazyscope.catalogue.finding import Actionability, Diagnosis, Discovery, Finding, Match, Severity
from lazyscope.catalogue.fingerprint import Fingerprints
from lazyscope.catalogue.severity import ORDER, severity
from lazyscope.fixes.check import held_to_rules
from lazyscope.fixes.edit import Edit
from lazyscope.fixes.fix import Fix
from lazyscope.model.trace import TraceData

_ENDS_ALL = ("compute-once", "enable-dispatch", "native-function")
"""Techniques after which the library gets no dask array, or does not force: everything else that the same
line of the user's forced goes away too."""


def diagnose(trace: TraceData) -> Diagnosis:
    """Find and explain everything in a trace that the catalogue knows.

    Parameters
    ----------
    trace
        The trace; what was found is kept with it.
    """
    known: Diagnosis | None = vars(trace).get("_diagnosis")
    if known is None:
        known = vars(trace)["_diagnosis"] = _Diagnosing(trace).diagnosis()
    return known


_Evidence = TypeVar("_Evidence", ForceEvidence, FailureEvidence)


@dataclass(frozen=True)
class _Draft:
    """A finding to be."""

    entry: Entry
    match: Match
    site: int | None
    user_site: int | None
    function: int | None
    forces: tuple[int, ...] = ()
    failures: tuple[int, ...] = ()
    unknown_shapes: tuple[int, ...] = ()
    occurrences: int = 0
    discovery: Discovery | None = None


class _Diagnosing:
    """One pass over a trace. An entry that fails is left out and named: the others still speak.

    A force that only the failing entry would have explained belongs to no finding.
    """

    def __init__(self, trace: TraceData) -> None:
        self._trace = trace
        self._broken: dict[str, str] = {}
        self._forces = {force.id: force for force in trace.forces}
        self._failures = {failure.id: failure for failure in trace.failures}

    def diagnosis(self) -> Diagnosis:
        drafts = self._drafts()
        priced = [found for draft in self._merged(drafts) if (found := self._priced(draft)) is not None]
        running = self._trace.running
        killed_by = None if running is None else running.id
        findings = _ranked(_linked(self._trace, priced, drafts, killed_by), killed_by)
        return Diagnosis(
            findings=tuple(findings),
            of_force={n: found for found in findings if found.owns_forces for n in found.forces},
            of_failure={n: found for found in reversed(findings) for n in found.failures},
            of_unknown_shape={n: found for found in reversed(findings) for n in found.unknown_shapes},
            broken=tuple(f"{code} ({error})" for code, error in self._broken.items()),
        )

    # Matching

    def _drafts(self) -> list[_Draft]:
        discovered = list(self._discovered())
        explained = {number for draft in discovered for number in draft.failures}
        failed = [
            draft
            for evidence in failures_alike(self._trace)
            if not explained.issuperset(failure.id for failure in evidence.failures)
            and (draft := self._failed(evidence))
        ]
        forced = [draft for evidence in alike(self._trace) if (draft := self._forced(evidence))]
        return [*forced, *failed, *discovered]

    def _forced(self, evidence: ForceEvidence) -> _Draft | None:
        for entry in entries.for_forces():
            match = self._matched(entry, entry.match_force, evidence)
            if match is not None:
                forces = evidence.ids
                where = evidence.innermost, evidence.user_site, evidence.begin.entry
                return _Draft(entry, match, *where, forces=forces, occurrences=len(forces))
        # The last entry matches every force, unless it failed.
        return None

    def _failed(self, evidence: FailureEvidence) -> _Draft | None:
        for entry in entries.for_failures():
            match = self._matched(entry, entry.match_failure, evidence)
            if match is not None:
                failures = tuple(failure.id for failure in evidence.failures)
                where = evidence.innermost, evidence.user_site, evidence.failures[0].entry
                return _Draft(entry, match, *where, failures=failures, occurrences=len(failures))
        return None

    def _matched(
        self, entry: Entry, matcher: Callable[[_Evidence], Match | None] | None, evidence: _Evidence
    ) -> Match | None:
        assert matcher is not None
        with self._named_if_broken(entry):
            return matcher(evidence)
        return None

    def _found(self, entry: Entry) -> list[Discovery]:
        assert entry.find is not None
        with self._named_if_broken(entry):
            return list(entry.find(self._trace))
        return []

    @contextmanager
    def _named_if_broken(self, entry: Entry) -> Iterator[None]:
        """Go on without what an entry had to say if it fails, and remember why."""
        try:
            yield
        except Exception as error:
            self._broken[entry.code] = f"{type(error).__name__}: {str(error)[:200]}"

    def _discovered(self) -> Iterator[_Draft]:
        """What entries find in the whole trace; a failure or unknown shape belongs to the first of them."""
        failures: set[int] = set()
        shapes: set[int] = set()
        for entry in entries.for_traces():
            for found in self._found(entry):
                draft = _discovery(entry, found, failures, shapes)
                if draft is not None:
                    failures.update(draft.failures)
                    shapes.update(draft.unknown_shapes)
                    yield draft

    # Grouping

    def _merged(self, drafts: list[_Draft]) -> list[_Draft]:
        """One draft for each code, site and line of the user's; what cost most speaks for the rest."""
        groups: dict[Hashable, list[_Draft]] = {}
        for draft in drafts:
            places = [n if n is None else place_of(self._trace, n) for n in (draft.site, draft.user_site)]
            groups.setdefault((draft.entry.code, *places, draft.discovery is None), []).append(draft)
        return [self._merge(group) for group in groups.values()]

    def _merge(self, group: list[_Draft]) -> _Draft:
        if len(group) == 1:
            return group[0]
        dearest = max(group, key=self._weight)
        return replace(
            dearest,
            forces=tuple(sorted({n for draft in group for n in draft.forces})),
            failures=tuple(sorted({n for draft in group for n in draft.failures})),
            unknown_shapes=tuple(sorted({n for draft in group for n in draft.unknown_shapes})),
            occurrences=sum(draft.occurrences for draft in group),
        )

    def _weight(self, draft: _Draft) -> float:
        return sum(self._forces[number].self_seconds for number in draft.forces)

    # Pricing

    def _priced(self, draft: _Draft) -> Finding | None:
        with self._named_if_broken(draft.entry):
            return self._finding(draft)
        return None

    def _finding(self, draft: _Draft) -> Finding:
        found, owns = draft.discovery, draft.discovery is None and bool(draft.forces)
        cost = group_cost(self._trace, draft.forces)
        at_stake = cost.self_seconds if found is None else found.at_stake
        if not owns:
            cost = _shared_cost(cost, found)
        return Finding(
            id="",
            fingerprint="",
            code=draft.entry.code,
            title=draft.match.title or draft.entry.title,
            severity=self._severity(draft, at_stake),
            actionability=_actionability(draft.match),
            follows=None,
            site=draft.site,
            user_site=draft.user_site,
            entry=draft.function,
            occurrences=draft.occurrences,
            forces=draft.forces,
            failures=draft.failures,
            unknown_shapes=draft.unknown_shapes,
            owns_forces=owns,
            cost=cost,
            not_forced=if_not_forced(self._trace, draft.forces) if owns else None,
            at_stake=at_stake,
            why=draft.match.why,
            depends_on=self._depends_on(draft),
            fixes=_in_order(held_to_rules(self._trace, fix) for fix in draft.match.fixes),
        )

    def _severity(self, draft: _Draft, at_stake: float) -> Severity:
        running = self._trace.running
        if running is not None and running.id in draft.forces and draft.discovery is None:
            return "high"
        if draft.match.expected:
            return "info"
        if any(self._failures[number].escaped for number in draft.failures):
            return "high"
        if draft.entry.code == _NO_ROOM:
            return "high"
        measured = severity(at_stake, max(self._trace.seconds, self._trace.forced_seconds))
        return min(measured, draft.match.at_least or measured, key=ORDER.index)

    def _depends_on(self, draft: _Draft) -> Dependencies | None:
        return dependencies(self._trace, draft.forces[0]) if draft.forces else None


def _in_order(fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """What the caller can do before what the library can, edits before sketches, and leaving it last."""
    return tuple(
        sorted(fixes, key=lambda fix: (fix.technique == "none", fix.audience != "caller", fix.is_sketch))
    )


_NO_ROOM = "LZ118"


def _discovery(entry: Entry, found: Discovery, failures: set[int], shapes: set[int]) -> _Draft | None:
    """A draft of what an entry found; None if all that it explains was explained before."""
    own_failures = tuple(n for n in found.failures if n not in failures)
    own_shapes = tuple(n for n in found.unknown_shapes if n not in shapes)
    claimed = found.failures or found.unknown_shapes
    if claimed and not own_failures and not own_shapes:
        return None
    counted = len(found.forces) or len(own_failures) or len(own_shapes) or 1
    return _Draft(
        entry,
        found.match,
        found.site,
        found.user_site,
        found.entry,
        forces=found.forces,
        failures=own_failures,
        unknown_shapes=own_shapes,
        occurrences=counted if found.occurrences is None else found.occurrences,
        discovery=found,
    )


def _shared_cost(cost: GroupCost, found: Discovery | None) -> GroupCost:
    """The cost of forces that belong to other findings: none of it is this one's own."""
    tasks = cost.tasks if found is None or found.tasks is None else found.tasks
    repeated = cost.tasks_repeated if found is None or found.tasks_repeated is None else found.tasks_repeated
    size = cost.bytes if found is None or not found.forces else found.bytes
    share = None if cost.share is None else 0.0
    return replace(cost, self_seconds=0.0, share=share, tasks=tasks, tasks_repeated=repeated, bytes=size)


def _actionability(match: Match) -> Actionability:
    if match.actionability is not None:
        return match.actionability
    audiences = [fix.audience for fix in match.fixes if fix.technique not in ("none", "upstream")]
    if "caller" in audiences:
        return "caller"
    return "library" if audiences or any(fix.technique == "upstream" for fix in match.fixes) else "inherent"


# Follow-on findings


def _linked(
    trace: TraceData, findings: list[Finding], drafts: list[_Draft], running: int | None
) -> list[Finding]:
    """Number the findings in the order of time, and name for each the one that it goes away with.

    What ended the program, or could not fit, stands for itself.
    """
    prints = Fingerprints(trace)
    named = [
        replace(found, id=f"#{number}", fingerprint=prints.of(found.code, found.site))
        for number, found in enumerate(sorted(findings, key=lambda one: _first(trace, one)))
    ]
    causes = _causes(named, drafts)
    causes = _fixed_together(named) | _ended_with_call(named) | causes
    for found in named:
        if found.code == _NO_ROOM or running in found.forces:
            causes.pop(found.id, None)
    return [_following(found, causes) for found in named]


def _following(found: Finding, causes: dict[str, str]) -> Finding:
    """A finding with what it follows, at the head of the chain."""
    head, seen = causes.get(found.id), {found.id}
    while head is not None and causes.get(head) is not None and head not in seen:
        seen.add(head)
        head = causes[head]
    if head is None or head in seen:
        return found
    return replace(found, follows=head, actionability="follow-on")


def _causes(findings: list[Finding], drafts: list[_Draft]) -> dict[str, str]:
    """Findings all of whose events another says that it leads to."""
    leading: dict[int, str] = {}
    for draft in drafts:
        if draft.discovery is not None and draft.discovery.leads_to:
            origin = next((found for found in findings if _is_of(found, draft)), None)
            if origin is not None:
                leading |= dict.fromkeys(draft.discovery.leads_to, origin.id)
    causes: dict[str, str] = {}
    for found in findings:
        own = (*found.forces, *(-number for number in found.failures))
        heads = {leading.get(number) for number in own}
        head = heads.pop() if len(heads) == 1 else None
        if head is not None and head != found.id and (found.owns_forces or found.failures):
            causes[found.id] = head
    return causes


def _is_of(found: Finding, draft: _Draft) -> bool:
    return (
        not found.owns_forces
        and found.code == draft.entry.code
        and found.site == draft.site
        and found.user_site == draft.user_site
    )


def _fixed_together(findings: list[Finding]) -> dict[str, str]:
    """Findings whose first fix is the very edit that another begins with."""
    alike: dict[Edit, list[Finding]] = {}
    for found in findings:
        first = found.fixes[0].edit if found.fixes else None
        if first is not None:
            alike.setdefault(first, []).append(found)
    causes: dict[str, str] = {}
    for group in alike.values():
        head = min(group, key=lambda found: (found.owns_forces, -found.at_stake))
        causes |= {found.id: head.id for found in group if found is not head}
    return causes


def _ended_with_call(findings: list[Finding]) -> dict[str, str]:
    """Findings in the library that go away with what the best fix of the dearest one does to the call."""
    calls: dict[Hashable, list[Finding]] = {}
    for found in findings:
        if found.owns_forces and found.entry is not None and found.site != found.user_site:
            calls.setdefault((found.user_site, found.entry), []).append(found)
    causes: dict[str, str] = {}
    for group in calls.values():
        able = [found for found in group if _ends_all(found.fixes)]
        if able:
            dearest = max(able, key=lambda found: found.cost.self_seconds)
            causes |= {found.id: dearest.id for found in group if found is not dearest}
    return causes


def _ends_all(fixes: tuple[Fix, ...]) -> bool:
    own = [fix for fix in fixes if fix.audience == "caller"]
    return bool(own) and own[0].technique in _ENDS_ALL


# Order


def _first(trace: TraceData, found: Finding) -> float:
    """When the first event of a finding happened."""
    forces, failures = trace.forces, trace.failures
    at = [forces_at(trace)[number] for number in found.forces[:1]]
    at += [failure.at for failure in failures if failure.id in found.failures[:1]]
    at += [trace.unknown_shapes[number].at for number in found.unknown_shapes[:1]]
    return min(at, default=float(len(forces)))


def forces_at(trace: TraceData) -> dict[int, float]:
    """When each force began, by its id."""
    known: dict[int, float] | None = vars(trace).get("_forces_at")
    if known is None:
        known = vars(trace)["_forces_at"] = {force.id: force.begin.at for force in trace.forces}
    return known


def _ranked(findings: list[Finding], running: int | None) -> list[Finding]:
    """What saves most first, each followed by what goes away with it, and numbered: F1, F1a, F1b, F2.

    Before all others comes that of the force that killed the program, then what ended it; last what is no
    problem.
    """

    def rank(one: Finding) -> tuple[bool, bool, bool, float, float]:
        killed_by = running is not None and one.owns_forces and running in one.forces
        ended = one.severity == "high" and bool(one.failures)
        return not killed_by, not ended, one.severity == "info", -promised_seconds(one), -one.at_stake

    heads = sorted((one for one in findings if one.follows is None), key=rank)
    followers: dict[str, list[Finding]] = {}
    for one in sorted(findings, key=rank):
        followers.setdefault(one.follows or "", []).append(one)
    ordered: list[Finding] = []
    for number, head in enumerate(heads, start=1):
        ordered.append(replace(head, id=f"F{number}"))
        for place, one in enumerate(followers.get(head.id, ())):
            ordered.append(replace(one, id=f"F{number}{_letters(place)}", follows=f"F{number}"))
    return ordered


def promised_seconds(found: Finding) -> float:
    """What the best fix that is an edit saves, at most; 0 if none says."""
    seconds = [fix.estimate.seconds[1] for fix in found.fixes if fix.edit and fix.estimate.seconds]
    return max(seconds, default=0.0)


def _letters(number: int) -> str:
    """``a`` to ``z``, then ``aa``."""
    found = ""
    number += 1
    while number:
        number, last = divmod(number - 1, 26)
        found = chr(ord("a") + last) + found
    return found
