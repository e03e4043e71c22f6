"""Keys, sizes and indices of a program, looked at without running code of its own.

What a program hands to dask may be anything, also what computes, fails or has a side effect when it is
compared, hashed, printed, or asked for its class. So nothing here asks an object for more than its type,
unless that type is one of Python's or NumPy's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count
from types import MemberDescriptorType
from typing import Any

STRANGE = "(key)"
"""Name of keys that cannot be spelled."""

_SEQUENCES = (list, tuple, set, frozenset)
_PLAIN = frozenset({str, int, float, bool, complex, bytes, type(None), type(Ellipsis)})
_ONLY_STR_AND_INT = frozenset({str, int})
_ONLY_INT = frozenset({int})
_fresh = count()
_numpy_dtypes: set[type] = set()
"""Classes of NumPy's dtypes that were met."""


def is_plain(value: Any) -> bool:
    """Whether a value is made of Python's and NumPy's numbers, texts and tuples of them alone."""
    todo = [value]
    while todo:
        one = todo.pop()
        kind = type(one)
        if kind is tuple:
            if not _ONLY_STR_AND_INT.issuperset(map(type, one)):
                todo.extend(one)
        elif kind is slice:
            todo += (one.start, one.stop, one.step)
        elif not (kind in _PLAIN or is_number(kind)):
            return False
    return True


def numpy() -> Any:
    """NumPy, if the program has imported it; None before, when nothing can be of its types."""
    return sys.modules.get("numpy")


def is_number(kind: type) -> bool:
    """Whether a type is one of NumPy's own for integers, floating-point numbers and truth values."""
    np = numpy()
    if np is None or kind.__module__ != "numpy":
        return False
    return issubclass(kind, (np.integer, np.floating, np.bool_)) and vars(np).get(kind.__name__) is kind


def name_of(key: Any) -> str:
    """The name a key belongs to: ``x`` of ``('x', 0, 1)``, ``x`` of ``'x'``."""
    if type(key) is tuple and key and type(key[0]) is str:
        return key[0]
    if type(key) is str:
        return key
    return repr(key) if is_plain(key) else STRANGE


def hash_of(value: Any) -> int:
    """The same number for equal plain values; for others one that no value had before."""
    return hash(repr(value)) if is_plain(value) else next(_fresh)


def length_of(size: Any) -> int | None:
    """A chunk's length; None where it is unknown, or would have to be computed."""
    kind = type(size)
    if kind is int:
        return int(size)
    if kind is float or is_number(kind):
        return int(size) if abs(size) < float("inf") else None
    return None


def total_of(sizes: Any) -> int | None:
    """The sum of some chunks' lengths; None if one is unknown."""
    if type(sizes) is not tuple:
        return None
    if _ONLY_INT.issuperset(map(type, sizes)):
        return sum(sizes)
    total = 0
    for size in sizes:
        length = length_of(size)
        if length is None:
            return None
        total += length
    return total


def itemsize_of(dtype: Any) -> int | None:
    """Bytes of one element; None if the dtype is not NumPy's."""
    kind = type(dtype)
    if kind in _numpy_dtypes:
        return int(dtype.itemsize)
    np = numpy()
    if np is None or not issubclass(kind, np.dtype):
        return None
    if kind.__module__ == "numpy.dtypes":
        _numpy_dtypes.add(kind)
    return int(dtype.itemsize)


def members_of(value: Any) -> Iterator[Any] | None:
    """What a list, tuple or set holds, whatever a class made from one of them answers."""
    kind = type(value)
    for sequence in _SEQUENCES:
        if issubclass(kind, sequence):
            return sequence.__iter__(value)
    return None


def flat(keys: Any) -> list[Any]:
    """The keys in lists of lists of them."""
    if not issubclass(type(keys), list):
        return [keys]
    found: list[Any] = []
    todo: list[Any] = [list.__iter__(keys)]
    while todo:
        for key in todo[-1]:
            if issubclass(type(key), list):
                todo.append(list.__iter__(key))
                break
            found.append(key)
        else:
            todo.pop()
    return found


def stored(value: Any, name: str) -> Any:
    """An attribute that is stored in an object, not made when it is asked for; None without one."""
    kind = type(value)
    for base in kind.__mro__:
        found = vars(base).get(name)
        if found is not None:
            return _slot(found, value) if type(found) is MemberDescriptorType else None
    try:
        return object.__getattribute__(value, "__dict__").get(name)
    except AttributeError:
        return None


def _slot(slot: Any, value: Any) -> Any:
    try:
        return slot.__get__(value)
    except AttributeError:
        return None
