"""One force while it runs: what it asks for, who asked, and what came back."""

from __future__ import annotations

import linecache
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from time import perf_counter
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from dask._expr import Expr
from dask.utils import key_split

from lazyscope.capture import allowed, bindings, memory
from lazyscope.capture.callsite import Sighting, trigger_of
from lazyscope.capture.demand import Demand, demand_of
from lazyscope.capture.instruction import position_of
from lazyscope.capture.layers import Group, group_of_keys, noted
from lazyscope.capture.narration import narrate
from lazyscope.capture.of_thread import thread_name
from lazyscope.capture.own_failures import survived
from lazyscope.capture.plain import flat, is_plain, itemsize_of, name_of, numpy, stored, total_of
from lazyscope.capture.recorder import Recorder
from lazyscope.capture.session import Session
from lazyscope.capture.switches import switches
from lazyscope.model import events

if TYPE_CHECKING:
    from lazyscope.capture.partition_reads import Reads

WORTH_A_LOOK = 64 * 1024 * 1024
"""Results of at least this many bytes have the free memory read before the force."""

WORTH_A_PEAK = 1_000_000
"""Bytes of the largest chunk or the result from which the highest resident size is looked at."""

_peaks = memory.PeakReader()

_T = TypeVar("_T")


class Request:
    """What is asked of a scheduler.

    Attributes
    ----------
    collections : list or None
        The unoptimised collections, where they are known.
    graph, keys
        Else the graph and the keys wanted of it.
    """

    def __init__(self, collections: list[Any] | None, graph: Any, keys: Any) -> None:
        self.collections = collections
        self.graph = graph
        self.keys = keys
        self.final: Any = None
        self.final_keys: Any = None

    @classmethod
    def of_collections(cls, collections: list[Any]) -> Request:
        return cls(collections, None, None)

    @classmethod
    def of_graph(cls, graph: Any, keys: Any) -> Request:
        return cls(None, graph, keys)

    def handed(self, graph: Any, keys: Any) -> Request:
        """Note what is really handed to the scheduler."""
        self.final = graph
        self.final_keys = keys
        return self

    def demand(self) -> Demand:
        if self.collections is None:
            return demand_of([(_materialised(self.graph), flat(self.keys))])
        graphs, expressions, exact = [], False, True
        for collection in self.collections:
            if is_graph_array(collection):
                graphs.append((collection.dask, collection._name))
            elif is_expression(collection):
                expressions = True
            elif (asked := _tried(lambda one=collection: _wanted_of(one), None)) is not None:  # type: ignore[misc]
                graphs.append(asked)
            else:
                exact = False
        demand = demand_of(graphs)
        if not exact:
            demand = demand._replace(exact=False)
        return self._with_expressions(demand) if expressions else demand

    def _with_expressions(self, demand: Demand) -> Demand:
        """The demand of dask.dataframe's collections, read off the expression that is handed over."""
        from lazyscope.capture.partition_reads import tasks_in_expression

        tasks = tasks_in_expression(self.final)
        if tasks is None:
            return demand._replace(exact=False)
        groups = [group_of_keys(name, keys) for name, keys in tasks.items() if keys]
        return demand._replace(groups=[*groups, *demand.groups])

    def results(self) -> list[str]:
        """Names of what is asked for."""
        if self.collections is not None:
            return [_name(c) for c in self.collections]
        return [name_of(key) for key in flat(self.keys)[:100]]

    def expected_bytes(self) -> int | None:
        """Bytes of the results, from shapes and dtypes; None where one is unknown."""
        if self.collections is None or not self.collections:
            return None
        total = 0
        for collection in self.collections:
            size = _array_bytes(collection) if is_graph_array(collection) else None
            if size is None:
                return None
            total += size
        return total


def is_graph_array(collection: Any) -> bool:
    """Whether a collection is a dask array that is backed by a graph."""
    core = sys.modules.get("dask.array.core")
    return core is not None and issubclass(type(collection), core.Array)


def is_expression(collection: Any) -> bool:
    """Whether a collection is backed by an expression rather than by a graph (dask.dataframe)."""
    return issubclass(type(stored(collection, "_expr")), Expr)


