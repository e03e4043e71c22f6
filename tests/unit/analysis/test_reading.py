"""Readings of snippets: how a value was used, what becomes of it, and of what it is made."""

from __future__ import annotations

import pytest

from lazyscope.analysis.reading import (
    in_loop,
    is_numpy_conversion,
    is_numpy_function,
    is_scalar_conversion,
    read,
)
from lazyscope.model import events
from lazyscope.model.trace import TraceData
from source_positions import CALL, TRUTH, Compiled, reading
from trace_builder import TraceBuilder

# Roles and outcomes

USES = [
    ("if x: pass", "x", TRUTH, "if", "tested"),
    ("if a: pass\nelif not x: pass", "x", TRUTH, "elif", "tested"),
    ("if a: pass\nelse:\n    if x: pass", "x", TRUTH, "if", "tested"),
    ("while x: pass", "x", TRUTH, "while", "tested"),
    ("assert x, m", "x", TRUTH, "assert", "tested"),
    ("y = 1 if x else 2", "x", TRUTH, "conditional expression", "tested"),
    ("y = [i for i in a if x]", "x", TRUTH, "comprehension condition", "tested"),
    ("y = sum(i for i in a if not x)", "x", TRUTH, "comprehension condition", "tested"),
    ("match a:\n    case 1 if x: pass", "x", TRUTH, "case guard", "tested"),
    ("if a and (b or not x): pass", "x", TRUTH, "if", "tested"),
    ("if (y if a else x): pass", "x", TRUTH, "if", "tested"),
    ("if (y := x.sum()): pass", "y := x.sum()", TRUTH, "if", "tested"),
    ("if x < 1: pass", "x < 1", TRUTH, "if", "tested"),
    ("if 0 < x < 1: pass", "x < 1", TRUTH, "if", "tested"),
    ("y = not x", "x", TRUTH, "not", "tested"),
    ("y = x and a", "x", TRUTH, "and", "tested"),
    ("y = x or a", "x", TRUTH, "or", "tested"),
    ("f(x or a)", "x", TRUTH, "or", "tested"),
    ("y = 0 < x < 1", "x < 1", ("COMPARE",), "comparison", "assigned"),
    ("y = x in a", "x in a", ("CONTAINS",), "comparison", "assigned"),
    ("y = float(x)", "float(x)", CALL, "argument", "assigned"),
    ("y = -float(x)", "float(x)", CALL, "argument", "operand"),
    ("y[0] = float(x)", "float(x)", CALL, "argument", "stored"),
    ("y += float(x)", "float(x)", CALL, "argument", "augmented"),
    ("y: float = float(x)", "float(x)", CALL, "argument", "assigned"),
    ("y, z = float(x), 1", "float(x)", CALL, "argument", "assigned"),
    ("if float(x) > 1: pass", "float(x)", CALL, "argument", "compared"),
    ("if bool(x): pass", "bool(x)", CALL, "argument", "tested"),
    ("f(a, *np.asarray(x))", "np.asarray(x)", CALL, "argument", "argument"),
    ("f(a, k=np.asarray(x))", "np.asarray(x)", CALL, "argument", "argument"),
    ("y = np.asarray(x).sum()", "np.asarray(x)", CALL, "argument", "method"),
    ("y = np.asarray(x).T", "np.asarray(x)", CALL, "argument", "attribute"),
    ("y = np.asarray(x)[0]", "np.asarray(x)", CALL, "argument", "indexed"),
    ("y = a[int(x)]", "int(x)", CALL, "argument", "index"),
    ("y = a[: int(x)]", "int(x)", CALL, "argument", "index"),
    ("y = [float(x)]", "float(x)", CALL, "argument", "element"),
    ("y = [float(i) for i in x]", "float(i)", CALL, "argument", "element"),
    ("for i in range(x): pass", "range(x)", CALL, "argument", "iterated"),
    ("def f(x): return float(x)", "float(x)", CALL, "argument", "returned"),
    ("def f(x): return float(x), 1", "float(x)", CALL, "argument", "returned"),
    ("f = lambda x: float(x)", "float(x)", CALL, "argument", "returned"),
    ("def f(x): yield float(x)", "float(x)", CALL, "argument", "yielded"),
    ("raise E(float(x))", "float(x)", CALL, "argument", "argument"),
    ("raise E[float(x)]", "E[float(x)]", ("SUBSCR", "BINARY_OP"), "index", "raised"),
    ("assert a, float(x)", "float(x)", CALL, "argument", "raised"),
    ("float(x)", "float(x)", CALL, "argument", "discarded"),
    ("f'{float(x)}'", "float(x)", CALL, "argument", "formatted"),
    ("with f(x): pass", "f(x)", CALL, "argument", "context"),
    ("match f(x):\n    case 1: pass", "f(x)", CALL, "argument", "matched"),
    ("def f(a=float(x)): pass", "float(x)", CALL, "argument", "default"),
    ("x.persist()", "x.persist()", CALL, "method", "discarded"),
    ("y = x.sum().compute()", "x.sum().compute()", CALL, "method", "assigned"),
    ("y = dask.compute(x)", "dask.compute(x)", CALL, "method", "assigned"),
    ("import dask\ny = dask.compute(x)", "dask.compute(x)", CALL, "argument", "assigned"),
    ("for i in x: pass", "x", ("ITER",), "for", "iterated"),
    ("y = [i for i in x]", "x", ("ITER",), "comprehension", "iterated"),
    ("y = [j for i in a for j in x]", "x", ("ITER",), "comprehension", "iterated"),
    ("a, b = x", "x", ("UNPACK",), "unpacking", "assigned"),
    ("a, *b = x", "x", ("UNPACK",), "unpacking", "assigned"),
    ("y = [*x, 1]", "x", ("EXTEND",), "star", "element"),
    ("y = a[x]", "a[x]", ("SUBSCR", "BINARY_OP"), "index", "assigned"),
    ("y[m] = x", "x", ("STORE_SUBSCR",), "subscript assignment", "stored"),
    ("y[m] = 0", "y[m]", ("STORE_SUBSCR",), "subscript assignment", "stored"),
    ("y[1:2] = x", "x", ("STORE_S",), "subscript assignment", "stored"),
    ("y.a = x", "x", ("STORE_ATTR",), "attribute assignment", "stored"),
    ("y[m] *= x", "x", ("STORE_SUBSCR",), "augmented assignment", "augmented"),
    ("y[m] *= -1", "y[m]", ("STORE_SUBSCR",), "augmented assignment", "augmented"),
    ("y += x", "x", ("BINARY_OP",), "augmented assignment", "augmented"),
    ("y = f'{x}'", "x", ("FORMAT",), "formatted", "formatted"),
    ("y = f'{x:.3}'", "x", ("FORMAT",), "formatted", "formatted"),
    ("y = x + 1", "x + 1", ("BINARY_OP",), "arithmetic", "assigned"),
    ("y = ~x", "~x", ("UNARY",), "arithmetic", "assigned"),
    ("y = x.T", "x.T", ("ATTR",), "attribute", "assigned"),
    ("with x: pass", "x", ("WITH", "LOAD_SPECIAL"), "with", "context"),
    ("match x:\n    case [a, b]: pass", "x", ("MATCH",), "match", "matched"),
    ("del y[x]", "y[x]", ("DELETE",), "delete", "deleted"),
    ("@x\ndef f(): pass", "x", CALL, "decorator", "decorator"),
]


