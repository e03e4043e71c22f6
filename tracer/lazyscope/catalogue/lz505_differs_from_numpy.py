"""A function gives another result on dask arrays than on NumPy arrays.

When it occurs
    `lazyscope.compare_with_numpy` called a function with dask arrays and with the NumPy arrays of the same
    values, and the results differ: in values, dtype, shape or structure, or only one of the calls raised an
    exception. What laziness does silently to results has entries of its own: steps left out for lazy arrays
    (LZ501), comparisons of unknown lengths (LZ502), writes through views that get lost (LZ503). Where one
    of these happened in the same call it is named as the likely cause. Some functions of dask differ from
    NumPy's by themselves: ``linalg.cholesky`` gives the transposed factor.

    A result that is wrong is ``high``, one with another dtype ``medium``. Other warnings than NumPy's are
    ``info``: what is lazy often cannot warn.

Fixes
    Those of the likely cause, where there is one.

    ``compute-once``: call the function with NumPy arrays. They are held in memory.

    ``upstream``: where dask itself differs, only dask can mend it; until then undo the difference.
"""

from __future__ import annotations

from collections.abc import Iterator

from lazyscope.analysis.cost import site_at
from lazyscope.analysis.evidence import Placed
from lazyscope.catalogue import lz501_check_skipped, lz502_unknown_comparison, lz503_lost_write
from lazyscope.catalogue.advice import line_of, names, short
from lazyscope.catalogue.comparisons import UNEQUAL
from lazyscope.catalogue.finding import Discovery, Match, Severity
from lazyscope.fixes.fix import Fix
from lazyscope.model import events
from lazyscope.model.trace import TraceData

CODE = "LZ505"
TITLE = "The result differs from NumPy's"

EXAMPLE = """
import dask.array as da
from array_api_compat import array_namespace

import lazyscope


def factor(x):
    return array_namespace(x).linalg.cholesky(x)


x = da.from_array([[4.0, 2.0], [2.0, 3.0]], chunks=(2, 2))
print(lazyscope.compare_with_numpy(factor, x))
"""

REPAIRED = """
import dask.array as da
from array_api_compat import array_namespace, is_dask_array

import lazyscope


def factor(x):
    lower = array_namespace(x).linalg.cholesky(x)
    return lower.T if is_dask_array(x) else lower


x = da.from_array([[4.0, 2.0], [2.0, 3.0]], chunks=(2, 2))
print(lazyscope.compare_with_numpy(factor, x))
"""

_DIFFERING = {
    "linalg.cholesky": "gives the transposed factor, an upper one where NumPy's is lower: "
    "take its transpose where the array is dask's",
}
"""Functions of the dask namespace that give another result than the standard asks for."""

_SHOWN = 3
"""Differences of one comparison that are named."""


def find(trace: TraceData) -> Iterator[Discovery]:
    """What comparisons found, one discovery for each place and function."""
    compared: dict[tuple[int | None, int | None, str], list[events.Difference]] = {}
    for one in trace.differences:
        compared.setdefault((one.site, one.user_site, one.function), []).append(one)
    causes = _causes(trace) if compared else []
    for (site, user_site, function), found in compared.items():
        own = [cause for cause in causes if any(_happened_in(trace, cause, one) for one in found)]
        yield Discovery(
            _match(trace, function, found, own),
            site=site,
            user_site=user_site,
            occurrences=len({one.began for one in found}),
        )


def _causes(trace: TraceData) -> list[Discovery]:
    """What can make results wrong, and happened in a function whose result is."""
    modules = (lz501_check_skipped, lz502_unknown_comparison, lz503_lost_write)
    return [found for module in modules for found in module.find(trace) if found.match.at_least]


def _happened_in(trace: TraceData, cause: Discovery, difference: events.Difference) -> bool:
    if difference.difference not in UNEQUAL:
        return False
    return any(call.site == cause.site for call in _called_during(trace, difference))


def _called_during(trace: TraceData, difference: events.Difference) -> list[events.Call]:
    return [call for call in trace.calls if difference.began <= call.at <= difference.ended]


def _match(trace: TraceData, function: str, found: list[events.Difference], causes: list[Discovery]) -> Match:
    kinds = {one.difference for one in found}
    return Match(
        why=_why(trace, function, found, causes),
        fixes=tuple(_fixes(trace, function, found, causes)),
        at_least=_severity(kinds),
        expected=kinds == {"warnings"},
    )


def _severity(kinds: set[str]) -> Severity | None:
    if kinds.intersection(UNEQUAL):
        return "high"
    return "medium" if "dtype" in kinds else None


def _why(trace: TraceData, function: str, found: list[events.Difference], causes: list[Discovery]) -> str:
    told = "; ".join(map(_told, found[:_SHOWN]))
    more = f"; and {len(found) - _SHOWN} more differences" if len(found) > _SHOWN else ""
    why = f"`{function}` does not give on dask arrays what it gives on the same NumPy arrays: {told}{more}."
    if causes:
        places = dict.fromkeys(line_of(site_at(trace, cause.site)) for cause in causes)
        why += f" The likely cause is at {names(list(places))}, which has a finding of its own."
    return why


def _told(one: events.Difference) -> str:
    part = f"its part `{one.path}`" if one.path else "the result"
    if one.difference == "exception":
        return f"{one.found} on dask, {one.expected} on NumPy"
    if one.difference == "warnings":
        return f"{one.found} on dask that NumPy does not give; on NumPy alone: {one.expected}"
    if one.difference != "values":
        return f"the {one.difference} of {part} is {one.found} instead of {one.expected}"
    if one.largest_absolute is None:
        return f"{part}: {one.found}; NumPy's is {one.expected}"
    return f"{part}: {one.found}, by up to {one.largest_absolute:.3g}; NumPy's is {one.expected}"


def _fixes(
    trace: TraceData, function: str, found: list[events.Difference], causes: list[Discovery]
) -> Iterator[Fix]:
    kinds = {one.difference for one in found}
    if kinds == {"warnings"}:
        yield Fix("none", "leave it: what is lazy often cannot warn", "nothing changes")
        return
    for cause in causes:
        fix = cause.match.fixes[0]
        where = line_of(site_at(trace, cause.site))
        yield Fix(fix.technique, f"at {where}: {fix.summary}", fix.price, fix.audience, fix.estimate)
    yield from _known_differences(trace, found)
    if not kinds.intersection(UNEQUAL):
        wanted = next(one.expected for one in found if one.difference == "dtype")
        yield Fix("convert-input", f"cast: `.astype({wanted!r})`", "a copy of each block")
    call = Placed(trace, _as_event(found[0])).user_call
    given = short(f"{function}({', '.join(call.positional[1:])})", 48) if call else f"{function}(...)"
    yield Fix(
        "compute-once",
        f"compute the dask arguments before `{given}`, so that it works on NumPy arrays",
        "holds them in memory; what follows is no longer lazy",
    )


def _as_event(found: events.Difference) -> events.UnknownShape:
    return events.UnknownShape(
        at=found.at, operation=found.difference, array=0, site=found.site, user_site=found.user_site,
        entry=None, stack=None, thread=0,
    )  # fmt: skip


def _known_differences(trace: TraceData, found: list[events.Difference]) -> Iterator[Fix]:
    called = {trace.texts[call.operation] for one in found for call in _called_during(trace, one)}
    for name, difference in _DIFFERING.items():
        if any(operation.endswith(f".{name}") for operation in called):
            yield Fix("upstream", f"dask's `{name}` {difference}", "code that asks which library it works on")
