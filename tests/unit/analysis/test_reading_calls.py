"""Calls as written, definitions in reach, masks and updates."""

from __future__ import annotations

import textwrap

import pytest

from lazyscope.analysis.reading import Definition, Update, WrittenCall, assigned_before, call_at
from lazyscope.model import events
from source_positions import CALL, Compiled, reading


def written(text: str, expression: str, *opcodes: str) -> WrittenCall:
    source = Compiled(textwrap.dedent(text))
    found = call_at(source.trace, source.at(expression, *(opcodes or CALL)))
    assert found is not None
    return found


# Calls


def test_a_call_is_described_as_it_is_written() -> None:
    text = """
    from scipy.cluster.vq import kmeans
    def main(obs, guess, options):
        codebook, distortion = kmeans(obs, guess[0], *options, iter=20, check_finite=flag, **more)
    """
    call = written(text, "kmeans(obs, guess[0], *options, iter=20, check_finite=flag, **more)")
    assert (call.function, call.name, call.receiver) == ("kmeans", "kmeans", None)
    assert call.resolved == "scipy.cluster.vq.kmeans"
    assert call.positional == ("obs", "guess[0]", "*options")
    assert call.keywords == (("iter", "20"), ("check_finite", "flag"), ("**", "more"))
    assert call.argument_names == ("obs", "flag", "more")
    assert call.targets == ("codebook, distortion",)
    assert (call.line, call.insertion.line, call.insertion.indent) == (4, 4, "    ")
    assert call.code.startswith("codebook, distortion = kmeans(obs,")


def test_a_method_has_a_receiver() -> None:
    call = written("y = StandardScaler().fit_transform(X)", "StandardScaler().fit_transform(X)")
    assert (call.function, call.resolved) == ("StandardScaler().fit_transform", None)
    assert (call.name, call.receiver) == ("fit_transform", "StandardScaler()")


def test_lists_that_are_written_out_are_told() -> None:
    text = "import numpy as np\nm = xp.asarray([xp.mean(s) for s in (a, b)])"
    assert written(text, "xp.asarray([xp.mean(s) for s in (a, b)])").displayed == (
        "[xp.mean(s) for s in (a, b)]",
    )


def test_a_call_over_lines_is_put_on_one() -> None:
    call = written("y = f(\n    a,  # why\n    b=[1,\n       2],\n)", "f( a, b=[1, 2], )")
    assert (call.positional, call.keywords, call.code) == (("a",), (("b", "[1, 2]"),), "y = f(")


@pytest.mark.parametrize("text", ["for i in load(x): pass", "with load(x) as y: pass", "a, b = load(x)"])
def test_whatever_is_done_to_its_result_the_call_is_found(text: str) -> None:
    assert written(text, "load(x)", "ITER", "WITH", "LOAD_SPECIAL", "UNPACK").function == "load"


def test_where_no_call_is_there_is_none() -> None:
    source = Compiled("y = f(x) + a @ b")
    assert call_at(source.trace, source.at("a @ b")) is None


@pytest.mark.parametrize(("text", "function"), [("y = f(g(x))", "f"), ("y = f(x) + g(x)", None)])
def test_without_columns_the_only_call_of_a_statement_is_meant(text: str, function: str | None) -> None:
    source = Compiled(text)
    source.trace.positions.append(events.Position(0, 1, 1, -1, -1, "CALL"))
    found = call_at(source.trace, len(source.trace.positions) - 1)
    assert (found and found.function) == function


INSERTIONS = [
    ("y = f(x)", (1, "")),
    ("if a:\n    y = f(x)", (2, "    ")),
    ("if a: y = f(x)", (1, "")),
    ("a = 1; y = f(x)", (1, "")),
    ("if a:\n    b = 1; y = f(x)", (2, "    ")),
    ("if a: b = 1; y = f(x)", (1, "")),
    ("if a: pass\nelif f(x): pass", (1, "")),
    ("if a: pass\nelif b: pass\nelif f(x):\n    pass", (1, "")),
    ("if a:\n    pass\nelse:\n    y = f(x)", (4, "    ")),
    ("if a: pass\nelse: y = f(x)", (1, "")),
    ("for i in a: y = f(x)", (1, "")),
    ("while f(x): pass", (1, "")),
    ("try:\n    y = f(x)\nfinally: pass", (2, "    ")),
    ("match a:\n    case 1: y = f(x)", (1, "")),
    ("y = [\n    1,\n    f(x),\n]", (1, "")),
    ("@f(x)\ndef g(): pass", (1, "")),
    ("@a\n@f(x)\ndef g(): pass", (1, "")),
    ("def g():\n\ty = f(x)", (2, "\t")),
]


@pytest.mark.parametrize(("text", "place"), INSERTIONS)
def test_a_line_before_the_call_is_put_where_it_may_stand(text: str, place: tuple[int, str]) -> None:
    insertion = written(text, "f(x)").insertion
    assert (insertion.line, insertion.indent) == place
    lines = text.split("\n")
    lines.insert(insertion.line - 1, f"{insertion.indent}x = x.persist()")
    compile("\n".join(lines), "changed.py", "exec")