@pytest.mark.parametrize(("text", "expression", "opcodes", "role", "outcome"), USES)
def test_what_was_done_and_what_becomes_of_it(
    text: str, expression: str, opcodes: tuple[str, ...], role: str, outcome: str
) -> None:
    found = reading(text, expression, *opcodes)
    assert (found.role, found.outcome) == (role, outcome)


def test_the_same_expression_is_tested_or_called_as_the_instruction_says() -> None:
    text = "if xp.any(x): pass"
    assert reading(text, "xp.any(x)", *CALL).role == "argument"
    assert reading(text, "xp.any(x)", *TRUTH).role == "if"


def test_an_instruction_that_converts_nothing_has_no_role() -> None:
    source = Compiled("y = x")
    load = next(n for n, p in enumerate(source.trace.positions) if p.opcode == "LOAD_NAME")
    found = read(source.trace, load)
    assert found is not None
    assert (found.expression, found.role, found.outcome, found.statement) == (
        None, "unknown", "unknown", "Assign",
    )  # fmt: skip


# What cannot be read


def without_source() -> TraceData:
    trace = Compiled("y = float(x)").trace
    trace.files[0] = events.File("lib/module.py", "library")
    return trace


def test_without_source_there_is_no_reading() -> None:
    trace = without_source()
    assert all(read(trace, number) is None for number in range(len(trace.positions)))


