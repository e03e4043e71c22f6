"""The sink for events: numbers what recurs, keeps what is not yet written, appends to the journal.

The hot path stores tuples that hold code objects, dtypes and chunk tuples, never arrays, graphs or
frames. They become records when the next force begins, when many have gathered, or at the end.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Hashable
from pathlib import Path
from types import CodeType
from typing import Any, TypeAlias

from lazyscope.capture.callsite import Place, Sighting
from lazyscope.capture.instruction import position_of
from lazyscope.capture.narration import narrate
from lazyscope.capture.own_failures import NO_ROOM, is_meant_for_the_program, survived, unheard
from lazyscope.capture.roles import Roles, Version
from lazyscope.errors import TraceFileError
from lazyscope.model import events
from lazyscope.model.journal import REMEDY
from lazyscope.model.journal_file import Journal, JournalFile, JournalMemory, encode_frame

GATHER = 2000
"""Calls kept in memory before they are written without a force."""

SOURCES_AFTER = 1.0
"""Seconds after which texts of libraries are written with the next force: by then they cost nothing."""

SIGHTINGS = 10_000
"""Stacks remembered by identity before all are forgotten."""

LAYOUTS = 1000
"""Chunk tuples remembered with their summary before all are forgotten."""


PACKED_BYTES = 8_000_000
"""Bytes of packed texts of files remembered before all are forgotten."""

SeenCall: TypeAlias = tuple[
    float, str, Place, Place | None, tuple[str, ...], tuple[tuple[str, Any, Any], ...], str, int | None,
    bool | None, str | None, float,
]  # fmt: skip
"""A call as the hot path stores it, in the order of `events.Call`: when it began, operation, site, user
site, names of the arrays passed, (name, dtype, chunks) of those returned, thread, force, answer, via,
seconds."""


_packed: dict[Version, bytes] = {}
"""Texts of files as they are written: every trace of a process names the same libraries."""


def _keep_packed(version: Version, packed: bytes) -> None:
    if sum(map(len, _packed.values())) + len(packed) > PACKED_BYTES:
        _packed.clear()
    _packed[version] = packed


_NUMBERED = (events.File, events.Code, events.Stack, events.Layout)
"""Kinds of records whose rows are found again by a key."""


class _Texts(dict[str, int]):
    """Numbers of texts; one that is asked for the first time gets the next, and a record."""

    def __init__(self, new: list[Any]) -> None:
        self._new = new

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        self._new.append(events.Text(text))
        return number


class Recorder:
    """Turns events into records and appends them to a journal.

    An event is recorded as a whole or not at all: where that fails, the rows that it has added to the tables
    are taken back, so that the records after it still refer to what they mean. When the journal cannot be
    written any more, recording ends, since what follows would refer to rows that were lost.

    Parameters
    ----------
    journal : JournalFile or JournalMemory
    header : Header
        Written at once.
    roles : Roles
        Says whose file a frame's is, and how files are shown.

    Attributes
    ----------
    calls : list of tuple
        Calls that are not written yet.
    ended : bool
        Whether nothing is recorded any more, since the journal could not be written.
    """

    def __init__(self, journal: Journal, header: events.Header, roles: Roles) -> None:
        self.journal = journal
        self.roles = roles
        self.header = header
        self.calls: list[SeenCall] = []
        self.ended = False
        self._lock = threading.RLock()
        self._busy = False
        self._waiting: list[Callable[[Recorder], events.Record]] = []
        self._forget()
        with self._lock:
            self._new.append(header)
            self._append_new()

    def _forget(self) -> None:
        """Start the tables anew, as a journal of its own needs."""
        self._new: list[events.Record | tuple[Any, ...]] = []
        self._numbers: dict[type, dict[Hashable, int]] = {kind: {} for kind in _NUMBERED}
        self._texts = _Texts(self._new)
        self._layers: dict[str, int] = {}
        self.known_layer = self._layers.get
        """Number of a layer by its name, None if it was never wanted."""
        self._dtypes: dict[Any, int] = {}
        self._positions: dict[tuple[int, int], int] = {}
        self._codes: dict[int, CodeType] = {}
        self._blind: dict[str, int] = {}
        self._chunks: dict[Any, int] = {}
        self._sightings: dict[int, tuple[Any, tuple[int | None, int | None, int | None]]] = {}
        self._sources: list[tuple[int, str]] = []
        self._sources_due = time.perf_counter() + SOURCES_AFTER
        self._unheard = unheard.failures
        self.looked_at: dict[int, Any] = {}
        """Stacks whose names have been looked up, by identity of their places."""
        self.bound: set[tuple[int, int]] = set()
        """Places whose names have been looked up: identity of the code object, and instruction."""
        self.names: dict[int, dict[int, tuple[Any, ...]]] = {}
        """By identity of a code object, what its names were last found to be bound to."""

    def continue_in(self, journal: Journal, header: events.Header) -> None:
        """Go on in another journal: what a forked child does."""
        self._lock = threading.RLock()
        self._busy = False
        self._waiting = []
        self.journal = journal
        self.header = header
        self.calls = []
        self._forget()
        self._new.append(header)

    # What the hot path calls

    def add_call(self, call: SeenCall) -> None:
        self.calls.append(call)
        if len(self.calls) >= GATHER:
            self.flush()

    # What is rare

    def emit(self, make: Callable[[Recorder], events.Record]) -> None:
        """Write everything gathered, then the record that `make` returns.

        Raises
        ------
        Exception
            What `make` raises; then nothing of this event is recorded.
        """
        with self._lock:
            if self.ended:
                return
            if self._busy:
                # A signal handler or a finaliser of the program has interrupted us, and computes.
                self._waiting.append(make)
                return
            self._busy = True
            try:
                self._resolve_calls()
                failure = self._resolve(make)
                if self._sources and time.perf_counter() > self._sources_due:
                    self._add_sources()
                self._append_new()
            finally:
                self._busy = False
            self._emit_waiting()
        if failure is not None:
            raise failure

    def emit_record(self, record: events.Record) -> None:
        """Write everything gathered, then a record that refers to nothing new."""
        self.emit(lambda _: record)

    def note(self, make: Callable[[Recorder], list[Any]]) -> bool:
        """Add records that are written with the next event; False where that cannot be done now.

        Raises
        ------
        Exception
            What `make` raises; then nothing of it is recorded.
        """
        with self._lock:
            if self.ended or self._busy:
                return False
            self._busy = True
            mark = self._mark()
            try:
                self._new += make(self)
            except BaseException:
                self._take_back(mark)
                raise
            finally:
                self._busy = False
            self._emit_waiting()
        return True

    def flush(self) -> None:
        """Write everything gathered."""
        with self._lock:
            if self._busy:
                return
            if self.ended:
                self.calls = []
                return
            self._busy = True
            try:
                self._resolve_calls()
                self._append_new()
            finally:
                self._busy = False
            self._emit_waiting()

    def close(self, end: events.End) -> None:
        """Write everything gathered and the last record, and let go of the journal."""
        with self._lock:
            self.flush()
            if not self.ended:
                self._add_sources()
                self._note_unheard()
                self._new += [events.BlindSpot(text, count) for text, count in self._blind.items()]
                self.emit_record(end)
            self.journal.close()

    def blind_spot(self, text: str, count: int = 1) -> None:
        """Count something that could not be seen."""
        with self._lock:
            if not self._busy:
                self._note_unheard()
            self._count_blind_spot(text, count)

    def _count_blind_spot(self, text: str, more: int) -> None:
        before = self._blind.get(text, 0)
        self._blind[text] = count = before + more
        # Powers of two only: a journal cut off later still has the order of magnitude.
        if count.bit_length() != before.bit_length():
            self._new.append(events.BlindSpot(text, count))

    def _note_unheard(self) -> None:
        """Say of failures that could only be counted that they were."""
        missed, self._unheard = unheard.failures - self._unheard, unheard.failures
        if missed > 0:
            self._count_blind_spot(NO_ROOM, missed)

    def _emit_waiting(self) -> None:
        while self._waiting:
            self.emit(self._waiting.pop(0))

    def _append_new(self) -> None:
        """Write the new records; end recording if that cannot be done."""
        if not self._new:
            return
        count = len(self._new)
        try:
            self.journal.append(encode_frame(self._new))
        except (OSError, TraceFileError) as error:
            self._end(error)
            return
        # Only now: an interrupt before it leaves all of them to be written later.
        del self._new[:count]

    def _end(self, error: OSError | TraceFileError) -> None:
        """Record nothing any more: what follows would refer to rows that were not written."""
        self.ended = True
        self._new.clear()
        self.calls = []
        self._waiting.clear()
        if isinstance(error, OSError):
            self.journal.mark_ended(error)
        why = error.strerror if isinstance(error, OSError) else str(error)
        kept = "what was recorded until then is kept" if self.journal.exists else "the trace is gone"
        narrate(f"recording has ended, since {self.journal.path} cannot be written: {why}; {kept}")

    # One event, or none of it

    def _mark(self) -> list[int]:
        """How long the tables are now."""
        return [len(self._new), *map(len, self._tables())]

    def _tables(self) -> list[Any]:
        return [
            *self._numbers.values(), self._texts, self._layers, self._dtypes, self._positions, self._codes,
            self._sources,
        ]  # fmt: skip

    def _take_back(self, mark: list[int]) -> None:
        """Forget what was added since a mark; the tables only grow, so the last ones are the new ones."""
        del self._new[mark[0] :]
        # These are cleared when they are full. What they hold is found again.
        self._chunks.clear()
        self._sightings.clear()
        for table, length in zip(self._tables(), mark[1:], strict=True):
            while len(table) > length:
                table.popitem() if isinstance(table, dict) else table.pop()

    def _resolve(self, make: Callable[[Recorder], events.Record]) -> BaseException | None:
        """Add the record of one event; return why that failed."""
        mark = self._mark()
        try:
            self._new.append(make(self))
        except BaseException as error:
            self._take_back(mark)
            return error
        return None

    def _resolve_calls(self) -> None:
        """Add the records of the calls that were gathered; one that fails costs only itself."""
        gathered, self.calls = self.calls, []
        if not gathered:
            return
        mark = self._mark()
        try:
            self._add_calls(gathered)
        except BaseException as error:
            self._take_back(mark)
            if issubclass(type(error), RecursionError) or is_meant_for_the_program(error):
                # Nothing is wrong with the calls: they are written when there is more room, or later.
                self.calls[:0] = gathered
                raise
            self._resolve_one_by_one(gathered)

    def _resolve_one_by_one(self, gathered: list[SeenCall]) -> None:
        for number, call in enumerate(gathered):
            mark = self._mark()
            try:
                self._add_calls([call])
            except BaseException as error:
                self._take_back(mark)
                if is_meant_for_the_program(error):
                    self.calls[:0] = gathered[number:]
                    raise
                survived(error)

    def _add_calls(self, gathered: list[SeenCall]) -> None:
        """Add the records of calls: tuples, since making a `Call` of each takes longer than writing it."""
        texts, dtypes, positions, layouts = self._texts, self._dtypes, self._positions, self._chunks
        add = self._new.append
        for at, operation, site, user, inputs, outputs, thread, force, answer, via, seconds in gathered:
            code, instruction = site
            here = there = positions.get((id(code), instruction))
            if here is None:
                here = there = self._new_position(code, instruction)
            if user is None:
                there = None
            elif user is not site:
                code, instruction = user
                there = positions.get((id(code), instruction))
                if there is None:
                    there = self._new_position(code, instruction)
            results = []
            for name, dtype, chunks in outputs:
                kind = dtypes.get(dtype)
                try:
                    layout = layouts.get(chunks)
                except TypeError:
                    # A size is a dask array, which has no hash.
                    layout = None
                results.append(
                    (
                        texts[name],
                        self._dtype(dtype) if kind is None else kind,
                        self.layout(chunks) if layout is None else layout,
                    )
                )
            add(
                (
                    "C", at, texts[operation], here, there, [texts[name] for name in inputs], results,
                    texts[thread], force, answer, via, seconds,
                )
            )  # fmt: skip

    # Tables: each returns the number of a row, written when it is new

    def _number(self, kind: type, key: Hashable, make: Callable[[], events.Record]) -> int:
        numbers = self._numbers[kind]
        number = numbers.get(key)
        if number is None:
            record = make()
            number = numbers[key] = len(numbers)
            self._new.append(record)
        return number

    def text(self, text: str) -> int:
        return self._texts[text]

    def dtype(self, dtype: Any) -> int:
        return self._dtype(dtype)

    def _dtype(self, dtype: Any) -> int:
        """Number of the text of a dtype, which is NumPy's or a text already."""
        number = self._dtypes.get(dtype)
        if number is None:
            number = self._dtypes[dtype] = self.text(str(dtype))
        return number

    def optional_text(self, text: str | None) -> int | None:
        return None if text is None else self.text(text)

    def layout(self, chunks: Any) -> int:
        """Number of the layout of an array with these chunks."""
        # Imports NumPy, which the program has imported by now.
        from lazyscope.capture.chunks import are_sizes, plain_chunks, summarise

        if not all(map(are_sizes, chunks)):
            chunks = plain_chunks(chunks)
        number = self._chunks.get(chunks)
        if number is None:
            layout = summarise(chunks)
            key = (tuple(layout.shape), tuple(layout.numblocks), tuple(layout.chunk))
            number = self._number(events.Layout, key, lambda: layout)
            if len(self._chunks) >= LAYOUTS:
                self._chunks.clear()
            self._chunks[chunks] = number
        return number

    def add_layer(self, name: str, layer: events.Layer) -> int:
        """Write a layer that was never wanted before, and number it."""
        number = self._layers[name] = len(self._layers)
        self._new.append(layer)
        return number

    def position(self, place: Place | None) -> int | None:
        return None if place is None else self._position(place)

    def _position(self, place: Place) -> int:
        code, instruction = place
        number = self._positions.get((id(code), instruction))
        return self._new_position(code, instruction) if number is None else number

    def _new_position(self, code: CodeType, instruction: int) -> int:
        record = self._position_record(code, instruction)
        number = self._positions[id(code), instruction] = len(self._positions)
        self._new.append(record)
        return number

    def _position_record(self, code: CodeType, instruction: int) -> events.Position:
        return events.Position(self._code(code), *position_of(code, instruction))

    def _code(self, code: CodeType) -> int:
        # Kept alive, so that no other code object gets its id.
        self._codes[id(code)] = code
        return self._number(events.Code, id(code), lambda: self._code_record(code))

    def _code_record(self, code: CodeType) -> events.Code:
        return events.Code(self._file(code.co_filename), code.co_qualname, code.co_firstlineno)

    def _file(self, filename: str) -> int:
        known = self._numbers[events.File]
        if filename not in known:
            record = self._file_record(filename)
            if record.source is None:
                self._sources.append((len(known), filename))
            known[filename] = len(known)
            self._new.append(record)
        return known[filename]

    def _file_record(self, filename: str) -> events.File:
        path, distribution = self.roles.describe(filename)
        role = self.roles.of(filename, {})
        # The user's own line is what a killed program must leave behind.
        text = self._packed_source(filename) if role == "user" else None
        return events.File(path, role, distribution, text)

    def _packed_source(self, filename: str) -> bytes | None:
        version = self.roles.version_on_disk(filename)
        packed = _packed.get(version) if version is not None else None
        if packed is not None:
            return packed
        text = self.roles.source(filename)
        if text is None:
            return None
        packed = zlib.compress(text.encode("utf-8", "replace"), 1)
        if version is not None:
            _keep_packed(version, packed)
        return packed

    def _add_sources(self) -> None:
        for number, filename in dict(self._sources).items():
            try:
                packed = self._packed_source(filename)
            except BaseException as error:
                survived(error)
                continue
            if packed is not None:
                self._new.append(events.Source(number, packed))
        self._sources.clear()

    def whereabouts(self, sighting: Sighting) -> tuple[int | None, int | None, int | None]:
        """Numbers of the stack, the site and the user site of a sighting; None for what it lacks."""
        known = self._sightings.get(id(sighting.places))
        if known is not None and known[0] is sighting.places:
            return known[1]
        stack = self._stack(sighting.places) if sighting.places else None
        numbers = stack, self.position(sighting.site), self.position(sighting.user_site)
        if len(self._sightings) >= SIGHTINGS:
            self._sightings.clear()
        self._sightings[id(sighting.places)] = (sighting.places, numbers)
        return numbers

    def _stack(self, places: list[Place]) -> int:
        positions = [self._position(place) for place in reversed(places)]
        return self._number(events.Stack, tuple(positions), lambda: events.Stack(positions))


def open_journal(path: Path | None, *, overwrite: bool = False, remedy: str = REMEDY) -> Journal:
    """A journal at `path`, or in memory without one."""
    return JournalMemory() if path is None else JournalFile(path, overwrite=overwrite, remedy=remedy)
