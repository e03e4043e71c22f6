"""Guards for checks of values: arrays in memory are checked, lazy ones are not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.source import found_at
from lazyscope.analysis.syntax.arms import arm
from lazyscope.analysis.syntax.terms import called_name, own_nodes
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.facts import is_array
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.fixes.spot import Spot, spot_at
from lazyscope.fixes.tested import Tested
from lazyscope.fixes.where import in_words
from lazyscope.model.trace import TraceData

_SKETCH = "check only arrays in memory: ask whether the array is lazy before the values are asked"
_PRICE = "lazy arrays are not checked: values that would be refused or warned about go into the result"
_TELLING = ("raises", "warns", "raises or warns")


def guarded(evidence: ForceEvidence, found: Tested | None) -> Fix:
    """Leave a check out where the array is lazy; the other checks of the function too that computed."""
    draft = Draft(evidence.trace)
    checks = [found, *_others(evidence, found)] if found is not None else []
    tests = [test for one in checks if (test := _guard(draft, one)) is not None]
    edit = None
    if found is not None and len(tests) == len(checks) and not is_caught(evidence, found):
        edit = draft.edit()
    audience: Audience = "caller" if evidence.at_user else "library"
    summary = f"{in_words(tests, 'ask whether the array is lazy first')}: check only what is in memory"
    return Fix("guard-lazy", summary if edit else _SKETCH, _PRICE, audience, edit=edit, sketch=_SKETCH)


def _others(evidence: ForceEvidence, found: Tested | None) -> Iterator[Tested]:
    """Further checks of the same function that were forced in this run, and only raise or warn."""
    trace, seen = evidence.trace, {found.node} if found is not None else set()
    if found is None or evidence.site is None:
        return
    code = trace.positions[found.spot.position].code
    for force in trace.forces:
        site = force.begin.site
        if site is None or trace.positions[site].code != code:
            continue
        spot = spot_at(trace, site)
        other = None if spot is None else _tested_at(spot)
        if other is not None and other.node not in seen and tells_only(other):
            seen.add(other.node)
            yield other


def _tested_at(spot: Spot) -> Tested | None:
    node: ast.AST | None = spot.expression
    while node is not None and node in spot.parents:
        whole = spot.parents[node]
        if isinstance(whole, ast.If) and node is whole.test:
            return Tested(spot, whole, direct=True)
        if isinstance(whole, ast.stmt):
            return None
        node = whole
    return None


def tells_only(found: Tested) -> bool:
    """Whether a test decides on nothing but an exception or a warning."""
    node = found.node
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.If):
        return False
    arms = [arm(found.spot.place, block, set()) for block in (node.body, node.orelse) if block]
    return bool(arms) and all(one.does in (*_TELLING, "nothing") for one in arms) and not _else_raises(node)


def _else_raises(node: ast.If) -> bool:
    return bool(node.orelse)


def _guard(draft: Draft, found: Tested) -> str | None:
    """Put the guard into the test; the new test, None where it cannot be."""
    spot, test = found.spot, found.test
    asked = lazy_name(found)
    if asked is None or not isinstance(found.node, ast.If | ast.Assert):
        return None
    is_lazy = draft.import_from(spot.file, "array_api_compat", "is_lazy_array")
    text = spot.text(test)
    if isinstance(found.node, ast.Assert) or _lets_pass(found):
        new = f"{is_lazy}({asked}) or {_grouped(test, text, ast.Or)}"
    else:
        new = f"not {is_lazy}({asked}) and {_grouped(test, text, ast.And)}"
    draft.replace(spot.file, test, new)
    return f"if {new}:" if isinstance(found.node, ast.If) else f"assert {new}"


def _lets_pass(found: Tested) -> bool:
    """Whether it is the failure of a test that raises or warns."""
    node = found.node
    assert isinstance(node, ast.If)
    body = arm(found.spot.place, node.body, set())
    return not (body.raises or body.warns)


def _grouped(test: ast.expr, text: str, connective: type[ast.boolop]) -> str:
    """A test behind ``and`` or ``or``."""
    plain = isinstance(test, ast.BoolOp) and isinstance(test.op, connective)
    return f"({text})" if isinstance(test, ast.BoolOp | ast.IfExp | ast.Lambda) and not plain else text


def lazy_name(found: Tested) -> str | None:
    """A variable of a test that is a dask array by record; of those, the one that is reduced."""
    spot = found.spot
    nodes = [n for n in own_nodes(found.test) if isinstance(n, ast.Name)]
    names = [n.id for n in nodes if spot.kind(n.id) == "array"]
    if names:
        return names[0]
    for node in nodes:
        meaning, _ = spot.place.meaning(node, found.node if isinstance(found.node, ast.stmt) else None)
        if meaning is not node and is_array(spot, meaning):
            inner = [n.id for n in ast.walk(meaning) if isinstance(n, ast.Name)]
            return next((name for name in inner if spot.kind(name) == "array"), None)
    return None


_CATCHING = ("suppress", "raises", "warns", "catch_warnings", "assertRaises", "assertWarns")


def is_caught(evidence: ForceEvidence, found: Tested) -> bool:
    """Whether the program goes on with what a check raises: then it is no check only."""
    trace = evidence.trace
    if any(_raised_in(found, failure.site) for failure in trace.failures):
        return True
    return any(_in_try(trace, position) for position in _inside_program(trace, evidence.way))


def _inside_program(trace: TraceData, way: Sequence[int]) -> Sequence[int]:
    """The way from where `runpy` began the program, if it did: what is around that is not the program."""
    functions = [trace.codes[trace.positions[position].code].function for position in way]
    began = [number for number, name in enumerate(functions) if name == "_run_code"]
    return way[began[-1] + 1 :] if began else way


def _raised_in(found: Tested, site: int | None) -> bool:
    trace, spot = found.spot.trace, found.spot
    if site is None or trace.codes[trace.positions[site].code].file != spot.file:
        return False
    body: Sequence[ast.stmt] = found.node.body if isinstance(found.node, ast.If) else []
    line = trace.positions[site].line
    return any(one.lineno <= line <= (one.end_lineno or one.lineno) for one in body)


def _in_try(trace: TraceData, position: int) -> bool:
    found = found_at(trace, position)
    if found is None:
        return False
    for outer, inner in zip(found.path, found.path[1:], strict=False):
        if isinstance(outer, ast.Try | ast.TryStar) and outer.handlers and inner in outer.body:
            return True
        if isinstance(outer, ast.With) and any(
            called_name(item.context_expr) in _CATCHING for item in outer.items
        ):
            return True
    return False


# Work that is guarded by a test which only asks whether there is any


def run_if_lazy(evidence: ForceEvidence, found: Tested) -> Fix:
    """Run a body for every lazy array, which changes nothing where nothing is selected."""
    spot, draft, asked = found.spot, Draft(evidence.trace), lazy_name(found)
    sketch = "run the body for every lazy array: where nothing is selected it changes nothing"
    edit, summary = None, sketch
    if asked is not None and isinstance(found.node, ast.If):
        is_lazy = draft.import_from(spot.file, "array_api_compat", "is_lazy_array")
        new = f"{is_lazy}({asked}) or {_grouped(found.test, spot.text(found.test), ast.Or)}"
        draft.replace(spot.file, found.test, new)
        edit = draft.edit()
        summary = f"{in_words([f'if {new}:'], sketch)} runs the body for every lazy array" if edit else sketch
    price = "the work is done for lazy arrays even where nothing is selected"
    return Fix("guard-lazy", summary, price, spot.audience, edit=edit, sketch=sketch)
