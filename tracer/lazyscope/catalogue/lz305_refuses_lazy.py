"""A function refuses dask arrays, or lazy arrays of any kind.

When it occurs
    A library asks whether its input is lazy and raises: SciPy for ``nan_policy='omit'`` or ``'raise'``,
    xarray for methods that are not written for dask. Some functions of dask refuse as well: a histogram
    without a range, a reshape that neither merges nor splits axes evenly.

Fixes
    ``compute-once``: compute the input and call the function with NumPy.

    ``native-function``: a function of another package that works on the chunks, like dask-image for
    ``scipy.ndimage`` and dask-ml for scikit-learn.

    ``choose-parameter``: another value of the option that is refused.

    ``lazy-apply``: for the author of the function: the eager code on the whole array, but later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lazyscope.analysis.evidence import FailureEvidence
from lazyscope.analysis.reading import laziness
from lazyscope.catalogue.advice import author, line_of, short
from lazyscope.catalogue.failing import lazy_twin, told_again, wrap_eagerly, written
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.messages import said
from lazyscope.fixes.choose_parameter import labels_computed, range_of_data
from lazyscope.fixes.compute_before import compute_first
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.written import written_at

CODE = "LZ305"
TITLE = "A function refuses lazy arrays"

EXAMPLE = """
import dask.array as da
from array_api_compat import is_lazy_array


def ranks(x):
    if is_lazy_array(x):
        raise NotImplementedError("ranks need the values")
    return x.argsort().argsort()


ranks(da.arange(8.0, chunks=4))
"""

REPAIRED = """
import dask.array as da
import numpy as np
from array_api_compat import is_lazy_array


def ranks(x):
    if is_lazy_array(x):
        return x.rechunk(-1).map_blocks(ranks, dtype=np.int64)
    return x.argsort().argsort()


ranks(da.arange(8.0, chunks=4))
"""

_LAZY = r"(\bdask\b|\blazy (arrays?|backends?|inputs?|data)\b)"
_REFUSING = r"(\b(not|never|cannot|can't|no|unable|incompatible|unsupported|only|unimplemented)\b|n't\b)"
_SAYS = re.compile(rf"{_REFUSING}[^.\n]{{0,80}}{_LAZY}|{_LAZY}[^.\n]{{0,80}}{_REFUSING}", re.IGNORECASE)
_RAISED = ("TypeError", "ValueError", "NotImplementedError", "RuntimeError")

_OPTIONS = {
    re.compile(
        r"nan_policy"
    ): "the policy that lets NaN through, after they were replaced or dropped where there are any",
    re.compile(r"full_matrices=True"): "`full_matrices` as False",
    re.compile(r"mode='reduced'"): "the reduced mode",
    re.compile(r"histogram requires either specifying bins"): "the range, or the edges of the bins",
}
"""Options that are refused, and what to give instead."""


def match_failure(evidence: FailureEvidence) -> Match | None:
    """A raise behind a question for laziness, and messages that say so."""
    if evidence.type not in _RAISED or told_again(evidence):
        return None
    if not (_says_so(evidence) or _is_behind_guard(evidence)):
        return None
    where = line_of(evidence.where)
    if evidence.operation is None:
        who = "it" if evidence.at_user else f"`{evidence.function}`"
        what = f"{who} refuses lazy arrays at {where} with {evidence.type}"
    else:
        what = f"dask's `{evidence.operation.rpartition('.')[2]}` refuses what NumPy takes, at {where}"
    told = short(evidence.message, 90)
    why = f"`{_failed(evidence)}` fails: {what}: “{told}”."
    return Match(why=why, fixes=tuple(_fixes(evidence)))


def _failed(evidence: FailureEvidence) -> str:
    return short(evidence.expression) if evidence.at_user else written(evidence)


def _says_so(evidence: FailureEvidence) -> bool:
    if evidence.operation is not None:
        return said(evidence.message, "needs range", "reshape") is not None
    if said(evidence.message, "lazy labels"):
        return True
    reading = evidence.reading
    raised = reading is not None and reading.statement == "Raise"
    return raised and _SAYS.search(evidence.message) is not None


def _is_behind_guard(evidence: FailureEvidence) -> bool:
    """Whether the statement raises where only lazy arrays get to."""
    reading = evidence.reading
    if reading is None or reading.statement != "Raise" or evidence.operation is not None:
        return False
    return laziness(reading) == "lazy"


def _fixes(evidence: FailureEvidence) -> Iterator[Fix]:
    option = next((text for pattern, text in _OPTIONS.items() if pattern.search(evidence.message)), None)
    choose = (
        Fix("choose-parameter", f"give {option}", "the result may differ from before") if option else None
    )
    twin = None if evidence.at_user else lazy_twin(evidence)
    place = written_at(evidence.trace, evidence.site)
    if evidence.operation is not None and choose is not None:
        ranged = range_of_data(evidence, place) if place is not None and evidence.at_user else None
        yield ranged or choose
    labels = labels_computed(evidence)
    if labels is not None:
        yield labels
        return
    if "reshape" in evidence.message and evidence.operation is not None:
        yield Fix(
            "native-function",
            "reshape in two steps: to one dimension first, then to the shape that is wanted",
            "chunks are moved between tasks",
        )
    yield compute_first(evidence)
    yield from [twin] if twin else []
    if evidence.operation is None:
        yield from [choose] if choose else []
        yield wrap_eagerly(evidence, evidence.function, author(evidence))
