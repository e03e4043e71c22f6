"""Requests of a program for single results, and which of them could be one."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from lazyscope.analysis.asked import are_located, blocks_of
from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.holdings import stands_for_itself
from lazyscope.analysis.places import Place, place_of
from lazyscope.analysis.reading import Reading, is_scalar_conversion, read
from lazyscope.analysis.source import found_at
from lazyscope.analysis.syntax.dependents import dependent_lines
from lazyscope.catalogue.asking import asks_by_method, called
from lazyscope.model.trace import Force, TraceData

_NUMBERS = ("__float__", "__int__", "__bool__", "__complex__")
_COMPARING = ("max", "min", "round")
"""Functions of Python that ask for the values of arrays, and give one of them back."""

_COLLECTED = ("element", "stored")
"""What becomes of results that are put into a report, which later lines only add to."""
_COLLECTING = ("add", "append", "insert", "setdefault")
"""Methods of collections that take one result."""


@dataclass
class Request:
    """A force by which the program asks for one result."""

    force: Force
    reading: Reading
    line: int
    """Where it is written; its statement may begin earlier."""
    shared: int = 0
    """Tasks that an earlier one of its group had asked for."""

    @property
    def position(self) -> int:
        """Of the user's line."""
        assert self.force.begin.user_site is not None
        return self.force.begin.user_site


@dataclass
class Group:
    """Requests in one function, none of which needs the value of another as far as the text says."""

    requests: list[Request] = field(default_factory=list)
    tainted: set[int] = field(default_factory=set)
    """Lines of statements that depend on values of the group."""
    blocks: dict[int, int] = field(default_factory=dict)
    askers: dict[int, int] = field(default_factory=dict)
    """By layer, how many of them asked for it."""

    ids: set[int] = field(default_factory=set)
    """Of their forces."""
    places: set[Place] = field(default_factory=set)
    """Of requests outside of loops: coming there again, the function is called anew."""

    def without_strangers(self) -> Group:
        """Those that share something with another."""
        readers = sum(1 for request in self.requests if request.force.partition_reads)
        sharing = [
            request
            for request in self.requests
            if (readers > 1 and request.force.partition_reads)
            or any(self.askers[one.layer] > 1 for one in request.force.begin.wanted if one.tasks)
        ]
        return replace(self, requests=sharing, ids={request.force.id for request in sharing})

    @property
    def partition_reads_repeated(self) -> int:
        """Partition reads of all but the first that had been made before."""
        return sum(request.force.partition_reads_repeated for request in self.requests[1:])

    @property
    def shares(self) -> bool:
        """Whether any of them repeats what another had done."""
        again = any(request.shared for request in self.requests) or self.partition_reads_repeated
        return len(self.requests) > 1 and bool(again)


def sharing_groups(trace: TraceData) -> list[Group]:
    """Requests that share work and could be one, in the order of time."""
    known: list[Group] | None = vars(trace).get("_sharing_groups")
    if known is None:
        known = vars(trace)["_sharing_groups"] = [
            group for found in _groups(trace) if (group := found.without_strangers()).shares
        ]
    return known


def waiting_groups(trace: TraceData) -> list[Group]:
    """Requests by one line in a loop that share nothing: each waits for the one before.

    Left out are those whose results would not fit well into memory together, and larger arrays of which a
    turn keeps only what it makes of them: a loop may be there to hold one at a time.
    """
    return [
        group
        for group in _groups(trace)
        if len(group.requests) >= _FEWEST_TURNS
        and all(request.reading.loops for request in group.requests)
        and len({place_of(trace, request.position) for request in group.requests}) == 1
        and not group.without_strangers().shares
        and _fit_together(group)
        and (_is_kept(trace, group.requests[0]) or _is_little(group))
    ]


_FEWEST_TURNS = 3
_SHARE_OF_FREE = 0.25
_ASSUMED_FREE = 4_000_000_000
"""Bytes, where it is not recorded how much was free."""
LITTLE = 64_000_000
"""Bytes that nobody spares by a loop."""


def _fit_together(group: Group) -> bool:
    ends = [request.force.end for request in group.requests]
    sizes = [end.bytes if end is not None else None for end in ends]
    known = [size for size in sizes if size is not None]
    begins = [request.force.begin for request in group.requests]
    free = min((begin.free_bytes for begin in begins if begin.free_bytes is not None), default=_ASSUMED_FREE)
    return len(known) == len(sizes) and sum(known) < free * _SHARE_OF_FREE


def _is_little(group: Group) -> bool:
    ends = [request.force.end for request in group.requests]
    return sum(end.bytes or 0 for end in ends if end is not None) <= LITTLE


def _is_kept(trace: TraceData, request: Request) -> bool:
    """Whether the program collects the results themselves, so that they are in memory together anyway."""
    if request.reading.outcome in _COLLECTED:
        return True
    found = found_at(trace, request.position)
    node = found.expression if found is not None else None
    around = found.parents.get(node) if found is not None and node is not None else None
    if not isinstance(around, ast.Call) or not isinstance(around.func, ast.Attribute):
        return False
    return node in around.args and around.func.attr in _COLLECTING


def _groups(trace: TraceData) -> list[Group]:
    open_: dict[int, Group] = {}
    done: list[Group] = []
    for force in trace.forces:
        reading = _asked(trace, force)
        if reading is None or force.begin.user_site is None:
            continue
        code = trace.positions[force.begin.user_site].code
        group = open_.get(code)
        place = place_of(trace, force.begin.user_site)
        if group is None or reading.line in group.tainted or place in group.places:
            group = open_[code] = Group()
            done.append(group)
        line = trace.positions[force.begin.user_site].line
        _add(trace, group, Request(force, reading, line))
        if not reading.loops:
            group.places.add(place)
    return done


def _asked(trace: TraceData, force: Force) -> Reading | None:
    """The reading of a line of the user's that asks for one result; None if the force is another."""
    begin = force.begin
    if begin.user_site is None or begin.allowed is not None or not stands_for_itself(trace, force.id):
        return None
    placed = Placed(trace, begin)
    by_method = begin.site != begin.user_site and placed.passed_on is None
    if by_method and not asks_by_method(placed):
        return None
    reading = read(trace, begin.user_site)
    if reading is None or reading.test is not None:
        return None
    if not by_method and not _is_request(placed.passed_on or begin.trigger, reading):
        return None
    steered = any(loop.decides or loop.carried or loop.kind == "while" for loop in reading.loops)
    return None if steered or (reading.loops and called(reading) != "compute") else reading


def _is_request(trigger: str, reading: Reading) -> bool:
    if trigger == "compute":
        return reading.outcome != "discarded" or called(reading) != "compute"
    if trigger not in _NUMBERS:
        return False
    return is_scalar_conversion(reading) or reading.role == "formatted" or called(reading) in _COMPARING


def _add(trace: TraceData, group: Group, request: Request) -> None:
    for wanted in request.force.begin.wanted:
        group.askers[wanted.layer] = group.askers.get(wanted.layer, 0) + 1
        if are_located(trace, wanted.layer):
            blocks, before = blocks_of(wanted), group.blocks.get(wanted.layer, 0)
            request.shared += (blocks & before).bit_count()
            group.blocks[wanted.layer] = before | blocks
        elif wanted.last in group.ids:
            request.shared += wanted.repeated
    group.requests.append(request)
    group.ids.add(request.force.id)
    if request.reading.outcome not in _COLLECTED:
        group.tainted |= dependent_lines(trace, request.position)