def _wanted_of(collection: Any) -> tuple[Any, Any]:
    return collection.__dask_graph__(), flat(list(collection.__dask_keys__()))


def _materialised(graph: Any) -> Any:
    return graph if issubclass(type(graph), Mapping) else graph.__dask_graph__()


def _name(collection: Any) -> str:
    if is_graph_array(collection):
        return str(collection._name)
    if is_expression(collection):
        return str(stored(collection, "_expr")._name)
    for attribute in ("_name", "key", "_key"):
        name = stored(collection, attribute)
        if type(name) is str:
            return name
    return type(collection).__name__


def _array_bytes(array: Any) -> int | None:
    meta, np = array._meta, numpy()
    if issubclass(type(meta), np.ndarray):
        size = itemsize_of(np.ndarray.dtype.__get__(meta))
    else:
        size = itemsize_of(noted(array.dask.layers.get(array._name), "dtype"))
    for sizes in array._chunks:
        length = total_of(sizes)
        if length is None or size is None:
            return None
        size *= length
    return size


def _same(key: Any) -> Any:
    """What stands for a key where keys are compared."""
    return key if is_plain(key) else id(key)


def _tried(make: Callable[[], _T], otherwise: _T) -> _T:
    """What one step makes of it; the others go on without where it fails."""
    try:
        return make()
    except BaseException as error:
        survived(error)
        return otherwise


_NOTHING_KNOWN = Demand([], exact=False)


