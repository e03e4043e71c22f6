"""``trace`` around blocks and functions: what is recorded, where it goes, budgets and callbacks."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from traced_programs import Runner
from witness import Blocks, Witness

import lazyscope
from lazyscope.capture import session
from lazyscope.errors import ForceBudgetExceeded, LazyscopeError, TraceFileError
from lazyscope.views import Force

OUTSIDE = "a force outside the traced context"


@pytest.fixture(autouse=True)
def sync() -> Iterator[None]:
    """Forces run in the thread that makes them, unless a test says otherwise."""
    with dask.config.set(scheduler="sync"):
        yield
    assert session.watching() == ()
    assert not session.any_open()


@pytest.fixture
def x() -> da.Array:
    """A small array."""
    return da.ones(4, chunks=2)


def operations(trace: lazyscope.Trace | None) -> list[str]:
    """Names of the calls without the methods that execute, ``add`` for ``Array.__add__``."""
    assert trace is not None
    names = [call.operation.rpartition(".")[2].strip("_") for call in trace.calls]
    return [name for name in names if name != "compute"]


def last(function: Any) -> lazyscope.Trace:
    """The trace of the call that ended last."""
    trace = function.last_trace
    assert isinstance(trace, lazyscope.Trace)
    return trace


class TestDecorator:
    """Each call of a decorated function is a trace."""

    @pytest.mark.parametrize("options", [None, {}, {"max_forces": 5}])
    def test_a_call_is_recorded(self, x: da.Array, options: dict[str, Any] | None) -> None:
        """With and without parentheses; nothing else is."""
        decorate = lazyscope.trace if options is None else lazyscope.trace(**options)

        @decorate
        def total(array: da.Array, *, add: int) -> float:
            return float((array + add).sum())

        assert total.last_trace is None
        x - 1
        assert total(x, add=2) == 12.0
        x - 1
        assert operations(last(total)) == ["add", "sum", "float"]
        assert (last(total).data.ended, len(last(total).forces)) == ("ok", 1)

    def test_sites_are_those_of_an_undecorated_function(self, run: Runner) -> None:
        """The decorator's own frames are nobody's: no site, no entry."""
        text = """
            import functools, lazyscope

            {decorator}
            def pipeline(x):
                return float(x.sum())  #!

            def main(x):
                return pipeline(x)
            main(da.ones(4, chunks=2))
        """
        plain = run(text.format(decorator="# not decorated"))
        traced = run(text.format(decorator="@lazyscope.trace"))
        inner = traced.names["pipeline"].last_trace
        assert traced.where() == plain.where() == [("__float__", plain.line("#!"), "float(x.sum())")]
        assert [f.site.line for f in inner.forces] == [traced.line("#!")]
        assert [f.entry for f in (*traced.forces, *inner.forces)] == [None, None]
        data = inner.data
        assert [data.positions[place].line for place in data.stacks[-1].positions][-3:] == [9, 8, 5]
        assert not [file.path for file in data.files if file.role == "tool"]

    def test_methods_of_every_sort(self, x: da.Array) -> None:
        """`last_trace` is had from the class and from an object."""

        class Pipeline:
            @lazyscope.trace
            def instance(self) -> None:
                (x + 1).compute()

            @lazyscope.trace
            @classmethod
            def class_above(cls) -> None:
                (x - 1).compute()

            @classmethod
            @lazyscope.trace
            def class_below(cls) -> None:
                (x * 1).compute()

            @lazyscope.trace()
            @staticmethod
            def static_above() -> None:
                (x / 1).compute()

            @staticmethod
            @lazyscope.trace()
            def static_below() -> None:
                (x**1).compute()

        for name, operation in [
            ("instance", "add"), ("class_above", "sub"), ("class_below", "mul"),
            ("static_above", "truediv"), ("static_below", "pow"),
        ]:  # fmt: skip
            getattr(Pipeline(), name)()
            assert operations(last(getattr(Pipeline, name))) == [operation]
            assert getattr(Pipeline(), name).last_trace is getattr(Pipeline, name).last_trace

    @pytest.mark.parametrize("thing", [int, property(len), functools.cached_property(len), 3, b"t.lazy"])
    @pytest.mark.parametrize("decorate", [lazyscope.trace, lazyscope.trace(), lazyscope.allow("meant")])
    def test_what_is_no_function_is_refused(self, thing: Any, decorate: Any) -> None:
        """When it is decorated, not when it is used."""
        name = "allow" if isinstance(decorate, lazyscope.allow) else "trace"
        with pytest.raises(LazyscopeError, match=rf"^lazyscope\.{name} decorates functions, and this is a"):
            decorate(thing)

    def test_recursion_makes_a_trace_of_each_call(self, x: da.Array) -> None:
        """An outer call's contains those inside; the outermost ends last."""
        traces: list[lazyscope.Trace] = []

        @lazyscope.trace
        def down(n: int) -> None:
            (x + n).compute()
            if n:
                down(n - 1)
                traces.append(last(down))

        down(2)
        assert [len(trace.forces) for trace in (*traces, last(down))] == [1, 2, 3]

    def test_a_decorated_function_inside_a_trace(self, x: da.Array) -> None:
        """Both record it, and each numbers for itself."""

        @lazyscope.trace
        def work() -> None:
            x.compute()

        with lazyscope.trace() as outer:
            x.compute()
            work()
            x.compute()
        assert [(f.id, f.tasks_repeated) for f in outer.forces] == [(1, 0), (2, 2), (3, 2)]
        assert [(f.id, f.tasks_repeated) for f in last(work).forces] == [(1, 0)]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, StopIteration])
    def test_an_exception_passes_through_and_the_trace_is_kept(
        self, x: da.Array, error: type[BaseException]
    ) -> None:
        """The very object; the trace says how the call ended."""
        raised = error("out")

        @lazyscope.trace
        def work() -> None:
            x.compute()
            raise raised

        with pytest.raises(error) as caught:
            work()
        assert caught.value is raised
        data = last(work).data
        assert data.end is not None
        assert (data.ended, data.end.exception, len(data.forces)) == ("exception", error.__name__, 1)
        assert [(f.type, f.message, f.escaped) for f in data.failures] == [(error.__name__, "out", True)]

    def test_the_call_that_ends_last_is_the_last(self, x: da.Array) -> None:
        """Also where another began later; a reader in a third thread always finds a whole trace."""
        begun, go_on = threading.Event(), threading.Event()
        seen: list[int] = []

        @lazyscope.trace
        def work(name: str) -> None:
            (x + 1 if name == "first" else x * 2).compute(scheduler="sync")
            if name == "first":
                begun.set()
                go_on.wait(60)

        def read() -> None:
            while not go_on.is_set():
                if work.last_trace is not None:
                    seen.append(len(work.last_trace.forces))

        with ThreadPoolExecutor(2) as pool:
            try:
                first, reading = pool.submit(work, "first"), pool.submit(read)
                assert begun.wait(60)
                for _ in range(10):
                    work("second")
                assert operations(last(work)) == ["mul"]
            finally:
                go_on.set()
            first.result()
            reading.result()
        assert operations(last(work)) == ["add"]
        assert set(seen) <= {1}


