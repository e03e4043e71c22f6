"""What happens when lazyscope itself fails inside the program: one event is lost, and that is said.

Every function of ours that the program runs ends in `survived`. It swallows what is our own failure,
whatever its class (`MemoryError` and `RecursionError` included), and lets through what is not: an exception
that a signal handler of the program raised, or that another thread sent, while our code happened to run.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from importlib import import_module
from types import CodeType, FunctionType, MethodType, TracebackType
from typing import Any, TypeVar

from lazyscope.capture.wrapping import FILENAME, OWN_DIRECTORY

_T = TypeVar("_T")

_signal: Any = import_module("_signal")
"""What `signal` is made of: its own functions make an enumeration of everything, which takes stack."""

NO_ROOM = "an event, since no stack was left to record it"
"""Blind spot: the program was so deep in recursion that nothing of ours could be called."""


class _Unheard:
    """Counts the failures that could not even be noted, for want of room on the stack to call anything."""

    failures = 0


unheard = _Unheard()

_reporters: list[Callable[[str], object]] = []


def report_to(reporter: Callable[[str], object]) -> None:
    """Have failures told to a function: the session module's, which knows the traces that are open."""
    _reporters[:] = [reporter]


def survived(error: BaseException) -> None:
    """Note a failure of ours; raise again what only arrived in our code and is meant for the program."""
    if is_meant_for_the_program(error):
        raise error
    if issubclass(type(error), RecursionError):
        # There is hardly room to say more, and nothing of ours is wrong.
        unheard.failures += 1
        return
    try:
        text = _described(error)
        for reporter in _reporters:
            reporter(text)
    except BaseException as another:
        if is_meant_for_the_program(another):
            raise
        unheard.failures += 1


def let_through(error: BaseException) -> None:
    """Raise again what only arrived in our code; for who goes on without what has failed."""
    if is_meant_for_the_program(error):
        raise error


def guarded(function: Callable[..., _T]) -> Callable[..., _T | None]:
    """Make a function of ours safe to call from the program: where it fails, it returns None."""

    @functools.wraps(function)
    def safe(*args: Any, **kwargs: Any) -> _T | None:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            try:
                survived(error)
            except RecursionError:
                unheard.failures += 1
            return None

    return safe


def _described(error: BaseException) -> str:
    from lazyscope.capture.messages import message_of

    traceback = _innermost(error)
    where = "?"
    if traceback is not None:
        where = f"{os.path.basename(traceback.tb_frame.f_code.co_filename)}:{traceback.tb_lineno}"
    return f"an event, since lazyscope failed at {where} ({type(error).__name__}: {message_of(error)[:120]})"


def _innermost(error: BaseException) -> TracebackType | None:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback


def is_meant_for_the_program(error: BaseException) -> bool:
    """Whether it arrived in our code from outside: by a signal, or sent by another thread."""
    kind = type(error)
    if issubclass(kind, KeyboardInterrupt | SystemExit | GeneratorExit):
        return True
    if _raised_by_handler(error.__traceback__):
        return True
    # Sent by another thread (PyThreadState_SetAsyncExc): no code of ours raises a class of the program's.
    innermost = _innermost(error)
    if innermost is None or not _is_own(innermost.tb_frame.f_code):
        return False
    return kind.__module__.partition(".")[0] not in _RAISED_HERE


_RAISED_HERE = frozenset({"builtins", "lazyscope", "msgspec", "zlib", "struct", "dask", "numpy", "re"})
"""Packages whose exceptions are raised by what our code calls."""


def _is_own(code: CodeType) -> bool:
    return code.co_filename == FILENAME or code.co_filename.startswith(OWN_DIRECTORY)


def _raised_by_handler(traceback: TracebackType | None) -> bool:
    """Whether an exception passed through a signal handler of the program."""
    codes = set()
    while traceback is not None:
        codes.add(traceback.tb_frame.f_code)
        traceback = traceback.tb_next
    return any(_code_of(_signal.getsignal(number)) in codes for number in _signal.valid_signals())


def _code_of(handler: Any) -> CodeType | None:
    if type(handler) is MethodType:
        handler = handler.__func__
    return handler.__code__ if type(handler) is FunctionType else None
