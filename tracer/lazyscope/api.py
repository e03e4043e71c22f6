"""What is used in programs: `trace` records a block or a function, `allow` says which forces are meant."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from lazyscope.capture import allowed
from lazyscope.decorating import decorated
from lazyscope.errors import ForceBudgetExceeded, LazyscopeError, TraceFileError
from lazyscope.traces import Trace

if TYPE_CHECKING:
    from lazyscope.capture.session import Session
    from lazyscope.views import Force

F = TypeVar("F")


class Tracing:
    """What `trace` returns: a block to enter with ``with``, once, or a decorator.

    A decorated function has a trace of its own for each call; the one that ended last is its
    attribute ``last_trace``.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        max_forces: int | None = None,
        on_force: Callable[[Force], object] | None = None,
    ) -> None:
        if max_forces is not None and max_forces < 0:
            raise LazyscopeError(f"max_forces={max_forces} allows less than no force: give 0 or more")
        self._path = None if path is None else Path(path)
        self._max_forces = max_forces
        self._on_force = on_force
        self._trace = Trace(name=str(path) if path is not None else "trace")
        self._session: Session | None = None

    def __call__(self, function: F) -> F:
        """A function that is traced each time it is called.

        Raises
        ------
        LazyscopeError
            If it is no function.
        """
        made: Any = decorated(function, lambda: _TracedCall(self, plain), by="lazyscope.trace")
        plain = getattr(made, "__func__", made)
        plain.last_trace = None
        return made  # type: ignore[no-any-return]

    def _entered_anew(self) -> Tracing:
        """The same for another call; a file that is there stays, and the next one bears a number."""
        for path in [None] if self._path is None else _numbered(self._path):
            if path is not None and os.path.lexists(path):
                continue
            another = Tracing(path, max_forces=self._max_forces, on_force=self._on_force)
            try:
                another.__enter__()
            except TraceFileError as error:
                # Another thread or process may have taken the name meanwhile.
                if not isinstance(error.__context__, FileExistsError):
                    raise
            else:
                return another
        raise TraceFileError(f"cannot write {self._path}: it is a directory; give the path of a file")

    def __enter__(self) -> Trace:
        from lazyscope.capture import session

        if self._session is not None:
            raise LazyscopeError("this trace is in use or finished: call lazyscope.trace() once more")
        opened = session.start(path=self._path, remedy="give another path")
        self._session = self._trace._session = opened
        if self._on_force is not None:
            from lazyscope.callback import Callback

            opened.on_force = Callback(opened, self._on_force)
        return self._trace

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close(error)

    def _close(self, error: BaseException | None) -> None:
        if sys.is_finalizing():
            # A generator that nobody closed: nothing can be imported any more. Its file has no end.
            return
        from lazyscope.capture import session
        from lazyscope.capture.escaped import note_escaped
        from lazyscope.capture.program import without_own_frames
        from lazyscope.model import events

        opened = self._session
        assert opened is not None
        ended = "ok"
        try:
            if error is not None and not isinstance(error, GeneratorExit):
                ended = "exception"
                note_escaped(opened, error)
                without_own_frames(error)
        finally:
            exception = type(error).__name__ if error is not None and ended == "exception" else None
            session.stop(opened, events.End(seconds=opened.now(), ended=ended, exception=exception))
            self._trace._end()
        self._check_budget(opened, error)

    def _check_budget(self, opened: Session, error: BaseException | None) -> None:
        counted = opened.forces - opened.allowed
        if self._max_forces is None or counted <= self._max_forces:
            return
        from lazyscope.report.budget import exceeded

        message = exceeded(self._trace.data, self._max_forces)
        if error is None:
            raise ForceBudgetExceeded(message, trace=self._trace)
        if isinstance(error, GeneratorExit):
            # A generator that is closed has ended as it should; a note on this nobody would see.
            raise ForceBudgetExceeded(message, trace=self._trace) from None
        try:
            error.add_note(f"lazyscope: {message}")
        except Exception:
            # An exception that lets nothing be set, such as a frozen dataclass.
            from lazyscope.capture.narration import narrate

            narrate(message)


class _TracedCall:
    """The trace around one call of a decorated function."""

    def __init__(self, tracing: Tracing, function: Any) -> None:
        self._decorator = tracing
        self._function = function
        self._tracing: Tracing | None = None

    def enter(self) -> None:
        if self._tracing is None:
            self._tracing = self._decorator._entered_anew()
        elif not sys.is_finalizing():
            from lazyscope.capture import session

            session.resume(self._session)

    def leave(self) -> None:
        if not sys.is_finalizing():
            from lazyscope.capture import session

            session.suspend(self._session)

    def finish(self, error: BaseException | None) -> None:
        assert self._tracing is not None
        try:
            self._tracing._close(error)
        finally:
            self._function.last_trace = self._tracing._trace

    @property
    def _session(self) -> Session:
        assert self._tracing is not None
        assert self._tracing._session is not None
        return self._tracing._session


