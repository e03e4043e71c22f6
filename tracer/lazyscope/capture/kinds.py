"""What kind of thing a value of the program is, told by its type and without running code of its own."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple, TypeAlias

from lazyscope.capture.plain import numpy, stored

ELEMENTS = 256
"""Elements of a list, tuple or dict whose kinds are looked at."""

ARRAYS = 16
"""Names of dask arrays in one container that are kept."""

_LONGEST_NAME = 200
_MOST_REMEMBERED = 2_000

_module_of_class: Any = vars(type)["__module__"].__get__
_bases_of_class: Any = vars(type)["__mro__"].__get__
_qualname_of_class: Any = vars(type)["__qualname__"].__get__
_members_of_module: Any = vars(ModuleType)["__dict__"].__get__
"""A metaclass or a lazily imported module may answer otherwise, by running code."""


class Description(NamedTuple):
    """What is kept of a value; see `model.events.Binding`."""

    kind: str
    type: str | None = None
    arrays: tuple[str, ...] = ()
    dtype: Any = None
    chunks: Any = None
    shape: tuple[int, ...] | None = None
    length: int | None = None
    elements: str | None = None


_KINDS = {
    ("dask.array.core", "Array"): "dask array",
    ("dask.array._array_expr._collection", "Array"): "dask array",
    ("numpy", "ndarray"): "numpy array",
    ("numpy", "bool"): "bool",
    ("numpy", "bool_"): "bool",
    ("numpy", "number"): "number",
    ("xarray.core.dataarray", "DataArray"): "data array",
    ("xarray.core.dataset", "Dataset"): "dataset",
    ("dask.dataframe.dask_expr._collection", "DataFrame"): "dask dataframe",
    ("dask.dataframe.dask_expr._collection", "Series"): "dask series",
    ("dask.dataframe.dask_expr._collection", "Index"): "dask series",
    ("pandas.core.frame", "DataFrame"): "dataframe",
    ("pandas.core.series", "Series"): "series",
    ("pandas.core.indexes.base", "Index"): "series",
    ("pandas", "DataFrame"): "dataframe",
    ("pandas", "Series"): "series",
    ("pandas", "Index"): "series",
    ("dask.delayed", "Delayed"): "delayed",
    ("builtins", "type"): "class",
    ("builtins", "module"): "module",
    ("builtins", "list"): "list",
    ("builtins", "tuple"): "tuple",
    ("builtins", "dict"): "dict",
    ("builtins", "bool"): "bool",
    ("builtins", "int"): "number",
    ("builtins", "float"): "number",
    ("builtins", "complex"): "number",
    ("builtins", "str"): "text",
    ("builtins", "bytes"): "text",
    ("builtins", "NoneType"): "none",
    ("builtins", "function"): "function",
    ("builtins", "method"): "function",
    ("builtins", "builtin_function_or_method"): "function",
    ("numpy", "ufunc"): "function",
}
"""By module and name of a class."""

_Known: TypeAlias = tuple[weakref.ref[type], str, str, Description | None]
"""A class, its kind and import path, and what is said of its instances if that is the same for all."""

_remembered: dict[int, _Known] = {}


def kind_of(cls: type) -> tuple[str, str]:
    """Kind and import path of a class."""
    known = _known(cls)
    return known[1], known[2]


def _known(cls: type) -> _Known:
    known = _remembered.get(id(cls))
    if known is not None and known[0]() is cls:
        return known
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    bases = _bases_of_class(cls)
    kind = next((_KINDS[named] for named in map(_named, bases) if named in _KINDS), "other")
    module, name = _named(cls)
    path = _short(name if module == "builtins" else f"{module}.{name}")
    same = None if kind in _DESCRIBED else Description(kind, None if kind in _PLAIN else path)
    known = _remembered[id(cls)] = (weakref.ref(cls), kind, path, same)
    return known


def _named(cls: type) -> tuple[str, str]:
    module = _module_of_class(cls)
    name = _qualname_of_class(cls)
    return (module if type(module) is str else "builtins"), name


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"


def describe(value: Any) -> Description:
    """Describe a value."""
    _, kind, path, same = _known(type(value))
    return _DESCRIBED[kind](value, kind, path) if same is None else same


_PLAIN = frozenset({"none", "bool", "text"})


def _dask_array(value: Any, kind: str, path: str) -> Description:
    # Imports NumPy and dask.array, which has made the value.
    from lazyscope.capture.calls import described

    for name, dtype, chunks in described(value):
        return Description(kind, None, (name,), dtype, chunks)
    return Description(kind)


def _numpy_array(value: Any, kind: str, path: str) -> Description:
    array = numpy().ndarray
    own = None if type(value) is array else path
    return Description(kind, own, dtype=array.dtype.__get__(value), shape=array.shape.__get__(value))


def _list(value: Any, kind: str, path: str) -> Description:
    first = list.__getitem__(value, slice(ELEMENTS))
    return _container(kind, path, list.__len__(value), first)


def _tuple(value: Any, kind: str, path: str) -> Description:
    first = tuple.__getitem__(value, slice(ELEMENTS))
    return _container(kind, path, tuple.__len__(value), first)


def _dict(value: Any, kind: str, path: str) -> Description:
    return _container(kind, path, dict.__len__(value), islice(dict.values(value), ELEMENTS))


def _container(kind: str, path: str, count: int, elements: Iterable[Any]) -> Description:
    values = [*elements]
    classes = [*map(type, values)]
    # By identity: a class may have a hash of its own.
    kinds = {kind_of(one)[0] for one in dict(zip(map(id, classes), classes, strict=True)).values()}
    arrays = () if kinds.isdisjoint(_WITH_NAMES) else tuple(islice(_arrays(values), ARRAYS))
    alike = kinds.pop() if len(kinds) == 1 else None
    return Description(kind, None if path == kind else path, arrays, length=count, elements=alike)


_WITH_NAMES = frozenset({"dask array", "data array"})
"""Kinds of elements whose arrays are named."""


def _arrays(values: Iterable[Any]) -> Iterator[str]:
    """Names of the dask arrays that values are or hold."""
    for value in values:
        kind, path = kind_of(type(value))
        if kind == "dask array":
            yield from _dask_array(value, kind, path).arrays
        elif kind == "data array":
            yield from _data_array(value, kind, path).arrays


def _data_array(value: Any, kind: str, path: str) -> Description:
    data = stored(stored(value, "_variable"), "_data")
    if kind_of(type(data))[0] != "dask array":
        return Description(kind)
    return _dask_array(data, kind, path)._replace(type=None)


def _dataset(value: Any, kind: str, path: str) -> Description:
    variables = stored(value, "_variables")
    if type(variables) is not dict:
        return Description(kind)
    data = [stored(variable, "_data") for variable in islice(variables.values(), ELEMENTS)]
    return Description(kind, None, tuple(islice(_arrays(data), ARRAYS)), length=len(variables))


def _function(value: Any, kind: str, path: str) -> Description:
    if type(value) is MethodType:
        value = value.__func__
    if type(value) is not FunctionType and type(value) is not BuiltinFunctionType:
        # A method of a method's own kind, or a ufunc: a name that is NumPy's own, or the class's.
        name = value.__name__ if path == "numpy.ufunc" else None
        return Description(kind, f"numpy.{name}" if type(name) is str else path)
    module, name = value.__module__, value.__qualname__
    return Description(kind, _short(f"{module}.{name}" if type(module) is str else name))


def _class(value: Any, kind: str, path: str) -> Description:
    return Description(kind, kind_of(value)[1])


def _module(value: Any, kind: str, path: str) -> Description:
    name = _members_of_module(value).get("__name__")
    return Description(kind, _short(name) if type(name) is str else None)


_DESCRIBED: Mapping[str, Callable[[Any, str, str], Description]] = {
    "dask array": _dask_array,
    "numpy array": _numpy_array,
    "list": _list,
    "tuple": _tuple,
    "dict": _dict,
    "data array": _data_array,
    "dataset": _dataset,
    "function": _function,
    "class": _class,
    "module": _module,
}
