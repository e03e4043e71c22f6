"""What the compiler noted about one instruction: its place in the source, and its operand's.

This runs inside the traced program, so it looks no name up and reads no file; `analysis.source`
makes expressions of it later.
"""

from __future__ import annotations

import opcode
import weakref
from collections.abc import Iterable
from itertools import islice, starmap
from types import CodeType
from typing import TypeAlias

from lazyscope.capture.own_failures import let_through

Span: TypeAlias = tuple[int, int, int, int]
"""(line, end_line, column, end_column); columns in UTF-8 bytes, -1 where unknown."""

Place: TypeAlias = tuple[int, int, int, int, str, Span | None]
"""What `model.events.Position` holds after `code`."""

_UNIT = 2
"""Bytes of an instruction, and of each cache entry after it."""

_REACH = 64
"""Units to look back for an operand: its last instruction is near, its first may be anywhere."""

_FILLERS = frozenset(
    operation
    for name, operation in opcode.opmap.items()
    if name in ("CACHE", "COPY", "EXTENDED_ARG", "NOP", "NOT_TAKEN", "PUSH_NULL", "RESUME", "SWAP")
)
"""Instructions that make no value of their own, whatever place they bear."""

_LOADS = frozenset(
    operation
    for name, operation in opcode.opmap.items()
    if name in ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_DEREF", "LOAD_CLASSDEREF")
    or ("LOAD_FAST" in name and name != "LOAD_FAST_AND_CLEAR")
)
"""Instructions that take the value of a variable."""

MOST_REMEMBERED = 10_000
"""Instructions remembered before all are forgotten."""

_remembered: dict[tuple[int, int], tuple[weakref.ref[CodeType], Place]] = {}
"""Every trace of a process meets the same ones; a code object that is gone may leave its id to another."""


def position_of(code: CodeType, lasti: int) -> Place:
    """Describe the instruction at which a frame stands.

    Parameters
    ----------
    code
        The frame's ``f_code``.
    lasti
        Its ``f_lasti``, or a traceback's ``tb_lasti``: a byte offset, -1 before the first instruction.

    Returns
    -------
    tuple
        ``(line, end_line, column, end_column, opcode, before)``. `line` is what ``f_lineno`` says, or
        the function's first where that is None. `opcode` is never a specialised or instrumented
        one. `before` is the place of the last step of making the value that this one uses: the
        nearest earlier instruction that lies elsewhere in the source or loads a variable. Comparisons
        linked in a chain and what tests them all bear the place of the chain, so there it is the
        right-hand operand. Where nothing is known, columns are -1 and `before` is None; this never
        raises.
    """
    known = _remembered.get((id(code), lasti))
    if known is not None and known[0]() is code:
        return known[1]
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    place = _place_of(code, lasti)
    _remembered[id(code), lasti] = (weakref.ref(code), place)
    return place


def _place_of(code: CodeType, lasti: int) -> Place:
    try:
        return _position(code, lasti)
    except Exception as error:  # whatever a strange code object does, the program must go on
        let_through(error)
        return _unknown(code)


def _unknown(code: CodeType) -> Place:
    return code.co_firstlineno, code.co_firstlineno, -1, -1, "", None


def _position(code: CodeType, lasti: int) -> Place:
    if lasti < 0:
        return _unknown(code)
    operations = code.co_code[::_UNIT]
    unit = _instruction(operations, lasti // _UNIT)
    first = max(unit - _REACH, 0)
    *earlier, at = islice(code.co_positions(), first, unit + 1)
    own = _span(*at)
    spans = starmap(_span, reversed(earlier))
    before = _before(own, zip(reversed(operations[first:unit]), spans, strict=True))
    line = own[0] if own[0] > 0 else code.co_firstlineno
    return line, max(own[1], line), own[2], own[3], opcode.opname[operations[unit]], before


def _instruction(operations: bytes, unit: int) -> int:
    """Step from a cache entry to its instruction: 3.11 leaves a caller's frame at the last entry."""
    while unit and operations[unit] == opcode.opmap["CACHE"]:
        unit -= 1
    return unit


def _span(line: int | None, end_line: int | None, column: int | None, end_column: int | None) -> Span:
    if line is None or end_line is None or column is None or end_column is None:
        return line or -1, end_line or -1, -1, -1
    return line, end_line, column, end_column


def _before(own: Span, earlier: Iterable[tuple[int, Span]]) -> Span | None:
    for operation, span in earlier:
        if span[2] >= 0 and (operation in _LOADS or (span != own and operation not in _FILLERS)):
            return span
    return None
