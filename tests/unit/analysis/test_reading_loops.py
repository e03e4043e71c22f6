"""Readings of loops: what they go over, and whether what was forced steers them."""

from __future__ import annotations

import textwrap

import pytest

from lazyscope.analysis.reading import Loop
from source_positions import CALL, TRUTH, reading


def loops(text: str, expression: str, *opcodes: str) -> tuple[Loop, ...]:
    body = textwrap.indent(textwrap.dedent(text).strip("\n"), "    ")
    return reading(f"def f(x, y, n=0):\n{body}", expression, *opcodes).loops


@pytest.mark.parametrize(
    ("header", "over"),
    [
        ("for i in range(x.shape[0])", "length"),
        ("for i in range(len(x) - 1)", "length"),
        ("for i in range(0, x.size, 2)", "length"),
        ("for i in range(size)", "length"),
        ("for i in range(3)", "range"),
        ("for i in range(n)", "range"),
        ("for i in np.unique(x)", "labels"),
        ("for k, i in enumerate(xp.unique_values(x))", "labels"),
        ("for i in labels", "labels"),
        ("for i in found", "labels"),
        ("for i in set(x)", "labels"),
        ("for i in (x, y)", "display"),
        ("for i, j in zip([x, y], n)", "display"),
        ("for i in x.items()", "items"),
        ("for i in x", "values"),
        ("for i, j in enumerate(x)", "values"),
        ("for i in reversed(x.T)", "values"),
    ],
)
def test_what_a_loop_goes_over_is_told(header: str, over: str) -> None:
    text = f"size = x.shape[0]\nlabels = np.unique(x)\nfound, counts = np.unique(x)\n{header}:\n    float(y)"
    (loop,) = loops(text, "float(y)")
    assert (loop.kind, loop.header, loop.over, loop.line) == ("for", header, over, 5)


def test_loops_are_listed_outermost_first() -> None:
    text = "for i in x:\n    while n:\n        z = [[float(k) for k in j if k] for j in i]"
    found = loops(text, "float(k)")
    assert [loop.header for loop in found] == ["for i in x", "while n", "for j in i", "for k in j"]
    assert [loop.kind for loop in found] == ["for", "while", "comprehension", "comprehension"]
    assert [loop.indent for loop in found] == ["    ", "        ", "            ", "            "]
    assert [loop.uses_variable for loop in found] == [False, False, False, True]


def test_what_a_comprehension_goes_over_first_is_evaluated_once() -> None:
    assert loops("z = [i for i in list(x)]", "list(x)") == ()
    assert [loop.header for loop in loops("z = [j for i in y for j in list(i)]", "list(i)")] == ["for i in y"]
    assert [loop.header for loop in loops("z = [i for i in y if float(x)]", "float(x)", *CALL)] == [
        "for i in y"
    ]


def test_what_a_loop_goes_over_is_evaluated_once_and_its_else_too() -> None:
    assert loops("for i in list(x): pass", "list(x)") == ()
    assert loops("for i in y: pass\nelse: float(x)", "float(x)") == ()
    assert len(loops("while float(x): pass", "float(x)", *CALL)) == 1


def test_loops_outside_of_the_function_do_not_count() -> None:
    assert loops("for i in x:\n    def g(): return float(y)", "float(y)") == ()
    assert loops("for i in x:\n    g = lambda: float(y)", "float(y)") == ()


def test_the_loop_variable_may_be_used_by_way_of_others() -> None:
    (loop,) = loops("for i in range(n):\n    k = x[i]\n    m = k + 1\n    if m > 1: pass", "m > 1", *TRUTH)
    assert loop.uses_variable
    assert (loop.variables, loop.reassigned, loop.carried) == (("i",), ("m",), ())
    (loop,) = loops("for i, (j, *k) in x:\n    if k: pass", "k", *TRUTH)
    assert (loop.uses_variable, loop.variables) == (True, ("i", "j", "k"))
    (loop,) = loops("for i in range(n):\n    k = x[0]\n    if k > 1: pass", "k > 1", *TRUTH)
    assert not loop.uses_variable


CONVERGENCE = """
change, steps = 1.0, 0
while change > 1e-3 and steps < 6:
    x_new = y @ x + 1.0
    change = float(abs(x_new - x).max())
    x = x_new
    steps += 1
"""


def test_a_convergence_loop_is_known_by_what_it_carries_on_and_what_ends_it() -> None:
    (loop,) = loops(CONVERGENCE, "float(abs(x_new - x).max())")
    assert (loop.kind, loop.over, loop.iterated) == ("while", "condition", "change > 1e-3 and steps < 6")
    assert loop.reassigned == ("x", "x_new")
    assert loop.carried == ("x",)
    assert loop.decides


def test_what_is_changed_in_place_is_carried_on() -> None:
    (loop,) = loops("for i in y:\n    x[i] = n\n    n += 1\n    float(x.max())", "float(x.max())")
    assert (loop.reassigned, loop.carried) == (("x",), ("x", "n"))


def test_what_is_counted_up_is_carried_on() -> None:
    (loop,) = loops("for i in y:\n    n += 1\n    float(x + n)", "float(x + n)")
    assert loop.carried == ("n",)


DECIDING = [
    ("while float(x) > n: x = x / 2", True),
    ("for i in y:\n    if float(x) > n: break", True),
    ("for i in y:\n    if float(x) > n: return i", True),
    ("for i in y:\n    d = float(x)\n    e = d * 2\n    if e < n:\n        x = 1\n        break", True),
    ("while True:\n    d = float(x)\n    if n:\n        if d: break", True),
    ("while n:\n    n = float(x)", True),
    ("for i in y:\n    if float(x) > n: raise A", False),
    ("for i in y:\n    if float(x) > n: continue", False),
    ("for i in y:\n    n = float(x)\n    if i: break", False),
    ("for i in y:\n    if float(x) > n:\n        for j in i: break", False),
    ("while n:\n    d = float(x)", False),
]


@pytest.mark.parametrize(("text", "decides"), DECIDING)
def test_a_forced_value_may_end_the_loop(text: str, *, decides: bool) -> None:
    assert loops(text, "float(x)", *CALL)[0].decides is decides
