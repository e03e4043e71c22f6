"""Sessions: which traces are open, and which of them watch the code that is running now.

A session watches either every thread of the process (``run``, the pytest plugin) or a context: the code
under ``with trace()``, its asyncio tasks, the threads and executor jobs started inside it, and the tasks
of the forces it began. A context is carried by a `ContextVar`; threads and executors, which do not carry
context variables, are told by `lazyscope.capture.threads`.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from pathlib import Path
from typing import TYPE_CHECKING

from lazyscope.capture import memory, narration, own_failures
from lazyscope.capture.callsite import Sighter, Sighting
from lazyscope.capture.messages import message_of
from lazyscope.capture.of_thread import OfThread, thread_name
from lazyscope.capture.own_failures import guarded
from lazyscope.capture.patching import Patches
from lazyscope.capture.recorder import Recorder, open_journal
from lazyscope.capture.roles import Roles
from lazyscope.capture.wrapping import FILENAME
from lazyscope.model import events
from lazyscope.model.journal import REMEDY
from lazyscope.model.journal_file import DeferredJournal

if TYPE_CHECKING:
    from lazyscope.capture.history import History
    from lazyscope.capture.partition_reads import ReadHistory


class Session:
    """One open trace: where its events go and what it has seen so far.

    Parameters
    ----------
    recorder : Recorder
    everywhere : bool
        Whether it watches every thread of the process.
    """

    def __init__(self, recorder: Recorder, *, everywhere: bool) -> None:
        self.recorder = recorder
        self.roles = recorder.roles
        self.roles.take_as_tool(FILENAME)
        self.sighter = Sighter(recorder.roles)
        self.everywhere = everywhere
        self.open = True
        self.unknown: set[str] = set()
        """Names of arrays whose shape is known to be unknown."""
        self.entries: set[str] = set()
        """Library functions that led to forces, failures and unknown shapes."""
        self.switches: dict[str, bool] = {}
        """Switches of libraries as they were at the last force."""
        self.started = time.perf_counter()
        self.forces = 0
        self.allowed = 0
        """Forces that the program has allowed; they are among `forces`."""
        self.unequal = 0
        """Comparisons with NumPy whose results differ."""
        self.on_force: Callable[[Callable[[Recorder], events.Record]], None] | None = None
        """Called when a begin record has been written, with what makes that record."""
        self.first_in: Token[tuple[Session, ...] | None] | None = None
        """Where a context has begun to be watched: takes the variable out of it again."""
        self._failures = 0
        self._recent: deque[tuple[int, float, events.Failure]] = deque(maxlen=32)
        self._lock = threading.Lock()

    @functools.cached_property
    def history(self) -> History:
        """Tasks asked for so far; made with the first force, when dask has been imported."""
        from lazyscope.capture.history import History

        return History()

    @functools.cached_property
    def reads(self) -> ReadHistory:
        """Partitions of dataframes read so far."""
        from lazyscope.capture.partition_reads import ReadHistory

        return ReadHistory()

    def now(self) -> float:
        """Seconds since this session started."""
        return time.perf_counter() - self.started

    def next_force(self, *, allowed: bool) -> int:
        with self._lock:
            self.forces += 1
            self.allowed += allowed
            return self.forces

    def reached(self, entry: str | None) -> None:
        """Note the library function that led to an event."""
        if entry is not None:
            self.entries.add(entry)

    def blind_spot(self, text: str) -> None:
        self.recorder.blind_spot(text)

    # Failures: one for each exception object

    def failed(
        self,
        error: BaseException,
        sighting: Sighting,
        *,
        operation: str | None,
        force: int | None,
        began: float = 0.0,
        escaped: bool = False,
    ) -> None:
        """Record an exception, or that one recorded before has left the traced block.

        `began` is when the call began that it passes through, on the clock of `time.perf_counter`.
        """
        for known, noted, record in reversed(self._recent):
            # Another object may have got the id; this one was on its way out when the call had begun.
            same = known == id(error) and record.type == type(error).__name__
            if same and (escaped or began <= noted) and record.message == message_of(error):
                if escaped and not record.escaped:
                    self._escaped(record)
                return
        self.reached(sighting.entry)
        self.recorder.emit(
            lambda recorder: self._failure(recorder, error, sighting, operation, force, escaped)
        )

    def _failure(
        self,
        recorder: Recorder,
        error: BaseException,
        sighting: Sighting,
        operation: str | None,
        force: int | None,
        escaped: bool,
    ) -> events.Failure:
        self._failures += 1
        record = events.Failure(
            at=self.now(),
            type=type(error).__name__,
            message=message_of(error),
            escaped=escaped,
            site=recorder.position(sighting.site),
            user_site=recorder.position(sighting.user_site),
            entry=recorder.optional_text(sighting.entry),
            stack=recorder.whereabouts(sighting)[0],
            thread=recorder.text(thread_name()),
            operation=recorder.optional_text(operation),
            force=force,
            id=self._failures,
        )
        self._recent.append((id(error), time.perf_counter(), record))
        return record

    def _escaped(self, known: events.Failure) -> None:
        fields = {name: getattr(known, name) for name in known.__struct_fields__}
        self.recorder.emit(lambda _: events.Failure(**(fields | {"escaped": True})))


# Which sessions are open, and which watch the running code

watching_all: tuple[Session, ...] = ()
_open: tuple[Session, ...] = ()
scope: ContextVar[tuple[Session, ...] | None] = ContextVar("lazyscope", default=None)


class _Nobody(tuple["Session", ...]):
    """The sessions that watch what no session watches, those included that watch everything."""

    __slots__ = ()

    def __bool__(self) -> bool:
        # Threads and executors hand on what is true.
        return True


_NOBODY = _Nobody()
of_thread: OfThread[tuple[Session, ...]] = OfThread()
_patches: Patches | None = None
_holders = 0
"""Who wants the sensors to stay in place between traces."""
_threads_watched = False
_lock = threading.RLock()


def watching() -> tuple[Session, ...]:
    """The open sessions that watch the running code."""
    scoped = scope.get()
    if scoped is None:
        if not of_thread.known:
            return watching_all
        scoped = _inherited()
    if scoped is _NOBODY:
        return ()
    for session in scoped:
        if not session.open:
            scoped = tuple(s for s in scoped if s.open)
            break
    return watching_all + scoped


def any_open() -> bool:
    return bool(_open)


def not_watching() -> list[Session]:
    """Open sessions that do not watch the running code, though they might."""
    if scoped_sessions() is _NOBODY:
        return []
    here = watching()
    return [session for session in _open if session not in here]


def _inherited() -> tuple[Session, ...]:
    """What the starter of this thread was watched by."""
    found = of_thread.here() or ()
    if found is not _NOBODY:
        found = tuple(s for s in found if s.open)
    if found:
        # The thread's own context says so from now on: dask's pool carries it into the tasks of its forces.
        scope.set(found)
    return found


def scoped_sessions() -> tuple[Session, ...]:
    """Sessions that watch the running context, without those that watch everything."""
    scoped = scope.get()
    return scoped if scoped is not None else _inherited()


def let_thread_inherit(thread: threading.Thread) -> None:
    """Have a thread watched by the sessions that watch its starter."""
    scoped = scoped_sessions()
    if scoped:
        of_thread.set(thread, scoped)


def enter(sessions: tuple[Session, ...]) -> Token[tuple[Session, ...] | None]:
    """Have these sessions watch what follows in this context, until `leave`."""
    return scope.set(sessions)


def leave(entered: Token[tuple[Session, ...] | None]) -> None:
    scope.reset(entered)


@contextmanager
def unwatched() -> Iterator[None]:
    """Have no session watch a block: what lazyscope computes for itself."""
    entered = enter(_NOBODY)
    try:
        yield
    finally:
        leave(entered)


def start(
    *,
    path: Path | None = None,
    overwrite: bool = False,
    everywhere: bool = False,
    roles: Roles | None = None,
    argv: list[str] | None = None,
    array_api_set: bool = False,
    remedy: str = REMEDY,
) -> Session:
    """Open a session and begin to watch.

    Raises
    ------
    lazyscope.errors.TraceFileError
        If the journal cannot be created; nothing is changed then.
    """
    global watching_all, _open
    with _lock:
        if not _open:
            narration.remember()
        journal = open_journal(path, overwrite=overwrite, remedy=remedy)
        header = _header(argv or [], array_api_set)
        session = Session(Recorder(journal, header, roles or Roles()), everywhere=everywhere)
        if _patches is None:
            _install()
        _open = (*_open, session)
        _carry_into_threads()
        if everywhere:
            watching_all = (*watching_all, session)
        else:
            resume(session)
        session.started = time.perf_counter()
        return session


def resume(session: Session) -> None:
    """Have a session watch what follows in this context."""
    entered = scope.set((*scoped_sessions(), session))
    if entered.old_value is Token.MISSING:
        session.first_in = entered


def suspend(session: Session) -> None:
    """Have a session watch this context no longer; what it has begun elsewhere it goes on watching."""
    others = tuple(s for s in scoped_sessions() if s is not session)
    entered, session.first_in = session.first_in, None
    if entered is not None and not others:
        # The context is as it was, without a variable of ours; a block may end in another one.
        with suppress(ValueError):
            scope.reset(entered)
            return
    scope.set(others or None)


def stop(session: Session, end: events.End | None = None) -> None:
    """Close a session; with the last one everything is put back as it was."""
    global watching_all, _open
    with _lock:
        if not session.open:
            return
        session.open = False
        _open = tuple(s for s in _open if s is not session)
        watching_all = tuple(s for s in watching_all if s is not session)
        suspend(session)
        try:
            if not (_open or _holders):
                _uninstall(session)
        finally:
            _close(session, end or events.End(seconds=session.now(), ended="ok"))


def hold() -> None:
    """Keep the sensors in place between traces until `release`, for those who open one after another."""
    global _holders
    with _lock:
        if _patches is None:
            _install()
        _holders += 1


def release() -> None:
    """Take away what `hold` kept, unless a trace is open."""
    global _holders
    with _lock:
        _holders -= 1
        if not (_open or _holders):
            _uninstall()


@guarded
def _close(session: Session, end: events.End) -> None:
    from lazyscope.capture import capabilities

    capabilities.note(session)
    session.recorder.close(end)
    if not (session.recorder.ended or session.recorder.journal.exists):
        narration.narrate(f"{session.recorder.journal.path} was removed or replaced while the program ran")


def _header(argv: list[str], array_api_set: bool) -> events.Header:
    from lazyscope._version import __version__
    from lazyscope.capture.environment import versions, without_home, without_secrets
    from lazyscope.model.journal import FORMAT_VERSION

    return events.Header(
        version=FORMAT_VERSION,
        lazyscope=__version__,
        started=time.time(),
        argv=without_home(without_secrets(argv)),
        versions=versions(),
        array_api_set=array_api_set,
        memory_limit=memory.limit_bytes(),
    )


def _install() -> None:
    """Put every sensor in place, or none."""
    global _patches
    from lazyscope.capture import sensors

    patches = Patches()
    try:
        sensors.install(patches)
    except BaseException:
        patches.undo()
        raise
    _patches = patches


def _carry_into_threads() -> None:
    """Threads and executors are watched once the first trace needs them to be."""
    global _threads_watched
    if not _threads_watched and _patches is not None:
        from lazyscope.capture import threads

        threads.install(_patches)
        _threads_watched = True


def _uninstall(session: Session | None = None) -> None:
    global _patches, _threads_watched
    from lazyscope.capture import sensors

    patches, _patches = _patches, None
    _threads_watched = False
    if patches is not None:
        for attribute in patches.undo():
            if session is not None:
                session.blind_spot(f"{attribute} was replaced by the program while it was watched")
    sensors.forget()


def installed_patches() -> Patches | None:
    """Where sensors for modules imported later register what they change."""
    return _patches


@own_failures.report_to
def _say_in_every_trace(text: str) -> None:
    for session in _open:
        session.blind_spot(text)


# A forked child writes a file of its own


@guarded
def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.RLock()
    for session in _open:
        session._lock = threading.Lock()
        continue_in_child(session, session.recorder.journal.path, "forked")
        from lazyscope.capture import spawned

        spawned.end_with_process(session)


def continue_in_child(session: Session, path: Path | None, process: str) -> None:
    """Go on in a file of this process's own beside `path`, its parent's; nowhere without one."""
    child = path.with_name(f"{path.stem}-{os.getpid()}{path.suffix}") if path else None
    header = session.recorder.header
    fields = {name: getattr(header, name) for name in header.__struct_fields__}
    session.recorder.continue_in(DeferredJournal(child), events.Header(**(fields | {"process": process})))


def _after_fork_in_parent() -> None:
    if _open:
        from lazyscope.capture import spawned

        spawned.note_forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