class TestGenerators:
    """A decorated generator, and what its consumer does meanwhile."""

    def test_the_consumer_s_forces_are_not_recorded(self, x: da.Array) -> None:
        """But it is said that there were some while the trace was open."""

        @lazyscope.trace
        def blocks() -> Iterator[da.Array]:
            for n in range(2):
                (x + n).compute()
                yield x + n

        for block in blocks():
            (block * 2).compute()
            assert session.watching() == ()
        assert operations(last(blocks)) == ["add", "add"] * 2
        assert len(last(blocks).forces) == 2
        assert last(blocks).data.blind_spots == {OUTSIDE: 2}

    def test_an_outer_trace_records_both(self, x: da.Array) -> None:
        """The consumer's own trace goes on through all of it."""

        @lazyscope.trace
        def blocks() -> Iterator[None]:
            (x + 1).compute()
            yield
            (x - 1).compute()

        with lazyscope.trace() as outer:
            for _ in blocks():
                (x * 2).compute()
        assert operations(outer) == ["add", "mul", "sub"]
        assert operations(last(blocks)) == ["add", "sub"]
        assert outer.data.blind_spots == {}

    def test_generators_that_take_turns(self, x: da.Array) -> None:
        """Each sees its own steps, whichever ends first."""

        @lazyscope.trace
        def blocks(add: bool) -> Iterator[None]:
            for _ in range(2):
                (x + 1 if add else x * 2).compute()
                yield

        one, two = blocks(True), blocks(False)
        for _ in range(2):
            next(one)
            next(two)
        traces = []
        for made in (one, two):
            assert next(made, "end") == "end"
            traces.append(last(blocks))
        assert [operations(trace) for trace in traces] == [["add"] * 2, ["mul"] * 2]
        assert session.installed_patches() is None

    @pytest.mark.parametrize("how", ["thrown in", "raised", "closed", "dropped", "interrupted"])
    def test_an_end_of_whatever_sort_leaves_no_scope_behind(self, x: da.Array, how: str) -> None:
        """The consumer is not watched between the steps, nor afterwards."""

        @lazyscope.trace
        def blocks() -> Iterator[int]:
            try:
                yield 1
                if how == "raised":
                    raise ValueError(how)
                if how == "interrupted":
                    raise KeyboardInterrupt(how)
            finally:
                (x + 1).compute()

        made = blocks()
        next(made)
        (x * 2).compute()
        assert session.watching() == ()
        if how == "thrown in":
            with pytest.raises(ValueError, match=how):
                made.throw(ValueError(how))  # type: ignore[attr-defined]
        elif how == "closed":
            made.close()  # type: ignore[attr-defined]
        elif how == "dropped":
            del made
            gc.collect()
        else:
            with pytest.raises((ValueError, KeyboardInterrupt), match=how):
                next(made)
        (x * 2).compute()
        assert operations(last(blocks)) == ["add"]
        ended = "ok" if how in ("closed", "dropped") else "exception"
        assert last(blocks).data.ended == ended
        assert session.installed_patches() is None

    def test_steps_in_different_threads_and_contexts(self, x: da.Array) -> None:
        """A web server takes each step of a generator in a thread of its own."""

        @lazyscope.trace
        def blocks() -> Iterator[None]:
            for _ in range(3):
                (x + 1).compute(scheduler="sync")
                yield

        made = blocks()
        with ThreadPoolExecutor(1) as pool:
            copy_context().run(next, made)
            pool.submit(next, made).result()
            Context().run(next, made)
            assert pool.submit(next, made, "end").result() == "end"
            pool.submit(lambda: (x * 2).compute(scheduler="sync")).result()
        assert operations(last(blocks)) == ["add"] * 3

    def test_a_value_that_is_sent_and_one_that_is_returned(self, x: da.Array) -> None:
        """A coroutine of the old kind."""

        @lazyscope.trace
        def sums() -> Any:
            total = 0.0
            while (array := (yield total)) is not None:
                total += float(array.sum())
            return total

        made = sums()
        assert [next(made), made.send(x), made.send(x + 1)] == [0.0, 4.0, 12.0]
        with pytest.raises(StopIteration) as stop:
            made.send(None)
        assert (stop.value.value, len(last(sums).forces)) == (12.0, 2)

    def test_a_context_manager_made_of_one(self, x: da.Array) -> None:
        """What happens under ``with`` is the consumer's."""

        @contextlib.contextmanager
        @lazyscope.trace
        def opened() -> Iterator[da.Array]:
            (x + 1).compute()
            try:
                yield x
            except KeyError:
                (x - 1).compute()

        with opened() as array:
            (array * 2).compute()
            raise KeyError
        assert operations(opened.__wrapped__.last_trace) == ["add", "sub"]

    @pytest.mark.parametrize("how", ["function", "block"])
    def test_one_that_is_open_when_the_interpreter_ends(self, tmp_path: Path, how: str) -> None:
        """It cleans up, and nothing is complained about; its file is as a killed program's."""
        program = """
            import sys
            import dask.array as da
            import lazyscope

            def body():
                try:
                    float(da.ones(4, chunks=2).sum())
                    yield 1
                finally:
                    print("cleaned up")

            function = lazyscope.trace("t.lazy", max_forces=0)(body)

            def block():
                with lazyscope.trace("t.lazy", max_forces=0), lazyscope.allow("meant"):
                    yield from body()

            made = globals()[sys.argv[1]]()
            next(made)
        """
        (tmp_path / "program.py").write_text(textwrap.dedent(program))
        done = subprocess.run(
            [sys.executable, "program.py", how],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(lazyscope.__file__).parents[1])},
            capture_output=True,
            check=True,
            text=True,
        )
        assert (done.stdout, done.stderr) == ("cleaned up\n", "")
        data = lazyscope.load(tmp_path / "t.lazy").data
        assert (data.ended, len(data.forces)) == ("killed", 1)


