"""Two runs of a program: which findings are new, gone, worse or better, and whether the whole is worse.

How a finding is judged
-----------------------
Findings of the two runs that are the same problem (`pairing`) are compared by what was counted, which is
the same in every run, and only then by the clock. The first of these that differs decides:

1. how bad it is for other reasons than time: an exception that now leaves the program, a result shown to
   be wrong, memory that does not suffice, or a force that is no longer meant;
2. repeated tasks and repeated partition reads: work done for nothing;
3. tasks and partition reads; 4. the number of forces; 5. bytes that came back;
6. seconds, where they differ by more than half and by more than half a second, and so do the seconds of
   all forces together: less is what one machine takes now more, now less, of the same work.

More of a count is worse only if the whole run has more of it, too: else work moved from one force to
another, as when one of two forces has gone and the other computes what both needed. Where less is repeated
but more is done in all, nothing is decided. Fewer forces are no aim in themselves: a ``persist`` adds one
and takes away the tasks that were repeated.

When the whole is worse
-----------------------
* AFTER ended with an exception or was killed, and BEFORE ran to its end.
* A finding above ``info`` is new, or one is worse. A new one about the repeated work of other findings'
  forces does not count where the whole run repeats less: it is what is left.
* All forces together repeat more tasks or more partition reads.
* There are more forces that no finding explains.

Where BEFORE did not reach its end and AFTER did, only the findings that BEFORE had are judged: what comes
after the place where it ended could not be seen. ``info`` is nothing wrong, and judged by the sums alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from lazyscope.analysis.asked import force_of
from lazyscope.analysis.cost import known_bytes
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.catalogue.pairing import pairs
from lazyscope.catalogue.severity import ORDER, severity
from lazyscope.model.trace import Force, TraceData

Kind: TypeAlias = Literal["new", "worse", "gone", "better", "same"]
Verdict: TypeAlias = Literal["worse", "better", "same"]

KINDS: tuple[Kind, ...] = ("new", "worse", "gone", "better", "same")
"""In the order of reports."""

_SLOWER_BY, _SLOWER_SECONDS = 0.5, 0.5


@dataclass(frozen=True)
class Counts:
    """What forces cost, in numbers that two runs can be compared by."""

    forces: int
    tasks: int
    tasks_repeated: int
    partition_reads: int
    partition_reads_repeated: int
    bytes: int | None
    """None if unknown."""
    seconds: float
    """Of the forces, without those of nested ones; of all forces the time in which one was running."""


@dataclass(frozen=True)
class Run:
    """A trace and what was found in it."""

    trace: TraceData
    diagnosis: Diagnosis

    @cached_property
    def counts(self) -> Counts:
        """Of all forces."""
        return _counts(self.trace.forces, self.trace.forced_seconds)

    @property
    def reached_its_end(self) -> bool:
        return self.trace.ended == "ok"

    @cached_property
    def unexplained(self) -> int:
        """Forces that belong to no finding, since an entry of the catalogue failed."""
        return sum(force.id not in self.diagnosis.of_force for force in self.trace.forces)

    def counts_of(self, found: Finding) -> Counts:
        """Of the forces of a finding, or of those of others that it is about."""
        forces = [force_of(self.trace, number) for number in found.forces]
        own = _counts(forces, found.cost.self_seconds if found.owns_forces else found.at_stake)
        return Counts(
            forces=len(forces) if found.owns_forces else found.occurrences,
            tasks=found.cost.tasks,
            tasks_repeated=found.cost.tasks_repeated,
            partition_reads=own.partition_reads,
            partition_reads_repeated=own.partition_reads_repeated,
            bytes=found.cost.bytes,
            seconds=own.seconds,
        )


@dataclass(frozen=True)
class Change:
    """What became of a finding."""

    kind: Kind
    before: Finding | None
    after: Finding | None
    counts_before: Counts | None
    counts_after: Counts | None
    by: str = ""
    """What decided between ``worse``, ``better`` and ``same``: a field of `Counts`, ``severity``; ``moved``
    where other forces have as much less, ``mixed`` where less is repeated but more is done."""
    excused: bool = False
    """Whether, being new, it does not count: the run before did not get so far, or it is about work that is
    repeated and the whole run repeats less."""

    @property
    def finding(self) -> Finding:
        """As it is now; what is gone as it was."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def is_worse(self) -> bool:
        """Whether the whole is worse by it."""
        return self.kind == "worse" or (self.kind == "new" and not self.excused and _counts_as(self.finding))