def test_of_an_edited_file_there_is_no_reading() -> None:
    source = Compiled("def f(x):\n    return float(x)")
    position = source.at("float(x)")
    edited = Compiled("\ndef f(x):\n    return float(x)").trace
    edited.codes, edited.positions = source.trace.codes, source.trace.positions
    assert read(edited, position) is None


def test_without_columns_the_statement_is_read() -> None:
    source = Compiled("def f(x):\n    for i in a:\n        if float(x):\n            pass")
    number = len(source.trace.positions)
    old = source.trace.positions[source.at("float(x)")]
    source.trace.positions.append(events.Position(old.code, 3, 3, -1, -1, "CALL"))
    found = read(source.trace, number)
    assert found is not None
    assert (found.expression, found.role, found.statement) == (None, "unknown", "If")
    assert [loop.header for loop in found.loops] == ["for i in a"]
    assert found.function is not None
    assert found.function.name == "f"


def test_a_position_is_read_once() -> None:
    source = Compiled("y = float(x)")
    number = source.at("float(x)")
    assert read(source.trace, number) is read(source.trace, number)


DEEP = {
    "sum": "y = float(x)" + " + 1" * 900,
    "calls": "y = " + "f(" * 80 + "float(x)" + ")" * 80,
    "elif": "if float(x): pass\n" + "".join(f"elif a == {i}: b = 1\n" for i in range(300)),
    "blocks": "".join(" " * i + "if a:\n" for i in range(60)) + " " * 60 + "y = float(x)",
    "and": "if " + "a and " * 2000 + "float(x): pass",
    "path": "y = float(x)" + ".a" * 900,
    "statements": "y = float(x)\n" + "z = y\n" * 3000,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_deep_and_long_texts_are_read(text: str) -> None:
    build = TraceBuilder()
    build.source("lib.py", text)
    position = build.at("lib.py", "float(x)")
    found = read(build.trace(), position)
    assert found is not None
    assert (found.role, found.names) == ("argument", ("x",))


# Names


@pytest.mark.parametrize(
    ("expression", "names", "paths"),
    [
        ("np.asarray(obs)", ("obs",), ("obs",)),
        ("float(abs(x_new - x).max())", ("x_new", "x"), ("x_new", "x")),
        ("result.statistic.compute()", ("result",), ("result.statistic",)),
        ("float(self.scale_ * x.T)", ("self", "x"), ("self.scale_", "x.T")),
        ("xp.mean(x, axis=axis, dtype=xp.float64)", ("x", "axis"), ("x", "axis")),
        ("float(helper(x))", ("x",), ("x",)),
        ("sum(i * w for i in x)", ("w", "x"), ("w", "x")),
        ("f(lambda t: t + shift)", ("shift",), ("shift",)),
        ("np.asarray(x, dtype=float)", ("x",), ("x",)),
        ("f(*args, **options)", ("args", "options"), ("args", "options")),
    ],
)
def test_variables_are_told_from_modules_functions_and_inner_variables(
    expression: str, names: tuple[str, ...], paths: tuple[str, ...]
) -> None:
    text = f"import numpy as np\ndef helper(x): pass\ny = {expression}"
    found = reading(text, expression, *CALL)
    assert (found.names, found.paths) == (names, paths)


def test_a_parameter_may_have_the_name_of_a_builtin() -> None:
    assert reading("def f(input):\n    return float(input)", "float(input)").names == ("input",)


def test_a_variable_may_have_the_name_that_a_module_has_by_custom() -> None:
    text = "def f(da):\n    return da.compute(), np.asarray(da)"
    assert reading(text, "da.compute()").converted == ("da",)
    assert reading(text, "np.asarray(da)").names == ("da",)
    imported = reading(f"import dask.array as da\n{text.replace('(da)', '(x)')}", "np.asarray(x)")
    assert imported.names == ("x",)
    assert reading("import dask.array as da\nda.compute(x)", "da.compute(x)").role == "argument"


def test_what_a_function_takes_from_around_it_is_told() -> None:
    text = """
def main(x):
    centre = x.mean()
    def subtract(block):
        return block - np.asarray(centre)
    return x.map_blocks(subtract)
"""
    found = reading(text, "np.asarray(centre)")
    assert (found.names, found.outer_names) == (("centre",), ("centre",))
    assert reading(text, "x.mean()", *CALL).outer_names == ()


@pytest.mark.parametrize(
    ("text", "expression", "converted"),
    [
        ("y = np.asarray(x, order=order)", "np.asarray(x, order=order)", ("x",)),
        ("y = np.asarray(a=x)", "np.asarray(a=x)", ("x",)),
        ("y = min(1.0, xp.sum(p))", "min(1.0, xp.sum(p))", ("xp.sum(p)",)),
        ("y = max(a.max(), -a.min())", "max(a.max(), -a.min())", ("a.max()", "-a.min()")),
        ("y = x.compute(scheduler=s)", "x.compute(scheduler=s)", ("x",)),
        ("y = table.add(x)", "table.add(x)", ("table", "x")),
        ("y = f(x, 'a', -1, None, xp)", "f(x, 'a', -1, None, xp)", ("x",)),
        ("y = a[x]", "a[x]", ("x",)),
        ("y = x.shape", "x.shape", ("x",)),
        ("if up > down: pass", "up > down", ("up > down",)),
    ],
)
def test_what_was_converted_is_narrowed_down(text: str, expression: str, converted: tuple[str, ...]) -> None:
    assert reading(text, expression).converted == converted


def test_where_the_value_goes_is_followed() -> None:
    text = """
from . import _vq
from scipy.special import bdtr
def f(obs, p, xp):
    np_obs = np.asarray(obs)
    k = xp.asarray(bdtr(2 * np.asarray(p), 5))
    np_obs.sum()
    codes = _vq.vq(np_obs + 1, k=0)
    if p:
        np_obs = 1
    else:
        g(obs=np_obs, t=h(np_obs))
    np_obs = 2
    g(np_obs)
"""
    found = reading(text, "np.asarray(obs)")
    assert found.targets == ("np_obs",)
    assert [c.function for c in found.passed_to] == ["_vq.vq", "g", "h"]
    assert found.passed_to[0].resolved == "._vq.vq"
    handed = reading(text, "np.asarray(p)").passed_to
    assert [c.resolved for c in handed] == ["scipy.special.bdtr", "xp.asarray"]


@pytest.mark.parametrize(
    ("statement", "targets"),
    [
        ("y = float(x)", ("y",)),
        ("y = z = float(x)", ("y", "z")),
        ("a, y = 1, float(x)", ("y",)),
        ("a, (b, y) = 1, (2, float(x))", ("y",)),
        ("a, y = f(float(x))", ("a, y",)),
        ("y[0] = float(x)", ("y[0]",)),
        ("y.a = 1 + float(x)", ("y.a",)),
        ("y += float(x)", ("y",)),
        ("y: int = float(x)", ("y",)),
        ("print(y := float(x))", ("y",)),
        ("y[float(x)] = 1", ()),
        ("print(float(x))", ()),
    ],
)
def test_targets_are_those_of_the_expression(statement: str, targets: tuple[str, ...]) -> None:
    assert reading(statement, "float(x)", *CALL).targets == targets


# Where it stands


def test_the_statement_is_placed() -> None:
    found = reading("def f(x):\n    y = g(\n        float(x),\n    )", "float(x)")
    assert (found.statement, found.line, found.end_line) == ("Assign", 2, 4)
    assert (found.code, found.indent) == ("y = g(", "    ")


def test_the_function_is_described() -> None:
    text = """
@decorate(1)
@plain
def fit(x, /, axis=0, *, check_finite=True, bins=None, **more):
    if bins is None:
        bins = int(x.max())
    if is_lazy_array(x):
        return xpx.lazy_apply(g, x)
    def inner():
        return is_dask_array(x)
"""
    function = reading(text, "int(x.max())").function
    assert function is not None
    assert (function.name, function.line, function.returns_value) == ("fit", 4, True)
    assert function.decorators == ("decorate(1)", "plain")
    assert [(p.name, p.default) for p in function.parameters] == [
        ("x", None), ("axis", "0"), ("check_finite", "True"), ("bins", "None"), ("more", None),
    ]  # fmt: skip
    assert [p.name for p in function.options] == ["axis", "check_finite", "bins"]
    assert [p.name for p in function.parameters if p.derived] == ["bins"]
    assert function.lazy_branches == ("is_lazy_array(x)", "xpx.lazy_apply(g, x)", "is_dask_array(x)")


def test_a_lambda_is_a_function() -> None:
    function = reading("def f(a):\n    return (lambda x, k=1: float(x))(a)", "float(x)").function
    assert function is not None
    assert (function.name, [p.name for p in function.parameters]) == ("<lambda>", ["x", "k"])


def test_in_a_module_and_a_class_there_is_no_function() -> None:
    assert reading("y = float(x)", "float(x)").function is None
    assert reading("class A:\n    y = float(x)", "float(x)").function is None


def test_the_default_of_a_function_is_evaluated_outside_of_it() -> None:
    assert reading("def f(a=float(x)): pass", "float(x)").function is None


# Kinds of conversion


@pytest.mark.parametrize(
    ("expression", "kinds"),
    [
        ("float(x)", {is_scalar_conversion}),
        ("int(x)", {is_scalar_conversion}),
        ("complex(x)", {is_scalar_conversion}),
        ("bool(x)", {is_scalar_conversion}),
        ("round(x, 2)", {is_scalar_conversion}),
        ("operator.index(x)", {is_scalar_conversion}),
        ("x.max().item()", {is_scalar_conversion}),
        ("x.__float__()", {is_scalar_conversion}),
        ("x.float()", set()),
        ("float.fromhex(x)", set()),
        ("np.asarray(x)", {is_numpy_conversion, is_numpy_function}),
        ("np.atleast_1d(x)", {is_numpy_conversion, is_numpy_function}),
        ("asarray(x)", {is_numpy_conversion, is_numpy_function}),
        ("_asarray(x, xp=np)", {is_numpy_conversion}),
        ("_asarray(x, xp=xp)", set()),
        ("xp.asarray(x)", set()),
        ("x.__array__()", {is_numpy_conversion}),
        ("np.put_along_axis(x, i, v)", {is_numpy_function}),
        ("np.linalg.det(x)", {is_numpy_function}),
        ("jnp.asarray(x)", set()),
        ("x.compute()", set()),
    ],
)
def test_conversions_are_known_by_what_is_imported(expression: str, kinds: set[object]) -> None:
    text = (
        "import operator\nimport numpy as np\nfrom numpy import asarray\nimport jax.numpy as jnp\n"
        f"y = {expression}"
    )
    found = reading(text, expression, *CALL)
    predicates = {is_scalar_conversion, is_numpy_conversion, is_numpy_function}
    assert {predicate for predicate in predicates if predicate(found)} == kinds


def test_a_result_that_is_only_tested_was_not_converted_by_the_call() -> None:
    assert not is_numpy_conversion(
        reading("import numpy as np\nif np.asarray(x): pass", "np.asarray(x)", *TRUTH)
    )


def test_what_is_in_a_loop_is_told() -> None:
    assert in_loop(reading("for i in a:\n    y = float(x)", "float(x)"))
    assert not in_loop(reading("y = float(x)", "float(x)"))