# Definitions


def definition(text: str, name: str = "m", *, expression: str = "f(x)") -> Definition | None:
    body = textwrap.indent(textwrap.dedent(text).strip("\n"), "    ")
    source = Compiled(f"def g(x, n, p=0):\n{body}")
    return assigned_before(source.trace, source.at(expression, *CALL), name)


DEFINITIONS = {
    "last": ("m = 1\nm = x > 0\nf(x)", ("x > 0", 3, None, True)),
    "annotated": ("m: int = x > 0\nf(x)", ("x > 0", 2, None, True)),
    "of several targets": ("a = m = x > 0\nf(x)", ("x > 0", 2, None, True)),
    "one by one": ("a, m = 1, x > 0\nf(x)", ("x > 0", 2, None, True)),
    "unpacked": ("a, m = h(x)\nf(x)", ("h(x)", 2, 1, True)),
    "walrus before": ("if (m := x > 0): f(x)", ("x > 0", 2, None, True)),
    "walrus": ("if (m := x > 0).any() and f(x): pass", ("x > 0", 2, None, True)),
    "followed": ("a = x > 0\nm = a\nf(x)", ("x > 0", 2, None, True)),
    "in with": ("with n:\n    m = x > 0\nf(x)", ("x > 0", 3, None, True)),
    "before the same statement": ("m = x > 0\nm = f(x)", ("x > 0", 2, None, True)),
    "under a condition": ("m = 1\nif n:\n    m = 2\nf(x)", ("2", 4, None, False)),
    "not in the other arm": ("m = 1\nif n:\n    m = 2\nelse:\n    f(x)", ("1", 2, None, True)),
    "not from an arm that leaves": ("m = 1\nif n:\n    m = 2\n    return\nf(x)", ("1", 2, None, True)),
    "not from a turn that is cut off": (
        "m = 1\nfor i in n:\n    if i:\n        j = 1\n        continue\n    f(x)",
        ("1", 2, None, True),
    ),
    "from a loop that is left": ("for i in n:\n    m = 1\n    break\nf(x)", ("1", 3, None, False)),
    "tried": ("try:\n    m = 1\nexcept E:\n    f(x)", ("1", 3, None, False)),
    "not in another case": ("m = 1\nmatch n:\n    case 1: m = 2\n    case 2: f(x)", ("1", 2, None, True)),
    "changed later in the loop": ("m = 1\nfor i in n:\n    f(x)\n    m = 2", ("1", 2, None, False)),
    "made in the turn before": ("for i in n:\n    f(x)\n    m = 2", ("2", 4, None, False)),
    "changed in the same statement in a loop": ("m = 1\nwhile n:\n    m = f(x)", ("1", 2, None, False)),
    "of a loop that goes on": ("m = 1\nfor i in f(x):\n    m = 2", ("1", 2, None, True)),
    "in the test of while": ("m = 1\nwhile f(x):\n    m = 2", ("1", 2, None, False)),
}


