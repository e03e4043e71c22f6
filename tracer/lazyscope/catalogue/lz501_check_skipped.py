"""A step was left out because the array is lazy, although it computes something.

When it occurs
    Code asks ``is_lazy_array(x)`` in order not to look at values: ``if not is_lazy_array(x) and bad:``. That
    is right where the body only warns or raises. Here the body changes the result, and there is no other
    branch for lazy arrays: with dask arrays it never runs, nothing is forced, and the result is silently
    another one wherever the condition would have held.

    Whether it would have held for these values is not known, so the severity is ``info``, unless
    `lazyscope.compare_with_numpy` has shown that the result is wrong.

Fixes
    ``guard-lazy``: turn the guard round, ``if is_lazy_array(x) or bad:``. The body then always runs on lazy
    arrays, so it has to do nothing where nothing is bad; a mask in it needs the shape of what it changes.

    ``where``: write the body as one ``xp.where`` on the mask, without any condition. Both of its values are
    computed everywhere.

    ``compute-once``: as the caller, hand over NumPy arrays. They are held in memory.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.places import place_of
from lazyscope.analysis.reading import Reading, read
from lazyscope.analysis.syntax.arms import Arm
from lazyscope.analysis.syntax.branches import Branch
from lazyscope.analysis.syntax.conditions import Condition
from lazyscope.catalogue.advice import author, compute_before, short
from lazyscope.catalogue.comparisons import called_at, calls_of, severity_of_cause
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.spot import Spot, spot_at
from lazyscope.model import events
from lazyscope.model.trace import TraceData

CODE = "LZ501"
TITLE = "A step is left out for lazy arrays"

EXAMPLE = """
import dask.array as da
from array_api_compat import array_namespace, is_lazy_array


def ranks(x):
    xp = array_namespace(x)
    out = x * 10
    has_nan = xp.isnan(xp.max(x))
    if not is_lazy_array(x) and has_nan:
        out = xp.where(xp.isnan(x), -1.0, out)
    return out


x = da.from_array([1.0, float("nan"), 3.0], chunks=2)
print(ranks(x).compute())
"""

REPAIRED = """
import dask.array as da
from array_api_compat import array_namespace, is_lazy_array


def ranks(x):
    xp = array_namespace(x)
    out = x * 10
    has_nan = xp.isnan(xp.max(x))
    if is_lazy_array(x) or has_nan:
        out = xp.where(xp.isnan(x), -1.0, out)
    return out