def _numbered(path: Path) -> Iterator[Path]:
    """``t.lazy``, ``t-2.lazy``, ``t-3.lazy`` and so on; none for a path without a name, such as ``.``."""
    if path.name:
        yield path
        yield from (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))


@overload
def trace(path: F, /) -> F: ...
@overload
def trace(
    path: str | Path | None = None,
    *,
    max_forces: int | None = None,
    on_force: Callable[[Force], object] | None = None,
) -> Tracing: ...
def trace(
    path: Any = None,
    *,
    max_forces: int | None = None,
    on_force: Callable[[Force], object] | None = None,
) -> Any:
    """Record what a block or a function does on dask arrays.

    ``with lazyscope.trace() as t:`` records the block: its own context, asyncio tasks, threads and
    executor jobs started inside it. ``@lazyscope.trace`` and ``@lazyscope.trace(...)`` record each call
    of a function, method, generator or async function, and keep the latest as ``function.last_trace``;
    what the consumer of a generator does between two steps is not recorded. Other decorators, but for
    `classmethod` and `staticmethod`, go below it.

    Parameters
    ----------
    path : str or Path, optional
        Where the trace is written while the block runs. Without it events are kept in memory, and
        nothing is left if the process is killed. Later calls of a decorated function go to files of
        their own: ``name-2.lazy``, ``name-3.lazy``.
    max_forces : int, optional
        The budget: how many forces are in order, not counting those under `allow`.
    on_force : callable, optional
        Called with each force when it has been recorded and before it runs: what is known only after
        it is None. An exception that it raises is reported on stderr, and the program goes on.

    Raises
    ------
    TraceFileError
        On entering, if `path` exists or cannot be written.
    ForceBudgetExceeded
        On leaving, if there were more than `max_forces`. If an exception is on its way already, that
        one gets a note instead.

    Examples
    --------
    >>> with lazyscope.trace() as t:                       # doctest: +SKIP
    ...     codebook, _ = scipy.cluster.vq.kmeans(obs, 3)
    >>> t.show()                                           # doctest: +SKIP

    >>> @lazyscope.trace(max_forces=1)                     # doctest: +SKIP
    ... def pipeline(x): ...
    """
    if path is None or isinstance(path, str | os.PathLike):
        where = None if path is None else Path(path)
        return Tracing(where, max_forces=max_forces, on_force=on_force)
    return Tracing(max_forces=max_forces, on_force=on_force)(path)


class allow:  # noqa: N801  (used like a function, and named as one)
    """Say that the forces of a block or a function are meant.

    They stay in the totals and carry the reason; they count neither for budgets nor for severity. So do
    the forces of asyncio tasks, threads and executor jobs started inside.

    Parameters
    ----------
    reason : str
        Why they are meant.

    Raises
    ------
    LazyscopeError
        If there is no reason.

    Examples
    --------
    >>> with lazyscope.allow("the table is small"):        # doctest: +SKIP
    ...     labels = labels.compute()

    >>> @lazyscope.allow("writes the result")              # doctest: +SKIP
    ... def save(x): ...
    """

    def __init__(self, reason: str) -> None:
        if not isinstance(reason, str) or not reason.strip():
            raise LazyscopeError('lazyscope.allow needs a reason: lazyscope.allow("why this may compute")')
        self._block = _AllowedBlock(reason)

    def __call__(self, function: F) -> F:
        """A function whose forces are meant.

        Raises
        ------
        LazyscopeError
            If it is no function.
        """
        return decorated(function, lambda: self._block, by="lazyscope.allow")

    def __enter__(self) -> None:
        self._block.enter()

    def __exit__(self, *error: object) -> None:
        self._block.leave()


class _AllowedBlock:
    """Any number of blocks with one reason, also one inside another and in several threads at once."""

    def __init__(self, reason: str) -> None:
        self._said = allowed.Said(reason)

    def enter(self) -> None:
        allowed.say(self._said)

    def leave(self) -> None:
        allowed.end(self._said)

    def finish(self, error: BaseException | None) -> None:
        """Nothing is left to do."""


def namespace(xp: ModuleType) -> Any:
    """The recording namespace of an array-API namespace.

    It behaves as `xp` itself, has the same name, and pickles as `xp`. While a trace is open the dask
    namespaces are recorded without it; it is for code that is handed a namespace and should be recorded
    whatever namespace that is.

    Parameters
    ----------
    xp : module
        For example ``array_api_compat.dask.array`` or ``dask.array``.
    """
    from lazyscope.capture.namespace import proxy_of

    return proxy_of(xp)
