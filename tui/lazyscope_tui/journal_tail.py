"""Follows a journal that a program writes: only what is new is read, and what is half written waits."""

from __future__ import annotations

from pathlib import Path

from lazyscope.errors import TraceFileError
from lazyscope.model import events, journal
from lazyscope.model.trace import Assembler, Force, TraceData


class JournalTail:
    """What a journal holds so far.

    Parameters
    ----------
    path
        Of the journal, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        """Where the first frame begins that has not been read."""
        self._assembler: Assembler | None = None
        self._running: dict[int, Force] = {}

    @property
    def trace(self) -> TraceData | None:
        """Tables, calls, and forces in the order in which they began; None before the header is there."""
        return None if self._assembler is None else self._assembler.trace

    @property
    def running(self) -> list[Force]:
        """Forces that have not come back, the innermost last."""
        return list(self._running.values())

    def read(self) -> bool:
        """Read what was written since; whether there was anything.

        Raises
        ------
        TraceFileError
            If it is no journal that can be read.
        """
        content = self._new_bytes()
        start = 0
        if self._offset == 0:
            if len(content) < len(journal.MAGIC):
                return False
            if not content.startswith(journal.MAGIC):
                raise TraceFileError(f"{self.path} is not a lazyscope trace")
            start = len(journal.MAGIC)
        records, end = journal.read_frames(content, start, name=str(self.path))
        self._offset += end
        self._add(records)
        return bool(records)

    def _new_bytes(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                return file.read()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise TraceFileError(f"cannot read {self.path}: {error.strerror}") from None

    def _add(self, records: list[events.AnyRecord]) -> None:
        if not records:
            return
        if self._assembler is None:
            header = records[0]
            if not isinstance(header, events.Header):
                raise TraceFileError(f"{self.path} does not begin as a trace does")
            self._assembler = Assembler(header)
        self._assembler.add(records)
        for record in records:
            if isinstance(record, events.ForceBegin):
                self._begun(self._assembler, self._assembler.forces[record.id])
            elif isinstance(record, events.ForceEnd):
                force = self._running.pop(record.id, None)
                if force is not None:
                    force.ran_until = force.begin.at + record.seconds

    def _begun(self, assembler: Assembler, force: Force) -> None:
        force.ran_until = force.begin.at
        self._running[force.id] = force
        assembler.trace.forces.append(force)
        parent = assembler.forces.get(force.begin.parent or 0)
        if parent is not None:
            parent.children.append(force)

    def tick(self, now: float) -> None:
        """Have the forces that run last until now; seconds since the epoch, as in the header."""
        if self._assembler is not None:
            at = now - self._assembler.trace.header.started
            for force in self._running.values():
                force.ran_until = max(at, force.begin.at)