class Execution:
    """A force, for every session that watches it."""

    def __init__(self, request: Request, scheduler: str, parent: Execution | None) -> None:
        self.request: Request | None = request
        self.scheduler = scheduler
        self.parent = parent
        self.allowed: str | None = allowed.reason() or (parent.allowed if parent is not None else None)
        self.began = self.ended = perf_counter()
        self._ids: list[tuple[Session, int]] = []
        self._users: dict[Session, tuple[Any, str | None]] = {}
        self.worked: defaultdict[int, float] = defaultdict(float)
        """Seconds each thread has spent on its tasks, by thread."""
        self._peak_before: int | None = None
        self._graph: tuple[Any, Any] | None = None
        self._reads: Reads | None = None

    def id_in(self, session: Session) -> int | None:
        """Its id in the trace of a session, or the nearest enclosing force's that is there."""
        force: Execution | None = self
        while force is not None:
            for known, number in force._ids:
                if known is session:
                    return number
            force = force.parent
        return None

    def asks_for(self, keys: Any) -> bool:
        """Whether a scheduler that asks for these keys is at work on this very force."""
        if self.request is None:
            return False
        mine = self.request.final_keys
        return mine is keys or set(map(_same, flat(keys))) <= set(map(_same, flat(mine)))

    def see_graph(self, graph: Any, keys: Any) -> Any:
        """Look at the graph that a local scheduler is about to run; return what to run."""
        if "dask.dataframe" not in sys.modules:
            return graph
        if not issubclass(type(graph), Mapping):
            # What the scheduler would do next; done once, so that both see the same tasks.
            graph = graph.__dask_graph__()
        self._graph = (graph, keys)
        return graph

    def _expected_reads(self) -> Reads | None:
        """What it reads, as far as that can be told before it runs."""
        if "dask.dataframe" not in sys.modules or self.request is None:
            return None
        from lazyscope.capture.partition_reads import reads_in_expression, reads_in_graph

        if self.request.collections is None:
            graph = self.request.graph
            return reads_in_graph(graph, self.request.keys) if issubclass(type(graph), Mapping) else None
        return reads_in_expression(self.request.final)

    def _actual_reads(self) -> Reads | None:
        """What it has read: the footers of Parquet files are known now."""
        if self._graph is None:
            return self._reads
        from lazyscope.capture.partition_reads import reads_in_graph

        return reads_in_graph(*self._graph)

    # Begin

    def begin(self, watching: tuple[Session, ...], frame: FrameType, method: str | None = None) -> None:
        """Write the begin record in every trace.

        `method` is the function of dask that a recorded one stands for, and whose frame is not there yet.
        """
        request = self.request
        assert request is not None
        try:
            self._begin(request, watching, frame, method)
        finally:
            # Nothing of the program is kept alive while it runs.
            request.collections = request.graph = request.final = None

    def _begin(
        self, request: Request, watching: tuple[Session, ...], frame: FrameType, method: str | None
    ) -> None:
        demand = _tried(request.demand, _NOTHING_KNOWN)
        expected = _tried(request.expected_bytes, None)
        results: list[str] = _tried(request.results, [])
        largest = max([g.chunk_bytes for g in demand.groups if g.chunk_bytes], default=None)
        if largest is None or largest >= WORTH_A_PEAK or (expected or 0) >= WORTH_A_PEAK:
            self._peak_before = _peaks.before()
        if "dask.dataframe" in sys.modules:
            self._reads = _tried(self._expected_reads, None)
        switched = _tried(switches, None)
        known = demand, expected, results, largest
        for session in watching:
            try:
                if switched is not None and session.switches != switched:
                    _note_switches(session, switched)
                sighting = session.sighter.sight(frame)
                if method is not None:
                    sighting = sighting._replace(inner=[*sighting.inner, method])
                bindings.note(session, sighting, frame)
                self._begin_in(session, sighting, *known)
            except BaseException as error:
                # The other sessions are told all the same.
                survived(error)

    def _begin_in(
        self,
        session: Session,
        sighting: Sighting,
        demand: Demand,
        expected: int | None,
        results: list[str],
        largest: int | None,
    ) -> None:
        number = session.next_force(allowed=self.allowed is not None)
        asked = session.history.ask(demand, number)
        trigger = trigger_of(sighting.inner)
        user_site, entry, inherited = self._user(session, sighting)
        session.reached(entry)
        if trigger == "store":
            # The arrays asked for have the shape of what is written, and come back empty.
            expected = None
        free = memory.free_bytes() if expected is not None and expected >= WORTH_A_LOOK else None
        resident = memory.resident_bytes()
        reads = self._reads.units if self._reads is not None else ()

        def record(recorder: Recorder) -> events.Record:
            wanted, known_layer, Wanted = [], recorder.known_layer, events.Wanted  # noqa: N806
            tasks = repeated = 0
            for one in asked:
                group, again = one.group, one.repeated
                tasks += group.tasks
                repeated += again
                layer = known_layer(group.name)
                if layer is None:
                    layer = recorder.add_layer(group.name, layer_record(recorder, group))
                blocks = None if group.blocks is None else _bytes_of(group.blocks)
                wanted.append(Wanted(layer, group.tasks, again, blocks, one.last))
            stack, site, user = recorder.whereabouts(sighting)
            return events.ForceBegin(
                id=number,
                parent=self.parent.id_in(session) if self.parent else None,
                at=session.now(),
                trigger=trigger,
                site=site,
                user_site=recorder.position(user_site) if inherited else user,
                inherited=inherited,
                entry=recorder.optional_text(entry),
                stack=stack,
                scheduler=self.scheduler,
                thread=recorder.text(thread_name()),
                wanted=wanted,
                tasks=tasks,
                tasks_repeated=repeated,
                tasks_exact=demand.exact,
                results=[recorder.text(name) for name in results],
                expected_bytes=expected,
                largest_chunk_bytes=largest,
                resident_bytes=resident,
                free_bytes=free,
                partition_reads=len(reads),
                partition_reads_repeated=session.reads.known(reads) if reads else 0,
                allowed=self.allowed,
                inferring=sighting.inferring,
            )

        session.recorder.emit(record)
        self._ids.append((session, number))
        if free is not None and expected is not None and expected > free:
            _say_it_cannot_fit(session, sighting, expected, free)
        if session.on_force is not None:
            session.on_force(record)

    def _user(self, session: Session, sighting: Sighting) -> tuple[Any, str | None, bool]:
        """User site and entry; those of the parent where this thread has no user frame."""
        user_site, entry, inherited = sighting.user_site, sighting.entry, False
        if user_site is None and self.parent is not None:
            user_site, entry = self.parent._users.get(session, (None, None))
            inherited = user_site is not None
        self._users[session] = (user_site, entry)
        return user_site, entry, inherited

    # End

    def end(self, *, result: Any = None, failure: BaseException | None = None) -> None:
        """Write the end record in every trace."""
        self.request = None
        if not self._ids:
            return
        peak = None
        if self._peak_before is not None:
            peak = memory.peak_resident_bytes()
            peak = peak if peak is not None and peak > self._peak_before else None
        size = None if failure is not None else _tried(lambda: result_bytes(result), None)
        reads = self._reads if self._graph is None else _tried(self._actual_reads, self._reads)
        self._graph = None
        for session, number in self._ids:
            try:
                self._end_in(session, number, size, peak, failure, reads)
            except BaseException as error:
                survived(error)

    def _end_in(
        self,
        session: Session,
        number: int,
        size: int | None,
        peak: int | None,
        failure: BaseException | None,
        reads: Reads | None,
    ) -> None:
        record = events.ForceEnd(
            id=number,
            completed=failure is None,
            seconds=self.ended - self.began,
            task_seconds=sum(self.worked.values()) if self.worked else None,
            bytes=size,
            peak_bytes=peak,
            error=None if failure is None else type(failure).__name__,
            partition_reads=None if reads is None else len(reads.units),
            partition_reads_repeated=None if reads is None else session.reads.repeated(reads.units),
        )
        if reads is not None:
            for reader in reads.unknown:
                session.blind_spot(f"a dataframe reader that is not understood: {reader}")
        session.recorder.emit_record(record)


