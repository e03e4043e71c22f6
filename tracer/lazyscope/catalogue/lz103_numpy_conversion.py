"""A conversion to NumPy computes the whole array.

When it occurs
    ``np.asarray(x)``, ``np.array(x)``, ``list`` of lazy numbers in ``xp.asarray([a, b])``, or compiled code
    that takes NumPy only: NumPy wants the values, so dask executes the graph and puts the whole array into
    memory.

Fixes
    ``native-function``: ``xp.stack([a, b])`` for a list of arrays, which ``xp.asarray`` would compute one by
    one.

    ``convert-input``: ``xp.asarray(x)`` and functions of the array's own namespace, where these exist.

    ``lazy-apply``: ``xpx.lazy_apply(kernel, x, as_numpy=True, ...)`` around what takes NumPy only. It brings
    the array into one chunk and needs ``shape`` and ``dtype``.

    ``map-blocks``: chunk by chunk, for what works on each element by itself.

    ``persist``: hold what is read again. ``compute-once``: compute once and go on with NumPy, since the
    whole array is needed anyway.
"""

from __future__ import annotations

import re

from lazyscope import figures
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.reading import Reading, is_numpy_conversion
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import author, caller_fixes, leave_it, names, short, times
from lazyscope.catalogue.asking import asks_by_method, shows_or_keeps
from lazyscope.catalogue.asserting import match_assertion
from lazyscope.catalogue.deciding import SCALARS
from lazyscope.catalogue.failing import lazy_twin
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.labelled_arrays import instead_of_numpy
from lazyscope.catalogue.rewriting import hold_at_user, line_with, namespace, present
from lazyscope.fixes.batch_elements import elements_at_once
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.map_blocks import SKETCH, on_chunks

CODE = "LZ103"
TITLE = "A conversion to NumPy computes the whole array"

EXAMPLE = """
import dask.array as da
import numpy as np


def envelope(t):
    t = np.asarray(t)
    return np.cos(2 * np.pi * t) * np.exp(-t)


y = envelope(da.arange(12, chunks=4))
"""

REPAIRED = """
import dask.array as da
import numpy as np


def envelope(t):
    t = da.asarray(t)
    return da.cos(2 * np.pi * t) * da.exp(-t)


y = envelope(da.arange(12, chunks=4))
"""

_SINKS = words(
    "print format str repr save savez savez_compressed savetxt plot scatter hist imshow bar errorbar "
    "pcolormesh "
    "contour contourf step fill_between imwrite imsave dump dumps write assert_allclose assert_array_equal "
    "assert_equal assert_array_almost_equal array_repr"
)
"""Functions that show, keep or compare what they are given."""

_WITH_TWIN = words(
    "abs absolute acos acosh add all any arange arccos arcsin arctan arctan2 argmax argmin asarray asin "
    "atan atan2 broadcast_to ceil clip concat concatenate conj cos cosh cumsum deg2rad diff divide dot "
    "einsum equal exp expm1 expand_dims fabs flip floor full greater hypot imag isfinite isinf isnan less "
    "linspace log log10 log1p log2 logical_and logical_not logical_or matmul max maximum mean min minimum "
    "mod moveaxis multiply nan_to_num negative not_equal ones power prod rad2deg real reshape roll round "
    "sign sin sinh sqrt square squeeze stack std subtract sum take tan tanh tensordot transpose tril triu "
    "trunc var where zeros"
)
"""Functions of NumPy of which dask has the like."""

_MAKING = words("asarray array astype ascontiguousarray asfortranarray")

_PYTHON = re.compile(r"_?(utils?|array_api|lib|base|common|helpers?|validation|tools?|testing|impl)|.*_impl")
"""Names of modules that are hardly compiled ones."""

_TO_NUMPY = re.compile(r"(\w*_)?(to|as)_?numpy(_array)?")
"""Names of functions that are there to make a NumPy array."""

_AS_ARRAY = re.compile(r"^(to|as|check)_?(\w+_)?array(_|s?$)")
"""Names of functions, or of parameters that hold one, which make an array of what they are given."""

_COMPILED = re.compile(r"scipy\.special\.|numba\.|.*\b(_ufuncs|_cython\w*|_c_\w+|lib\w+)\.|.*\._\w+\.\w+")


def match_force(evidence: ForceEvidence) -> Match | None:
    """Conversions to NumPy, and lists of lazy numbers made into arrays."""
    reading = evidence.reading
    listed = reading is not None and _is_list_of_arrays(reading)
    if evidence.trigger != "__array__" and not (listed and evidence.trigger in SCALARS):
        return None
    if _is_wanted(evidence):
        return Match(
            why=f"`{_asking(evidence)}` is where the program wants its values, as NumPy.",
            fixes=(Fix("none", "leave it: this is what the program wants", "nothing changes"),),
            actionability="inherent",
            expected=True,
        )
    if not listed and (asserted := match_assertion(evidence)) is not None:
        return asserted
    return Match(why=_why(evidence, listed=listed), fixes=_fixes(evidence, listed=listed))


