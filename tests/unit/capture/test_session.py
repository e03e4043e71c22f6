"""Which traces see what: nested, overlapping, in threads, tasks, generators and forked children."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import importlib
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import lazyscope
from lazyscope.capture import calls, execution, session
from lazyscope.capture.own_failures import NO_ROOM
from lazyscope.capture.patching import Patches
from lazyscope.capture.recorder import Recorder
from lazyscope.errors import LazyscopeError, TraceFileError
from lazyscope.model.trace import load as load_trace

SOURCE_ROOT = str(Path(lazyscope.__file__).parents[1])


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """After every test nothing is patched and nothing watches."""
    with dask.config.set(scheduler="sync"):
        yield
    assert session.installed_patches() is None
    assert session.watching() == ()
    assert not session.any_open()


@pytest.fixture
def x() -> da.Array:
    """A small array."""
    return da.ones(4, chunks=2)


def operations(trace: lazyscope.Trace) -> list[str]:
    """Names of the calls without the methods that execute."""
    return [call.operation for call in trace.calls if call.operation != "Array.compute"]


def seen(trace: lazyscope.Trace) -> tuple[list[str], int]:
    """Operations and number of forces."""
    return operations(trace), len(trace.forces)


class TestNesting:
    """More than one trace at a time."""

    def test_an_outer_trace_contains_what_the_inner_one_sees(self, x: da.Array) -> None:
        """The inner one sees its own block only."""
        with lazyscope.trace() as outer:
            a = x + 1
            with lazyscope.trace() as inner:
                b = a * 2
                b.compute()
            (b - 1).compute()
        assert seen(inner) == (["Array.__mul__"], 1)
        assert seen(outer) == (["Array.__add__", "Array.__mul__", "Array.__sub__"], 2)
        assert (inner.data.ended, outer.data.ended) == ("ok", "ok")

    def test_forces_are_numbered_in_each_trace(self, x: da.Array) -> None:
        """From 1, and repeated work is what that trace has seen before."""
        with lazyscope.trace() as outer:
            x.compute()
            with lazyscope.trace() as inner:
                x.compute()
        assert [(f.id, f.tasks_repeated) for f in outer.forces] == [(1, 0), (2, 2)]
        assert [(f.id, f.tasks_repeated) for f in inner.forces] == [(1, 0)]

    def test_traces_may_be_left_in_the_order_they_were_entered(self, x: da.Array) -> None:
        """The one that stays open goes on; what came after its end is not in the other."""
        first, second = lazyscope.trace(), lazyscope.trace()
        a = first.__enter__()
        b = second.__enter__()
        x + 1
        first.__exit__(None, None, None)
        x * 2
        second.__exit__(None, None, None)
        x - 1
        assert operations(a) == ["Array.__add__"]
        assert operations(b) == ["Array.__add__", "Array.__mul__"]

    def test_a_trace_can_be_read_while_it_is_open(self, x: da.Array) -> None:
        """It shows what has happened so far; looking is no event."""
        with lazyscope.trace() as t:
            assert seen(t) == ([], 0)
            x + 1
            assert seen(t) == (["Array.__add__"], 0)
            (x * 2).compute()
            assert seen(t) == (["Array.__add__", "Array.__mul__"], 1)
        assert seen(t) == (["Array.__add__", "Array.__mul__"], 1)

    def test_a_trace_is_used_once(self, x: da.Array) -> None:
        """A second use is an error, and does no harm to the first."""
        block = lazyscope.trace()
        with block as t:
            with pytest.raises(LazyscopeError, match=r"call lazyscope\.trace\(\) once more"):
                block.__enter__()
            x + 1
        assert operations(t) == ["Array.__add__"]

    def test_a_file_that_exists_is_refused_before_anything_is_patched(self, tmp_path: Path) -> None:
        """With an outer trace open too."""
        file = tmp_path / "t.lazy"
        file.write_bytes(b"mine")
        with pytest.raises(TraceFileError, match="exists and would be lost"), lazyscope.trace(file):
            pytest.fail("the block began")
        assert session.installed_patches() is None
        with lazyscope.trace() as t:
            with pytest.raises(TraceFileError), lazyscope.trace(file):
                pytest.fail("the block began")
            da.ones(2) + 1
        assert "Array.__add__" in operations(t)
        assert file.read_bytes() == b"mine"


class TestErrors:
    """Exceptions of the program, and of lazyscope."""

    @pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
    def test_an_exception_passes_through_and_the_trace_is_kept(
        self, x: da.Array, kind: type[BaseException], tmp_path: Path
    ) -> None:
        """The very object; the trace says how the block ended and that it escaped."""
        error = kind("out")
        block = lazyscope.trace(tmp_path / "t.lazy")
        try:
            with block as t:
                x.compute()
                raise error
        except BaseException as caught:
            assert caught is error  # noqa: PT017  (the block and what leaves it, together)
        for data in (t.data, load_trace(tmp_path / "t.lazy")):
            assert data.end is not None
            assert (data.ended, data.end.exception, len(data.forces)) == ("exception", kind.__name__, 1)
            assert [(f.type, f.message, f.escaped) for f in data.failures] == [(kind.__name__, "out", True)]

    @pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
    def test_an_exception_in_a_task_ends_the_force(self, x: da.Array, kind: type[BaseException]) -> None:
        """It did not complete; one failure, however many recorded functions the exception passed."""

        def broken(block: Any) -> Any:
            raise kind("in a task")

        y = x.map_blocks(broken, dtype=x.dtype, meta=np.empty(0))
        with lazyscope.trace() as t, pytest.raises(kind, match="in a task"):
            np.asarray(y)
        (force,) = t.data.forces
        assert force.end is not None
        assert (force.completed, force.end.error) == (False, kind.__name__)
        assert [(f.type, f.escaped) for f in t.failures] == [(kind.__name__, False)]

    SENSORS: tuple[tuple[Any, str], ...] = (
        (calls, "get_ident"),
        (calls, "force_here"),
        (calls, "described"),
        (calls, "_record"),
        (calls, "OpenCall"),
        (execution.Execution, "begin"),
        (execution.Execution, "_begin_in"),
        (execution.Execution, "see_graph"),
        (execution.Execution, "end"),
        (execution.Execution, "asks_for"),
        (execution.Request, "demand"),
        (execution, "result_bytes"),
        (Recorder, "add_layer"),
        (Recorder, "_position_record"),
        (Recorder, "_resolve_calls"),
        (session.Session, "failed"),
        (session.Session, "next_force"),
        (session, "scoped_sessions"),
    )

    class Odd(BaseException):
        """An exception that is no `Exception`."""

    @pytest.mark.parametrize("kind", [RuntimeError, MemoryError, RecursionError, Odd])
    @pytest.mark.parametrize(("owner", "name"), SENSORS, ids=lambda value: getattr(value, "__name__", value))
    def test_a_failure_of_lazyscope_never_breaks_the_program(
        self,
        x: da.Array,
        monkeypatch: pytest.MonkeyPatch,
        owner: Any,
        name: str,
        kind: type[BaseException],
    ) -> None:
        """Whatever part of it fails: same results, same exceptions, and a blind spot that says where."""

        def fails(*_: Any, **__: Any) -> Any:
            raise kind("a bug of ours")

        with lazyscope.trace() as t, monkeypatch.context() as patch:
            patch.setattr(owner, name, fails)
            y = (x + 1)[:3]
            assert float(y.sum()) == 6.0
            assert dask.compute(y, scheduler="threads")[0].tolist() == [2.0, 2.0, 2.0]
            assert dask.get({"a": 1}, "a") == 1
            with pytest.raises(ValueError, match="could not be broadcast"):
                x + da.ones(3)
            worker = threading.Thread(target=lambda: (x + 1).compute())
            worker.start()
            worker.join()
        assert t.data.ended == "ok"
        if kind is RecursionError:
            # The program may have used up the stack.
            assert list(t.data.blind_spots) == [NO_ROOM]
            return
        assert any(
            "lazyscope failed at" in text and f"({kind.__name__}: a bug of ours)" in text
            for text in t.data.blind_spots
        ), t.data.blind_spots

    def test_a_scheduler_of_an_odd_class_is_no_obstacle(self, x: da.Array) -> None:
        """One that does not say where it is defined, or answers no questions."""

        class Odd:
            __module__ = None  # type: ignore[assignment]

            def get(self, graph: Any, keys: Any, **_: Any) -> Any:
                return dask.get(graph, keys)

        class Mute:
            def __getattr__(self, name: str) -> Any:
                raise RuntimeError(name)

            def __call__(self, graph: Any, keys: Any, **_: Any) -> Any:
                return dask.get(graph, keys)

        with lazyscope.trace() as t:
            for scheduler in (Odd().get, Mute()):
                assert x.compute(scheduler=scheduler).tolist() == [1.0] * 4
        assert [force.scheduler for force in t.forces] == ["custom", "custom"]

    def test_a_failure_while_sensors_are_put_in_place_leaves_none(
        self, x: da.Array, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A trace that cannot begin changes nothing."""
        from lazyscope.capture import arrays

        def fails(*_: Any) -> None:
            raise RuntimeError("a bug of ours")

        before = vars(da.Array)["__add__"], da.mean
        monkeypatch.setattr(arrays, "install_ufuncs", fails)
        with pytest.raises(RuntimeError, match="a bug of ours"), lazyscope.trace():
            pytest.fail("the block began")
        assert (vars(da.Array)["__add__"], da.mean) == before
        monkeypatch.undo()
        with lazyscope.trace() as t:
            x + 1
        assert operations(t) == ["Array.__add__"]

    def test_a_full_disk_does_not_break_the_program(self, tmp_path: Path) -> None:
        """The file holds what had room; the program ends as it would."""
        done = run_python(
            """
            import resource
            import dask.array as da
            import lazyscope
            with lazyscope.trace("t.lazy"):
                x = da.ones(4, chunks=2)
                resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
                for _ in range(20):
                    assert (x + 1).sum().compute(scheduler="sync") == 8.0
            print("done")
            """,
            tmp_path,
        )
        assert done.stdout == "done\n"
        assert done.stderr == (
            f"lazyscope: recording has ended, since {tmp_path / 't.lazy'} cannot be written: File too large; "
            "what was recorded until then is kept\n"
        )
        assert load_trace(tmp_path / "t.lazy").lost_bytes == 0