def _note_switches(session: Session, switched: dict[str, bool]) -> None:
    """Record the switches that are other than at the last force."""
    for name, on in switched.items():
        if session.switches.get(name) is not on:
            session.recorder.emit_record(events.Switch(name, on))
    session.switches = switched


def layer_record(recorder: Recorder, group: Group) -> events.Layer:
    # Literals are no layers: what reads nothing else begins with them.
    reads = [n for n in map(recorder.known_layer, group.reads or ()) if n is not None]
    return events.Layer(
        name=recorder.text(group.name),
        operation=recorder.text(operation_of_name(group.name)),
        tasks=group.whole,
        reads=reads,
        blocks=list(group.grid),
        chunk=None if group.chunk is None else list(group.chunk),
        chunk_bytes=group.chunk_bytes,
        source=group.reads is not None and not reads,
    )


def operation_of_name(name: str) -> str:
    """``mean_agg-aggregate`` of ``mean_agg-aggregate-8f3b...``: the name without its token."""
    return str(key_split(name))


def _bytes_of(blocks: int) -> bytes:
    return blocks.to_bytes(blocks.bit_length() // 8 + 1, "little")


def result_bytes(result: Any) -> int | None:
    """Bytes of what a scheduler gave back; None if part of it is not NumPy's, as others may compute."""
    total, np = 0, numpy()
    todo = [result]
    while todo:
        value = todo.pop()
        kind = type(value)
        if kind is list or kind is tuple:
            todo += value
        elif np is None:
            return None
        elif issubclass(kind, np.ndarray):
            total += np.ndarray.nbytes.__get__(value)
        elif issubclass(kind, np.generic):
            total += np.generic.nbytes.__get__(value)
        else:
            return None
    return total


def _say_it_cannot_fit(session: Session, sighting: Sighting, expected: int, free: int) -> None:
    """One line before a force whose result is larger than the memory that is free."""
    if sighting.site is None:
        return
    code, instruction = sighting.site
    line, end_line, column, end_column, *_ = position_of(code, instruction)
    text = linecache.getline(code.co_filename, line)
    if line == end_line and 0 <= column < end_column:
        text = text.encode()[column:end_column].decode(errors="replace")
    where = f"{code.co_filename.rsplit('/', 1)[-1]}:{line}"
    narrate(f"{text.strip()[:120]} at {where} needs {decimal_bytes(expected)}; {decimal_bytes(free)} free")


def decimal_bytes(count: int) -> str:
    """A number of bytes as people say it: ``80 GB``, ``1.5 MB``."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} PB"
