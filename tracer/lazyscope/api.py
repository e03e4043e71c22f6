"""What is used in programs: `trace` records a block or a function, `allow` says which forces are meant."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Token
from itertools import chain, count
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from lazyscope.decorating import decorated
from lazyscope.errors import ForceBudgetExceeded, LazyscopeError
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
        made: Any = decorated(function, lambda: _TracedCall(self._anew(), plain), by="lazyscope.trace")
        plain = getattr(made, "__func__", made)
        plain.last_trace = None
        return made  # type: ignore[no-any-return]

    def _anew(self) -> Tracing:
        """The same for another call; a file that is there stays, and the next one bears a number."""
        path = None if self._path is None else _first_free(self._path)
        return Tracing(path, max_forces=self._max_forces, on_force=self._on_force)

    def __enter__(self) -> Trace:
        from lazyscope.capture import session

        if self._session is not None:
            raise LazyscopeError("this trace is in use or finished: call lazyscope.trace() once more")
        self._session = self._trace._session = opened = session.start(path=self._path)
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
            self._trace._content = self._trace._journal_bytes()
            self._trace._session = None
        self._check_budget(opened, error)

    def _check_budget(self, opened: Session, error: BaseException | None) -> None:
        counted = opened.forces - opened.allowed
        if self._max_forces is None or counted <= self._max_forces:
            return
        from lazyscope.report.budget import exceeded

        message = exceeded(self._trace.data, self._max_forces)
        if error is None:
            raise ForceBudgetExceeded(message, trace=self._trace)
        error.add_note(f"lazyscope: {message}")


class _TracedCall:
    """The trace around one call of a decorated function."""

    def __init__(self, tracing: Tracing, function: Any) -> None:
        self._tracing = tracing
        self._function = function

    def enter(self) -> None:
        from lazyscope.capture import session

        if self._tracing._session is None:
            self._tracing.__enter__()
        else:
            session.resume(self._tracing._session)

    def leave(self) -> None:
        from lazyscope.capture import session

        assert self._tracing._session is not None
        session.suspend(self._tracing._session)

    def finish(self, error: BaseException | None) -> None:
        self._function.last_trace = self._tracing._trace
        self._tracing._close(error)


def _first_free(path: Path) -> Path:
    names = chain([path.name], (f"{path.stem}-{number}{path.suffix}" for number in count(2)))
    return next(found for found in map(path.with_name, names) if not found.exists())


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
    what the consumer of a generator does between two steps is not recorded.

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
    if callable(path) or isinstance(path, classmethod | staticmethod):
        return Tracing(max_forces=max_forces, on_force=on_force)(path)
    return Tracing(path, max_forces=max_forces, on_force=on_force)


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
        self._reason = reason
        self._blocks: list[_AllowedBlock] = []

    def __call__(self, function: F) -> F:
        """A function whose forces are meant.

        Raises
        ------
        LazyscopeError
            If it is no function.
        """
        return decorated(function, lambda: _AllowedBlock(self._reason), by="lazyscope.allow")

    def __enter__(self) -> None:
        block = _AllowedBlock(self._reason)
        block.enter()
        self._blocks.append(block)

    def __exit__(self, *error: object) -> None:
        self._blocks.pop().leave()


class _AllowedBlock:
    def __init__(self, reason: str) -> None:
        self._reason = reason
        self._begun: Token[str | None] | None = None

    def enter(self) -> None:
        from lazyscope.capture import allowed

        self._begun = allowed.begin(self._reason)

    def leave(self) -> None:
        from lazyscope.capture import allowed

        assert self._begun is not None
        allowed.end(self._begun)

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
