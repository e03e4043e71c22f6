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

_REACH = 64
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
_WITH_NAMES = _NAMED | _FAST | {_GLOBAL}
_CACHE = opcode.opmap["CACHE"]
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
    names = tuple(filter(_is_variable, dict.fromkeys(_names(code, lasti))))
    _remembered[id(code), lasti] = (weakref.ref(code), names)
    return names


_used: dict[int, tuple[weakref.ref[CodeType], tuple[str, ...]]] = {}


def names_used(code: CodeType) -> tuple[str, ...]:
    """Variables that a code object may use; names of attributes are among them, as it tells no difference."""
    known = _used.get(id(code))
    if known is not None and known[0]() is code:
        return known[1]
    if len(_used) >= MOST_REMEMBERED:
        _used.clear()
    names = dict.fromkeys((*code.co_varnames, *code.co_cellvars, *code.co_freevars, *code.co_names))
    found = tuple(filter(_is_variable, names))
    _used[id(code)] = (weakref.ref(code), found)
    return found


def _is_variable(name: str) -> bool:
    return name.isidentifier() and not name.startswith("__")


def _names(code: CodeType, lasti: int) -> Iterator[str]:
    if lasti < 0:
        return
    first = max(lasti // _UNIT - _REACH, 0)
    end = lasti // _UNIT + _REACH
    content = code.co_code
    operations = content[first * _UNIT : end * _UNIT : _UNIT]
    spans = [
        (unit, operation, line, last if last - line < _LONGEST else line)
        for unit, operation, (line, last, _, _) in zip(
            range(first, end), operations, islice(code.co_positions(), first, end), strict=False
        )
        if operation != _CACHE and line is not None and last is not None
    ]
    begin, last = _widened(position_of(code, lasti)[0], [span[2:] for span in spans if span[3] > span[2]])
    for unit, operation, line, _ in spans:
        if begin <= line <= last and operation in _WITH_NAMES:
            yield from _named(code, operation, _argument(content, unit))


def _widened(line: int, lines: list[tuple[int, int]]) -> tuple[int, int]:
    """The lines of the statement around a line: those of all instructions that overlap."""
    begin = end = line
    for _ in range(_PASSES if lines else 0):
        before = begin, end
        for first, last in lines:
            if first <= end and last >= begin:
                begin, end = min(begin, first), max(end, last)
        if before == (begin, end):
            break
    return begin, end


def _argument(content: bytes, unit: int) -> int:
    """The argument of an instruction, with what the ones before it extend it by."""
    argument, shift = content[unit * _UNIT + 1], 8
    while unit and content[(unit - 1) * _UNIT] == _EXTENDED:
        unit -= 1
        argument |= content[unit * _UNIT + 1] << shift
        shift += 8
    return argument


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
