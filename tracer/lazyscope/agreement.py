"""Whether two results agree, part by part: of a function on dask arrays, computed, and on NumPy arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from lazyscope.text.harmless import harmless_lines

Kind: TypeAlias = Literal["values", "dtype", "shape", "structure", "exception", "warnings"]

_DEEPEST = 20
"""Containers inside containers that are looked into."""

_MOST_CHARACTERS = 120


@dataclass(frozen=True)
class Tolerance:
    """How far two numbers may be apart and still agree: ``atol + rtol * abs(NumPy's)``."""

    rtol: float | None = None
    """None for the square root of the precision of the result's dtype."""
    atol: float | None = None
    """None for 100 times that precision, relative to NumPy's largest value, or to 1 if that is larger."""
    equal_nan: bool = True
    """Whether NaN agrees with NaN."""


@dataclass(frozen=True)
class Difference:
    """One part of a result that differs."""

    path: str
    """Which part: ``[0].statistic``; empty for all of it."""
    kind: Kind
    dask: str
    """What came of dask arrays."""
    numpy: str
    """What came of NumPy arrays."""
    largest_absolute: float | None = None
    """Largest distance of two finite values that differ; None where there is none."""
    largest_relative: float | None = None
    """The same as a part of NumPy's value."""
    found: str = ""
    """As `dask`, in words without values of arrays; empty where that is the same."""
    expected: str = ""
    """As `numpy`, likewise."""

    def __str__(self) -> str:
        verb = "differ" if self.kind in ("values", "warnings") else "differs"
        distance = ""
        if self.largest_absolute is not None:
            distance = f", by up to {self.largest_absolute:.3g}"
            if self.largest_relative is not None:
                distance += f" ({self.largest_relative:.3g} of NumPy's value)"
        where = self.path or "result"
        said = f"{where}: {self.kind} {verb}: {self.dask} on dask, {self.numpy} on NumPy{distance}"
        return harmless_lines(said)


def differences(
    dask: Any, numpy: Any, tolerance: Tolerance, computed: Mapping[int, Any]
) -> Iterator[Difference]:
    """Compare two results.

    Parameters
    ----------
    dask, numpy
        The two results.
    tolerance
        How far numbers may be apart.
    computed
        What lazy parts of them compute to, by their id.
    """
    pending = [("", dask, numpy, _DEEPEST)]
    while pending:
        path, dask, numpy, depth = pending.pop()
        dask, numpy = computed.get(id(dask), dask), computed.get(id(numpy), numpy)
        if _is_numeric(dask) and _is_numeric(numpy):
            yield from _arrays(path, dask, numpy, tolerance)
            continue
        ours, theirs = parts_of(dask), parts_of(numpy)
        if not _same_kind(dask, numpy, ours, theirs):
            yield Difference(path, "structure", _described(dask), _described(numpy))
        elif ours is None or theirs is None:
            yield from _plain(path, dask, numpy)
        elif ours.keys() != theirs.keys():
            yield Difference(path, "structure", _listed(dask, ours), _listed(numpy, theirs))
        elif depth:
            pairs = [(path + name, part, theirs[name], depth - 1) for name, part in ours.items()]
            pending += reversed(pairs)


# Parts


def is_array(value: Any) -> bool:
    """Whether it is an array or a NumPy scalar."""
    return isinstance(value, np.ndarray | np.generic) or (
        hasattr(value, "__array__") and not isinstance(value, type)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float | complex)


def _is_numeric(value: Any) -> bool:
    return is_array(value) or _is_number(value)


def parts_of(value: Any) -> dict[str, Any] | None:
    """The parts of a container or an object that holds a result, by their path; None if it has none."""
    if isinstance(value, str | bytes | type) or is_array(value):
        return None
    if isinstance(value, Mapping):
        return {f"[{key!r}]": part for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        names = (*value._fields, *getattr(value, "_extra_fields", ()))
        return {f".{name}": getattr(value, name) for name in names}
    if isinstance(value, tuple | list):
        return {f"[{number}]": part for number, part in enumerate(value)}
    if dataclasses.is_dataclass(value):
        return {f".{field.name}": getattr(value, field.name) for field in dataclasses.fields(value)}
    return _attributes(value)


def _attributes(value: Any) -> dict[str, Any] | None:
    """What an object of a class without values of its own, such as a result of SciPy's, holds."""
    held = getattr(value, "__dict__", None)
    if not isinstance(held, dict) or callable(value) or _compares(value):
        return None
    public = {f".{name}": part for name, part in held.items() if not name.startswith("_")}
    return {name: part for name, part in public.items() if not callable(part)} or None


def _compares(value: Any) -> bool:
    """Whether it says by itself what it is equal to, rather than by its identity."""
    return "__eq__" in {name for kind in type(value).__mro__[:-1] for name in vars(kind)}


def _same_kind(dask: Any, numpy: Any, ours: dict[str, Any] | None, theirs: dict[str, Any] | None) -> bool:
    if (ours is None) != (theirs is None) or is_array(dask) != is_array(numpy):
        return False
    return type(dask) is type(numpy) or type(dask).__qualname__ == type(numpy).__qualname__


def _described(value: Any) -> str:
    if is_array(value):
        return _dtype_and_shape(np.asarray(value))
    parts = parts_of(value)
    return _short(repr(value)) if parts is None else _listed(value, parts)


def _listed(value: Any, parts: dict[str, Any]) -> str:
    names = ", ".join(parts)
    return f"{type(value).__name__} of {_short(names)}" if parts else f"empty {type(value).__name__}"


def _plain(path: str, dask: Any, numpy: Any) -> Iterator[Difference]:
    try:
        equal = bool(dask == numpy)
    except Exception:
        # What cannot say whether it is equal says nothing about the result.
        return
    if not equal and _compares(dask):
        yield Difference(path, "values", _short(repr(dask)), _short(repr(numpy)))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "…"


# Arrays


def _arrays(path: str, dask: Any, numpy: Any, tolerance: Tolerance) -> Iterator[Difference]:
    ours, theirs = np.asarray(dask), np.asarray(numpy)
    weak = _is_weak(dask) or _is_weak(numpy)
    if ours.dtype != theirs.dtype and not weak:
        yield Difference(path, "dtype", str(ours.dtype), str(theirs.dtype))
    if ours.shape != theirs.shape:
        yield Difference(path, "shape", _shape(ours), _shape(theirs))
        return
    apart = ~_agreeing(ours, theirs, tolerance)
    if apart.any():
        absolute, relative = _distances(ours[apart], theirs[apart])
        yield Difference(
            path,
            "values",
            *_shown(dask, numpy, ours, theirs, apart),
            largest_absolute=absolute,
            largest_relative=relative,
            found="" if weak and not ours.ndim else _told(ours, theirs, apart),
            expected="" if weak and not ours.ndim else _dtype_and_shape(theirs),
        )


def _is_weak(value: Any) -> bool:
    """Whether it is a number of Python's, whose type is not that of any array."""
    return _is_number(value) and not isinstance(value, np.generic)


def _agreeing(ours: Any, theirs: Any, tolerance: Tolerance) -> Any:
    """Which elements agree."""
    if not (_is_inexact(ours) or _is_inexact(theirs)):
        return np.asarray(ours == theirs)
    with np.errstate(all="ignore"):
        eps = max(float(np.finfo(a.dtype).eps) for a in (ours, theirs) if _is_inexact(a))
        finite = np.abs(theirs[np.isfinite(theirs)])
        largest = max(float(finite.max(initial=0.0)), 1.0)
        rtol = eps**0.5 if tolerance.rtol is None else tolerance.rtol
        atol = 100 * eps * largest if tolerance.atol is None else tolerance.atol
        return np.isclose(ours, theirs, rtol=rtol, atol=atol, equal_nan=tolerance.equal_nan)


def _is_inexact(array: Any) -> bool:
    return array.dtype.kind in "fc"


def _distances(ours: Any, theirs: Any) -> tuple[float | None, float | None]:
    """The largest distances of finite elements: absolute, and relative where NumPy's is not 0."""
    if ours.dtype.kind not in "iufc" or theirs.dtype.kind not in "iufc":
        return None, None
    kind = np.result_type(ours, theirs, np.float64)
    ours, theirs = ours.astype(kind), theirs.astype(kind)
    both = np.isfinite(ours) & np.isfinite(theirs)
    ours, theirs = ours[both], theirs[both]
    if not ours.size:
        return None, None
    with np.errstate(all="ignore"):
        apart = np.abs(ours - theirs)
        relative = apart[theirs != 0] / np.abs(theirs[theirs != 0])
    return float(apart.max()), float(relative.max()) if relative.size else None


def _shown(dask: Any, numpy: Any, ours: Any, theirs: Any, apart: Any) -> tuple[str, str]:
    """Both sides with their values, of arrays the first that differs."""
    if not ours.ndim:
        return (
            _short(repr(dask if _is_weak(dask) else ours.item())),
            _short(repr(numpy if _is_weak(numpy) else theirs.item())),
        )
    first = tuple(int(number) for number in np.argwhere(apart)[0])
    index = ", ".join(map(str, first))
    return (
        f"{_told(ours, theirs, apart)}, first {_short(repr(ours[first].item()))} at [{index}]",
        _short(repr(theirs[first].item())),
    )


def _told(ours: Any, theirs: Any, apart: Any) -> str:
    """How many elements differ, and in what way, without their values."""
    count = int(apart.sum())
    said = "another value" if not ours.ndim else f"{count:,} of {ours.size:,} elements differ"
    if not (_is_inexact(ours) and _is_inexact(theirs)):
        return said
    lost, made = np.isnan(theirs) & ~np.isnan(ours), np.isnan(ours) & ~np.isnan(theirs)
    if lost.any():
        said += f", {int(lost.sum()):,} that should be NaN"
    return said + (f", {int(made.sum()):,} that should not be NaN" if made.any() else "")


def _dtype_and_shape(array: Any) -> str:
    return f"{array.dtype} of shape {_shape(array)}"


def _shape(array: Any) -> str:
    return str(tuple(int(length) for length in array.shape))
