"""Readings of tests: what is asked, what is done then, and what is known to hold before."""

from __future__ import annotations

import textwrap

import pytest

from lazyscope.analysis.reading import Branch, is_value_check, laziness, only_raises_or_warns, read
from source_positions import CALL, TRUTH, Compiled, reading


def in_function(body: str, parameters: str = "x, m, n=0") -> str:
    return f"def f({parameters}):\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")


def decided(body: str, expression: str, *, parameters: str = "x, m, n=0") -> Branch:
    test = reading(in_function(body, parameters), expression, *TRUTH).test
    assert test is not None
    return test


# What the body does

BODIES = {
    "raise": ("raise ValueError('bad')", "raises"),
    "raise after a message": ("msg = 'bad'\nraise ValueError(msg)", "raises"),
    "raise after work": ("bad = x[m]\nraise ValueError(f'{bad}')", "raises"),
    "raise on all ways": ("if n: raise A\nelse: raise B", "raises"),
    "raise under a condition": ("if n: raise A", "raises"),
    "raise in with": ("with a: raise A", "raises"),
    "assert": ("assert n", "raises"),
    "function that raises": ("raise_for_value(x)", "raises"),
    "warn": ("warnings.warn('bad', stacklevel=2)", "warns"),
    "warn after a message": ("msg = f'{n} bad'\nwarnings.warn(msg)", "warns"),
    "warn under a condition": ("if n: warn('bad')", "warns"),
    "warn in with": ("with a: warn('bad')", "warns"),
    "own warning function": ("_warn_about(x)", "warns"),
    "log": ("logger.warning('bad')", "warns"),
    "print": ("print('bad')", "computes"),
    "print aside": ("print('bad', file=sys.stderr)", "warns"),
    "raise or warn": ("if n: raise A\nelse: warnings.warn('bad')", "raises or warns"),
    "return": ("return None", "returns"),
    "return after work": ("y = x + 1\nreturn y", "returns"),
    "return on all ways": ("if n: return 1\nelse: return 2", "returns"),
    "pass": ("pass", "nothing"),
    "ellipsis": ("...", "nothing"),
    "assign": ("y = 1", "assigns"),
    "assign two": ("y, z = 1, 2\nn += 1", "assigns"),
    "assign what another mask selects": ("x[x > 1] = 0", "computes"),
    "masked assignment": ("x[m] = 0", "masked update"),
    "masked assignment to the inverse": ("x[~m] = 0", "computes"),
    "masked in-place": ("x[m] *= -1", "masked update"),
    "where": ("x = xp.where(m, 0, x)", "masked update"),
    "where, kept first": ("x = xp.where(~m, x, 0)", "masked update"),
    "where of the inverse": ("x = xp.where(m, x, 0)", "assigns"),
    "at": ("x = xpx.at(x)[m].set(0)", "masked update"),
    "at with two arguments": ("x = xpx.at(x, m).set(0)", "masked update"),
    "masked, with a warning": ("x[m] = 0\nwarnings.warn('bad')", "masked update"),
    "masked, with a message": ("msg = 'bad'\nx[m] = 0\nwarnings.warn(msg)", "masked update"),
    "gather and scatter": ("a = x[m]\nx[m] = a * 2", "masked update"),
    "made for the update only": ("a = n * 2\nx = xp.where(m, a, x)", "masked update"),
    "where of two others": ("x = xp.where(m, 0, n)", "assigns"),
    "where by another mask": ("x = xp.where(n, 0, x)", "assigns"),
    "call": ("x.sort()", "computes"),
    "loop": ("for i in x: y = i", "computes"),
    "warn and work": ("warnings.warn('bad')\nx.sort()", "computes"),
}


@pytest.mark.parametrize(("body", "deed"), BODIES.values(), ids=BODIES)
def test_what_a_body_does(body: str, deed: str) -> None:
    text = "if xp.any(m):\n" + textwrap.indent(body, "    ") + "\nreturn x, n"
    assert decided(text, "xp.any(m)").body.does == deed


