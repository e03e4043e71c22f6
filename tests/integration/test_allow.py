"""``allow``: forces that are meant carry the reason, wherever the block's code runs, and no others do."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import lazyscope
from lazyscope.capture import allowed
from lazyscope.errors import LazyscopeError


@pytest.fixture(autouse=True)
def nothing_is_allowed_afterwards() -> Iterator[None]:
    """After every test nothing is allowed in its context."""
    with dask.config.set(scheduler="sync"):
        yield
    assert allowed.reason() is None


@pytest.fixture
def trace() -> Iterator[lazyscope.Trace]:
    """A trace around the test."""
    with lazyscope.trace() as t:
        yield t


def force(n: int = 1) -> None:
    """Make a force of ``n`` tasks, in whatever thread."""
    da.ones(n, chunks=1).compute(scheduler="sync")


def reasons(trace: lazyscope.Trace) -> list[str | None]:
    """The reason of each force."""
    return [one.allowed for one in trace.forces]


class TestBlocks:
    """``with lazyscope.allow(reason):``."""

    def test_forces_of_the_block_carry_the_reason(self, trace: lazyscope.Trace) -> None:
        """Those before and after do not; all are in the totals."""
        force()
        with lazyscope.allow("the table is small") as given:
            force()
            force()
        force()
        assert given is None
        assert reasons(trace) == [None, "the table is small", "the table is small", None]

    def test_the_inner_reason_holds(self, trace: lazyscope.Trace) -> None:
        """The outer one holds again afterwards."""
        with lazyscope.allow("outer"):
            force()
            with lazyscope.allow("inner"):
                force()
            force()
        assert reasons(trace) == ["outer", "inner", "outer"]

    @pytest.mark.parametrize("order", list(itertools.permutations("abc")))
    def test_blocks_may_be_left_in_any_order(self, trace: lazyscope.Trace, order: tuple[str, ...]) -> None:
        """What was entered last and not yet left holds; in the end nothing does."""
        blocks = {name: lazyscope.allow(name) for name in "abc"}
        expected: list[str | None] = []
        open_blocks = list("abc")
        for block in blocks.values():
            block.__enter__()
        for name in order:
            blocks[name].__exit__(None, None, None)
            open_blocks.remove(name)
            force()
            expected.append(open_blocks[-1] if open_blocks else None)
        assert reasons(trace) == expected

    def test_one_object_may_be_used_again_and_inside_itself(self, trace: lazyscope.Trace) -> None:
        """As often as one likes."""
        meant = lazyscope.allow("meant")
        with meant:
            with meant, lazyscope.allow("other"), meant:
                force()
            force()
        force()
        with meant:
            force()
        assert reasons(trace) == ["meant", "meant", None, "meant"]

    def test_one_object_in_two_threads_at_once(self, trace: lazyscope.Trace) -> None:
        """Each leaves its own block, whichever was entered first."""
        meant = lazyscope.allow("meant")
        entered, left = threading.Barrier(2, timeout=60), threading.Event()

        def work(first: bool) -> None:
            with meant:
                entered.wait()
                if not first:
                    assert left.wait(60)
                    force(2)
            force(1 if first else 3)
            left.set()

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(work, True), pool.submit(work, False)]:
                done.result()
        assert {one.tasks: one.allowed for one in trace.forces} == {1: None, 2: "meant", 3: None}

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
    def test_an_exception_passes_and_the_block_has_ended(
        self, trace: lazyscope.Trace, error: type[BaseException]
    ) -> None:
        """The very object, with nothing added to it."""
        raised = error("out")
        with pytest.raises(error) as caught, lazyscope.allow("meant"):
            raise raised
        force()
        assert caught.value is raised
        assert (raised.__context__, getattr(raised, "__notes__", None)) == (None, None)
        assert reasons(trace) == [None]

    @pytest.mark.parametrize("reason", ["", "  \n", None, 3, len, ["why"]])
    def test_a_reason_is_needed(self, reason: Any) -> None:
        """A function in its place is what ``@lazyscope.allow`` without parentheses gives."""
        with pytest.raises(LazyscopeError, match=r'needs a reason: lazyscope\.allow\("why this may compute"'):
            lazyscope.allow(reason)

    def test_without_a_trace_nothing_happens(self) -> None:
        """The block and the function run."""
        with lazyscope.allow("meant"):
            force()
        assert lazyscope.allow("meant")(lambda: "ran")() == "ran"

    def test_a_trace_inside_a_block_knows_its_reason(self) -> None:
        """Whichever was entered first."""
        with lazyscope.allow("meant"), lazyscope.trace(max_forces=0) as t:
            force()
        assert reasons(t) == ["meant"]

    def test_a_strange_reason_is_kept_as_it_is(self, trace: lazyscope.Trace) -> None:
        """Reports show it harmlessly; the trace keeps it."""
        why = "[red]why\x1b[31m\n\u202e" + "é" * 1000
        with lazyscope.allow(why):
            force()
        assert reasons(trace) == [why]


class TestFunctions:
    """``@lazyscope.allow(reason)``."""

    def test_forces_of_a_function(self, trace: lazyscope.Trace) -> None:
        """Of each call, also those of a function that calls itself."""

        @lazyscope.allow("meant")
        def work(n: int) -> int:
            force()
            return n * work(n - 1) if n else 1

        assert [work(2), work(0)] == [2 * 1 * 1, 1]
        force()
        assert reasons(trace) == ["meant"] * 4 + [None]

    def test_methods_and_stacked_decorators(self, trace: lazyscope.Trace) -> None:
        """The innermost reason holds, as of nested blocks; a trace may lie on either side."""

        class Table:
            @lazyscope.allow("outer")
            @classmethod
            @lazyscope.allow("inner")
            def save(cls) -> None:
                force()

            @staticmethod
            @lazyscope.trace(max_forces=0)
            @lazyscope.allow("below")
            def below() -> None:
                force()

            @lazyscope.allow("above")
            @lazyscope.trace(max_forces=0)
            def above(self) -> None:
                force()

        Table.save()
        Table.below()
        Table().above()
        assert reasons(trace) == ["inner", "below", "above"]

    def test_a_generator_s_consumer_is_not_allowed(self, trace: lazyscope.Trace) -> None:
        """Only the steps of the generator are; closing it is one."""

        @lazyscope.allow("meant")
        def blocks() -> Iterator[None]:
            try:
                force()
                yield
                force()
                yield
            finally:
                force()

        for _ in blocks():
            force()
        assert reasons(trace) == ["meant", None, "meant", None, "meant"]
        made = blocks()
        next(made)
        del made
        gc.collect()
        force()
        assert reasons(trace)[5:] == ["meant", "meant", None]

    def test_an_exception_thrown_into_a_generator(self, trace: lazyscope.Trace) -> None:
        """Its handler is allowed, the consumer's is not."""

        @lazyscope.allow("meant")
        def blocks() -> Iterator[None]:
            try:
                yield
            except ValueError:
                force()
                raise

        made: Any = blocks()
        next(made)
        with contextlib.suppress(ValueError):
            made.throw(ValueError)
        force()
        assert reasons(trace) == ["meant", None]

    def test_coroutines_that_take_turns(self, trace: lazyscope.Trace) -> None:
        """In one context, too."""

        @lazyscope.allow("meant")
        async def work() -> None:
            force()
            await asyncio.sleep(0)
            force()

        async def other() -> None:
            force(2)
            await asyncio.sleep(0)
            force(2)

        async def main() -> None:
            context, loop = copy_context(), asyncio.get_running_loop()
            await asyncio.gather(
                loop.create_task(work(), context=context), loop.create_task(other(), context=context)
            )

        asyncio.run(main())
        assert [(one.tasks, one.allowed) for one in trace.forces] == [(1, "meant"), (2, None)] * 2

    def test_async_generators(self, trace: lazyscope.Trace) -> None:
        """Their consumers are not allowed."""

        @lazyscope.allow("meant")
        async def blocks() -> AsyncIterator[None]:
            force()
            await asyncio.sleep(0)
            yield
            force()

        async def main() -> None:
            async for _ in blocks():
                force()

        asyncio.run(main())
        assert reasons(trace) == ["meant", None, "meant"]


