"""A warning about one chunk, which NumPy would not give of the whole array.

When it occurs
    A function ran on a single chunk that is empty, as after a selection by a mask, that holds nothing but
    NaN, or that has too few elements: "Mean of empty slice", "All-NaN slice encountered", "Degrees of freedom
    <= 0". Or it ran on the zeros with which ``map_overlap`` surrounds the array and divided by them. The
    whole array need have nothing of that kind. The warning is shown once, by a worker thread, so it does not
    tell which chunk it was; what came of that chunk is NaN or infinite, and goes into the result.

Fixes
    ``where``: have the function do without such chunks: count what there is, and choose with ``where``.

    ``native-function``: a function of dask for the whole array, ``da.nanmean(x)``, combines sums and counts
    of chunks instead of their means.

    ``rechunk``: larger chunks, so that none is empty or holds only NaN.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator

from lazyscope.analysis.asked import force_of
from lazyscope.analysis.cost import site_at
from lazyscope.analysis.places import place_of
from lazyscope.catalogue.advice import line_of, short, times
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.model import events
from lazyscope.model.trace import TraceData

CODE = "LZ504"
TITLE = "A warning about one chunk"

EXAMPLE = """
import warnings

import dask.array as da
import numpy as np

warnings.simplefilter("always")


def mean_of_block(block):
    return np.atleast_1d(np.nanmean(block))


x = da.from_array([1.0, 2.0, float("nan"), float("nan")], chunks=2)
means = x.map_blocks(mean_of_block, chunks=(1,), dtype=float, meta=np.empty(0))
print(means.compute())
"""

REPAIRED = """
import dask.array as da

x = da.from_array([1.0, 2.0, float("nan"), float("nan")], chunks=2)
print(da.nanmean(x).compute())
"""

_EMPTY = re.compile(
    r"Mean of empty slice|Degrees of freedom <= 0|All-NaN (slice|axis)|empty slice", re.IGNORECASE
)
_DIVIDED = re.compile(r"divide by zero|division by zero|invalid value", re.IGNORECASE)
_PADDING = "overlap"


def find(trace: TraceData) -> Iterator[Discovery]:
    """Warnings from tasks that speak of what single chunks lack."""
    found: dict[Hashable, list[events.Warned]] = {}
    for warned in trace.warnings:
        if warned.force is not None and _is_of_chunk(trace, warned):
            place = None if warned.site is None else place_of(trace, warned.site)
            user_site = warned.user_site
            user = None if user_site is None else place_of(trace, user_site)
            found.setdefault((place, user, warned.message), []).append(warned)
    for group in found.values():
        yield _discovery(trace, group)


def _is_of_chunk(trace: TraceData, warned: events.Warned) -> bool:
    if not warned.category.endswith("RuntimeWarning"):
        return False
    if _EMPTY.search(warned.message):
        return True
    return _DIVIDED.search(warned.message) is not None and _is_padded(trace, warned)


def _is_padded(trace: TraceData, warned: events.Warned) -> bool:
    """Whether the warning comes from a function of the program that got chunks with a border."""
    if warned.site is None or warned.force is None:
        return False
    layers = (trace.layers[one.layer] for one in force_of(trace, warned.force).begin.wanted)
    return any(_PADDING in trace.texts[layer.operation] for layer in layers)


def _discovery(trace: TraceData, group: list[events.Warned]) -> Discovery:
    first = group[0]
    assert first.force is not None
    begin = force_of(trace, first.force).begin
    site = first.site if first.site is not None else begin.site
    user_site = first.user_site if first.user_site is not None else begin.user_site
    user = site is None or trace.file_of(site).role == "user"
    return Discovery(
        Match(
            _why(trace, group, own=first.site is not None),
            tuple(_fixes(first, "caller" if user else "library", own=first.site is not None)),
            expected=True,
        ),
        site=site,
        user_site=user_site,
        entry=begin.entry,
        occurrences=len(group),
    )


def _why(trace: TraceData, group: list[events.Warned], *, own: bool) -> str:
    first = group[0]
    assert first.force is not None
    if own:
        place = site_at(trace, first.site)
        where = f"`{short(place.expression or place.code)}` ({line_of(place)})" if place else "a function"
    else:
        where = "a function of dask"
    said = short(first.message.removeprefix("RuntimeWarning: "), 80)
    if _EMPTY.search(first.message):
        reason = "that chunk was empty, too short or all NaN, which the whole array need not be"
    else:
        reason = "chunks come with a border there, which may hold the zeros; the array need not"
    return (
        f"{where} warned {times(len(group))} in a task, of one chunk: {said}. NumPy gets the whole array: "
        f"{reason}."
    )


def _fixes(warned: events.Warned, audience: Audience, *, own: bool) -> Iterator[Fix]:
    if _EMPTY.search(warned.message):
        if own:
            yield Fix(
                "where",
                "count what is in the chunk, and choose with `where` what an empty one gives",
                "what such a chunk gives must be left out later on",
                audience=audience,
            )
            yield Fix(
                "native-function",
                "reduce the whole array with dask's own function, `da.nanmean(x)`, instead of chunk by chunk",
                "a tree of tasks; only where dask has the function",
                audience=audience,
            )
        yield Fix(
            "rechunk",
            "larger chunks, so that none is empty or all NaN",
            "more memory for each task; says nothing of other data",
            audience=audience,
        )
    else:
        yield Fix(
            "choose-parameter",
            "`boundary='reflect'` or `'nearest'` instead of a constant around the array",
            "other values at the border of the result",
            audience=audience,
        )
    yield Fix(
        "none", "leave it, if what came of that chunk is not used", "nothing changes", audience=audience
    )
