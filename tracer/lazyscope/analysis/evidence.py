"""What an entry of the catalogue looks at: events that are alike, and what their source and past say."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cached_property

from lazyscope.analysis.cost import site_at
from lazyscope.analysis.loops import ForcedLoop, loops
from lazyscope.analysis.places import place_of
from lazyscope.analysis.provenance import Dependencies, dependencies
from lazyscope.analysis.reading import Reading, call_at, read
from lazyscope.analysis.rereading import Rereading, rereadings
from lazyscope.analysis.source import SourceSite
from lazyscope.analysis.syntax.calls import WrittenCall
from lazyscope.analysis.syntax.terms import words
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData

_CONVERSIONS = words("__array__ __bool__ __complex__ __float__ __index__ __int__ __iter__ __len__ __round__")
"""Methods by which an object is asked for its value."""


class Placed:
    """What is known of any event by its place.

    Attributes
    ----------
    trace : TraceData
        The trace.
    innermost, user_site : int or None
        Numbers of positions: of the site as the vocabulary has it, and of the user's line.
    """

    def __init__(
        self, trace: TraceData, event: events.ForceBegin | events.Failure | events.UnknownShape
    ) -> None:
        self.trace = trace
        self.innermost = event.site
        self.user_site = event.user_site
        self._event = event

    @cached_property
    def passed_on(self) -> str | None:
        """The conversion that an object of a library only passed on, ``__bool__``.

        In ``if frame.any():`` the user's line asks, whatever ``DataArray.__bool__`` does to answer.
        """
        roles = [self.trace.file_of(position).role for position in self.way]
        if self.innermost is None or self.user_site not in self.way or roles[-1:] == ["user"]:
            return None
        if "user" not in roles:
            # A role that is not ours; with the user's line unknown nothing can have been passed on to it.
            return None
        last = len(roles) - 1 - roles[::-1].index("user")
        method = self._function(self.way[last + 1])
        return method if method in _CONVERSIONS and self.way[last] == self.user_site else None

    @cached_property
    def site(self) -> int | None:
        """Number of the position of the code that wanted the value: the innermost, or the user's line."""
        return self.innermost if self.passed_on is None else self.user_site

    def _function(self, position: int) -> str:
        return self.trace.codes[self.trace.positions[position].code].function.rpartition(".")[2]

    @property
    def at_user(self) -> bool:
        """Whether the code that wanted it is the user's own, or a package's under ``--as``."""
        return self.site is not None and self.trace.file_of(self.site).role == "user"

    @property
    def entry(self) -> str | None:
        """The public library function that the user's line reached."""
        return None if self._event.entry is None else self.trace.texts[self._event.entry]

    @property
    def function(self) -> str:
        """Its last part, ``kmeans``, for sentences; "the library" if it is not known."""
        return self.entry.rpartition(".")[2] if self.entry else "the library"

    @cached_property
    def reading(self) -> Reading | None:
        """What the source says where the value was wanted."""
        return None if self.site is None else read(self.trace, self.site)

    @cached_property
    def user_reading(self) -> Reading | None:
        """What the source says at the user's line."""
        return None if self.user_site is None else read(self.trace, self.user_site)

    @cached_property
    def user_call(self) -> WrittenCall | None:
        """The call in the user's line that reached the library; None where the user's code did it."""
        if self.user_site is None or self.at_user:
            return None
        return call_at(self.trace, self.user_site)

    @cached_property
    def where(self) -> SourceSite | None:
        """Where the value was wanted."""
        return site_at(self.trace, self.site)

    @cached_property
    def user_where(self) -> SourceSite | None:
        return site_at(self.trace, self.user_site)

    @property
    def expression(self) -> str:
        """What was converted, as written; else the line."""
        found = self.where
        return "" if found is None else found.expression or found.code

    @cached_property
    def way(self) -> tuple[int, ...]:
        """Positions on the way to the site, outermost first, the site included."""
        if self._event.stack is None:
            return () if self.innermost is None else (self.innermost,)
        return tuple(self.trace.stacks[self._event.stack].positions)

    @cached_property
    def library_readings(self) -> tuple[Reading, ...]:
        """What the source says at each step through libraries, outermost first."""
        found = [read(self.trace, n) for n in self.way if self.trace.file_of(n).role == "library"]
        return tuple(reading for reading in found if reading is not None)


