"""Carries the context of a trace into threads and executor jobs, which carry no context variables."""

from __future__ import annotations

import contextvars
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lazyscope.capture import allowed
from lazyscope.capture import session as sessions
from lazyscope.capture.patching import Patches
from lazyscope.capture.running import inherit_force, running
from lazyscope.capture.session import guarded, note_own_failure
from lazyscope.capture.wrapping import unseen, without_catcher

_starting = threading.local()


def install(patches: Patches) -> None:
    """Watch threads being started and jobs being submitted."""
    start = vars(threading.Thread)["start"]
    patches.set(threading.Thread, "start", functools.wraps(start)(_make_start(start, _inherit)))
    submit = vars(ThreadPoolExecutor)["submit"]
    patches.set(
        ThreadPoolExecutor, "submit", functools.wraps(submit)(_make_submit(submit, _in_context, _starting))
    )


@guarded
def _inherit(thread: threading.Thread) -> None:
    # A pool's thread serves whoever submits to the pool, not whoever made it start.
    if not getattr(_starting, "worker", False):
        sessions.let_thread_inherit(thread)
        inherit_force(thread)
        allowed.let_thread_inherit(thread)


@unseen
def _make_start(start: Callable[..., Any], inherit: Callable[..., Any]) -> Callable[..., Any]:
    def watched(self: Any) -> None:
        inherit(self)
        start(self)

    return watched


def _in_context(function: Callable[..., Any]) -> Callable[..., Any]:
    """The job, watched by what watches its submitter; dask's own pool carries the context itself."""
    try:
        return _carried(function)
    except Exception as error:
        note_own_failure(error)
        return function


def _carried(function: Callable[..., Any]) -> Callable[..., Any]:
    scoped, inside, reason = sessions.scoped_sessions(), running.get(), allowed.reason()
    carries_itself = isinstance(getattr(function, "__self__", None), contextvars.Context)
    if carries_itself or not (scoped or inside or reason):
        return function
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
    submit: Callable[..., Any], in_context: Callable[..., Any], starting: Any
) -> Callable[..., Any]:
    def watched(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        starting.worker = True
        try:
            return submit(self, in_context(fn), *args, **kwargs)
        finally:
            starting.worker = False

    return watched