class TestLateImports:
    """Modules of the array layer that are imported while a trace is open."""

    def test_a_vendored_copy_imported_in_a_trace_is_recorded_and_restored(self, tmp_path: Path) -> None:
        """Its functions are those of the untraced module afterwards, its spec and loader untouched."""
        done = run_python(
            """
            import importlib, importlib.machinery, importlib.util, sys
            import dask.array as da
            import lazyscope
            from lazyscope.capture.wrapping import OWN_DIRECTORY
            from lazyscope.capture.wrapping import FILENAME
            found = [n for n in ("scipy._external", "scipy._lib") if importlib.util.find_spec(n)]
            names = [found[0] + ".array_api_compat.dask.array",
                     "sklearn.externals.array_api_compat.dask.array",
                     "array_api_compat.dask.array"]
            x = da.ones((4, 4), chunks=2)
            with lazyscope.trace() as t:
                for name in names:
                    xp = importlib.import_module(name)
                    assert importlib.import_module(name.removesuffix(".dask.array")).array_namespace(x) is xp
                    xp.std(x), xp.sum(x), xp.mean(x), xp.linalg.vector_norm(x)
                    module = sys.modules[name]
                    assert type(module.__loader__) is importlib.machinery.SourceFileLoader
                    assert module.__spec__.loader is module.__loader__
            calls = [call.operation for call in t.calls if "linalg" not in call.operation
                     and "is_dask_array" not in call.operation]
            print(calls)
            for name in names:
                xp = sys.modules[name]
                functions = [value for value in vars(xp).values() if hasattr(value, "__code__")]
                functions += [c.cell_contents for f in functions for c in f.__closure__ or ()]
                codes = {f.__code__.co_filename for f in functions if hasattr(f, "__code__")}
                assert not [code for code in codes if code == FILENAME or OWN_DIRECTORY in code], codes
                assert xp.mean is da.mean and xp.sum is da.sum
            assert not [f for f in sys.meta_path if type(f).__module__.startswith("lazyscope")]
            """,
            tmp_path,
        )
        assert done.stderr == ""
        once = ["array_api_compat.dask.array.std", "dask.array.sum", "dask.array.mean"]
        assert done.stdout == f"{once * 3}\n"

    def test_a_module_imported_in_a_trace_keeps_the_originals(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, x: da.Array
    ) -> None:
        """What it took with ``from ... import`` is the very function again, and was recorded meanwhile."""
        originals = (da.mean, da.log, da.linalg.norm, da.Array, dask.base.get_scheduler)
        (tmp_path / "late_import.py").write_text(
            "from dask.array import Array, log, mean\nfrom dask.array.linalg import norm as length\n"
            "from dask.base import get_scheduler\nkept = [mean]\n"
            "def use(x): return mean(log(x))\n"
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        with lazyscope.trace() as t:
            late = importlib.import_module("late_import")
            late.use(x)
        monkeypatch.delitem(sys.modules, "late_import")
        assert [name.rpartition(".")[2] for name in operations(t)] == ["log", "mean"]
        assert (late.mean, late.log, late.length, late.Array, late.get_scheduler) == originals
        assert late.mean is da.mean

    def test_wrappers_that_the_program_keeps_pass_straight_through(self, x: da.Array) -> None:
        """After the trace they do what the function does; in a later one the call is recorded once."""
        with lazyscope.trace() as first:
            kept = [da.mean, da.Array.sum, da.linalg.norm]
            add = x.__add__
        assert [float(function(x)) for function in kept] == [1.0, 4.0, 2.0]
        assert add(1).compute().tolist() == [2.0] * 4
        assert operations(first) == []
        with lazyscope.trace() as second:
            for function in kept:
                function(x)
            add(1)
        last_parts = [name.rpartition(".")[2] for name in operations(second)]
        assert last_parts == ["mean", "sum", "norm", "__add__"]

    def test_an_import_that_fails_fails_as_ever(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same error for modules of the array layer that do not exist or raise."""
        package = tmp_path / "vendor_of_mine" / "array_api_compat"
        package.mkdir(parents=True)
        (tmp_path / "vendor_of_mine" / "__init__.py").touch()
        (package / "__init__.py").write_text("raise ArithmeticError('broken copy')")
        monkeypatch.syspath_prepend(str(tmp_path))
        with lazyscope.trace():
            with pytest.raises(ModuleNotFoundError, match=r"^No module named 'dask\.array\.no_such'$"):
                importlib.import_module("dask.array.no_such")
            with pytest.raises(ArithmeticError, match="broken copy"):
                importlib.import_module("vendor_of_mine.array_api_compat")
        assert "vendor_of_mine.array_api_compat" not in sys.modules


class TestThreads:
    """Traces and threads."""

    def test_two_threads_with_their_own_traces_see_their_own_work(self, x: da.Array) -> None:
        """Although both are open at the same time."""
        both_open, both_done = threading.Barrier(2), threading.Barrier(2)
        traces: dict[str, lazyscope.Trace] = {}

        def work(name: str, operate: Callable[[da.Array], da.Array]) -> None:
            with lazyscope.trace() as t:
                traces[name] = t
                both_open.wait()
                with dask.config.set(scheduler="sync"):
                    operate(x).compute()
                both_done.wait()

        threads = [
            threading.Thread(target=work, args=("add", lambda a: a + 1)),
            threading.Thread(target=work, args=("multiply", lambda a: a * 2)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen(traces["add"]) == (["Array.__add__"], 1)
        assert seen(traces["multiply"]) == (["Array.__mul__"], 1)
        assert [dict(t.data.blind_spots) for t in traces.values()] == [
            {"a force outside the traced context": 1}
        ] * 2

    def test_threads_and_jobs_started_inside_are_seen_and_others_are_counted(self, x: da.Array) -> None:
        """A thread that was there before is outside, though its forces are counted."""
        begin, done = threading.Event(), threading.Event()

        def outside() -> None:
            begin.wait()
            (x - 1).compute(scheduler="sync")
            done.set()

        earlier = threading.Thread(target=outside)
        earlier.start()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(int).result()
            with lazyscope.trace() as t:
                thread = threading.Thread(target=lambda: (x + 1).compute(scheduler="sync"), name="mine")
                thread.start()
                thread.join()
                pool.submit(lambda: (x * 2).compute(scheduler="sync")).result()
                begin.set()
                done.wait()
        earlier.join()
        assert seen(t) == (["Array.__add__", "Array.__mul__"], 2)
        assert t.forces[0].thread == "mine"
        assert t.data.blind_spots == {"a force outside the traced context": 1}

    def test_tasks_of_an_event_loop_are_seen(self, x: da.Array) -> None:
        """Those started inside, with what they hand to threads; a task from before is outside."""

        async def outside(begin: asyncio.Event) -> None:
            await begin.wait()
            (x - 1).compute()

        async def inside() -> None:
            await asyncio.sleep(0)
            (x + 1).compute()
            await asyncio.to_thread(lambda: (x * 2).compute(scheduler="sync"))
            await asyncio.get_running_loop().run_in_executor(None, lambda: (x / 2).compute(scheduler="sync"))

        async def main() -> lazyscope.Trace:
            begin = asyncio.Event()
            other = asyncio.create_task(outside(begin))
            await asyncio.sleep(0)
            with lazyscope.trace() as t:
                task = asyncio.create_task(inside())
                await task
                begin.set()
                await other
            return t

        t = asyncio.run(main())
        assert seen(t) == (["Array.__add__", "Array.__mul__", "Array.__truediv__"], 3)
        assert t.data.blind_spots == {"a force outside the traced context": 1}

    def test_a_context_that_outlives_its_trace_no_longer_writes_to_it(
        self, x: da.Array, tmp_path: Path
    ) -> None:
        """A copied context, such as a background task's, still names the closed one; another is open."""
        with lazyscope.trace(tmp_path / "first.lazy") as first:
            context = contextvars.copy_context()
        size = (tmp_path / "first.lazy").stat().st_size
        with lazyscope.trace() as second:
            context.run(lambda: (x + 1).compute())
        assert seen(first) == ([], 0)
        assert (tmp_path / "first.lazy").stat().st_size == size
        assert second.data.blind_spots == {"a force outside the traced context": 1}

    def test_a_trace_may_be_left_in_another_thread(self, x: da.Array) -> None:
        """The thread that entered it is watched no longer."""

        def enter() -> None:
            block = lazyscope.trace()
            t = block.__enter__()
            x + 1
            leaver = threading.Thread(target=block.__exit__, args=(None, None, None))
            leaver.start()
            leaver.join()
            x * 2
            assert session.watching() == ()
            with lazyscope.trace() as other:
                x - 1
                assert len(session.watching()) == 1
            assert operations(t) == ["Array.__add__"]
            assert operations(other) == ["Array.__sub__"]

        contextvars.copy_context().run(enter)


class TestGenerators:
    """A trace that is open while a generator sleeps."""

    def test_a_trace_in_a_generator_ends_with_it(self, x: da.Array) -> None:
        """What its consumer does in between belongs to the block."""

        def generate() -> Iterator[lazyscope.Trace]:
            with lazyscope.trace() as t:
                x + 1
                yield t
                x * 2

        steps = generate()
        t = next(steps)
        x - 1
        assert next(steps, None) is None
        x / 1
        assert operations(t) == ["Array.__add__", "Array.__sub__", "Array.__mul__"]
        assert t.data.ended == "ok"

    def test_a_trace_in_a_generator_that_is_dropped_ends_too(self, x: da.Array) -> None:
        """`GeneratorExit` is no failure of the program's."""

        def generate() -> Iterator[lazyscope.Trace]:
            with lazyscope.trace() as t:
                yield t

        steps = generate()
        t = next(steps)
        x + 1
        del steps
        gc.collect()
        assert session.installed_patches() is None
        assert operations(t) == ["Array.__add__"]
        assert (t.data.ended, t.failures) == ("ok", [])

    def test_traces_of_interleaved_generators(self, x: da.Array) -> None:
        """Entered and left crosswise."""

        def generate() -> Iterator[lazyscope.Trace]:
            with lazyscope.trace() as t:
                yield t

        one, two = generate(), generate()
        a, b = next(one), next(two)
        x + 1
        assert next(one, None) is None
        x * 2
        assert next(two, None) is None
        assert (operations(a), operations(b)) == (["Array.__add__"], ["Array.__add__", "Array.__mul__"])


class TestHolding:
    """Sensors that stay in place between traces, for those who open one after another."""

    def test_sensors_stay_until_they_are_released(self, x: da.Array) -> None:
        """The same ones for every trace; between them nothing is recorded."""
        session.hold()
        held = session.installed_patches()
        traces = []
        for _ in range(2):
            x - 1
            with lazyscope.trace() as t:
                (x + 1).compute()
                assert session.installed_patches() is held
            traces.append(t)
            assert session.installed_patches() is held
            assert not session.any_open()
        session.release()
        assert session.installed_patches() is None
        assert [seen(t) for t in traces] == [(["Array.__add__"], 1)] * 2

    def test_the_last_of_several_holders_releases(self) -> None:
        """Not the first."""
        session.hold()
        session.hold()
        session.release()
        assert session.installed_patches() is not None
        session.release()
        assert session.installed_patches() is None

    def test_what_is_released_in_a_trace_goes_with_the_trace(self, x: da.Array) -> None:
        """It goes on being recorded."""
        session.hold()
        with lazyscope.trace() as t:
            session.release()
            x + 1
        assert operations(t) == ["Array.__add__"]
        assert session.installed_patches() is None

    def test_a_hold_that_fails_holds_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The next trace takes its sensors away as ever."""

        def fails(*_: Any) -> None:
            raise RuntimeError("a bug of ours")

        with monkeypatch.context() as patch:
            patch.setattr(Patches, "set", fails)
            with pytest.raises(RuntimeError, match="a bug of ours"):
                session.hold()
        with lazyscope.trace():
            pass
        assert session.installed_patches() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
class TestFork:
    """A forked child."""

    def test_a_child_writes_a_file_of_its_own(self, tmp_path: Path) -> None:
        """The parent's file holds the parent's events only; both are whole."""
        done = run_python(
            """
            import os
            import dask.array as da
            import lazyscope
            x = da.ones(4, chunks=2)
            with lazyscope.trace("t.lazy") as t:
                (x + 1).compute(scheduler="sync")
                child = os.fork()
                if child == 0:
                    (x * 2).compute(scheduler="sync")
                    os._exit(0)
                os.waitpid(child, 0)
                (x - 1).compute(scheduler="sync")
            print(child)
            """,
            tmp_path,
        )
        assert done.stderr == ""
        parent, child = (
            load_trace(tmp_path / "t.lazy"),
            load_trace(tmp_path / f"t-{done.stdout.strip()}.lazy"),
        )
        assert (parent.header.process, parent.ended, parent.lost_bytes) == ("main", "ok", 0)
        assert [parent.texts[c.operation] for c in parent.calls if "__" in parent.texts[c.operation]] == [
            "Array.__add__",
            "Array.__sub__",
        ]
        assert (len(parent.forces), len(child.forces)) == (2, 1)
        assert (child.header.process, child.ended, child.lost_bytes) == ("forked", "killed", 0)
        assert [child.texts[c.operation] for c in child.calls] == ["Array.__mul__"]
        assert child.running is None

    def test_a_child_that_leaves_the_block_closes_its_own_file(self, tmp_path: Path) -> None:
        """Its trace object shows the child's events; without a path it keeps them in memory."""
        done = run_python(
            """
            import os, sys
            import dask.array as da
            import lazyscope
            x = da.ones(4, chunks=2)
            for path in ("t.lazy", None):
                with lazyscope.trace(path) as t:
                    (x + 1).compute(scheduler="sync")
                    child = os.fork()
                    if child == 0:
                        (x * 2).compute(scheduler="sync")
                if child == 0:
                    print(path, len(t.forces), t.data.ended, t.data.header.process, flush=True)
                    os._exit(0)
                os.waitpid(child, 0)
                print(path, len(t.forces), t.data.ended, t.data.header.process, flush=True)
            """,
            tmp_path,
        )
        assert done.stderr == ""
        assert done.stdout == ("t.lazy 1 ok forked\nt.lazy 1 ok main\nNone 1 ok forked\nNone 1 ok main\n")
        assert len(list(tmp_path.glob("*.lazy"))) == 2

    def test_a_child_forked_while_another_thread_records_does_not_hang(self, tmp_path: Path) -> None:
        """Locks that were held at the moment of the fork are new in the child."""
        done = run_python(
            """
            import os, threading
            import dask.array as da
            import lazyscope
            x = da.ones(4, chunks=2)
            held, release = threading.Event(), threading.Event()
            with lazyscope.trace("t.lazy") as t:
                def record(_):
                    held.set()
                    release.wait()
                    return lazyscope.model.events.BlindSpot("in between")
                recorder = t._session.recorder
                thread = threading.Thread(target=recorder.emit, args=(record,))
                thread.start()
                held.wait()
                child = os.fork()
                if child == 0:
                    (x * 2).compute(scheduler="sync")
                    os._exit(7)
                print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
                release.set()
                thread.join()
            print("done")
            """,
            tmp_path,
        )
        assert (done.stdout, done.stderr) == ("7\ndone\n", "")
        assert load_trace(tmp_path / "t.lazy").blind_spots == {"in between": 1}


def run_python(program: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own; that NumPy has threads when it forks is no news."""
    return subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(program)],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": SOURCE_ROOT},
        capture_output=True,
        check=False,
        text=True,
    )