def test_a_body_on_the_line_of_its_test_is_read() -> None:
    test = decided("if xp.any(m): raise ValueError", "xp.any(m)")
    assert (test.body.does, test.body.exception) == ("raises", "ValueError")


def test_a_test_over_several_lines_is_read() -> None:
    test = decided("if (\n    not n\n    and xp.any(m)\n):\n    raise errors.Bad(1)", "xp.any(m)")
    assert (test.text, test.line) == ("not n and xp.any(m)", 3)
    assert (test.body.exception, test.body.line) == ("Bad", 6)


def test_loops_are_left() -> None:
    text = "for i in n:\n    if m: {}\n    x += i\nreturn x"
    assert decided(text.format("break"), "m").body.does == "breaks"
    assert decided(text.format("continue"), "m").body.does == "continues"


def test_what_a_warning_needs_may_be_assigned_but_not_what_others_read() -> None:
    text = "msg = 'a'\nuse(msg)\nif m:\n    msg = 'b'\n    warnings.warn(msg)\n"
    assert decided(text, "m").body.does == "warns"
    assert decided(text + "return msg", "m").body.does == "assigns"
    assert decided(text + "msg = 'c'\nreturn msg", "m").body.does == "warns"


def test_what_arms_assign_is_told() -> None:
    test = decided("if x > n:\n    d = x\n    sign = 1\nelse:\n    d = n\n    sign = -1", "x > n")
    assert test.otherwise is not None
    assert [(a.name, a.value) for a in test.body.assignments] == [("d", "x"), ("sign", "1")]
    assert [(a.name, a.value) for a in test.otherwise.assignments] == [("d", "n"), ("sign", "-1")]
    assert test.in_both == ("d", "sign")


def test_the_choice_of_a_function_is_no_choice_of_a_value() -> None:
    assert decided("if m:\n    f = xp.sum\nelse:\n    f = xp.max", "m").in_both == ()
    assert decided("if m:\n    v = xp.nan\nelse:\n    v = x", "m").in_both == ("v",)


def test_arms_of_a_conditional_expression_are_values() -> None:
    test = decided("y = x if m else -x", "m")
    assert test.otherwise is not None
    assert (test.kind, test.body.value, test.otherwise.value) == ("conditional expression", "x", "-x")


def test_an_assertion_raises() -> None:
    test = decided("assert xp.all(m), 'bad'", "xp.all(m)")
    assert (test.body.does, test.body.exception, test.otherwise) == ("raises", "AssertionError", None)


def test_a_comprehension_condition_guards_the_element() -> None:
    assert decided("y = [i + 1 for i in x if m]", "m").body.value == "i + 1"
    assert decided("y = {i: -i for i in x if m}", "m").body.value == "-i"


def test_a_case_guard_guards_its_case() -> None:
    assert decided("match n:\n    case 1 if m:\n        raise A\n    case _: pass", "m").body.does == "raises"


def test_an_elif_is_a_test_of_its_own() -> None:
    test = decided("if n:\n    x = 1\nelif m:\n    raise A\nelse:\n    x = 2", "m")
    assert (test.kind, test.body.does) == ("elif", "raises")
    assert test.otherwise is not None
    assert test.otherwise.does == "assigns"


# What is asked


@pytest.mark.parametrize(
    ("expression", "reduction", "mask"),
    [
        ("xp.any(m)", "any", "m"),
        ("m.any()", "any", "m"),
        ("np.all(m > 0)", "all", "m > 0"),
        ("any(m)", "any", "m"),
        ("xp.any(m, axis=0)", "any", "m"),
        ("(m > 0).all()", "all", "m > 0"),
        ("bool(xp.any(m))", "any", "m"),
        ("xp.any(m).compute()", "any", "m"),
        ("bool((m > 1).any().compute())", "any", "m > 1"),
        ("m", None, None),
        ("xp.isnan(xp.max(m))", None, None),
    ],
)
def test_a_reduced_mask_is_found(expression: str, reduction: str | None, mask: str | None) -> None:
    test = decided(f"if {expression}: raise A", expression)
    assert (test.reduction, test.mask) == (reduction, mask)


