"""What `position_of` says must agree with what the interpreter itself reports."""

from __future__ import annotations

import opcode
import os
import subprocess
import sys
import textwrap
import weakref
from types import FrameType
from typing import Any

import pytest

from lazyscope.capture import instruction
from lazyscope.capture.instruction import Place, Span, position_of

OPERATIONS = set(opcode.opmap)


class Probe:
    """Notes where the frame stands that uses it."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.lines: list[int] = []

    def look(self, frame: FrameType) -> None:
        self.places.append(position_of(frame.f_code, frame.f_lasti))
        self.lines.append(frame.f_lineno)

    def __bool__(self) -> bool:
        self.look(sys._getframe(1))
        return True

    def __float__(self) -> float:
        self.look(sys._getframe(1))
        return 1.0

    def __call__(self, *_: object) -> Probe:
        self.look(sys._getframe(1))
        return self

    def __lt__(self, other: object) -> bool:
        self.look(sys._getframe(1))
        return True

    __gt__ = __lt__

    def __getitem__(self, index: int) -> None:
        self.look(sys._getframe(1))


def run(text: str) -> tuple[Probe, str]:
    """Run the body of a function of a probe `p`."""
    probe, text = Probe(), "def f(p):\n" + textwrap.indent(text, "    ")
    names: dict[str, Any] = {}
    exec(text, names)
    names["f"](probe)
    return probe, text


def cut(text: str, span: Span | None) -> str:
    """The text of a span on one line."""
    assert span is not None
    line, end_line, column, end_column = span
    assert line == end_line
    return text.split("\n")[line - 1].encode()[column:end_column].decode()


def test_the_line_is_the_one_the_interpreter_reports() -> None:
    lines = ["y = (", "  p() <", "  p", "    (2)", ")", "if p and (", "   p()): pass", "z = [i"]
    lines += ["  for i in [p] if", "  p]", "y = (p", "  .__call__(", "    1))"]
    probe, _ = run("\n".join(lines))
    assert [place[0] for place in probe.places] == probe.lines
    assert len(set(probe.lines)) > 5


def test_the_line_of_a_traceback_is_its_own() -> None:
    def fail() -> None:
        _ = (
            1,
            dict[str, int]()["of course"],
        )

    with pytest.raises(KeyError, match="of course") as caught:
        fail()
    last = caught.tb.tb_next
    assert last is not None
    assert position_of(last.tb_frame.f_code, last.tb_lasti)[0] == last.tb_lineno
    assert last.tb_lineno == fail.__code__.co_firstlineno + 3


def test_a_function_that_has_not_begun_stands_at_its_first_line() -> None:
    def generator() -> Any:
        yield 1

    waiting = generator()
    place = position_of(waiting.gi_code, -1)
    assert place == (waiting.gi_code.co_firstlineno, waiting.gi_code.co_firstlineno, -1, -1, "", None)


def test_columns_are_bytes_of_the_instruction() -> None:
    probe, text = run("y = 'ü', p()")
    (place,) = probe.places
    assert cut(text, place[:4]) == "p()"
    assert place[2] == len("    y = 'ü', ".encode())


@pytest.mark.parametrize(
    ("text", "operand"),
    [
        ("if p: pass", "p"),
        ("if 1 and not p(1): pass", "p(1)"),
        ("y = p or 1", "p"),
        ("y = not p", "p"),
        ("y = 1 if p else 2", "p"),
        ("y = [i for i in [p] if i]", "i"),
        ("y = p[0]", "0"),
        ("y = p(2, 3)", "3"),
        ("y = float(p)", "p"),
    ],
)
def test_what_is_used_was_made_here_or_before(text: str, operand: str) -> None:
    """From Python 3.12 a test bears the place of what it tests."""
    probe, whole = run(text)
    own, before = probe.places[-1][:4], probe.places[-1][5]
    assert operand in (cut(whole, own), before and cut(whole, before))


def test_links_of_a_chain_of_comparisons_differ_by_what_is_before() -> None:
    """Comparisons and tests of a chain all bear the place of the chain."""
    probe, whole = run("if 0 < p < 5 < p: pass")
    assert {cut(whole, place[:4]) for place in probe.places} == {"0 < p < 5 < p"}
    assert [cut(whole, place[5]) for place in probe.places] == ["p", "5", "p"]


def test_names_are_generic_however_often_the_code_ran() -> None:
    def f(p: Any, items: list[int]) -> Any:
        total = 0
        for i in items:
            total = total + items[i]
        return p[0] + total

    for _ in range(100):
        f([1], [0, 1, 2])
    probe = Probe()
    with pytest.raises(TypeError):  # None + 3
        f(probe, [0, 1, 2])
    size = len(f.__code__.co_code)
    names = {position_of(f.__code__, lasti)[4] for lasti in range(0, size, 2)}
    assert probe.places[0][4] == ("BINARY_SUBSCR" if sys.version_info < (3, 14) else "BINARY_OP")
    assert names <= OPERATIONS


def test_a_cache_entry_belongs_to_its_instruction() -> None:
    """A frame of Python 3.11 that called a Python function stands at the last entry."""
    code = compile("f(1)", "x", "eval")
    caches = [i for i, operation in enumerate(code.co_code[::2]) if operation == opcode.opmap["CACHE"]]
    assert caches
    for unit in caches:
        assert position_of(code, 2 * unit) == position_of(code, 2 * unit - 2)
        assert position_of(code, 2 * unit)[4] != "CACHE"


def test_a_caller_of_a_python_function_stands_at_the_call() -> None:
    probe = Probe()

    def inner() -> None:
        frame = sys._getframe(1)
        probe.look(frame)

    inner()
    ((line, _, _, _, name, _),) = probe.places
    assert (name, line) == ("CALL", probe.lines[0])


def test_names_are_generic_while_lines_are_traced() -> None:
    """Since Python 3.12 tracing puts other instructions in place."""
    probe = Probe()
    previous = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        bool(probe())
    finally:
        sys.settrace(previous)
    assert [place[4] for place in probe.places][-1] in ("CALL", "PRECALL")


@pytest.mark.parametrize("lasti", [10_000, 10**9, -1, -2, -(10**9)])
def test_nonsense_is_answered_with_what_is_certain(lasti: int) -> None:
    code = compile("\n\nf(1)", "x", "exec")
    assert position_of(code, lasti) == (1, 1, -1, -1, "", None)


def test_code_without_a_table_of_places_has_no_columns() -> None:
    code = compile("f(1)", "x", "exec").replace(co_linetable=b"")
    for lasti in range(0, len(code.co_code), 2):
        line, end_line, column, end_column, name, before = position_of(code, lasti)
        assert (line, end_line, column, end_column, before) == (1, 1, -1, -1, None)
        assert name in OPERATIONS | {""}


def test_python_may_be_told_to_keep_no_columns() -> None:
    program = """