class TestGeneratorsWithBlocks:
    """Blocks inside generators and async context managers: left elsewhere than they were entered."""

    @pytest.mark.parametrize("first", [0, 1])
    def test_generators_that_end_crosswise(self, trace: lazyscope.Trace, first: int) -> None:
        """The consumer is inside the blocks that are open, as it is for any context manager."""

        def generate(reason: str) -> Iterator[None]:
            with lazyscope.allow(reason):
                yield

        both = [generate("one"), generate("two")]
        for made in both:
            next(made)
        force()
        for made in (both[first], both[1 - first]):
            assert next(made, "end") == "end"
            force()
        assert reasons(trace) == ["two", ("two", "one")[first], None]

    def test_a_block_that_is_left_in_another_task(self, trace: lazyscope.Trace) -> None:
        """As an async fixture is: no error, and what goes on elsewhere is not allowed."""

        @contextlib.asynccontextmanager
        async def resource() -> AsyncIterator[None]:
            with lazyscope.allow("meant"):
                force()
                yield

        async def main() -> None:
            opened = resource()
            await asyncio.create_task(opened.__aenter__())  # type: ignore[arg-type]
            force()
            await asyncio.create_task(opened.__aexit__(None, None, None))  # type: ignore[arg-type]
            force()

        asyncio.run(main())
        assert reasons(trace) == ["meant", None, None]

    def test_a_block_that_is_left_in_another_thread(self, trace: lazyscope.Trace) -> None:
        """As a web server does it; where it was entered it holds as long as that context does."""
        meant = lazyscope.allow("meant")
        context = copy_context()
        context.run(meant.__enter__)
        thread = threading.Thread(target=meant.__exit__, args=(None, None, None))
        thread.start()
        thread.join()
        force()
        context.run(force)
        context.run(meant.__exit__, None, None, None)
        context.run(force)
        assert reasons(trace) == [None, "meant", None]


