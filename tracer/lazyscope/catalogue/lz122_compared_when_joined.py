"""Lazy variables are compared when xarray joins them.

When it occurs
    ``xr.concat``, ``xr.merge`` and what is built on them look whether coordinates and other variables are
    the same in all objects. For lazy ones they execute the graph, once for each object, before anything is
    joined.

Fixes
    ``choose-parameter``: ``coords="minimal", compat="override"``: what is not joined is taken from the first
    object, without a look at the others. It must be the same in all.

    ``compute-once``: compute the coordinates before: they are small as a rule.
"""

from __future__ import annotations

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.catalogue.advice import short, times
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.choose_parameter import joined_unseen
from lazyscope.fixes.fix import Fix

CODE = "LZ122"
TITLE = "Lazy variables are compared when xarray joins them"

EXAMPLE = """
import dask.array as da
import xarray as xr


def day(number):
    data = da.arange(6, chunks=3) + number
    coords = {"day": [number], "sea": ("x", data > -1)}
    return xr.Dataset({"t": (("day", "x"), data[None])}, coords)


week = xr.concat([day(0), day(1)], "day", coords="different", compat="equals")
"""

REPAIRED = """
import dask.array as da
import xarray as xr


def day(number):
    data = da.arange(6, chunks=3) + number
    coords = {"day": [number], "sea": ("x", data > -1)}
    return xr.Dataset({"t": (("day", "x"), data[None])}, coords)


week = xr.concat([day(0), day(1)], "day", coords="minimal", compat="override")
"""


def match_force(evidence: ForceEvidence) -> Match | None:
    """Forces inside of xarray's joining functions."""
    if evidence.at_user or not (evidence.entry or "").startswith("xarray."):
        return None
    unseen = joined_unseen(evidence)
    if unseen is None:
        return None
    call = evidence.user_where
    what = short(call.expression or call.code) if call is not None else "the line"
    return Match(
        why=(
            f"`{what}` executes the graph {times(len(evidence.forces))} to see whether lazy variables are "
            "the same in all objects, before it joins them."
        ),
        fixes=(
            unseen,
            Fix(
                "compute-once",
                "compute the coordinates of each object before they are joined",
                "they are in memory",
            ),
        ),
    )