class ForceEvidence(Placed):
    """Forces that are alike: same site, user's line, trigger, function, surroundings and settings.

    Attributes
    ----------
    forces : tuple of Force
        At least one, in the order of time.
    """

    def __init__(self, trace: TraceData, forces: Iterable[Force]) -> None:
        self.forces = tuple(forces)
        super().__init__(trace, self.forces[0].begin)

    @property
    def begin(self) -> events.ForceBegin:
        """The begin record of the first."""
        return self.forces[0].begin

    @property
    def trigger(self) -> str:
        """As asked by the code that wanted the value."""
        return self.passed_on or self.begin.trigger

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(force.id for force in self.forces)

    @property
    def nested(self) -> bool:
        """Whether they happened in a task of another force."""
        return self.begin.parent is not None

    @cached_property
    def tasks(self) -> int:
        return sum(force.begin.tasks for force in self.forces)

    @cached_property
    def tasks_repeated(self) -> int:
        return sum(force.begin.tasks_repeated for force in self.forces)

    @cached_property
    def self_seconds(self) -> float:
        return sum(force.self_seconds for force in self.forces)

    @cached_property
    def bytes(self) -> int | None:
        """Of the largest result that came back or was expected; None if unknown."""
        sizes = [force.end.bytes if force.end else force.begin.expected_bytes for force in self.forces]
        known = [size for size in sizes if size is not None]
        return max(known, default=self.begin.expected_bytes)

    @cached_property
    def dependencies(self) -> Dependencies:
        """What the first depends on."""
        return dependencies(self.trace, self.forces[0].id)

    @property
    def switches(self) -> dict[str, bool]:
        """Switches of libraries when the first began: ``SCIPY_ARRAY_API``, ``array_api_dispatch``."""
        return dict(self.forces[0].switches)

    @cached_property
    def loop(self) -> ForcedLoop | None:
        """The loop that the first is a turn of, if its line forced again and again on the same way."""
        return _loop_of_force(self.trace).get(self.forces[0].id)

    @cached_property
    def reread(self) -> tuple[Rereading, ...]:
        """What these forces and others asked for again, that which cost most first."""
        own = set(self.ids)
        return tuple(one for one in all_rereadings(self.trace) if own.intersection(one.forces))


def _loop_of_force(trace: TraceData) -> dict[int, ForcedLoop]:
    known: dict[int, ForcedLoop] | None = vars(trace).get("_loop_of_force")
    if known is None:
        found = {force: loop for loop in loops(trace) for force in loop.forces}
        known = vars(trace)["_loop_of_force"] = found
    return known


def all_rereadings(trace: TraceData) -> list[Rereading]:
    """As `rereadings`, kept with the trace."""
    known: list[Rereading] | None = vars(trace).get("_all_rereadings")
    if known is None:
        known = vars(trace)["_all_rereadings"] = rereadings(trace)
    return known


def alike(trace: TraceData) -> list[ForceEvidence]:
    """Put forces that are alike together, in the order of the first of each."""
    groups: dict[Hashable, list[Force]] = {}
    for force in trace.forces:
        begin = force.begin
        site = None if begin.site is None else place_of(trace, begin.site)
        user_site = None if begin.user_site is None else place_of(trace, begin.user_site)
        key = (
            site,
            user_site,
            begin.trigger,
            begin.entry,
            begin.allowed,
            begin.inferring,
            begin.parent is None,
            tuple(force.switches.items()),
        )
        groups.setdefault(key, []).append(force)
    return [ForceEvidence(trace, forces) for forces in groups.values()]


class FailureEvidence(Placed):
    """Exceptions that are alike: same type, text, site and user's line.

    Attributes
    ----------
    failures : tuple of Failure
        At least one, in the order of time.
    """

    def __init__(self, trace: TraceData, failures: Iterable[events.Failure]) -> None:
        self.failures = tuple(failures)
        super().__init__(trace, self.failures[0])

    @property
    def type(self) -> str:
        """Of the exception: ``ValueError``."""
        return self.failures[0].type

    @property
    def message(self) -> str:
        return self.failures[0].message

    @property
    def escaped(self) -> bool:
        """Whether any left the traced block."""
        return any(failure.escaped for failure in self.failures)

    @property
    def operation(self) -> str | None:
        """The recorded call it passed through."""
        number = self.failures[0].operation
        return None if number is None else self.trace.texts[number]


def failures_alike(trace: TraceData) -> list[FailureEvidence]:
    """Put exceptions that are alike together, in the order of the first of each."""
    groups: dict[Hashable, list[events.Failure]] = {}
    for failure in trace.failures:
        site = None if failure.site is None else place_of(trace, failure.site)
        user_site = None if failure.user_site is None else place_of(trace, failure.user_site)
        key = (failure.type, failure.message, site, user_site, failure.operation)
        groups.setdefault(key, []).append(failure)
    return [FailureEvidence(trace, failures) for failures in groups.values()]