class TestStartedInside:
    """What is started in a block belongs to it."""

    def test_threads(self, trace: lazyscope.Trace) -> None:
        """Also when the block has ended; a block of their own holds while it is open."""
        go_on = threading.Event()

        def work() -> None:
            go_on.wait(60)
            force()
            with lazyscope.allow("own"):
                force()
                inner = threading.Thread(target=force)
                inner.start()
                inner.join()
            force()

        with lazyscope.allow("meant"):
            thread = threading.Thread(target=work)
            thread.start()
        go_on.set()
        thread.join()
        force()
        assert reasons(trace) == ["meant", "own", "own", "meant", None]

    def test_executor_jobs(self, trace: lazyscope.Trace) -> None:
        """The jobs, not the threads of the pool: they serve others afterwards."""
        with ThreadPoolExecutor(1) as pool:
            with lazyscope.allow("meant"):
                pool.submit(force).result()
                list(pool.map(force, [1, 1]))
            pool.submit(force).result()
            with lazyscope.allow("other"):
                pool.submit(force).result()
        assert reasons(trace) == ["meant"] * 3 + [None, "other"]

    def test_tasks_of_an_event_loop(self, trace: lazyscope.Trace) -> None:
        """With what they hand to threads; also when the block has ended."""

        async def work() -> None:
            await asyncio.sleep(0)
            force()
            await asyncio.to_thread(force)
            await asyncio.get_running_loop().run_in_executor(None, force)

        async def main() -> None:
            with lazyscope.allow("meant"):
                task = asyncio.create_task(work())
            force()
            await task
            await asyncio.to_thread(force)

        asyncio.run(main())
        assert reasons(trace) == [None, "meant", "meant", "meant", None]

    @pytest.mark.parametrize("scheduler", ["sync", "threads", "pool"])
    def test_tasks_of_a_force(self, trace: lazyscope.Trace, scheduler: str) -> None:
        """Forces inside the tasks of an allowed force, in whatever pool; and only of that one."""

        def nested(block: Any) -> Any:
            force()
            return block

        x = da.ones(2, chunks=2).map_blocks(nested, dtype=float, meta=np.empty(0))
        with ThreadPoolExecutor(1) as pool:
            where: Any = pool if scheduler == "pool" else scheduler
            with lazyscope.allow("meant"):
                x.compute(scheduler=where)
            x.compute(scheduler=where)
        assert reasons(trace) == ["meant", "meant", None, None]
        assert [one.parent for one in trace.forces] == [None, 1, None, 3]

    def test_a_reason_inside_a_task_goes_before_that_of_its_force(self, trace: lazyscope.Trace) -> None:
        """It is the innermost; without one outside, the force itself is not allowed."""

        def nested(block: Any) -> Any:
            with lazyscope.allow("inside"):
                force()
            return block

        x = da.ones(2, chunks=2).map_blocks(nested, dtype=float, meta=np.empty(0))
        x.compute()
        with lazyscope.allow("outside"):
            x.compute()
        assert reasons(trace) == [None, "inside", "outside", "inside"]

    def test_a_fresh_context_is_outside(self, trace: lazyscope.Trace) -> None:
        """Nobody can say there what was said here; the trace is not there either."""
        with lazyscope.allow("meant"):
            Context().run(force)
            copy_context().run(force)
        assert reasons(trace) == ["meant"]
        assert trace.data.blind_spots == {"a force outside the traced context": 1}


def test_allowed_forces_of_a_program_that_is_run(run: Callable[..., Any]) -> None:
    """Sites, triggers and counts are as without; the witness sees the same forces."""
    program = run("""
        import lazyscope
        x = da.ones(4, chunks=2)
        with lazyscope.allow("meant"):
            float(x.sum())  #!
        @lazyscope.allow("meant too")
        def load(x):
            return x.compute()  #!
        load(x)
    """)
    assert [line for _, line, _ in program.where()] == program.lines()
    assert [one.allowed for one in program.forces] == ["meant", "meant too"]
    program.check_counts()
