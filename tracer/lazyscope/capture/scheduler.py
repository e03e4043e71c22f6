"""Every execution of a graph, whichever scheduler runs it.

Two sensors, one record. `dask.base.get_scheduler`, as called by `compute`, `persist` and
`compute_as_if_collection`, is where the collections asked for are known, before optimisation; what it
returns to them is handed to a function of ours, every other caller gets the very same object as ever.
`get_async`, as bound in `dask.local`, `dask.threaded` and `dask.multiprocessing`, is where every local
scheduler ends, `dask.get` called directly and executors included. The second inside the first is one
force; alone it is one too. distributed's `Client.get`, `compute` and `persist` are watched likewise.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from threading import get_ident
from time import perf_counter
from types import BuiltinMethodType, FrameType, MethodType, ModuleType
from typing import Any

import dask.base
import dask.local
import dask.multiprocessing
import dask.threaded

from lazyscope.capture import session as sessions
from lazyscope.capture.execution import Execution, Request
from lazyscope.capture.patching import Patches
from lazyscope.capture.running import current
from lazyscope.capture.running import running as _running
from lazyscope.capture.session import Session, note_own_failure
from lazyscope.capture.wrapping import unseen, without_catcher


def install(patches: Patches) -> None:
    """Watch the local schedulers, and distributed if it is imported."""
    original = dask.base.get_scheduler
    patches.set(dask.base, "get_scheduler", _watched_get_scheduler(original))
    get_async = dask.local.get_async
    watched = _watched_get_async(get_async)
    for module in (dask.local, dask.threaded, dask.multiprocessing):
        patches.set(module, "get_async", watched)
    batch = dask.local.batch_execute_tasks
    patches.set(dask.local, "batch_execute_tasks", _timed_batch(batch))
    if "distributed.client" in sys.modules:
        install_client(patches, sys.modules["distributed.client"])


# compute, persist and compute_as_if_collection


def _watched_get_scheduler(original: Callable[..., Any]) -> Callable[..., Any]:
    requests = {
        _code(dask.base.compute): "compute",
        _code(dask.base.persist): "persist",
        _code(dask.base.compute_as_if_collection): "graph",
    }

    def hand_over(found: Any, caller: FrameType, kwargs: dict[str, Any]) -> Any:
        kind = requests.get(id(caller.f_code))
        if kind is None or found is None or not sessions.any_open():
            return found
        client = _owner(found)
        if kind == "persist" and client is not None and hasattr(client, "persist"):
            return found
        try:
            request = _request(kind, caller, kwargs)
            return _watched_schedule(found, request)
        except Exception as error:
            note_own_failure(error)
            return found

    watched = _make_get_scheduler(original, hand_over, sys._getframe)
    return functools.wraps(original)(watched)


@unseen
def _make_get_scheduler(original: Any, hand_over: Any, frame_at: Any) -> Callable[..., Any]:
    def get_scheduler(*args: Any, **kwargs: Any) -> Any:
        return hand_over(original(*args, **kwargs), frame_at(1), kwargs)

    return get_scheduler


def _code(function: Any) -> int:
    return id(getattr(function, "__wrapped__", function).__code__)


def _request(kind: str, caller: FrameType, kwargs: dict[str, Any]) -> Request:
    """What compute, persist or compute_as_if_collection is about to ask a scheduler for."""
    if kind != "graph":
        return Request.of_collections(list(kwargs["collections"]))
    local = caller.f_locals
    request = Request.of_graph(local["dsk"], local["keys"])
    if sys.version_info < (3, 13):
        # The dict stays with the frame and would keep its values alive.
        local.clear()
    return request


def _watched_schedule(found: Any, request: Request) -> Callable[..., Any]:
    def enter(dsk: Any, keys: Any, frame: FrameType) -> Execution | None:
        return _begin(request.handed(dsk, keys), frame, scheduler_name(found))

    return _make_schedule(
        found, enter, _left, _failed, _running, perf_counter, sys._getframe, without_catcher
    )


@unseen
def _make_schedule(
    found: Any, enter: Any, left: Any, failed: Any, running: Any, clock: Any, frame_at: Any, unmark: Any
) -> Callable[..., Any]:
    def schedule(dsk: Any, keys: Any, *args: Any, **kwargs: Any) -> Any:
        force = enter(dsk, keys, frame_at(1))
        if force is None:
            return found(dsk, keys, *args, **kwargs)
        token = running.set((force, False))
        force.began = clock()
        try:
            result = found(dsk, keys, *args, **kwargs)
        except BaseException as error:
            force.ended = clock()
            running.reset(token)
            failed(force, error)
            unmark(error)
            raise
        force.ended = clock()
        running.reset(token)
        left(force, result)
        return result

    return schedule


# get_async


def _watched_get_async(original: Callable[..., Any]) -> Callable[..., Any]:
    def enter(args: tuple[Any, ...], frame: FrameType) -> tuple[Execution, tuple[Any, ...], bool] | None:
        try:
            return _enter_get_async(args, frame)
        except Exception as error:
            note_own_failure(error)
            return None

    watched = _make_get_async(
        original, enter, _left, _failed, _running, perf_counter, sys._getframe, without_catcher
    )
    return functools.wraps(original)(watched)


@unseen
def _make_get_async(
    original: Any, enter: Any, left: Any, failed: Any, running: Any, clock: Any, frame_at: Any, unmark: Any
) -> Callable[..., Any]:
    def get_async(*args: Any, **kwargs: Any) -> Any:
        entered = enter(args, frame_at(1))
        if entered is None:
            return original(*args, **kwargs)
        force, args, own = entered
        token = running.set((force, True))
        if own:
            force.began = clock()
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            running.reset(token)
            if own:
                force.ended = clock()
                failed(force, error)
            unmark(error)
            raise
        running.reset(token)
        if own:
            force.ended = clock()
            left(force, result)
        return result

    return get_async


def _enter_get_async(
    args: tuple[Any, ...], frame: FrameType
) -> tuple[Execution, tuple[Any, ...], bool] | None:
    """The force that this execution is, its arguments, and whether it is one of its own."""
    if not sessions.any_open() or len(args) < 4:
        return None
    submit, workers, dsk, keys, *rest = args
    running = current()
    own = running is None or running[1] or not running[0].asks_for(keys)
    if own:
        force = _begin(Request.of_graph(dsk, keys), frame, executor_name(submit))
    else:
        assert running is not None
        force = running[0]
    if force is None:
        return None
    dsk = force.see_graph(dsk, keys)
    return force, (_watched_submit(submit, force), workers, dsk, keys, *rest), own


def _timed_batch(original: Callable[..., Any]) -> Callable[..., Any]:
    """`dask.local.batch_execute_tasks`, adding the time it takes to its force's; pickled by reference."""
    watched = _make_batch(original, _running.get, perf_counter, get_ident, without_catcher)
    return functools.wraps(original)(watched)


