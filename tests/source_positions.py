"""Positions in source that is compiled, as if the program had forced at one of its instructions."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType

from lazyscope.analysis.reading import Reading, read
from lazyscope.analysis.source import locate
from lazyscope.capture.instruction import position_of
from lazyscope.model import events
from lazyscope.model.trace import TraceData

TRUTH = ("JUMP", "TO_BOOL", "UNARY_NOT", "COMPARE_OP", "CONTAINS_OP")
CALL = ("CALL",)


class Compiled:
    """A source text with every instruction of it as a position of a trace."""

    def __init__(self, text: str, path: str = "lib/module.py", *, only_line: int | None = None) -> None:
        self.trace = TraceData(events.Header(version=1, lazyscope="0", started=0.0, argv=[], versions={}))
        self.trace.files.append(events.File(path, "library", "lib 1.0", zlib.compress(text.encode())))
        for code in _compiled(text, path):
            if only_line is None or any(line == only_line for _, _, line in code.co_lines()):
                self._add(code, only_line)

    def _add(self, code: CodeType, only_line: int | None) -> None:
        number = len(self.trace.codes)
        self.trace.codes.append(events.Code(0, code.co_qualname, code.co_firstlineno))
        for instruction in range(0, len(code.co_code), 2):
            place = position_of(code, instruction)
            if place[4] != "CACHE" and only_line in (None, place[0]):
                self.trace.positions.append(events.Position(number, *place))

    def at(self, expression: str, *opcodes: str, line: int | None = None) -> int:
        """The last instruction that converted an expression; `opcodes` are parts of its name."""
        found = [
            number
            for number, position in enumerate(self.trace.positions)
            if line in (None, position.line)
            and (not opcodes or any(part in position.opcode for part in opcodes))
            and locate(self.trace, number).expression == expression
        ]
        assert found, f"no instruction for {expression!r}"
        return found[-1]


@lru_cache(maxsize=16)
def _compiled(text: str, path: str) -> list[CodeType]:
    return list(_codes(compile(text, path, "exec", dont_inherit=True)))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def reading(text: str, expression: str, *opcodes: str, line: int | None = None) -> Reading:
    """Compile a text and read the last instruction that converted an expression."""
    source = Compiled(text)
    found = read(source.trace, source.at(expression, *opcodes, line=line))
    assert found is not None
    assert found.expression == expression
    return found