x = da.from_array([1.0, float("nan"), 3.0], chunks=2)
print(ranks(x).compute())
"""

_WORKING = ("computes", "assigns", "masked update")
"""Deeds of a body that the result depends on. One that leaves early takes a short cut."""

_SWITCHES = ("True", "False", "None")


def find(trace: TraceData) -> Iterator[Discovery]:
    """Guards that were told that the array is lazy, around a body that has no alternative."""
    asked: dict[Hashable, list[events.Call]] = {}
    for _, call in calls_of(trace, "is_lazy_array", "is_dask_array"):
        if call.answer:
            user = None if call.user_site is None else place_of(trace, call.user_site)
            asked.setdefault((place_of(trace, call.site), user), []).append(call)
    for calls in asked.values():
        reading = read(trace, calls[0].site)
        skipped = _skipped(reading) if reading is not None else None
        if skipped is not None:
            yield _discovery(trace, calls, skipped)


def _skipped(reading: Reading) -> Branch | None:
    """The test whose body a lazy array does not get into, though the result depends on it."""
    tests = (reading.test,) if reading.test else reading.later_tests
    if any(test.body_for == "lazy" and not _values(test) for test in tests):
        return None
    return next((test for test in tests if _leaves_out(test)), None)


def _leaves_out(test: Branch) -> bool:
    if test.kind not in ("if", "elif", "while") or test.body_for != "eager" or not _values(test):
        return False
    alternative = test.otherwise is not None and test.otherwise.does != "nothing"
    return not alternative and _works(test.body)


def _values(test: Branch) -> list[Condition]:
    """Parts of a test that ask the values of an array, as far as is known."""
    parts = test.combination.operands if test.combination else ()
    return [part for part in parts if part.laziness is None and part.kind != "python"]


def _works(body: Arm) -> bool:
    if body.does not in _WORKING:
        return False
    switched = all(made.value in _SWITCHES for made in body.assignments)
    return body.does != "assigns" or not switched


def _discovery(trace: TraceData, calls: list[events.Call], test: Branch) -> Discovery:
    evidence = called_at(trace, calls[0])
    at_least = severity_of_cause(trace, [call.at for call in calls])
    return Discovery(
        Match(
            _why(evidence, test), tuple(_fixes(evidence, test)), expected=at_least is None, at_least=at_least
        ),
        site=calls[0].site,
        user_site=calls[0].user_site,
        occurrences=len(calls),
    )


def _why(evidence: Placed, test: Branch) -> str:
    lines = f"line {test.body.line}"
    if test.body.end_line > test.body.line:
        lines = f"lines {test.body.line} to {test.body.end_line}"
    changed = _changed(test.body)
    condition = short(" and ".join(part.text for part in _values(test)))
    return (
        f"`{evidence.expression}` is true of a dask array, so the body of `{test.kind} {short(test.text)}:` "
        f"({lines}) did not run{f', which changes {changed}' if changed else ''}. With NumPy arrays it runs "
        f"wherever `{condition}` holds; there is no other branch for lazy arrays, so their result is "
        "silently another one then."
    )


def _changed(body: Arm) -> str:
    names = [update.array for update in body.updates] + [made.name for made in body.assignments]
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))


def _fixes(evidence: Placed, test: Branch) -> Iterator[Fix]:
    if not evidence.at_user and evidence.user_call is not None:
        yield compute_before(evidence)
    turned = _turned_round(test)
    if turned is not None:
        edit = _replacement(evidence, test, turned)
        yield Fix(
            "guard-lazy",
            f"`{test.kind} {turned}:`, so that the body runs for every lazy array" if edit else _TURN,
            "its work is in the graph even where nothing is to be done; what it does must then be right for "
            "any values, and a mask in it needs the full shape of what it changes",
            audience=author(evidence),
            edit=edit,
            sketch=_TURN,
        )
    yield Fix("where", _WHERE, "both values are computed everywhere", audience=author(evidence))


_TURN = "turn the guard round, so that the body runs for every lazy array"
_WHERE = "write the body with `where` and the full mask, without any condition"


def _turned_round(test: Branch) -> str | None:
    """The test that is true of lazy arrays: ``is_lazy_array(x) or has_nan``."""
    assert test.combination is not None
    operands = test.combination.operands
    values = [part.text for part in _values(test)]
    lazy = [_negated(part.text) for part in operands if part.laziness == "eager"]
    cheap = [part.text for part in operands if part.laziness is None and part.kind == "python"]
    if not lazy:
        return None
    joined = " and ".join(values)
    chosen = " or ".join([*lazy, f"({joined})" if len(values) > 1 else joined])
    return " and ".join([*cheap, f"({chosen})"]) if cheap else chosen


def _negated(text: str) -> str:
    return text.removeprefix("not ") if text.startswith("not ") else f"not {text}"


def _replacement(evidence: Placed, test: Branch, turned: str) -> Edit | None:
    """The other test, where the body is right for any values as it stands."""
    body, spot = test.body, spot_at(evidence.trace, evidence.site)
    chosen = [update.target for update in body.updates if update.form == "where"]
    right = chosen and len(chosen) == len(body.updates) == len(body.assignments) and body.does != "computes"
    node = next((one for one in _tests(spot) if spot is not None and spot.text(one.test) == test.text), None)
    if not right or spot is None or node is None:
        return None
    draft = Draft(evidence.trace)
    draft.replace(spot.file, node.test, turned)
    return draft.edit()


def _tests(spot: Spot | None) -> list[ast.If]:
    statements = spot.scope.statements if spot is not None else []
    return [node for node in statements if isinstance(node, ast.If)]