def test_what_was_tested_and_reduced_is_followed_to_its_assignment() -> None:
    test = decided("mask = x < 0\nbad = xp.any(mask)\nif bad: raise A", "bad")
    assert (test.condition_is, test.reduction) == ("xp.any(mask)", "any")
    assert (test.mask, test.mask_is) == ("mask", "x < 0")


def test_what_may_have_been_assigned_something_else_is_not_followed() -> None:
    test = decided("mask = x < 0\nif n: mask = x > 1\nif xp.any(mask): raise A", "xp.any(mask)")
    assert (test.mask, test.mask_is) == ("mask", None)
    test = decided("if n: bad = xp.any(m)\nelse: bad = xp.any(x)\nif bad: raise A", "bad")
    assert (test.condition_is, test.reduction) == (None, None)


def test_a_repair_is_known_by_whatever_name_the_mask_has() -> None:
    text = "mask = x < 0\nif xp.any({}):\n    x[{}] = 0"
    assert decided(text.format("mask", "x < 0"), "xp.any(mask)").body.does == "masked update"
    assert decided(text.format("x < 0", "mask"), "xp.any(x < 0)").body.does == "computes"


@pytest.mark.parametrize(
    ("test", "body", "deed"),
    [
        ("xp.any(m)", "x[m] = 0", "masked update"),
        ("not xp.all(m)", "x[~m] = 0", "masked update"),
        ("not xp.all(~m)", "x[m] = 0", "masked update"),
        ("not xp.all(x > 0)", "x[~(x > 0)] = 0", "masked update"),
        ("not xp.all(m)", "x = xp.where(m, x, 0)", "masked update"),
        ("n and xp.any(m)", "x[m] = 0", "masked update"),
        ("bad", "x[m] = 0", "masked update"),
        ("not good", "x[m] = 0", "masked update"),
        ("xp.all(m)", "x[m] = 0", "computes"),
        ("not xp.any(m)", "x[m] = 0", "computes"),
        ("not xp.all(m)", "x[m] = 0", "computes"),
        ("good", "x[m] = 0", "computes"),
        ("xp.any(m) == n", "x[m] = 0", "computes"),
        ("f(xp.any(m))", "x[m] = 0", "computes"),
    ],
)
def test_a_repair_changes_only_what_the_test_found(test: str, body: str, deed: str) -> None:
    text = f"bad = xp.any(m)\ngood = not bad\nif {test}: {body}"
    expression = test.removeprefix("not ").removeprefix("n and ")
    assert decided(text, expression).body.does == deed


def test_a_repair_may_be_the_other_arm() -> None:
    test = decided("if xp.all(m):\n    pass\nelse:\n    x[~m] = 0", "xp.all(m)")
    assert test.otherwise is not None
    assert test.otherwise.does == "masked update"


@pytest.mark.parametrize(
    ("test", "negated"),
    [("m", False), ("not m", True), ("not (n or not m)", False), ("n and not m", True)],
)
def test_negation_is_counted(test: str, *, negated: bool) -> None:
    assert decided(f"if {test}: raise A", "m").negated is negated


def test_a_part_of_a_test_belongs_to_it() -> None:
    found = reading(in_function("if n or float(x.max()) > 1: raise A"), "float(x.max())", *CALL)
    assert found.test is not None
    assert (found.outcome, found.test.text) == ("compared", "n or float(x.max()) > 1")
    assert is_value_check(found)


def test_operands_are_told_apart_and_the_cheap_ones_found() -> None:
    text = 'has_nan = xp.isnan(xp.max(x))\nif has_nan and policy == "omit" and n is None and xp.any(m): pass'
    combination = reading(in_function(text, "x, m, policy='a', n=None"), "has_nan", *TRUTH).combination
    assert combination is not None
    assert (combination.connective, combination.forced) == ("and", 0)
    assert [(o.text, o.kind) for o in combination.operands] == [
        ("has_nan", "array"),
        ('policy == "omit"', "python"),
        ("n is None", "python"),
        ("xp.any(m)", "array"),
    ]
    assert combination.operands[1].parameters == ("policy",)
    assert combination.cheap_after == ('policy == "omit"', "n is None")


