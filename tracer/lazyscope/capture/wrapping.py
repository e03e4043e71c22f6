"""Functions that stand in for others without being noticed.

A stand-in adds one frame to the stack. Two things make that frame disappear where it would matter:
`warnings.warn(stacklevel=n)` does not count frames whose file name contains ``importlib`` and
``_bootstrap`` (CPython does so for its own import system), hence `FILENAME`; and `functools.wraps`
keeps name, module, signature and documentation, hence pickling by reference and dask's tokens.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType, FunctionType, MethodType
from typing import Any, TypeVar

OWN_DIRECTORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""Where the package lies."""

FILENAME = "<lazyscope, not counted by warnings: importlib._bootstrap>"

_F = TypeVar("_F", bound=Callable[..., Any])


def unseen(function: _F) -> _F:
    """Give a function, or the function a factory returns, the file name that warnings do not count."""
    assert isinstance(function, FunctionType)
    function.__code__ = _renamed(function.__code__)
    return function


def _renamed(code: Any) -> Any:
    inner = type(code)
    constants = tuple(_renamed(c) if isinstance(c, inner) else c for c in code.co_consts)
    return code.replace(co_filename=FILENAME, co_consts=constants)


class StandIn:
    """Stands in for a function that cannot be pickled by reference.

    Such a function (a closure) is pickled by value, and a wrapper would be pickled with it. This object
    pickles and tokenises as the function itself: by value where cloudpickle is at work, and by its name,
    which fails as it does for the function, where pickle is. For who asks for attributes or for its class it
    is the function; only ``type`` tells them apart.
    """

    __slots__ = ("__weakref__", "_original", "_recorded")

    _original: FunctionType
    _recorded: Callable[..., Any]

    def __init__(self, original: FunctionType, recorded: Callable[..., Any]) -> None:
        object.__setattr__(self, "_original", original)
        object.__setattr__(self, "_recorded", recorded)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        # cloudpickle would take it apart as a function; it is to ask how this object is pickled.
        return StandIn if sys._getframe(1).f_code.co_name == "reducer_override" else FunctionType

    __doc__ = property(lambda self: self._original.__doc__)
    __module__ = property(lambda self: self._original.__module__)
    __dict__ = property(lambda self: vars(self._original))

    @unseen
    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self._original, name)
        except AttributeError as error:
            without_catcher(error)
            raise

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._original, name, value)

    def __dir__(self) -> list[str]:
        return dir(self._original)

    @unseen
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._recorded(*args, **kwargs)
        except BaseException as error:
            without_catcher(error)
            raise

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._original

    def __hash__(self) -> int:
        return hash(self._original)

    def __repr__(self) -> str:
        return repr(self._original)

    def __dask_tokenize__(self) -> Any:
        from dask.base import normalize_token

        return normalize_token(self._original)

    def __reduce_ex__(self, protocol: Any) -> Any:
        pickler = _cloudpickler_at_work()
        reduced = NotImplemented if pickler is None else pickler.reducer_override(self._original)
        return self._original.__qualname__ if reduced is NotImplemented else reduced

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)


def _cloudpickler_at_work() -> Any:
    """The pickler that asks: functions of one module share their globals in what it writes."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_name == "dump":
            pickler = frame.f_locals.get("self")
            if hasattr(type(pickler), "reducer_override"):
                return pickler
        frame = frame.f_back
    return None


def importable(function: FunctionType) -> bool:
    """Whether pickle finds this very object under its module and qualified name."""
    found: Any = sys.modules.get(function.__module__)
    for part in function.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is function


def without_catcher(error: BaseException) -> None:
    """Take the frame that has just caught an exception out of its traceback; a bare `raise` follows."""
    traceback = error.__traceback__
    if traceback is not None:
        # Not by assignment, which a class may refuse: a frozen dataclass does.
        BaseException.with_traceback(error, traceback.tb_next)