@dataclass(frozen=True)
class BeforeAfter:
    """Two runs compared."""

    before: Run
    after: Run
    changes: tuple[Change, ...]
    """New ones, then worse, gone, better, and those that are as they were; the dearest first."""

    @property
    def crash(self) -> Kind:
        """``new`` or ``gone`` if only one of the two ran to its end; else ``same``."""
        if self.before.reached_its_end == self.after.reached_its_end:
            return "same"
        return "new" if self.before.reached_its_end else "gone"

    @cached_property
    def more(self) -> tuple[str, ...]:
        """Sums that are worse: fields of `Counts`, and ``unexplained``."""
        if self.crash == "gone":
            return ()
        old, new = self.before.counts, self.after.counts
        found = [name for name in _REPEATED if getattr(new, name) > getattr(old, name)]
        return (*found, *(["unexplained"] if self.after.unexplained > self.before.unexplained else []))

    @property
    def verdict(self) -> Verdict:
        """Whether the run after is worse than the one before; see the module."""
        if self.crash == "new" or self.more or any(change.is_worse for change in self.changes):
            return "worse"
        better = self.crash == "gone" or any(change.kind in ("gone", "better") for change in self.changes)
        old, new = self.before.counts, self.after.counts
        less = any(getattr(new, name) < getattr(old, name) for name in _REPEATED)
        return "better" if better or less else "same"

    def of(self, *kinds: Kind) -> list[Change]:
        """The changes of these kinds."""
        return [change for change in self.changes if change.kind in kinds]


_REPEATED = ("tasks_repeated", "partition_reads_repeated")
_DECIDING = (_REPEATED, ("tasks", "partition_reads"), ("forces",), ("bytes",))
"""Counts by which a finding is judged; the first in which two runs differ decides."""


def compare(before: TraceData, after: TraceData) -> BeforeAfter:
    """Compare two runs, as a rule of one program before and after it was changed."""
    old, new = Run(before, diagnose(before)), Run(after, diagnose(after))
    changes = sorted(_changes(old, new), key=_rank)
    return BeforeAfter(old, new, tuple(changes))


def _changes(old: Run, new: Run) -> Iterator[Change]:
    """What is worth a word: that is above ``info`` in one of the runs, or may give another result."""
    paired = pairs(old.trace, new.trace, old.diagnosis.findings, new.diagnosis.findings)
    seen = {id(found) for pair in paired for found in pair}
    for one, other in paired:
        if _worth_a_word(one) or _worth_a_word(other):
            yield _changed(old, new, one, other)
    for found in old.diagnosis.findings:
        if id(found) not in seen and _worth_a_word(found):
            yield Change("gone", found, None, old.counts_of(found), None)
    first_seen = new.reached_its_end and not old.reached_its_end
    for found in new.diagnosis.findings:
        if id(found) not in seen and _worth_a_word(found):
            counts = new.counts_of(found)
            excused = first_seen or _is_remainder(found, counts, old.counts, new.counts)
            yield Change("new", None, found, None, counts, excused=excused)


def _is_remainder(found: Finding, counts: Counts, all_old: Counts, all_new: Counts) -> bool:
    """Whether it is about repeated work of other findings' forces, of which there is less than before."""
    repeats = any(getattr(counts, name) for name in _REPEATED)
    less = any(_exceeds(all_old, all_new, name) for name in _REPEATED)
    more = any(_exceeds(all_new, all_old, name) for name in _REPEATED)
    return repeats and less and not more and not found.owns_forces and not found.failures