@pytest.mark.parametrize(("text", "expected"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_the_assignment_that_reaches_a_statement_is_found(
    text: str, expected: tuple[str, int, int | None, bool]
) -> None:
    found = definition(text)
    assert found is not None
    assert (found.value, found.line, found.part, found.certain) == expected


NO_DEFINITIONS = {
    "parameter": "f(x)",
    "only later": "f(x)\nm = 1",
    "loop variable": "for m in n: f(x)",
    "with": "with n as m: f(x)",
    "changed in place": "m = 1\nm += 1\nf(x)",
    "starred": "a, *m = n\nf(x)",
    "import": "import m\nf(x)",
    "function": "def m(): pass\nf(x)",
    "exception": "try: pass\nexcept E as m: f(x)",
    "captured": "match n:\n    case m: f(x)",
    "deeper": "def h():\n    m = 1\nf(x)",
    "comprehension variable": "m = 1\n[f(x) for m in n]",
    "parameter of a lambda": "m = 1\n(lambda m: f(x))",
}


@pytest.mark.parametrize("text", NO_DEFINITIONS.values(), ids=NO_DEFINITIONS)
def test_what_is_no_simple_assignment_is_no_definition(text: str) -> None:
    assert definition(text) is None


def test_following_names_ends() -> None:
    found = definition("a = b\nb = a\nwhile n:\n    a, b = b, a\n    m = a\n    f(x)")
    assert found is not None


def test_the_variable_that_was_followed_to_is_named() -> None:
    found = definition("a, b = h(x)\nm = b\nf(x)")
    assert found == Definition("b", "h(x)", 2, 1, certain=True)


def test_in_a_module_definitions_are_those_of_the_module() -> None:
    source = Compiled("m = x > 0\ndef g(): f(x)\nh(m)")
    found = assigned_before(source.trace, source.at("h(m)"), "m")
    assert found is not None
    assert found.value == "x > 0"
    assert assigned_before(source.trace, source.at("f(x)"), "m") is None


# Masks


@pytest.mark.parametrize(
    ("index", "kind"),
    [
        ("x > 0", "mask"),
        ("~m", "mask"),
        ("xp.isfinite(x)", "mask"),
        ("(x > 0) & (x < 1)", "mask"),
        ("a | b", "unknown"),
        ("positive", "mask"),
        ("both", "mask"),
        ("nan_mask", "mask"),
        ("x.mask", "mask"),
        ("positive[..., None]", "mask"),
        ("xp.broadcast_to(positive, x.shape)", "mask"),
        ("x.astype(bool)", "mask"),
        ("xp.any(x, axis=-1)", "mask"),
        ("positive, 0", "mask"),
        ("x > 0 if n else positive", "mask"),
        ("1:2", "slice"),
        (":", "slice"),
        ("..., xp.newaxis", "slice"),
        ("0, None", "slice"),
        ("0", "integer"),
        ("-1", "integer"),
        ("i", "integer"),
        ("i + 1", "integer"),
        ("x.shape[0] - 1", "integer"),
        ("last", "integer"),
        ("int(x)", "integer"),
        ("0, i", "integer"),
        ("order", "positions"),
        ("xp.argsort(x)", "positions"),
        ("xp.nonzero(x)[0]", "positions"),
        ("xp.where(x)", "positions"),
        ("[0, 1]", "positions"),
        ("'largest'", "key"),
        ("label", "unknown"),
        ("helper(x)", "unknown"),
    ],
)
def test_what_an_index_selects_by_is_told(index: str, kind: str) -> None:
    text = f"""
def f(x, m, n, a, b, label):
    positive = x > 0
    both = positive & a
    order = xp.argsort(x)
    last = len(x) - 1
    for i in range(n):
        y = x[{index}]
"""
    found = reading(text, f"x[{index}]", "SUBSCR", "BINARY_SLICE", "BINARY_OP").subscript
    assert found is not None
    assert (found.base, found.index, found.kind) == ("x", index, kind)


def test_a_mask_is_followed_to_its_assignment() -> None:
    found = reading("m = x > 0\nk = m\ny = x[k]", "x[k]").subscript
    assert found is not None
    assert (found.text, found.mask_is) == ("x[k]", "x > 0")


def updates(text: str) -> tuple[Update, ...]:
    """The updates of the last line."""
    source = f"m = x > 0\na = x[m]\n{text}"
    return reading(source, "f(a)", *CALL).updates


@pytest.mark.parametrize(
    ("text", "form", "array", "operator", "value", "target"),
    [
        ("y[m] = f(a)", "subscript", "y", "=", "f(a)", None),
        ("y[m] **= f(a)", "subscript", "y", "**=", "f(a)", None),
        ("self.y[m] = f(a)", "subscript", "self.y", "=", "f(a)", None),
        ("z = xpx.at(y)[m].set(f(a))", "at", "y", "set", "f(a)", "z"),
        ("return_(xpx.at(y, m).multiply(f(a)))", "at", "y", "multiply", "f(a)", None),
        ("z = at(y, m).add(f(a), copy=False)", "at", "y", "add", "f(a)", "z"),
        ("y = xp.where(m, f(a), y)", "where", "y", "=", "f(a)", "y"),
        ("y = xp.where(m, y, f(a))", "where", "y", "=", "f(a)", "y"),
    ],
)
def test_updates_are_known_in_every_form(
    text: str, form: str, array: str, operator: str, value: str, target: str | None
) -> None:
    (update,) = updates(text)
    assert (update.form, update.array, update.index, update.kind) == (form, array, "m", "mask")
    assert (update.operator, update.value, update.target) == (operator, value, target)
    assert (update.index_is, update.gathers) == ("x > 0", ("x[m]",))


def test_a_where_that_keeps_nothing_is_no_update() -> None:
    assert updates("z = xp.where(m, f(a), y)") == ()


def test_other_updates_of_the_array_are_told() -> None:
    text = """
def g(v):
    tiny = v < 1e-300
    out = xp.empty_like(v)
    out[tiny] = -xp.inf
    other[tiny] = 0
    out[~tiny] = xp.log(v[~tiny])
"""
    found = reading(text, "xp.log(v[~tiny])", "STORE_SUBSCR")
    assert [(u.array_is, u.gathers) for u in found.updates] == [("xp.empty_like(v)", ("v[~tiny]",))]
    assert [(u.index, u.value, u.line) for u in found.related_updates] == [("tiny", "-xp.inf", 5)]
    assert [s.text for s in found.selections] == ["out[~tiny]", "v[~tiny]"]


def test_comparisons_of_lengths_are_found_where_the_value_goes() -> None:
    text = """
def g(x, k):
    u = xp.unique_values(x)
    n = xp.unique_values(x).shape[0] > k
    if len(u) < k or u.size == 1 or len(x) < k: pass
    u = x
    return u.shape[0] < k
"""
    found = reading(text, "xp.unique_values(x)", *CALL, line=3)
    assert found.lengths_asked == ("len(u) < k", "u.size == 1")
    assert reading(text, "xp.unique_values(x)", *CALL, line=4).lengths_asked == (
        "xp.unique_values(x).shape[0] > k",
    )