def test_cheap_conditions_before_the_forced_one_are_where_they_should_be() -> None:
    combination = reading(in_function("if n and m: pass"), "m", *TRUTH).combination
    assert combination is not None
    assert (combination.forced, combination.cheap_after) == (1, ())


def test_the_outermost_combination_counts_and_the_same_inside_is_joined() -> None:
    text = "y = (m or n == 1 or (n == 2 or flag)) and n == 3"
    combination = reading(in_function(text, "m, n=0, flag=True"), "m", *TRUTH).combination
    assert combination is not None
    assert [o.text for o in combination.operands] == ["m or n == 1 or (n == 2 or flag)", "n == 3"]
    assert combination.cheap_after == ("n == 3",)


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("policy == 'omit'", "python"),
        ("policy", "python"),
        ("not keepdims", "python"),
        ("weights is not None", "python"),
        ("isinstance(x, list)", "python"),
        ("x.ndim > 1", "python"),
        ("x.shape[0] == 0", "python"),
        ("len(x) > 2 * n", "python"),
        ("xp.isdtype(x.dtype, 'integral')", "python"),
        ("is_numpy(xp)", "python"),
        ("policy in ('a', 'b')", "python"),
        ("size > 3", "python"),
        ("any(a.shape[0] == 0 for a in b)", "python"),
        ("n if policy else x.ndim", "python"),
        ("xp.any(x)", "array"),
        ("x.max() > 1", "array"),
        ("has_nan", "array"),
        ("n and has_nan", "array"),
        ("weights", "unknown"),
        ("x > 1", "unknown"),
        ("self.flag", "unknown"),
        ("helper(x)", "unknown"),
    ],
)
def test_python_conditions_are_told_from_those_on_arrays(condition: str, kind: str) -> None:
    text = f"size = x.shape[0]\nhas_nan = xp.isnan(xp.max(x))\nif m and ({condition}): pass"
    parameters = "x, m, n=0, policy='a', keepdims=False, weights=None"
    combination = reading(in_function(text, parameters), "m", *TRUTH).combination
    assert combination is not None
    if not condition.startswith("n and"):
        assert combination.operands[1].kind == kind
    else:
        assert [o.kind for o in combination.operands[1:]] == ["python", kind]


# Lazy arrays

GUARDS = [
    ("if not is_lazy_array(x) and m: raise A", "eager", "eager"),
    ("if is_lazy_array(x) or m: x = 1", "eager", "lazy"),
    ("lazy = is_lazy_array(x)\nif not lazy and m: raise A", "eager", "eager"),
    ("lazy = is_lazy_array(x)\nif lazy or m: x = 1", "eager", "lazy"),
    ("if not is_lazy_array(x):\n    if m: raise A", "eager", None),
    ("if is_lazy_array(x):\n    x = 1\nelif m: raise A", "eager", None),
    ("if is_lazy_array(x):\n    x = 1\nelse:\n    if m: raise A", "eager", None),
    ("if is_lazy_array(x):\n    return x\nif m: raise A", "eager", None),
    ("if not is_dask(xp):\n    return x\nwith a:\n    if m: raise A", "lazy", None),
    ("if not (is_lazy_array(x) or n) and m: raise A", "eager", "eager"),
    ("if n and (is_lazy_array(x) or m): x = 1", "eager", "lazy"),
    ("y = None if is_lazy_array(x) else m and 1", "eager", None),
    ("if n:\n    lazy = is_lazy_array(x)\nif lazy or m: x = 1", None, None),
    ("if is_lazy_array(x):\n    x = 1\nif m: raise A", None, None),
    ("if m: raise A", None, None),
]


@pytest.mark.parametrize(("body", "reached_by", "body_for"), GUARDS)
def test_laziness_that_is_asked_is_known(body: str, reached_by: str | None, body_for: str | None) -> None:
    found = reading(in_function(body, "x, m, n=0, lazy=0"), "m", *TRUTH)
    assert laziness(found) == reached_by
    assert (found.test.body_for if found.test else None) == body_for