class TestAsync:
    """Decorated coroutines and async generators."""

    def test_calls_that_run_at_the_same_time(self, x: da.Array) -> None:
        """Each sees its own work, other tasks nothing of it."""
        traces: dict[int, lazyscope.Trace] = {}

        @lazyscope.trace
        async def work(n: int) -> int:
            for _ in range(2):
                (x + n).compute()
                await asyncio.sleep(0)
            return n

        async def keep(n: int) -> int:
            result = await work(n)
            traces[n] = last(work)
            return result

        async def other() -> None:
            for _ in range(3):
                (x * 2).compute()
                await asyncio.sleep(0)

        async def main() -> list[Any]:
            return await asyncio.gather(keep(1), other(), keep(2))

        assert asyncio.run(main()) == [1, None, 2]
        assert [operations(traces[n]) for n in (1, 2)] == [["add"] * 2] * 2

    def test_tasks_threads_and_jobs_started_inside(self, x: da.Array) -> None:
        """They belong to the call, also while it waits for them."""

        @lazyscope.trace
        async def work() -> None:
            loop = asyncio.get_running_loop()
            await asyncio.gather(
                asyncio.create_task(step()),
                asyncio.to_thread(lambda: (x - 1).compute(scheduler="sync")),
                loop.run_in_executor(None, lambda: (x / 2).compute(scheduler="sync")),
            )

        async def step() -> None:
            await asyncio.sleep(0)
            (x + 1).compute()

        asyncio.run(work())
        assert sorted(operations(last(work))) == ["add", "sub", "truediv"]
        assert last(work).data.blind_spots == {}

    def test_the_consumer_of_an_async_generator_is_not_recorded(self, x: da.Array) -> None:
        """Not even if it stops early and the loop closes the generator."""

        @lazyscope.trace
        async def blocks() -> AsyncIterator[da.Array]:
            try:
                for n in range(3):
                    await asyncio.sleep(0)
                    (x + n).compute()
                    yield x
            finally:
                await asyncio.sleep(0)
                (x - 1).compute()

        async def main(stop: bool) -> None:
            made = blocks()
            async for block in made:
                (block * 2).compute()
                if stop:
                    await made.aclose()  # type: ignore[attr-defined]
                    break

        asyncio.run(main(stop=False))
        assert operations(last(blocks)) == ["add"] * 3 + ["sub"]
        asyncio.run(main(stop=True))
        assert operations(last(blocks)) == ["add", "sub"]
        assert last(blocks).data.ended == "ok"

    def test_a_cancelled_call_ends_its_trace(self, x: da.Array) -> None:
        """With the cancellation, as any exception."""

        @lazyscope.trace
        async def work() -> None:
            (x + 1).compute()
            await asyncio.sleep(60)

        async def main() -> None:
            task = asyncio.create_task(work())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        end = last(work).data.end
        assert end is not None
        assert (end.ended, end.exception) == ("exception", "CancelledError")
        assert session.installed_patches() is None


