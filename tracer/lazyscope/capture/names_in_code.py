"""Which variables the lines around an instruction mention, as its code object tells.

Nothing is parsed and no file is read: this runs inside the traced program.
"""

from __future__ import annotations

import opcode
import weakref
from collections.abc import Iterator
from itertools import islice
from types import CodeType

from lazyscope.capture.instruction import position_of

_UNIT = 2
"""Bytes of an instruction, and of each cache entry after it."""

_REACH = 200
"""Units before and after the instruction that are looked at."""

_LONGEST = 40
"""Lines of an instruction that tell where a statement ends; a class statement has one with all its lines."""

_PASSES = 4
"""How often the lines are widened by instructions that lie partly in them."""

MOST_REMEMBERED = 10_000
"""Instructions remembered before all are forgotten."""

_NAMED = frozenset(
    operation
    for name, operation in opcode.opmap.items()
    if name in ("LOAD_NAME", "STORE_NAME", "STORE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
)
"""Instructions whose argument is the index of a name."""
_GLOBAL = opcode.opmap["LOAD_GLOBAL"]
"""The lowest bit of its argument says something else."""
_FAST = frozenset(
    operation
    for name, operation in opcode.opmap.items()
    if name.startswith(("LOAD_FAST", "STORE_FAST", "LOAD_DEREF", "STORE_DEREF", "LOAD_CLASSDEREF"))
    or name == "LOAD_FROM_DICT_OR_DEREF"
)
"""Instructions whose argument is the index of a local variable or cell."""
_FAST_TWICE = frozenset(
    operation for name, operation in opcode.opmap.items() if operation in _FAST and name.count("_FAST") == 2
)
"""Of these, the ones that have two indices in one argument."""
_EXTENDED = opcode.opmap["EXTENDED_ARG"]

_remembered: dict[tuple[int, int], tuple[weakref.ref[CodeType], tuple[str, ...]]] = {}


def names_near(code: CodeType, lasti: int) -> tuple[str, ...]:
    """Variables that are read or assigned in the lines of an instruction.

    Parameters
    ----------
    code
        The frame's ``f_code``.
    lasti
        Its ``f_lasti``, or a traceback's ``tb_lasti``.

    Returns
    -------
    tuple of str
        In the order of the instructions, each once; of a statement of several lines those near the
        instruction.
    """
    known = _remembered.get((id(code), lasti))
    if known is not None and known[0]() is code:
        return known[1]
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    names = tuple(dict.fromkeys(_names(code, lasti)))
    _remembered[id(code), lasti] = (weakref.ref(code), names)
    return names


def _names(code: CodeType, lasti: int) -> Iterator[str]:
    if lasti < 0:
        return
    first = max(lasti // _UNIT - _REACH, 0)
    end = lasti // _UNIT + _REACH
    lines = [
        (line, last if last is not None and last - line < _LONGEST else line) if line is not None else None
        for line, last, _, _ in islice(code.co_positions(), first, end)
    ]
    begin, last = _widened(position_of(code, lasti)[0], lines)
    content = code.co_code
    extended = 0
    for unit, span in enumerate(lines, first):
        operation, argument = content[unit * _UNIT], content[unit * _UNIT + 1] | extended
        extended = argument << 8 if operation == _EXTENDED else 0
        if span is not None and begin <= span[0] <= last:
            yield from _named(code, operation, argument)


def _widened(line: int, lines: list[tuple[int, int] | None]) -> tuple[int, int]:
    """The lines of the statement around a line: those of all instructions that overlap."""
    begin = end = line
    for _ in range(_PASSES):
        before = begin, end
        for span in lines:
            if span is not None and span[0] <= end and span[1] >= begin:
                begin, end = min(begin, span[0]), max(end, span[1])
        if before == (begin, end):
            break
    return begin, end


def _named(code: CodeType, operation: int, argument: int) -> Iterator[str]:
    if operation in _NAMED:
        yield code.co_names[argument]
    elif operation == _GLOBAL:
        yield code.co_names[argument >> 1]
    elif operation in _FAST_TWICE:
        yield code._varname_from_oparg(argument >> 4)  # type: ignore[attr-defined]
        yield code._varname_from_oparg(argument & 15)  # type: ignore[attr-defined]
    elif operation in _FAST:
        yield code._varname_from_oparg(argument)  # type: ignore[attr-defined]