def test_conditions_on_the_way_are_listed_outermost_first() -> None:
    text = """
if check_finite:
    for i in x:
        if bins is None:
            pass
        elif n:
            pass
        else:
            y = 0 if i else (k > 1 and [j for j in m if j and float(j)])
"""
    found = reading(in_function(text, "x, m, check_finite=True, bins=None, n=0, k=0"), "float(j)", *TRUTH)
    assert [(g.text, g.holds) for g in found.guards] == [
        ("check_finite", True),
        ("bins is None", False),
        ("n", False),
        ("i", False),
        ("k > 1", True),
        ("j", True),
    ]
    assert [g.parameters for g in found.guards] == [("check_finite",), ("bins",), ("n",), (), ("k",), ()]


def test_a_parameter_that_was_not_given_is_known() -> None:
    found = reading(in_function("if bins is None:\n    bins = int(x.max())", "x, bins=None"), "int(x.max())")
    assert [g.not_given for g in found.guards] == [("bins",)]
    chosen = reading(
        in_function("bins = int(x.max()) if bins is None else bins", "x, bins=None"), "int(x.max())"
    )
    assert [g.not_given for g in chosen.guards] == [("bins",)]


def test_a_test_may_come_later() -> None:
    found = reading(
        in_function("bad = bool(xp.any(m))\nif bad and n:\n    raise A"), "bool(xp.any(m))", *CALL
    )
    assert found.test is None
    (test,) = found.later_tests
    assert (test.text, test.reduction, test.mask) == ("bad and n", "any", "m")
    assert is_value_check(found)


def test_a_test_of_another_value_in_the_same_variable_is_none_of_it() -> None:
    found = reading(in_function("bad = float(x)\nbad = n\nif bad: raise A"), "float(x)", *CALL)
    assert found.later_tests == ()


def test_the_call_that_asks_for_laziness_leads_to_the_tests_it_decides() -> None:
    text = in_function("lazy = is_lazy_array(x)\nif not lazy and m:\n    x[m] = 1")
    (test,) = reading(text, "is_lazy_array(x)", *CALL).later_tests
    assert (test.body_for, test.body.does) == ("eager", "computes")


# Value checks

CHECKS = [
    ("if m: raise A", True, True),
    ("if m: warnings.warn('a')", True, True),
    ("if not m: pass\nelse: raise A", True, True),
    ("assert m", True, True),
    ("if m: raise A\nelif n: x = 1", False, True),
    ("if m: x = 1\nelse: raise A", False, True),
    ("if m: return\nraise A", False, True),
    ("if m: return x\nwarnings.warn('a')", False, True),
    ("if m: warnings.warn('a')\nelse: x = 1", False, False),
    ("if m: return\nx.sort()", False, False),
    ("if m: x[m] = 1", False, False),
    ("while m: x = 1", False, False),
]


@pytest.mark.parametrize(("body", "tells_only", "check"), CHECKS)
def test_value_checks_are_known(body: str, *, tells_only: bool, check: bool) -> None:
    found = reading(in_function(body), "m", *TRUTH)
    assert (only_raises_or_warns(found), is_value_check(found)) == (tells_only, check)


def test_an_early_exit_of_a_function_that_checks_is_a_check() -> None:
    text = "def {}(x, m):\n    if m:\n        return\n    look_closer(x)\n{}"
    for name in ("_assert_all_finite", "check_array", "validate"):
        assert is_value_check(reading(text.format(name, ""), "m", *TRUTH))
    assert not is_value_check(reading(text.format("smooth", ""), "m", *TRUTH))
    assert not is_value_check(reading(text.format("check_array", "    return x"), "m", *TRUTH))


def test_a_force_that_asks_nothing_is_no_check() -> None:
    found = read((source := Compiled("y = float(x)")).trace, source.at("float(x)"))
    assert found is not None
    assert not is_value_check(found)
    assert not only_raises_or_warns(found)
