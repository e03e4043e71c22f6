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
from typing import Any, NamedTuple

import dask.base
import dask.local
import dask.multiprocessing
import dask.threaded

from lazyscope.capture import session as sessions
from lazyscope.capture.execution import Execution, Request
from lazyscope.capture.own_failures import guarded, survived, unheard
from lazyscope.capture.patching import Patches
from lazyscope.capture.running import current
from lazyscope.capture.running import running as _running
from lazyscope.capture.session import Session
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

    @guarded
    def hand_over(found: Any, caller: FrameType, kwargs: dict[str, Any]) -> Any:
        kind = requests.get(id(caller.f_code))
        if kind is None or found is None or not sessions.any_open():
            return None
        client = _owner(found)
        if kind == "persist" and client is not None and hasattr(type(client), "persist"):
            return None
        return _watched_schedule(found, _request(kind, caller, kwargs))

    watched = _make_get_scheduler(original, hand_over, sys._getframe, without_catcher, unheard)
    return functools.wraps(original)(watched)


@unseen
def _make_get_scheduler(
    original: Any, hand_over: Any, frame_at: Any, unmark: Any, unheard: Any
) -> Callable[..., Any]:
    def get_scheduler(*args: Any, **kwargs: Any) -> Any:
        try:
            found = original(*args, **kwargs)
        except BaseException as error:
            unmark(error)
            raise
        watched = None
        try:
            watched = hand_over(found, frame_at(1), kwargs)
        except RecursionError:
            unheard.failures += 1
        return found if watched is None else watched

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
    @guarded
    def enter(args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType) -> _Entered:
        force = _begin(request.handed(*_graph_and_keys(args, kwargs)), frame, scheduler_name(found))
        return _Entered(force, args, own=True)

    return _make_watched(found, enter, in_task=False)


