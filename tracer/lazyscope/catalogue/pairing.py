"""Which finding of one run is which of another, although lines moved or were written anew.

Pairs are sought in passes, the surest first; what one pass has paired, the next does not see:

1. the same code at the same statement, reached from the same statement of the user's;
2. the same fingerprint: the user's line was written anew;
3. the same statements with another code: what is said of the place changed;
4. the same code in the same function, at a statement that reads much like the other;
5. the same code and title in the same function, of what was seen in the whole trace: the same array is
   computed again and again, but elsewhere;
6. the same code in a library, for the same public function called in the same function of the user's:
   another version of the library.

Statements are compared by their normalised text and the function they lie in, so moved lines stay the
same; distributions count without their version, and the program's own file without its name, so that
``v1.py`` can be compared with ``v2.py``. Among equals the first in time belongs to the first.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import PurePosixPath
from typing import TypeAlias

from lazyscope.analysis.source import locate, statement_of
from lazyscope.catalogue.finding import Finding
from lazyscope.model.trace import TraceData

Pair: TypeAlias = tuple[Finding, Finding]
Place: TypeAlias = tuple[str, str, str]
"""Distribution or file, function, and statement."""

_ALIKE = 0.6
"""From here on two statements read much like each other (ratio of `difflib`, 1 is the same)."""
_LONGEST = 300
"""Characters of a statement that are looked at for that."""
_MOST = 400
"""Pairs of statements that are looked at for that in one function."""


def pairs(before: TraceData, after: TraceData, old: Sequence[Finding], new: Sequence[Finding]) -> list[Pair]:
    """Findings of two runs that are the same problem.

    Parameters
    ----------
    before, after : TraceData
        The runs.
    old, new : sequence of Finding
        What was found in them. A finding that is in no pair is gone, or new.
    """
    left, right = sorted(old, key=_in_time), sorted(new, key=_in_time)
    found: list[Pair] = []
    for match in _PASSES:
        matched = list(match(_Side(before, left), _Side(after, right)))
        found += matched
        taken = {id(one) for pair in matched for one in pair}
        left = [one for one in left if id(one) not in taken]
        right = [one for one in right if id(one) not in taken]
    return found


def _in_time(found: Finding) -> tuple[float, float, str]:
    """By its first force, else by its first exception."""
    first = found.forces[0] if found.forces else float("inf")
    return first, found.failures[0] if found.failures else float("inf"), found.fingerprint


class _Side:
    """The findings of one run that have no partner yet."""

    def __init__(self, trace: TraceData, findings: Sequence[Finding]) -> None:
        self.trace = trace
        self.findings = findings

    def by(self, key: Callable[[TraceData, Finding], Hashable]) -> dict[Hashable, list[Finding]]:
        """The findings by a key; those without one are left out."""
        groups: dict[Hashable, list[Finding]] = {}
        for found in self.findings:
            value = key(self.trace, found)
            if value is not None:
                groups.setdefault(value, []).append(found)
        return groups


_Key: TypeAlias = Callable[[TraceData, Finding], Hashable]
_Pass: TypeAlias = Callable[[_Side, _Side], Iterator[Pair]]


def _groups(before: _Side, after: _Side, key: _Key) -> Iterator[tuple[list[Finding], list[Finding]]]:
    others = after.by(key)
    for value, group in before.by(key).items():
        if value in others:
            yield group, others[value]


def _in_order(key: _Key) -> _Pass:
    """A pass that pairs those of equal keys one after the other."""

    def match(before: _Side, after: _Side) -> Iterator[Pair]:
        for olds, news in _groups(before, after, key):
            yield from zip(olds, news, strict=False)

    return match


def _by_likeness(key: _Key) -> _Pass:
    """A pass that pairs, of those of equal keys, the ones whose statements are most alike."""

    def match(before: _Side, after: _Side) -> Iterator[Pair]:
        for olds, news in _groups(before, after, key):
            if len(olds) * len(news) <= _MOST:
                yield from _most_alike(before.trace, after.trace, olds, news)

    return match


def _most_alike(
    before: TraceData, after: TraceData, olds: list[Finding], news: list[Finding]
) -> Iterator[Pair]:
    rated = [
        (_likeness(place(before, old.site)[2], place(after, new.site)[2]), old, new)
        for old in olds
        for new in news
    ]
    taken: set[int] = set()
    for likeness, old, new in sorted(rated, key=lambda one: -one[0]):
        if likeness >= _ALIKE and not taken & {id(old), id(new)}:
            taken |= {id(old), id(new)}
            yield old, new


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one[:_LONGEST], other[:_LONGEST], autojunk=False).ratio()


def place(trace: TraceData, position: int | None) -> Place:
    """Where a position is, in words that stay when lines move."""
    if position is None:
        return "", "", ""
    where, statement = locate(trace, position), statement_of(trace, position)
    whose = where.distribution.split(" ")[0] if where.distribution else where.file
    if trace.file_of(position).role == "user" and _is_program(trace, where.file):
        whose = ""
    return whose, where.function, statement.text if statement else where.code


def _is_program(trace: TraceData, file: str) -> bool:
    program = trace.header.argv[:1]
    return bool(program) and PurePosixPath(file).name == PurePosixPath(program[0].replace("\\", "/")).name


def _kind(found: Finding) -> str:
    """What it is about: forces of its own, exceptions, or what was seen in the whole trace."""
    if found.owns_forces:
        return "forces"
    return "failures" if found.failures else "whole"


def _same_line(trace: TraceData, found: Finding) -> Hashable:
    return found.code, _kind(found), place(trace, found.site), place(trace, found.user_site)


def _same_fingerprint(trace: TraceData, found: Finding) -> Hashable:
    return found.fingerprint


def _other_code(trace: TraceData, found: Finding) -> Hashable:
    kind = _kind(found)
    if kind == "whole" or found.site is None:
        return None
    return kind, place(trace, found.site), place(trace, found.user_site)


def _same_function(trace: TraceData, found: Finding) -> Hashable:
    if found.site is None:
        return None
    return found.code, _kind(found), place(trace, found.site)[:2], place(trace, found.user_site)[:2]


def _same_entry(trace: TraceData, found: Finding) -> Hashable:
    if found.entry is None or found.site == found.user_site:
        return None
    return found.code, _kind(found), trace.texts[found.entry], place(trace, found.user_site)[:2]


def _same_array(trace: TraceData, found: Finding) -> Hashable:
    if _kind(found) != "whole" or "`" not in found.title:
        return None
    return found.code, found.title, place(trace, found.user_site)[:2]


_PASSES: tuple[_Pass, ...] = (
    _in_order(_same_line),
    _in_order(_same_fingerprint),
    _in_order(_other_code),
    _by_likeness(_same_function),
    _in_order(_same_array),
    _in_order(_same_entry),
)
