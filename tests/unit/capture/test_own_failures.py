"""Nothing of lazyscope's touches a value of the program, and nothing that fails in it reaches the program."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import lazyscope
from lazyscope.capture import calls, own_failures, recording
from lazyscope.capture.messages import message_of
from lazyscope.capture.of_thread import OfThread
from lazyscope.capture.recorder import Recorder
from lazyscope.capture.roles import Roles
from lazyscope.capture.wrapping import OWN_DIRECTORY
from lazyscope.model import events, journal
from lazyscope.model.journal_file import JournalMemory
from lazyscope.model.trace import TraceData, assemble


class Untouchable:
    """Fails a test that asks it for anything: its truth, length, hash, text, attributes or class."""

    def _touched(self, *_: Any) -> Any:
        pytest.fail("it was touched")

    __bool__ = __len__ = __hash__ = __eq__ = __ne__ = __repr__ = __str__ = __iter__ = __getattr__ = _touched
    __lt__ = __add__ = __radd__ = __index__ = __float__ = __getitem__ = __call__ = _touched
    __class__ = property(_touched)  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def synchronous() -> Iterator[None]:
    """One thread, so that counts are exact."""
    with dask.config.set(scheduler="sync"):
        yield


def operations(trace: Any) -> list[str]:
    return [trace.data.texts[call.operation] for call in trace.data.calls]


class TestValuesOfTheProgram:
    """They are handed on, and looked at by their type alone."""

    def test_chunk_sizes_that_are_dask_arrays_are_not_computed(self) -> None:
        """`da.topk` with a lazy k makes them; comparing or hashing one would execute its graph."""
        runs: list[str] = []

        def block(chunk: Any) -> Any:
            runs.append("block")
            return chunk

        def number(chunk: Any) -> Any:
            runs.append("k")
            return chunk

        def program() -> list[float]:
            x = da.from_array(np.arange(12.0), chunks=4).map_blocks(block, meta=np.empty(0))
            k = da.from_array(np.array(2)).map_blocks(number, meta=np.array(2))
            top = da.topk(x, k)
            return sorted(top.compute(scheduler="sync").tolist())

        result = program()
        untraced = sorted(runs)
        runs.clear()
        with lazyscope.trace() as t:
            assert program() == result == [10.0, 11.0]
        assert sorted(runs) == untraced
        assert t.data.blind_spots == {}
        assert [name for name in operations(t) if name == "dask.array.topk"] == ["dask.array.topk"]

    @pytest.mark.parametrize("place", ["positional", "by name", "in a list"])
    def test_arguments_are_not_touched(self, place: str) -> None:
        """A recorded function gets the very object."""
        got: list[Any] = []

        def received(*args: Any, **kwargs: Any) -> str:
            got.append((args, kwargs))
            return "came back"

        recorded = recording.recorded_copy(received, "dask.array.received")
        thing = Untouchable()
        with lazyscope.trace() as t:
            if place == "positional":
                recorded(da.ones(2), thing)
                found = got[0][0][1]
            elif place == "by name":
                recorded(da.ones(2), thing=thing)
                found = got[0][1]["thing"]
            else:
                recorded(da.ones(2), [thing])
                found = got[0][0][1][0]
        assert found is thing
        assert operations(t)[-1] == "dask.array.received"
        assert t.data.blind_spots == {}

    @pytest.mark.parametrize("wrapped", [lambda thing: thing, lambda thing: (thing,), lambda thing: [thing]])
    def test_results_are_not_touched(self, wrapped: Callable[[Any], Any]) -> None:
        """Nor what is in a tuple or list."""
        result = wrapped(Untouchable())
        recorded = recording.recorded_copy(lambda array: result, "dask.array.is_lazy_array")
        with lazyscope.trace() as t:
            assert recorded(da.ones(2)) is result
        assert t.data.calls[-1].answer is None
        assert t.data.blind_spots == {}

    def test_an_exception_of_the_program_is_not_formatted_by_its_own_method(self) -> None:
        """Its arguments are enough; arrays among them are named by their class."""

        class OwnError(Exception):
            def __str__(self) -> str:
                pytest.fail("it was formatted")

        assert message_of(OwnError("what it says", 3)) == "what it says, 3"
        assert message_of(ValueError("shapes", np.arange(3))) == "shapes, <ndarray>"
        assert message_of(ValueError(Untouchable())) == "<Untouchable>"
        assert message_of(KeyError("x", 0)) == str(KeyError("x", 0))

    def test_a_thread_that_python_did_not_start_is_not_made_known(self) -> None:
        """`threading.current_thread` would put an object for it where the program sees it."""
        import _thread

        known: list[int] = []
        done = threading.Event()
        x = da.ones(4, chunks=2)

        def work() -> None:
            (x + 1).sum().compute()
            known.append(threading.get_ident() in threading._active)  # type: ignore[attr-defined]
            done.set()

        from lazyscope.capture import session

        opened = session.start(everywhere=True)
        try:
            _thread.start_new_thread(work, ())
            assert done.wait(30)
        finally:
            session.stop(opened)
        assert known == [False]
        assert opened.forces == 1


def recorder() -> Recorder:
    header = events.Header(version=1, lazyscope="0", started=0.0, argv=[], versions={})
    return Recorder(JournalMemory(), header, Roles())


def read(recorded: Recorder) -> TraceData:
    recorded.close(events.End(seconds=1.0, ended="ok"))
    return assemble(journal.read_records(recorded.journal.content()))


def seen_call(operation: str, chunks: Any = ((2, 2),)) -> Any:
    code = seen_call.__code__
    here, result = (code, 0), ("b", np.dtype("f8"), chunks)
    return (0.0, operation, here, here, ("a",), (result,), "Main", None, None, None, 0.1)


class TestOneEvent:
    """Is recorded whole or not at all, and costs no other."""

    def test_one_bad_call_of_many_costs_only_itself(self) -> None:
        """Rows that it had added to the tables are taken back."""
        recorded = recorder()
        for operation in ("one", "two"):
            recorded.add_call(seen_call(operation))
        recorded.add_call(seen_call("bad", chunks=((2, object()), 3)))
        for operation in ("three", "four"):
            recorded.add_call(seen_call(operation, chunks=((5,),)))
        trace = read(recorded)
        assert [trace.texts[call.operation] for call in trace.calls] == ["one", "two", "three", "four"]
        assert [trace.layouts[call.outputs[0][2]].shape for call in trace.calls] == [[4], [4], [5], [5]]

    def test_an_event_that_fails_leaves_no_rows_behind(self) -> None:
        """What is recorded afterwards refers to what it means."""
        recorded = recorder()

        def fails(into: Recorder) -> events.Record:
            into.text("never written")
            into.position((seen_call.__code__, 2))
            raise MemoryError

        with pytest.raises(MemoryError):
            recorded.emit(fails)
        recorded.add_call(seen_call("after"))
        trace = read(recorded)
        assert "never written" not in trace.texts
        assert [trace.texts[call.operation] for call in trace.calls] == ["after"]

    def test_an_event_in_the_middle_of_another_is_recorded_after_it(self) -> None:
        """A signal handler or finaliser may compute while an event is being written."""
        recorded = recorder()

        def interrupted(into: Recorder) -> events.Record:
            into.emit(lambda _: events.Switch("inner", True))
            into.add_call(seen_call("inner call"))
            into.flush()
            return events.Switch("outer", True)

        recorded.emit(interrupted)
        recorded.close(events.End(seconds=1.0, ended="ok"))
        found = journal.read_records(recorded.journal.content()).records
        assert [record.name for record in found if isinstance(record, events.Switch)] == ["outer", "inner"]
        assert sum(isinstance(record, events.Call) for record in found) == 1

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, RecursionError])
    def test_an_interrupt_or_a_full_stack_while_calls_are_written_loses_none(
        self, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
    ) -> None:
        """They are written with what comes next."""
        recorded = recorder()
        recorded.add_call(seen_call("one"))
        recorded.add_call(seen_call("two", chunks=((7,),)))

        def interrupted(*_: Any) -> int:
            raise kind

        with monkeypatch.context() as patch:
            patch.setattr(recorded, "layout", interrupted)
            with pytest.raises(kind):
                recorded.flush()
        trace = read(recorded)
        assert [trace.texts[call.operation] for call in trace.calls] == ["one", "two"]


class TestWhatIsMeantForTheProgram:
    """An exception that only arrives in our code goes on its way."""

    @pytest.mark.parametrize("where", ["described", "get_ident", "force_here"])
    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    def test_an_interrupt_in_our_code_reaches_the_program(
        self, monkeypatch: pytest.MonkeyPatch, where: str, kind: type[BaseException]
    ) -> None:
        """And afterwards no call is taken to be open."""
        x = da.ones(4)

        def interrupted(*_: Any) -> Any:
            raise kind

        with lazyscope.trace() as t:
            with monkeypatch.context() as patch:
                patch.setattr(calls, where, interrupted)
                with pytest.raises(kind):
                    x + 1
            assert calls.open_calls == {}
            x - 1
        assert operations(t)[-1] == "Array.__sub__"

    def test_what_a_signal_handler_raises_in_our_code_reaches_the_program(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever its class: a time limit of the program must hold."""

        class OutOfTimeError(Exception):
            pass

        def handler(number: int, frame: Any) -> None:
            raise OutOfTimeError

        def slow(*_: Any) -> Any:
            signal.raise_signal(signal.SIGUSR1)
            return ()

        before = signal.signal(signal.SIGUSR1, handler)
        try:
            with lazyscope.trace() as t:
                x = da.ones(4)
                monkeypatch.setattr(calls, "get_ident", slow)
                with pytest.raises(OutOfTimeError):
                    x + 1
                monkeypatch.undo()
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert t.data.blind_spots == {}

    def test_a_failure_to_note_a_failure_is_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is left but to say how often."""

        def fails(*_: Any) -> Any:
            raise MemoryError

        with lazyscope.trace() as t:
            x = da.ones(4)
            with monkeypatch.context() as patch:
                patch.setattr(own_failures, "_described", fails)
                patch.setattr(calls, "get_ident", fails)
                assert float((x + 1).sum()) == 8.0
        assert t.data.blind_spots[own_failures.NO_ROOM] >= 2

    def test_no_python_code_runs_when_a_thread_is_gone(self) -> None:
        """An interrupt that arrived in such code would be lost."""
        known: OfThread[int] = OfThread()
        thread = threading.Thread(target=lambda: None)
        known.set(thread, 1)
        ran: list[Any] = []
        sys.setprofile(lambda frame, *_: ran.append(frame.f_code.co_filename))
        del thread
        gc.collect()
        sys.setprofile(None)
        assert [name for name in ran if name.startswith(OWN_DIRECTORY)] == []
        for _ in range(200):
            known.set(threading.Thread(target=lambda: None), 2)
        assert len(known.known) <= 64


def test_deep_in_a_recursion_the_program_goes_on_as_untraced(tmp_path: Path) -> None:
    """Where no room is left for our functions nothing of ours is raised; that events are missing is said."""
    program = textwrap.dedent(
        """
        import sys
        import dask.array as da
        import lazyscope
        x = da.ones(4, chunks=2)

        def deep(levels):
            return deep(levels - 1) if levels else len(x)

        def reached():
            n = 1
            while True:
                try:
                    deep(n)
                except RecursionError:
                    return n
                n += 1

        sys.setrecursionlimit(200)
        reached()
        untraced = reached()
        with lazyscope.trace() as t:
            traced = reached()
            again = [deep(n) for n in range(traced)]
        sys.setrecursionlimit(1000)
        said = any("no stack was left" in text for text in t.data.blind_spots)
        print(untraced - traced, said, again == [4] * traced)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    missing, said, went_on = done.stdout.split()
    # One frame for each stand-in that is active: see "Honest limits" in the README.
    assert 0 <= int(missing) <= 7
    assert (said, went_on) == ("True", "True")