from lazyscope.capture.instruction import position_of
code = compile("f(\\n1)", "x", "eval")
for lasti in range(4, len(code.co_code), 2):
    print(*position_of(code, lasti)[:4])
"""
    answer = subprocess.run(
        [sys.executable, "-X", "no_debug_ranges", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert set(answer.stdout.splitlines()) == {"1 1 -1 -1", "2 2 -1 -1"}


def test_a_large_function_is_not_read_as_a_whole() -> None:
    """Only as many places are kept as lie shortly before the instruction."""
    code = compile("\n".join(f"y{i} = f({i})" for i in range(3000)), "x", "exec")
    lasti = len(code.co_code) - 2
    while position_of(code, lasti)[4] != "CALL":
        lasti -= 2
    assert position_of(code, lasti)[:2] == (3000, 3000)
    assert position_of(code, lasti)[5] == (3000, 3000, 10, 14)


def test_functions_of_one_name_are_told_apart() -> None:
    """Text that is executed anew gives another code object with the same name and instruction."""
    for lines in (1, 2, 3):
        scope: dict[str, Any] = {}
        exec("\n" * lines + "def again(p): return bool(p)", scope)
        probe = Probe()
        scope["again"](probe)
        assert [place[0] for place in probe.places] == probe.lines == [lines + 1]


def test_an_id_used_again_is_another_code_object() -> None:
    code = compile("pass", "<first>", "exec")
    stale = (weakref.ref(code), (7, 7, 0, 0, "CALL", None))
    del code
    fresh = compile("\n\npass", "<second>", "exec")
    instruction._remembered[id(fresh), 2] = stale
    assert position_of(fresh, 2)[0] == 3


def test_what_is_remembered_keeps_no_code_alive_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instruction, "_remembered", {})
    monkeypatch.setattr(instruction, "MOST_REMEMBERED", 5)
    for number in range(20):
        code = compile(f"x = {number}", "<text>", "exec")
        gone = weakref.ref(code)
        position_of(code, 2)
        del code
        assert gone() is None
    assert len(instruction._remembered) <= 5
