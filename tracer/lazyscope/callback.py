"""Calls the user's ``on_force`` with each force when it has been recorded and before it runs."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING

import msgspec

from lazyscope.capture.messages import message_of
from lazyscope.capture.narration import narrate
from lazyscope.capture.own_failures import survived
from lazyscope.capture.recorder import Recorder
from lazyscope.capture.session import Session
from lazyscope.model import events, journal
from lazyscope.model.journal_file import JournalMemory
from lazyscope.model.trace import assemble

if TYPE_CHECKING:
    from lazyscope.views import Force

_inside: ContextVar[tuple[Callback, ...]] = ContextVar("lazyscope_callbacks", default=())
"""The callbacks that the running code is part of; tasks of the forces they make have it too."""


class Callback:
    """What a session calls with each begin record.

    Parameters
    ----------
    session : Session
    on_force : callable
        The user's. Forces that it makes itself are recorded, but it is not called with them.
    """

    def __init__(self, session: Session, on_force: Callable[[Force], object]) -> None:
        self._session = session
        self._on_force = on_force

    def __call__(self, record: Callable[[Recorder], events.Record]) -> None:
        """Call back with the force that `record` makes the begin record of."""
        inside = _inside.get()
        if self in inside:
            return
        try:
            force = self._view(record)
        except Exception as error:
            survived(error)
            return
        entered = _inside.set((*inside, self))
        try:
            self._on_force(force)
        except Exception as error:
            self._report(error)
        finally:
            _inside.reset(entered)

    def _report(self, error: Exception) -> None:
        what = ": ".join(filter(None, (f"on_force raised {type(error).__name__}", message_of(error))))
        self._session.blind_spot(what)
        narrate(f"{what}; the program goes on")

    def _view(self, record: Callable[[Recorder], events.Record]) -> Force:
        """The force as a trace of its own tells it: the one that is open is not read for it."""
        from lazyscope.views import forces

        alone = Recorder(JournalMemory(), self._session.recorder.header, self._session.roles)
        alone.emit(record)
        alone.close(events.End(seconds=self._session.now(), ended="ok"))
        reading = journal.read_records(alone.journal.content())
        (begin,) = (one for one in reading.records if isinstance(one, events.ForceBegin))
        (force,) = forces(assemble(reading))
        # In a trace without its parent a force has none.
        return msgspec.structs.replace(force, parent=begin.parent)