def _changed(old: Run, new: Run, one: Finding, other: Finding) -> Change:
    counts = old.counts_of(one), new.counts_of(other)
    kind, by = _by_severity(old, new, one, other)
    if not kind and _counts_as(other):
        kind, by = _by_counts(*counts, old.counts, new.counts)
        if not kind and one.owns_forces and other.owns_forces:
            kind, by = _by_clock(*counts, old.counts, new.counts)
    return Change(kind or "same", one, other, *counts, by=by)


def _by_severity(old: Run, new: Run, one: Finding, other: Finding) -> tuple[Kind | None, str]:
    """By a severity that is not one of time."""
    if _counts_as(one) != _counts_as(other):
        return ("worse" if _counts_as(other) else "better"), "severity"
    rise = ORDER.index(one.severity) - ORDER.index(other.severity)
    if rise > 0 and not _is_timed(new, other):
        return "worse", "severity"
    if rise < 0 and not _is_timed(old, one):
        return "better", "severity"
    return None, ""


def _is_timed(run: Run, found: Finding) -> bool:
    """Whether its severity is what the clock says."""
    return found.severity == severity(found.at_stake, max(run.trace.seconds, run.trace.forced_seconds))


def _by_counts(one: Counts, other: Counts, all_old: Counts, all_new: Counts) -> tuple[Kind | None, str]:
    for names in _DECIDING:
        more = [name for name in names if _exceeds(other, one, name)]
        less = [name for name in names if _exceeds(one, other, name)]
        real = [name for name in more if _exceeds(all_new, all_old, name)]
        if real:
            return "worse", real[0]
        if less and names is _REPEATED and _does_more(one, other, all_old, all_new):
            return "same", "mixed"
        if less:
            return "better", less[0]
        if more:
            return "same", "moved"
    return None, ""


def _does_more(one: Counts, other: Counts, all_old: Counts, all_new: Counts) -> bool:
    """Whether there is more work, and not only where it moved to."""
    names = ("tasks", "partition_reads")
    return any(_exceeds(other, one, name) and _exceeds(all_new, all_old, name) for name in names)


def _exceeds(one: Counts, other: Counts, name: str) -> bool:
    larger, smaller = getattr(one, name), getattr(other, name)
    return larger is not None and smaller is not None and larger > smaller


def _by_clock(one: Counts, other: Counts, all_old: Counts, all_new: Counts) -> tuple[Kind | None, str]:
    if _is_slower(one, other) and _is_slower(all_old, all_new):
        return "worse", "seconds"
    if _is_slower(other, one) and _is_slower(all_new, all_old):
        return "better", "seconds"
    return None, ""


def _is_slower(old: Counts, new: Counts) -> bool:
    return new.seconds - old.seconds > max(_SLOWER_BY * old.seconds, _SLOWER_SECONDS)


def _counts_as(found: Finding) -> bool:
    """Whether it is something to mend."""
    return found.severity != "info"


def _worth_a_word(found: Finding) -> bool:
    return _counts_as(found) or found.code.startswith("LZ5")


def _rank(change: Change) -> tuple[int, bool, int, bool, float]:
    found = change.finding
    kind, level = KINDS.index(change.kind), ORDER.index(found.severity)
    return kind, change.excused, level, found.follows is not None, -found.at_stake


def _counts(forces: list[Force], seconds: float) -> Counts:
    begins = [force.begin for force in forces]
    return Counts(
        forces=len(forces),
        tasks=sum(begin.tasks for begin in begins),
        tasks_repeated=sum(begin.tasks_repeated for begin in begins),
        partition_reads=sum(force.partition_reads for force in forces),
        partition_reads_repeated=sum(force.partition_reads_repeated for force in forces),
        bytes=known_bytes(forces),
        seconds=seconds,
    )
