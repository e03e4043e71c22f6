"""Carries the context of a trace into threads and executor jobs, which carry no context variables."""

from __future__ import annotations

import contextvars
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import BuiltinMethodType
from typing import Any

from lazyscope.capture import allowed
from lazyscope.capture import session as sessions
from lazyscope.capture.own_failures import guarded, unheard
from lazyscope.capture.patching import Patches
from lazyscope.capture.running import inherit_force, running
from lazyscope.capture.wrapping import unseen, without_catcher

_starting = threading.local()


def install(patches: Patches) -> None:
    """Watch threads being started and jobs being submitted."""
    start = vars(threading.Thread)["start"]
    watched = _make_start(start, _inherit, without_catcher, unheard)
    patches.set(threading.Thread, "start", functools.wraps(start)(watched))
    submit = vars(ThreadPoolExecutor)["submit"]
    watched = _make_submit(submit, _in_context, _starting, without_catcher, unheard)
    patches.set(ThreadPoolExecutor, "submit", functools.wraps(submit)(watched))


@guarded
def _inherit(thread: threading.Thread) -> None:
    # A pool's thread serves whoever submits to the pool, not whoever made it start.
    if not getattr(_starting, "worker", False):
        sessions.let_thread_inherit(thread)
        inherit_force(thread)
        allowed.let_thread_inherit(thread)


@unseen
def _make_start(start: Any, inherit: Any, unmark: Any, unheard: Any) -> Callable[..., Any]:
    def watched(self: Any) -> None:
        try:
            inherit(self)
        except RecursionError:
            unheard.failures += 1
        try:
            start(self)
        except BaseException as error:
            unmark(error)
            raise

    return watched


def _in_context(function: Callable[..., Any]) -> Callable[..., Any]:
    """The job, watched by what watches its submitter; dask's own pool carries the context itself."""
    return _carried(function) or function


@guarded
def _carried(function: Callable[..., Any]) -> Callable[..., Any] | None:
    scoped, inside, reason = sessions.scoped_sessions(), running.get(), allowed.reason()
    # A method of a class written in C has its object at hand; others might run code when they are asked.
    carries_itself = type(function) is BuiltinMethodType and type(function.__self__) is contextvars.Context
    if carries_itself or not (scoped or inside or reason):
        return None
    return functools.partial(_run, scoped, inside, reason, function)


def _run(
    scoped: Any, inside: Any, reason: Any, function: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    entered, token, begun = sessions.enter(scoped), running.set(inside), allowed.begin(reason)
    try:
        return function(*args, **kwargs)
    except BaseException as error:
        without_catcher(error)
        raise
    finally:
        allowed.end(begun)
        running.reset(token)
        sessions.leave(entered)


@unseen
def _make_submit(
    submit: Any, in_context: Any, starting: Any, unmark: Any, unheard: Any
) -> Callable[..., Any]:
    def watched(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        starting.worker = True
        try:
            try:
                fn = in_context(fn)
            except RecursionError:
                unheard.failures += 1
            return submit(self, fn, *args, **kwargs)
        except BaseException as error:
            unmark(error)
            raise
        finally:
            starting.worker = False

    return watched
