"""A library could work on dask arrays, but is not switched to.

When it occurs
    SciPy looks at ``SCIPY_ARRAY_API`` when it is imported, scikit-learn at ``array_api_dispatch`` in every
    call. Where that is off, they convert whatever they get to NumPy: the whole array is computed, also by
    functions that can stay lazy. Functions that need NumPy either way are not reported here but as LZ103.

Fixes
    ``enable-dispatch``: ``SCIPY_ARRAY_API=1`` in the environment before SciPy is imported, and for
    scikit-learn ``sklearn.set_config(array_api_dispatch=True)`` on top. Then lists, masked arrays and
    mixed kinds of arrays are refused, every argument must be a dask array, and some functions compute or
    raise all the same. Of scikit-learn, dask is no declared target: some estimators raise an exception.
    ``compute-once``: compute the arguments first, once: they are in memory anyway, since the library takes
    them whole. For scikit-learn this is the better one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.source import found_at, unparsed
from lazyscope.analysis.syntax.terms import FUNCTIONS
from lazyscope.catalogue.advice import compute_before, forces_again, persist_before, short, without_edit
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.enable_dispatch import SKETCH, is_lazy_then, scipy_switched_on
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.map_blocks import on_chunks

CODE = "LZ115"
TITLE = "A library is not switched to dask arrays"

EXAMPLE = """
import os

os.environ.pop("SCIPY_ARRAY_API", None)  # as it is by default

import dask.array as da
from scipy.special import logsumexp

x = da.arange(12, chunks=4) / 3
print(logsumexp(x).shape)
"""

REPAIRED = """
import os

os.environ["SCIPY_ARRAY_API"] = "1"  # before scipy is imported

import dask.array as da
from scipy.special import logsumexp

x = da.arange(12, chunks=4) / 3
print(logsumexp(x).shape)
"""

_SWITCHES = {"scipy": "SCIPY_ARRAY_API", "sklearn": "array_api_dispatch"}
_DISTRIBUTIONS = {"scipy": "scipy", "sklearn": "scikit-learn"}

_NEVER_LAZY = re.compile(
    r"np_only\s*=\s*True|out_of_scope\s*=\s*True|allow_dask_compute\s*=\s*(True|[1-9])"
    r"|skip_backends\s*=.*dask\.array|xfail_backends\s*=.*dask\.array"
)
"""What SciPy itself says of functions, in a decorator, that compute or fail on dask either way."""

_ASKS_FOR_NAMESPACE = re.compile(r"\b(array_namespace|get_namespace|get_namespace_and_device|_asarray)\b")


def match_force(evidence: ForceEvidence) -> Match | None:
    """Conversions in SciPy and scikit-learn that would not happen with the switch on."""
    library = (evidence.entry or "").partition(".")[0]
    if evidence.at_user or evidence.trigger not in ("__array__", "array_function"):
        return None
    if evidence.switches.get(_SWITCHES.get(library, "")) is not False or not _is_in(evidence, library):
        return None
    able = _scipy_is_able(evidence) if library == "scipy" else _sklearn_is_able(evidence)
    if not able or is_lazy_then(evidence) is False:
        return None
    return Match(why=_why(evidence, library), fixes=tuple(_fixes(evidence, library)))


def _is_in(evidence: ForceEvidence, library: str) -> bool:
    found = evidence.where
    return found is not None and (found.distribution or "").partition(" ")[0] == _DISTRIBUTIONS[library]


def _scipy_is_able(evidence: ForceEvidence) -> bool:
    """Whether a function on the way asks for the namespace of its arrays, and none says it needs NumPy."""
    asks = False
    for function in _functions(evidence):
        if any(_NEVER_LAZY.search(unparsed(decorator)) for decorator in function.decorator_list):
            return False
        asks = asks or _asks_for_namespace(function)
    return asks


def _sklearn_is_able(evidence: ForceEvidence) -> bool:
    """Whether the estimator says that it supports array APIs; of a function, whether it asks for one."""
    estimators = list(_classes(evidence))
    if estimators:
        return any("array_api_support = True" in unparsed(node) for node in estimators)
    return any(map(_asks_for_namespace, _functions(evidence)))


def _asks_for_namespace(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    called = {node.func for node in ast.walk(function) if isinstance(node, ast.Call)}
    return any(_ASKS_FOR_NAMESPACE.search(unparsed(name)) for name in called)


def _functions(evidence: ForceEvidence) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions of libraries on the way, outermost first."""
    for position in evidence.way:
        found = found_at(evidence.trace, position)
        if found is not None and evidence.trace.file_of(position).role == "library":
            yield from (node for node in found.path if isinstance(node, FUNCTIONS))


def _classes(evidence: ForceEvidence) -> Iterator[ast.ClassDef]:
    """The class whose method the user called."""
    owner = (evidence.entry or "").split(".")[-2:-1]
    for position in evidence.way:
        found = found_at(evidence.trace, position)
        if found is None or evidence.trace.file_of(position).role != "library":
            continue
        for node in found.path:
            if isinstance(node, ast.ClassDef) and node.name in owner:
                yield node


def _why(evidence: ForceEvidence, library: str) -> str:
    switch = (
        "`SCIPY_ARRAY_API` was not set when SciPy was imported"
        if library == "scipy"
        else "scikit-learn's `array_api_dispatch` is off"
    )
    return (
        f"{switch}, so `{evidence.function}` makes NumPy arrays of whatever it is given: "
        f"`{short(evidence.expression)}` computes the whole argument."
    )


def _fixes(evidence: ForceEvidence, library: str) -> list[Fix]:
    """Switching it on comes first only where the library declares that the function is lazy then."""
    computed = compute_before(evidence)
    if not forces_again(evidence):
        computed = without_edit(computed)
    enabled = _enabled(evidence, library)
    found = [on_chunks(evidence), persist_before(evidence), computed]
    others = [fix for fix in found if fix is not None]
    return [*others, enabled] if enabled.is_sketch else [enabled, *others]


def _enabled(evidence: ForceEvidence, library: str) -> Fix:
    if library == "scipy":
        return scipy_switched_on(evidence)
    sketch = f"switch `array_api_dispatch` of scikit-learn on, and {SKETCH}"
    return Fix(
        "enable-dispatch",
        sketch,
        "scikit-learn does not test with dask: values are still checked, and some estimators, like "
        "StandardScaler, raise an exception",
        sketch=sketch,
    )