def _asking(evidence: ForceEvidence) -> str:
    """What the user's line asks for, whatever a library's object does to answer."""
    where = evidence.user_where
    if evidence.at_user or where is None:
        return short(evidence.expression)
    return short(where.expression or where.code)


def _is_wanted(evidence: ForceEvidence) -> bool:
    """Whether the user's own line asks for the values to show or keep them, and nothing runs twice for it."""
    if shows_or_keeps(evidence) or asks_by_method(evidence) or _TO_NUMPY.fullmatch(evidence.function):
        return True
    reading = evidence.reading
    if not evidence.at_user or reading is None or _is_list_of_arrays(reading):
        return False
    handed = [one.function.rpartition(".")[2] for one in reading.passed_to]
    if reading.call is not None and not is_numpy_conversion(reading):
        handed.append(reading.call.name)
    once = len(evidence.forces) == 1 and not evidence.tasks_repeated and not evidence.reread
    wanted = once and is_numpy_conversion(reading)
    plain = all((one.resolved or "").startswith("numpy.") for one in reading.passed_to)
    if wanted and plain and reading.statement in ("Return", "Expr"):
        # What NumPy makes of it there is what the program wants.
        return True
    if handed:
        return all(name in _SINKS for name in handed)
    return wanted and reading.outcome in ("returned", "discarded", "element")


def _is_list_of_arrays(reading: Reading) -> bool:
    """``xp.asarray([a, b])``."""
    call = reading.call
    return (
        call is not None
        and call.name in ("asarray", "array")
        and bool(call.displayed)
        and bool(call.positional and call.positional[0] == call.displayed[0])
    )


# What happened


def _why(evidence: ForceEvidence, *, listed: bool) -> str:
    what, number = short(evidence.expression) or "the line", len(evidence.forces)
    if listed:
        return (
            f"`{what}` makes an array of a list of dask arrays, so each element is computed by itself, "
            "once for each conversion that NumPy tries."
        )
    size = evidence.bytes
    held = f" ({figures.size(size)})" if size is not None else ""
    executed = f"the graph was executed {times(number)}"
    told = f"`{what}` needs the values as NumPy: {executed}, which put the whole array{held} into memory."
    loop = evidence.loop
    if loop is not None and loop.loop is not None:
        told += f" That happens in every turn of `{short(loop.loop.header)}`."
    if evidence.tasks_repeated:
        told += f" {figures.plural(evidence.tasks_repeated, 'task')} of it had run before."
    return told


# What to do


def _fixes(evidence: ForceEvidence, *, listed: bool) -> tuple[Fix, ...]:
    reading = evidence.reading
    if reading is None:
        return present(*caller_fixes(evidence), _map_blocks(evidence), leave_it(evidence))
    if listed:
        return present(*caller_fixes(evidence), _stack(evidence, reading), elements_at_once(evidence))
    labelled = instead_of_numpy(evidence, reading)
    if labelled:
        return present(*labelled, hold_at_user(evidence), leave_it(evidence))
    return present(
        on_chunks(evidence),
        *_for_caller(evidence),
        *_for_author(evidence, reading),
        leave_it(evidence),
    )


def _for_caller(evidence: ForceEvidence) -> list[Fix]:
    """With the function that works on chunks, where a package has one; first where it does just the same."""
    fixes, twin = caller_fixes(evidence), None if evidence.at_user else lazy_twin(evidence)
    if twin is None:
        return fixes
    return [twin, *fixes] if "ndimage" in (evidence.entry or "") else [*fixes, twin]