@unseen
def _make_batch(original: Any, running: Any, clock: Any, thread: Any, unmark: Any) -> Callable[..., Any]:
    def batch_execute_tasks(it: Any) -> Any:
        inside = running()
        if inside is None:
            return original(it)
        began = clock()
        try:
            return original(it)
        except BaseException as error:
            unmark(error)
            raise
        finally:
            inside[0].worked[thread()] += clock() - began

    return batch_execute_tasks


class _Task:
    """A batch of tasks in the context of its force, for pools that do not carry the context.

    In another process it is the batch function itself, for that is what it pickles as.
    """

    __slots__ = ("_force", "_function", "_scope")

    def __init__(self, function: Any, force: Execution, scope: tuple[Session, ...]) -> None:
        self._function = function
        self._force = force
        self._scope = scope

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        token = _running.set((self._force, True))
        scope = sessions.enter(self._scope)
        try:
            return self._function(*args, **kwargs)
        finally:
            sessions.leave(scope)
            _running.reset(token)

    def __reduce__(self) -> Any:
        return dask.local.identity, (self._function,)


_CARRIES_CONTEXT = tuple(
    kind
    for kind in (
        dask.local.SynchronousExecutor,
        getattr(dask.threaded, "ContextAwareThreadPoolExecutor", None),
    )
    if kind is not None
)
"""dask's own executors: their tasks run in the context of who submits."""


def _watched_submit(submit: Callable[..., Any], force: Execution) -> Callable[..., Any]:
    if isinstance(_owner(submit), _CARRIES_CONTEXT):
        return submit
    scope = sessions.scoped_sessions()

    def watched(function: Any, *args: Any, **kwargs: Any) -> Any:
        return submit(_Task(function, force, scope), *args, **kwargs)

    return watched


# Begin and end of a force