class TestFiles:
    """Where the traces of several calls go."""

    def test_later_calls_have_numbers(self, x: da.Array, tmp_path: Path) -> None:
        """The first call's file has the name that was given; each holds its own call."""

        @lazyscope.trace(tmp_path / "t.v1.lazy")
        def work(n: int) -> None:
            for _ in range(n):
                x.compute()

        for n in (1, 2, 3):
            work(n)
        names = ["t.v1.lazy", "t.v1-2.lazy", "t.v1-3.lazy"]
        assert [len(lazyscope.load(tmp_path / name).forces) for name in names] == [1, 2, 3]
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)

    def test_a_file_that_is_there_stays(self, x: da.Array, tmp_path: Path) -> None:
        """Whoever wrote it, a link that leads nowhere included."""
        (tmp_path / "t.lazy").write_bytes(b"mine")
        (tmp_path / "t-2.lazy").symlink_to(tmp_path / "nowhere")

        @lazyscope.trace(str(tmp_path / "t.lazy"))
        def work() -> None:
            x.compute()

        work()
        assert (tmp_path / "t.lazy").read_bytes() == b"mine"
        assert not (tmp_path / "nowhere").exists()
        assert len(lazyscope.load(tmp_path / "t-3.lazy").forces) == 1

    def test_calls_in_several_threads_never_share_a_file(self, x: da.Array, tmp_path: Path) -> None:
        """Although all of them find the same names free."""

        @lazyscope.trace(tmp_path / "t.lazy")
        def work(n: int) -> int:
            (x + n).compute(scheduler="sync")
            return n

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, range(24))) == list(range(24))
        found = [lazyscope.load(path) for path in tmp_path.iterdir()]
        assert [len(trace.forces) for trace in found] == [1] * 24
        assert {path.name for path in tmp_path.iterdir()} == {
            "t.lazy", *(f"t-{n}.lazy" for n in range(2, 25))
        }  # fmt: skip

    def test_a_name_that_another_process_took_meanwhile(
        self, x: da.Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between the look and the file's making: the next number."""
        (tmp_path / "t.lazy").touch()

        @lazyscope.trace(tmp_path / "t.lazy")
        def work() -> None:
            x.compute()

        monkeypatch.setattr(os.path, "lexists", lambda path: False)
        work()
        assert len(lazyscope.load(tmp_path / "t-2.lazy").forces) == 1

    @pytest.mark.parametrize("name", ["no directory/t.lazy", "", ".", "a" * 300])
    def test_a_file_that_cannot_be_made(
        self, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A clear error; the function does not run, whatever its kind, and nothing is patched."""
        monkeypatch.chdir(tmp_path)
        ran: list[str] = []

        @lazyscope.trace(name)
        def work() -> None:
            ran.append("function")

        @lazyscope.trace(name)
        def steps() -> Iterator[int]:
            ran.append("generator")
            yield 1

        @lazyscope.trace(name)
        async def wait() -> None:
            ran.append("coroutine")

        calls: list[Callable[[], Any]] = [work, lambda: list(steps()), lambda: asyncio.run(wait())]
        for call in calls:
            with pytest.raises(TraceFileError, match=r"^cannot write .*; give (another path|the path)"):
                call()
        assert ran == []
        assert (work.last_trace, session.installed_patches()) == (None, None)

    def test_a_file_that_is_gone_when_the_block_ends(
        self, x: da.Array, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The program goes on, its own exception is not replaced, and what was recorded stays."""
        for error in (None, ValueError("mine")):
            with contextlib.suppress(ValueError), lazyscope.trace(tmp_path / "t.lazy", max_forces=2) as t:
                x.compute()
                (tmp_path / "t.lazy").unlink()
                if error is not None:
                    raise error
            assert capsys.readouterr().err == (
                f"lazyscope: {tmp_path / 't.lazy'} was removed or replaced while the program ran\n"
            )
            assert [force.completed for force in t.forces] == [True]

    def test_a_trace_is_used_once(self, x: da.Array, tmp_path: Path) -> None:
        """After its end, too; what it recorded stays, and so does its file."""
        block = lazyscope.trace(tmp_path / "t.lazy")
        with block as t:
            x.compute()
        content = (tmp_path / "t.lazy").read_bytes()
        with pytest.raises(LazyscopeError, match=r"in use or finished: call lazyscope\.trace\(\) once more"):
            block.__enter__()
        assert len(t.forces) == 1
        assert (tmp_path / "t.lazy").read_bytes() == content

    def test_one_decorator_for_several_functions(self, x: da.Array, tmp_path: Path) -> None:
        """It is no trace itself: it may be used as a block as well."""
        traced = lazyscope.trace(tmp_path / "t.lazy")

        @traced
        def add() -> None:
            (x + 1).compute()

        @traced
        def multiply() -> None:
            (x * 2).compute()

        add()
        multiply()
        (tmp_path / "t.lazy").unlink()
        with traced as t:
            (x - 1).compute()
        assert [operations(one)[0] for one in (last(add), last(multiply), t)] == ["add", "mul", "sub"]


class TestBudget:
    """``max_forces``."""

    @pytest.mark.parametrize(("forces", "limit"), [(0, 0), (2, 2), (2, 3)])
    def test_a_budget_that_is_kept(self, x: da.Array, forces: int, limit: int) -> None:
        """As many as were allowed."""
        with lazyscope.trace(max_forces=limit) as t:
            for _ in range(forces):
                x.compute()
        assert len(t.forces) == forces

    def test_a_budget_that_is_exceeded(self, x: da.Array) -> None:
        """Told when the block has ended, not before: the program runs to its end."""
        ran: list[Any] = []

        def work() -> None:
            with lazyscope.trace(max_forces=1) as t:
                for _ in range(3):
                    x.compute()
                ran.append(t)

        with pytest.raises(ForceBudgetExceeded) as caught:
            work()
        (t,) = ran
        assert caught.value.trace is t
        assert (t.data.ended, len(t.forces), t.failures) == ("ok", 3, [])
        first, second, *_ = str(caught.value).splitlines()
        assert first == "3 forces, where max_forces=1:"
        assert second.startswith("  3 at ")
        assert second.endswith(": x.compute() (compute)")
        assert caught.value.__context__ is None

    def test_allowed_forces_do_not_count(self, x: da.Array) -> None:
        """Nor those inside their tasks."""

        def nested(block: Any) -> Any:
            da.ones(2, chunks=1).compute(scheduler="sync")
            return block

        y = x.map_blocks(nested, dtype=x.dtype, meta=np.empty(0))
        with lazyscope.trace(max_forces=0) as t, lazyscope.allow("meant"):
            y.compute()
        assert [force.allowed for force in t.forces] == ["meant"] * 3

        @lazyscope.trace(max_forces=0)
        def work() -> None:
            with lazyscope.allow("meant"):
                y.compute()
            x.compute()

        with pytest.raises(ForceBudgetExceeded, match=r"^1 force, besides 3 allowed ones, where max"):
            work()

    @pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt(), StopIteration(3)])
    def test_an_exception_that_is_under_way_gets_a_note(self, x: da.Array, error: BaseException) -> None:
        """From a block and from a function; it stays the very object."""

        @lazyscope.trace(max_forces=0)
        def work() -> None:
            x.compute()
            raise error

        def block() -> None:
            with lazyscope.trace(max_forces=0):
                x.compute()
                raise error

        for run in (work, block):
            if hasattr(error, "__notes__"):
                del error.__notes__
            with pytest.raises(type(error)) as caught:
                run()
            assert caught.value is error
            (note,) = error.__notes__
            assert note.startswith("lazyscope: 1 force, where max_forces=0:\n  1 at ")
            assert error.__context__ is None

    def test_an_exception_that_takes_no_note(self, x: da.Array, capsys: pytest.CaptureFixture[str]) -> None:
        """The budget is told on stderr then."""

        class BareError(Exception):
            def __setattr__(self, name: str, value: Any) -> None:
                if name == "__notes__":
                    raise TypeError("nothing can be set")
                super().__setattr__(name, value)

        @lazyscope.trace(max_forces=0)
        def work() -> None:
            x.compute()
            raise BareError

        with pytest.raises(BareError):
            work()
        assert capsys.readouterr().err.startswith("lazyscope: 1 force, where max_forces=0:\n")

    def test_each_call_has_the_whole_budget(self, x: da.Array) -> None:
        """And its trace is the last one, also if it was exceeded."""

        @lazyscope.trace(max_forces=1)
        def work(n: int) -> str:
            for _ in range(n):
                x.compute()
            return "done"

        assert [work(1), work(1)] == ["done", "done"]
        with pytest.raises(ForceBudgetExceeded) as caught:
            work(2)
        assert last(work) is caught.value.trace
        assert work(0) == "done"

    def test_generators_and_coroutines(self, x: da.Array) -> None:
        """Told when the body ends, without what ended it as a context."""

        @lazyscope.trace(max_forces=0)
        def steps() -> Iterator[int]:
            x.compute()
            yield 1
            yield 2

        @lazyscope.trace(max_forces=0)
        async def wait() -> None:
            x.compute()
            await asyncio.sleep(0)

        @lazyscope.trace(max_forces=0)
        async def async_steps() -> AsyncIterator[int]:
            x.compute()
            yield 1

        async def consume() -> None:
            async for _ in async_steps():
                pass

        seen: list[int] = []
        calls: list[Callable[[], Any]] = [
            lambda: seen.extend(steps()), lambda: asyncio.run(wait()), lambda: asyncio.run(consume())
        ]  # fmt: skip
        for call in calls:
            with pytest.raises(ForceBudgetExceeded, match=r"^1 force, where max_forces=0") as caught:
                call()
            assert caught.value.__context__ is None
        made = steps()
        next(made)
        with pytest.raises(ForceBudgetExceeded) as caught:
            made.close()  # type: ignore[attr-defined]
        assert caught.value.__suppress_context__

    @pytest.mark.parametrize("where", ["block", "function"])
    def test_a_generator_that_is_dropped_early_still_tells(
        self, x: da.Array, where: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By the hook for exceptions that cannot be raised, and not by a note that nobody sees."""

        def block() -> Iterator[int]:
            with lazyscope.trace(max_forces=0):
                x.compute()
                yield 1

        @lazyscope.trace(max_forces=0)
        def function() -> Iterator[int]:
            x.compute()
            yield 1

        told: list[Any] = []
        monkeypatch.setattr(sys, "unraisablehook", lambda what: told.append(what.exc_value))
        for _ in block() if where == "block" else function():
            break
        gc.collect()
        assert [type(error) for error in told] == [ForceBudgetExceeded]

    def test_the_context_in_which_a_block_stands_is_kept(self, x: da.Array) -> None:
        """A block in a handler: the handled exception is the budget's context."""
        handled = ValueError("handled")

        def work() -> None:
            try:
                raise handled
            except ValueError:
                with lazyscope.trace(max_forces=0):
                    x.compute()

        with pytest.raises(ForceBudgetExceeded) as caught:
            work()
        assert caught.value.__context__ is handled
        assert not caught.value.__suppress_context__

    def test_the_error_can_be_pickled_with_its_trace(self, x: da.Array) -> None:
        """A pool of processes hands it on."""
        with pytest.raises(ForceBudgetExceeded) as caught, lazyscope.trace(max_forces=0):
            x.compute()
        again = pickle.loads(pickle.dumps(caught.value))
        assert (type(again), str(again)) == (ForceBudgetExceeded, str(caught.value))
        assert len(again.trace.forces) == 1

    def test_a_negative_budget_is_refused(self) -> None:
        """At once."""
        with pytest.raises(LazyscopeError, match=r"^max_forces=-1 allows less than no force: give 0"):
            lazyscope.trace(max_forces=-1)


class TestOnForce:
    """``on_force``."""

    def test_it_is_called_when_the_force_is_recorded_and_before_it_runs(
        self, witness: Witness, tmp_path: Path
    ) -> None:
        """The open trace and its file hold the begin record; no block has been computed."""
        blocks = Blocks()
        x = blocks.array((2, 2))
        seen: list[Any] = []

        def called(force: Force) -> None:
            on_disk = lazyscope.load(tmp_path / "t.lazy").forces
            in_memory = t.forces
            done = [one.id for one in in_memory if one.completed]
            seen.append((force.id, [one.id for one in on_disk], [one.id for one in in_memory], done))
            seen.append((len(witness), len(blocks.done)))

        with lazyscope.trace(tmp_path / "t.lazy", on_force=called) as t:
            x.compute()
            x.sum().compute()
        assert seen == [(1, [1], [1], []), (0, 0), (2, [1, 2], [1, 2], [1]), (1, 2)]

    def test_the_force_is_told_as_far_as_it_is_known(self, x: da.Array, tmp_path: Path) -> None:
        """As in the finished trace, but for what only its end tells."""
        seen: list[Force] = []
        unknown = ("seconds", "self_seconds", "task_seconds", "bytes", "peak_bytes")
        with lazyscope.trace(on_force=seen.append) as t:
            np.asarray(x + 1)
            x.map_blocks(nested_force, dtype=x.dtype, meta=np.empty(0)).compute()
            with lazyscope.allow("meant"):
                dask.compute(x, x + 1)
        assert [tuple(getattr(force, name) for name in unknown) for force in seen] == [(None,) * 5] * 5
        assert [force.completed for force in seen] == [False] * 5
        skipped = {*unknown, "completed", "started", "repeats"}
        for early, late in zip(seen, t.forces, strict=True):
            for name in Force.__struct_fields__:
                if name not in skipped:
                    assert getattr(early, name) == getattr(late, name), name
        assert [(force.id, force.parent, force.allowed) for force in seen] == [
            (1, None, None), (2, None, None), (3, 2, None), (4, 2, None), (5, None, "meant")
        ]  # fmt: skip
        assert (seen[0].trigger, seen[0].expected_bytes, seen[4].tasks_repeated) == ("__array__", 32, 4)
        assert seen[0].site is not None
        assert (seen[0].site.expression, seen[0].site.code) == ("np.asarray(x + 1)", "np.asarray(x + 1)")

    @pytest.mark.parametrize(
        ("error", "told"),
        [
            (KeyError("x"), "on_force raised KeyError: 'x'"),
            (ValueError(), "on_force raised ValueError"),
            (RuntimeError("é" * 600), "on_force raised RuntimeError: " + "é" * 500),
        ],
    )
    def test_an_exception_of_its_own_is_reported_and_the_program_goes_on(
        self, x: da.Array, capsys: pytest.CaptureFixture[str], error: Exception, told: str
    ) -> None:
        """On stderr and as a blind spot, each time; the force is recorded whole."""

        def called(force: Force) -> None:
            raise error

        with lazyscope.trace(on_force=called) as t:
            assert [float(x.sum()), float(x.sum())] == [4.0, 4.0]
        assert capsys.readouterr().err == f"lazyscope: {told}; the program goes on\n" * 2
        assert t.data.blind_spots == {told: 2}
        assert [force.completed for force in t.forces] == [True, True]
        assert t.failures == []

    def test_one_that_cannot_be_called_or_told_about(
        self, x: da.Array, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither a wrong object nor a closed stderr does harm."""

        class MuteError(Exception):
            def __str__(self) -> str:
                raise RuntimeError("no text")

        def called(force: Force) -> None:
            raise MuteError

        monkeypatch.setattr(sys, "stderr", None)
        for callback, told in [(called, "on_force raised MuteError"), (3, None)]:
            with lazyscope.trace(on_force=callback) as t:  # type: ignore[arg-type]
                assert float(x.sum()) == 4.0
            assert [force.completed for force in t.forces] == [True]
            ((what, count),) = t.data.blind_spots.items()
            assert count == 1
            assert what == told or what == "on_force raised TypeError: 'int' object is not callable"

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
    def test_an_interrupt_passes(self, x: da.Array, error: type[BaseException]) -> None:
        """It stops the program at the force, which does not run."""
        blocks = Blocks()

        def called(force: Force) -> None:
            raise error

        with pytest.raises(error), lazyscope.trace(on_force=called) as t:
            blocks.array((2,)).compute()
        assert blocks.done == []
        assert [force.completed for force in t.forces] == [False]
        assert t.data.ended == "exception"

    @pytest.mark.parametrize("scheduler", ["sync", "threads"])
    def test_its_own_forces_are_recorded_but_it_is_not_called_with_them(
        self, x: da.Array, scheduler: str
    ) -> None:
        """Nor with those in their tasks, in whatever thread."""
        seen: list[int] = []

        def called(force: Force) -> None:
            seen.append(force.id)
            x.map_blocks(nested_force, dtype=x.dtype, meta=np.empty(0)).compute(scheduler=scheduler)

        with lazyscope.trace(on_force=called) as t:
            x.compute()
            x.compute()
        assert seen == [1, 5]
        # Two threads that begin at the same moment may come in either order.
        assert sorted([(force.id, force.parent) for force in t.forces], key=lambda one: one[0]) == [
            (1, None), (2, None), (3, 2), (4, 2), (5, None), (6, None), (7, 6), (8, 6)
        ]  # fmt: skip
        assert t.data.blind_spots == {}

    def test_traces_one_inside_the_other_call_back_each_their_own(self, x: da.Array) -> None:
        """With their own numbers; one is called with forces that the other's makes."""
        seen: list[tuple[str, int]] = []

        def called(force: Force) -> None:
            seen.append(("outer", force.id))
            x.sum().compute()

        with lazyscope.trace(on_force=called):
            x.compute()
            with lazyscope.trace(on_force=lambda force: seen.append(("inner", force.id))):
                x.compute()
        assert seen == [("outer", 1), ("outer", 3), ("inner", 1), ("inner", 2)]

    def test_forces_in_worker_threads(self, x: da.Array) -> None:
        """It is called where the force is made, at the same time in several threads."""
        together = threading.Barrier(2, timeout=60)
        seen: list[tuple[str, str]] = []

        def called(force: Force) -> None:
            together.wait()
            seen.append((force.thread, threading.current_thread().name))

        def work() -> None:
            x.compute(scheduler="sync")

        with lazyscope.trace(on_force=called) as t:
            threads = [threading.Thread(target=work, name=name) for name in ("one", "two")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sorted(seen) == [("one", "one"), ("two", "two")]
        assert t.data.blind_spots == {}

    def test_each_call_of_a_decorated_function_calls_back(self, x: da.Array) -> None:
        """With the numbers of its own trace."""
        seen: list[int] = []

        @lazyscope.trace(on_force=lambda force: seen.append(force.id))
        def work() -> None:
            x.compute()
            x.compute()

        work()
        work()
        assert seen == [1, 2, 1, 2]

    def test_nothing_is_called_after_the_block(self, x: da.Array) -> None:
        """Nor for forces outside of the context."""
        seen: list[int] = []
        begin, done = threading.Event(), threading.Event()

        def outside() -> None:
            begin.wait()
            x.compute(scheduler="sync")
            done.set()

        thread = threading.Thread(target=outside)
        thread.start()
        with lazyscope.trace(on_force=lambda force: seen.append(force.id)):
            begin.set()
            done.wait()
        thread.join()
        x.compute()
        assert seen == []


def nested_force(block: Any) -> Any:
    """What a task does that forces."""
    da.ones(2, chunks=1).compute(scheduler="sync")
    return block
