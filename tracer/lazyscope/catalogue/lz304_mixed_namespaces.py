"""NumPy arrays and dask arrays in one call.

When it occurs
    SciPy, scikit-learn and array-api-compat ask all array arguments for one common namespace and refuse a
    mixture: ``Multiple namespaces for array inputs``. SciPy counts lists as NumPy arrays too.

Fixes
    ``convert-input``: make the NumPy arguments dask arrays,
    ``reference = da.from_array(reference, chunks=measured.chunks)``.

    ``compute-once``: make the dask arguments NumPy arrays, which computes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lazyscope.analysis.evidence import FailureEvidence
from lazyscope.analysis.reading import assigned_before
from lazyscope.analysis.syntax.calls import WrittenCall
from lazyscope.catalogue.advice import author, line_of
from lazyscope.catalogue.failing import (
    lazy_twin,
    listed,
    told_again,
    user_variables,
    written,
    written_call,
)
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.messages import said
from lazyscope.fixes.compute_before import compute_first
from lazyscope.fixes.convert_input import arguments_made_lazy
from lazyscope.fixes.fix import Fix

CODE = "LZ304"
TITLE = "NumPy and dask arrays in one call"

EXAMPLE = """
import dask.array as da
import numpy as np
from array_api_compat import array_namespace

measured = da.arange(8.0, chunks=4)
reference = np.ones(8)
xp = array_namespace(measured, reference)
print(xp.sum(measured - reference))
"""

REPAIRED = """
import dask.array as da
import numpy as np
from array_api_compat import array_namespace

measured = da.arange(8.0, chunks=4)
reference = da.from_array(np.ones(8), chunks=measured.chunks)
xp = array_namespace(measured, reference)
print(xp.sum(measured - reference))
"""

_DEVICES = re.compile(r"Input arrays use different devices: .*\bNone\b")
_NUMBER = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?j?|True|False|None|(r|b|f)?['\"].*", re.IGNORECASE)


def match_failure(evidence: FailureEvidence) -> Match | None:
    """What ``array_namespace`` says of a mixture."""
    if told_again(evidence) or not (said(evidence.message, "mixed namespaces") or _unlike_devices(evidence)):
        return None
    lazy, eager = _lazy(evidence), _eager(evidence)
    told = f": {listed(lazy)} with {listed(eager)}" if lazy and eager else ""
    where = "" if evidence.at_user else f" at {line_of(evidence.where)}"
    why = (
        f"`{written(evidence)}` gets both dask and NumPy arrays{told}. "
        f"It looks for one namespace for all of them and raises {evidence.type}{where}."
    )
    return Match(why=why, fixes=tuple(_fixes(evidence, lazy, eager)))


def _unlike_devices(evidence: FailureEvidence) -> bool:
    """scikit-learn gives the device of a dask array as None, or as ``cpu``."""
    return bool(_DEVICES.search(evidence.message)) and (evidence.entry or "").startswith("sklearn.")


def _fixes(evidence: FailureEvidence, lazy: list[str], eager: list[str]) -> Iterator[Fix]:
    if said(evidence.message, "mixed namespaces"):
        yield arguments_made_lazy(evidence)
    yield compute_first(evidence)
    twin = None if evidence.at_user else lazy_twin(evidence)
    if twin is not None:
        yield twin
    if evidence.user_call is not None and not eager:
        yield Fix(
            "convert-input",
            "make arrays of the namespace of what the function makes with NumPy",
            "nothing but the conversion",
            author(evidence),
        )


def _arguments(call: WrittenCall) -> list[str]:
    """Arguments that may be arrays: positional ones, and plain variables by keyword."""
    named = [text for _, text in call.keywords if text in call.argument_names]
    return [text for text in (*call.positional, *named) if not _NUMBER.fullmatch(text)]


def _lazy(evidence: FailureEvidence) -> list[str]:
    call, known = written_call(evidence), user_variables(evidence)
    return [text for text in _arguments(call) if text in known] if call else []


def _eager(evidence: FailureEvidence) -> list[str]:
    """Arguments that are NumPy arrays or lists for sure, or that are the only others."""
    call, known = written_call(evidence), user_variables(evidence)
    others = [text for text in _arguments(call) if text not in known] if call else []
    return [text for text in others if not _is_plain(evidence, text)]


def _is_plain(evidence: FailureEvidence, text: str) -> bool:
    """Whether a variable was assigned a number or a text."""
    if not text.isidentifier() or evidence.user_site is None:
        return False
    found = assigned_before(evidence.trace, evidence.user_site, text)
    return found is not None and _NUMBER.fullmatch(found.value) is not None