def _for_author(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    handed = [one.resolved or one.function for one in reading.passed_to]
    conversion = is_numpy_conversion(reading)
    compiled = _kernel(evidence, reading)
    plain = [one for one in handed if one.startswith("numpy.")]
    twins = [one for one in plain if one.rpartition(".")[2] in _WITH_TWIN]
    own = hold_at_user(evidence)
    if not conversion:
        called = _called(reading)
        computed = _compute_given(evidence, called)
        if _makes_object(reading):
            return present(own, computed)
        blocks = _map_blocks(evidence) if called is None else None
        return present(_lazy_apply(evidence, called), computed, own, blocks)
    if compiled is not None:
        return present(_lazy_apply(evidence, compiled), _map_blocks(evidence), own)
    if handed and len(plain) < len([one for one in handed if not one.startswith(("builtins", "len"))]):
        return present(
            own,
            _lazy_apply(evidence, None),
            _native(evidence, reading, twins),
            _map_blocks(evidence),
            _compute_here(evidence, reading),
        )
    if plain and len(twins) < len(plain):
        return present(own, _lazy_apply(evidence, None), _map_blocks(evidence))
    return present(
        _native(evidence, reading, twins), own, _lazy_apply(evidence, None), _compute_here(evidence, reading)
    )


def _called(reading: Reading) -> str | None:
    """What needs NumPy, with its arguments; None where that only makes a NumPy array, by its name."""
    call = reading.call
    if call is None or _AS_ARRAY.search(call.name):
        return None
    return call.function


def _makes_object(reading: Reading) -> bool:
    """Whether what is called is a class, by its name: no array comes of it."""
    name = reading.call.name if reading.call is not None else ""
    return re.match(r"_*[a-z]?[A-Z]", name) is not None


def _kernel(evidence: ForceEvidence, reading: Reading) -> str | None:
    """The one compiled function that is handed the value; None if there is none, or others get it too."""
    working = [one for one in reading.passed_to if not _is_plain(one.resolved or one.function)]
    if len(working) != 1 or not _is_compiled(evidence, working[0].resolved or ""):
        return None
    return working[0].function


def _is_plain(function: str) -> bool:
    """Whether a function only looks at an array or makes another of it, by its name."""
    module, _, name = function.rpartition(".")
    return name in _MAKING or module in ("xp", "builtins", "dask.array") or name == "len"


def _is_compiled(evidence: ForceEvidence, function: str) -> bool:
    module = function.rpartition(".")[0].rpartition(".")[2]
    if not _COMPILED.match(function) or _PYTHON.fullmatch(module):
        return False
    return not any(f"/{file.path}".endswith(f"/{module}.py") for file in evidence.trace.files)


def _native(evidence: ForceEvidence, reading: Reading, twins: list[str]) -> Fix | None:
    """The namespace's own functions; None where only NumPy arrays are meant to get."""
    if any(guard.holds and "is_numpy(" in guard.text for guard in reading.guards):
        return None
    xp = namespace(evidence)
    array = reading.converted[0] if reading.converted else "x"
    others = [f"`{name.rpartition('.')[2]}`" for name in dict.fromkeys(twins)][:3]
    used = f"{names(others)} and `asarray`" if others else "`asarray`"
    summary = f"use {used} of `{xp}` instead of NumPy's, for `{short(array)}` and what is made of it"
    return Fix("convert-input", summary, "who expects NumPy gets a dask array", author(evidence))


def _lazy_apply(evidence: ForceEvidence, kernel: str | None) -> Fix:
    what = f"`{kernel}`" if kernel is not None else "what needs NumPy"
    sketch = f"wrap {what} with `lazy_apply` of array-api-extra"
    price = (
        "the array comes into one chunk; `shape` and `dtype` are needed where they differ from the input's"
    )
    return Fix("lazy-apply", sketch, price, author(evidence), sketch=sketch)


def _map_blocks(evidence: ForceEvidence) -> Fix:
    return Fix("map-blocks", SKETCH, "wrong where an element depends on others", author(evidence))


def _compute_given(evidence: ForceEvidence, called: str | None) -> Fix | None:
    """Call what needs NumPy with NumPy arrays."""
    if not evidence.at_user or called is None:
        return None
    function, size = called, evidence.bytes
    price = f"holds {figures.size(size)} in memory" if size is not None else "holds the array in memory"
    return Fix("compute-once", f"compute what `{function}` is given once, before the call", price)


def _compute_here(evidence: ForceEvidence, reading: Reading) -> Fix | None:
    if not evidence.at_user or not reading.converted:
        return None
    array = short(reading.converted[0], 30)
    summary = f"compute `{array}` once, and use the NumPy array from there on"
    size = evidence.bytes
    price = f"holds {figures.size(size)} in memory" if size is not None else "holds the array in memory"
    return Fix("compute-once", summary, price)


def _stack(evidence: ForceEvidence, reading: Reading) -> Fix:
    xp = namespace(evidence)
    call = reading.call
    listed = call.displayed[0] if call is not None else "[...]"
    replacement = None
    if call is not None and call.function.partition(".")[0] == xp and call.positional == (listed,):
        replacement = line_with(evidence, reading.expression or "", f"{xp}.stack({listed})")
    return Fix(
        "native-function",
        f"stack the elements of `{short(listed)}` with `stack` of `{xp}`, which stays lazy",
        "nothing changes; plain numbers among the elements must be made arrays",
        author(evidence),
        edit=replacement,
    )