def _graph_and_keys(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """What a scheduler of dask's form is called with, by place or by name."""
    graph = args[0] if args else kwargs["dsk"]
    return graph, args[1] if len(args) > 1 else kwargs["keys"]


class _Entered(NamedTuple):
    """What is known when a scheduler is about to begin."""

    force: Execution
    args: tuple[Any, ...]
    """What the scheduler is called with."""
    own: bool
    """Whether this is where the force begins, rather than a scheduler at work on one that has begun."""


def _make_watched(original: Any, enter: Any, *, in_task: bool) -> Callable[..., Any]:
    """A scheduler that does what `original` does; `enter` says which force that is, None for none."""
    return _make_schedule(original, enter, in_task, _leave, _running, perf_counter, sys._getframe, unheard)


@unseen
def _make_schedule(
    original: Any,
    enter: Any,
    in_task: bool,
    leave: Any,
    running: Any,
    clock: Any,
    frame_at: Any,
    unheard: Any,
) -> Callable[..., Any]:
    def schedule(*args: Any, **kwargs: Any) -> Any:
        entered = token = None
        try:
            entered = enter(args, kwargs, frame_at(1))
        except RecursionError:
            unheard.failures += 1
        if entered is not None:
            args = entered.args
            token = running.set((entered.force, in_task))
            if entered.own:
                entered.force.began = clock()
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            if token is not None:
                running.reset(token)
            try:
                leave(entered, None, error)
            except RecursionError:
                unheard.failures += 1
            raise
        if token is not None:
            running.reset(token)
            try:
                leave(entered, result, None)
            except RecursionError:
                unheard.failures += 1
        return result

    return schedule


@guarded
def _leave(entered: _Entered | None, result: Any, failure: BaseException | None) -> None:
    """Note that a scheduler has come back; an exception on its way loses the frame that stands in."""
    if failure is not None:
        without_catcher(failure)
    if entered is None or not entered.own:
        return
    entered.force.ended = perf_counter()
    if failure is None:
        entered.force.end(result=result)
    else:
        entered.force.end(failure=failure)


# get_async


def _watched_get_async(original: Callable[..., Any]) -> Callable[..., Any]:
    return functools.wraps(original)(_make_watched(original, guarded(_enter_get_async), in_task=True))


def _enter_get_async(args: tuple[Any, ...], _: dict[str, Any], frame: FrameType) -> _Entered | None:
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
    dsk = force.see_graph(dsk, keys)
    return _Entered(force, (_watched_submit(submit, force), workers, dsk, keys, *rest), own)


def _timed_batch(original: Callable[..., Any]) -> Callable[..., Any]:
    """`dask.local.batch_execute_tasks`, adding the time it takes to its force's; pickled by reference."""
    watched = _make_batch(original, _running.get, perf_counter, get_ident, without_catcher)
    return functools.wraps(original)(watched)


@unseen
def _make_batch(original: Any, running: Any, clock: Any, thread: Any, unmark: Any) -> Callable[..., Any]:
    def batch_execute_tasks(it: Any) -> Any:
        inside = running()
        began = clock()
        try:
            return original(it)
        except BaseException as error:
            unmark(error)
            raise
        finally:
            if inside is not None:
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

    @unseen
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        token = _running.set((self._force, True))
        scope = sessions.enter(self._scope)
        try:
            return self._function(*args, **kwargs)
        except BaseException as error:
            without_catcher(error)
            raise
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
    if issubclass(type(_owner(submit)), _CARRIES_CONTEXT):
        return submit
    scope = sessions.scoped_sessions()
    return _make_submit(submit, lambda function: _Task(function, force, scope), without_catcher)


@unseen
def _make_submit(submit: Any, in_force: Any, unmark: Any) -> Callable[..., Any]:
    def watched(function: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return submit(in_force(function), *args, **kwargs)
        except BaseException as error:
            unmark(error)
            raise

    return watched


# Begin and end of a force


def _begin(request: Request, frame: FrameType, scheduler: str, method: str | None = None) -> Execution:
    """The force that begins now; it is one force even where recording that has failed."""
    running = current()
    force = Execution(request, scheduler, parent=running[0] if running is not None else None)
    try:
        watching = sessions.watching()
        if running is None or running[1]:
            for session in sessions.not_watching():
                session.blind_spot("a force outside the traced context")
        if not watching:
            # Nobody's, but what runs it is to be counted once, too.
            return force
        force.begin(watching, frame, method)
        if scheduler in _ELSEWHERE:
            for session in watching:
                session.blind_spot(_ELSEWHERE[scheduler])
    except BaseException as error:
        survived(error)
    return force


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
    if type(schedule) is functools.partial and schedule.args:
        return executor_name(schedule.args[0])
    owner = _owner(schedule)
    if str(type(owner).__module__).startswith("distributed"):
        return "distributed"
    return "custom"


def _owner(function: Any) -> Any:
    """The object a method belongs to; other callables are asked nothing, as they may answer anything."""
    kind = type(function)
    return function.__self__ if kind is MethodType or kind is BuiltinMethodType else None


def executor_name(submit: Any) -> str:
    """The kind of scheduler that an executor's ``submit`` makes."""
    kind = type(_owner(submit))
    if issubclass(kind, dask.local.SynchronousExecutor):
        return "sync"
    if issubclass(kind, ThreadPoolExecutor):
        return "threads"
    if issubclass(kind, ProcessPoolExecutor):
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
    enter = guarded(functools.partial(_enter_client, name))
    return functools.wraps(original)(_make_watched(original, enter, in_task=True))


def _enter_client(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType
) -> _Entered | None:
    running = current()
    if not sessions.any_open():
        return None
    if name == "get":
        dsk = args[1] if len(args) > 1 else kwargs["dsk"]
        keys = args[2] if len(args) > 2 else kwargs["keys"]
        if running is not None and not running[1] and running[0].asks_for(keys):
            return None
        return _Entered(_begin(Request.of_graph(dsk, keys), frame, "distributed"), args, own=True)
    asked = args[1] if len(args) > 1 else kwargs["collections"]
    several = asked if issubclass(type(asked), list | tuple | set | frozenset) else [asked]
    found = [c for c in several if dask.base.is_dask_collection(c)]
    if not found:
        return None
    return _Entered(_begin(Request.of_collections(found), frame, "distributed", name), args, own=True)