def _begin(
    request: Request, frame: FrameType, scheduler: str, method: str | None = None
) -> Execution | None:
    try:
        watching = sessions.watching()
        running = current()
        if running is None or running[1]:
            for session in sessions.not_watching():
                session.blind_spot("a force outside the traced context")
        force = Execution(request, scheduler, parent=running[0] if running is not None else None)
        if not watching:
            # Nobody's, but what runs it is to be counted once, too.
            return force
        force.begin(watching, frame, method)
        if scheduler in _ELSEWHERE:
            for session in watching:
                session.blind_spot(_ELSEWHERE[scheduler])
        return force
    except Exception as error:
        note_own_failure(error)
        return None


def _left(force: Execution, result: Any) -> None:
    try:
        force.end(result=result)
    except Exception as error:
        note_own_failure(error)


def _failed(force: Execution, failure: BaseException) -> None:
    try:
        force.end(failure=failure)
    except Exception as error:
        note_own_failure(error)


_ELSEWHERE = {
    "distributed": "tasks ran on a distributed cluster, whose workers are not watched yet: "
    "calls and forces inside tasks are missing",
    "processes": "tasks ran in other processes: calls and forces inside tasks are missing",
}


# Names of schedulers


def scheduler_name(schedule: Any) -> str:
    """``threads``, ``sync``, ``processes``, ``distributed`` or ``custom``."""
    if schedule is dask.threaded.get:
        return "threads"
    if schedule is dask.local.get_sync:
        return "sync"
    if schedule is dask.multiprocessing.get:
        return "processes"
    if isinstance(schedule, functools.partial) and schedule.args:
        return executor_name(schedule.args[0])
    owner = _owner(schedule)
    if str(type(owner).__module__).startswith("distributed"):
        return "distributed"
    return "custom"


def _owner(function: Any) -> Any:
    """The object a method belongs to; other callables are asked nothing, as they may answer anything."""
    return function.__self__ if isinstance(function, MethodType | BuiltinMethodType) else None


def executor_name(submit: Any) -> str:
    """The kind of scheduler that an executor's ``submit`` makes."""
    owner = _owner(submit)
    if isinstance(owner, dask.local.SynchronousExecutor):
        return "sync"
    if isinstance(owner, ThreadPoolExecutor):
        return "threads"
    if isinstance(owner, ProcessPoolExecutor):
        return "processes"
    return "custom"


# distributed


def install_client(patches: Patches, module: ModuleType) -> None:
    """Watch what a distributed client submits: the graph as it leaves this process."""
    client = module.Client
    for name in ("get", "compute", "persist"):
        original = vars(client)[name]
        patches.set(client, name, _watched_client_method(original, name))


def _watched_client_method(original: Callable[..., Any], name: str) -> Callable[..., Any]:
    def enter(args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType) -> Execution | None:
        try:
            return _enter_client(name, args, kwargs, frame)
        except Exception as error:
            note_own_failure(error)
            return None

    watched = _make_client_method(
        original, enter, _left, _failed, _running, perf_counter, sys._getframe, without_catcher
    )
    return functools.wraps(original)(watched)


@unseen
def _make_client_method(
    original: Any, enter: Any, left: Any, failed: Any, running: Any, clock: Any, frame_at: Any, unmark: Any
) -> Callable[..., Any]:
    def method(*args: Any, **kwargs: Any) -> Any:
        force = enter(args, kwargs, frame_at(1))
        if force is None:
            return original(*args, **kwargs)
        token = running.set((force, True))
        force.began = clock()
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            force.ended = clock()
            running.reset(token)
            failed(force, error)
            unmark(error)
            raise
        force.ended = clock()
        running.reset(token)
        left(force, result)
        return result

    return method


def _enter_client(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType
) -> Execution | None:
    running = current()
    if not sessions.any_open():
        return None
    if name == "get":
        dsk = args[1] if len(args) > 1 else kwargs["dsk"]
        keys = args[2] if len(args) > 2 else kwargs["keys"]
        if running is not None and not running[1] and running[0].asks_for(keys):
            return None
        return _begin(Request.of_graph(dsk, keys), frame, "distributed")
    asked = args[1] if len(args) > 1 else kwargs["collections"]
    found = [c for c in (asked if isinstance(asked, list | tuple | set) else [asked])
             if dask.base.is_dask_collection(c)]  # fmt: skip
    return _begin(Request.of_collections(found), frame, "distributed", name) if found else None
