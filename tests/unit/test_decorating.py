"""Functions with a block around their bodies: the block is told everything, the caller nothing."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import functools
import gc
import inspect
import itertools
import linecache
import pickle
import sys
import threading
import traceback
import types
import warnings
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import Context, ContextVar
from typing import Any

import pytest

from lazyscope.capture.wrapping import FILENAME
from lazyscope.decorating import decorated
from lazyscope.errors import LazyscopeError


class Blocks:
    """Hands out blocks that note what they are told; each is told from a number of its own."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.numbers = itertools.count(1)
        self.inside = 0

    def __call__(self, function: Any) -> Any:
        """The function within blocks."""
        return decorated(function, lambda: Noting(self, next(self.numbers)), by="the.decorator")


class Noting:
    """A block that notes what it is told."""

    def __init__(self, blocks: Blocks, number: int) -> None:
        self.blocks = blocks
        self.number = number

    def note(self, what: str) -> None:
        self.blocks.log.append(what if self.number == 1 else f"{what} {self.number}")

    def enter(self) -> None:
        self.blocks.inside += 1
        self.note("enter")

    def leave(self) -> None:
        self.blocks.inside -= 1
        self.note("leave")

    def finish(self, error: BaseException | None) -> None:
        self.note(f"finish {'well' if error is None else type(error).__name__}")


@pytest.fixture
def blocks() -> Iterator[Blocks]:
    """Blocks that note what they are told; after the test none of them is entered."""
    made = Blocks()
    yield made
    assert made.inside == 0


def twice(function: Any) -> Any:
    """A decorator that does nothing of its own."""
    return Blocks()(function)


# Every kind of function


def plain(x: int, *, y: int = 2) -> int:
    """Add."""
    return x + y


async def coroutine(x: int, *, y: int = 2) -> int:
    """Add."""
    return x + y


def generator(x: int, *, y: int = 2) -> Iterator[int]:
    """Add."""
    yield x + y


async def async_generator(x: int, *, y: int = 2) -> AsyncIterator[int]:
    """Add."""
    yield x + y


KINDS: list[Callable[..., Any]] = [plain, coroutine, generator, async_generator]
QUESTIONS = [
    inspect.isfunction,
    inspect.isgeneratorfunction,
    inspect.iscoroutinefunction,
    inspect.isasyncgenfunction,
    inspect.isroutine,
    asyncio.iscoroutinefunction if sys.version_info < (3, 14) else inspect.iscoroutinefunction,
]

MODULE_LEVEL = 41


@twice
def importable(x: int) -> int:
    """Found under its name in its module."""
    return x + MODULE_LEVEL


@pytest.fixture(params=KINDS, ids=lambda function: function.__name__)
def kind(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """A function of each kind."""
    function: Callable[..., Any] = request.param
    return function


def result_of(made: Any) -> Any:
    """What a call comes to, whatever kind of function was called."""
    if inspect.iscoroutine(made):
        return asyncio.run(made)
    if inspect.isasyncgen(made):

        async def gather() -> list[Any]:
            return [item async for item in made]

        (item,) = asyncio.run(gather())
        return item
    if inspect.isgenerator(made):
        (item,) = made
        return item
    return made


class TestLooks:
    """What a decorated function shows of itself."""

    def test_a_decorated_function_is_of_its_kind(self, kind: Callable[..., Any]) -> None:
        """Frameworks ask such questions to know how to call it."""
        answers = [ask(kind) for ask in QUESTIONS]
        assert [ask(twice(kind)) for ask in QUESTIONS] == answers
        assert [ask(twice(functools.partial(kind, 1))) for ask in QUESTIONS[1:4]] == answers[1:4]

    def test_names_documentation_and_signature_are_the_function_s(self, kind: Callable[..., Any]) -> None:
        """So are annotations and attributes; the function itself can be had."""
        kind.mark = "mine"  # type: ignore[attr-defined]
        made = twice(kind)
        assert (made.__name__, made.__qualname__, made.__module__) == (
            kind.__name__, kind.__qualname__, __name__
        )  # fmt: skip
        assert (made.__doc__, made.__annotations__, made.mark) == ("Add.", kind.__annotations__, "mine")
        assert inspect.signature(made) == inspect.signature(kind)
        assert inspect.getsourcelines(made) == inspect.getsourcelines(kind)
        assert made.__wrapped__ is kind

    def test_what_a_call_makes_bears_the_function_s_name(self, kind: Callable[..., Any]) -> None:
        """A coroutine that is never awaited is named in a warning."""
        made = twice(kind)(1)
        if kind is not plain:
            assert (made.__name__, made.__qualname__) == (kind.__name__, kind.__qualname__)
        assert result_of(made) == 3

    def test_a_decorated_function_is_pickled_by_reference(self) -> None:
        """As a pool of processes needs it."""
        assert pickle.loads(pickle.dumps(importable)) is importable
        assert importable(1) == 42

    def test_an_abstract_method_stays_abstract(self) -> None:
        """Whichever decorator comes first."""

        class Base(abc.ABC):
            @twice
            @abc.abstractmethod
            def method(self) -> None: ...

            @twice
            @classmethod
            @abc.abstractmethod
            def of_class(cls) -> None: ...

        assert Base.__abstractmethods__ == {"method", "of_class"}

    @pytest.mark.parametrize(
        ("thing", "what"),
        [
            (int, "a class: put it on its methods"),
            (property(lambda self: 1), "an object of class property: put it above `def`"),
            (functools.cached_property(lambda self: 1), "an object of class cached_property: put it above"),
            ("name", "an object of class str: put it above `def`"),
        ],
    )
    def test_what_is_no_function_is_refused(self, thing: Any, what: str) -> None:
        """With a word on where the decorator belongs."""
        with pytest.raises(LazyscopeError, match=f"^the.decorator decorates functions, and this is {what}"):
            twice(thing)


class TestKindsOfCallables:
    """Functions, methods and what else can be called."""

    def test_arguments_and_results_pass_through(self, kind: Callable[..., Any], blocks: Blocks) -> None:
        """By position, by name, and keyword-only."""
        assert result_of(blocks(kind)(1)) == 3
        assert result_of(blocks(kind)(x=1, y=5)) == 6

    def test_methods_of_every_sort(self, kind: Callable[..., Any], blocks: Blocks) -> None:
        """Instance, class and static; above and below the built-in decorators; through a subclass."""

        def method(self: Any, x: int) -> Any:
            assert isinstance(self, Base)
            return kind(x)

        def of_class(cls: type, x: int) -> Any:
            assert cls is Derived
            return kind(x)

        class Base:
            instance = blocks(method)
            class_above = blocks(classmethod(of_class))
            class_below = classmethod(blocks(of_class))
            static_above = blocks(staticmethod(kind))
            static_below = staticmethod(blocks(kind))

        class Derived(Base):
            pass

        names = ("instance", "class_above", "class_below", "static_above", "static_below")
        for name in names:
            assert result_of(getattr(Derived(), name)(1)) == 3
        assert blocks.log.count("enter") == 1
        assert len([what for what in blocks.log if what.startswith("finish well")]) == len(names)
        for name in names[1:]:
            assert result_of(getattr(Derived, name)(1)) == 3
        assert [type(vars(Base)[name]) for name in names] == [
            types.FunctionType, classmethod, classmethod, staticmethod, staticmethod
        ]  # fmt: skip

    def test_objects_that_are_called(self, kind: Callable[..., Any], blocks: Blocks) -> None:
        """The block is around their bodies too, not only around what makes a generator or a coroutine."""
        seen: list[int] = []

        if kind is plain:

            class Called:
                def __call__(self, x: int) -> Any:
                    seen.append(blocks.inside)
                    return x + 2

        elif kind is coroutine:

            class Called:  # type: ignore[no-redef]
                async def __call__(self, x: int) -> Any:
                    seen.append(blocks.inside)
                    return x + 2

        elif kind is generator:

            class Called:  # type: ignore[no-redef]
                def __call__(self, x: int) -> Any:
                    seen.append(blocks.inside)
                    yield x + 2

        else:

            class Called:  # type: ignore[no-redef]
                async def __call__(self, x: int) -> Any:
                    seen.append(blocks.inside)
                    yield x + 2

        assert result_of(blocks(Called())(1)) == 3
        assert result_of(blocks(Called().__call__)(1)) == 3
        assert result_of(blocks(functools.partial(Called(), 1))()) == 3
        assert seen == [1, 1, 1] if kind is plain else seen[:2] == [1, 1]

    def test_a_generator_that_can_be_awaited(self, blocks: Blocks) -> None:
        """Made by `types.coroutine`; the event loop runs outside of its block."""

        @blocks
        @types.coroutine
        def pause() -> Any:
            yield blocks.inside
            return "result"

        async def wait() -> Any:
            return await pause()

        made = wait()
        assert made.send(None) == 1
        assert blocks.inside == 0
        assert stop_of(lambda: made.send(None)) == "result"

    def test_functions_made_in_c(self, blocks: Blocks) -> None:
        """They have no code and may have no signature."""
        assert blocks(max)(1, 3, 2) == 3
        assert blocks.log == ["enter", "leave", "finish well"]

    def test_each_call_has_a_block_of_its_own(self, blocks: Blocks) -> None:
        """One inside the other where a function calls itself."""

        @blocks
        def factorial(n: int) -> int:
            return n * factorial(n - 1) if n > 1 else 1

        assert factorial(3) == 6
        assert blocks.log == [
            "enter", "enter 2", "enter 3", "leave 3", "finish well 3", "leave 2", "finish well 2", "leave",
            "finish well",
        ]  # fmt: skip

    def test_generators_that_call_themselves(self, blocks: Blocks) -> None:
        """``yield from`` passes through the inner block and the outer one."""

        @blocks
        def down(n: int) -> Iterator[int]:
            yield n
            if n:
                yield from down(n - 1)

        assert list(down(2)) == [2, 1, 0]
        assert [what for what in blocks.log if "finish" in what] == [
            "finish well 3", "finish well 2", "finish well"
        ]  # fmt: skip

    def test_calls_in_several_threads_at_once(self, blocks: Blocks) -> None:
        """They share nothing."""
        together = threading.Barrier(4)
        counts: list[int] = []

        @blocks
        def meet() -> None:
            together.wait()
            counts.append(len([what for what in blocks.log if what.startswith("enter")]))
            together.wait()

        threads = [threading.Thread(target=meet) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counts == [4, 4, 4, 4]
        assert len([what for what in blocks.log if what.startswith("finish well")]) == 4

    def test_wrong_arguments_are_the_function_s_own_error(
        self, kind: Callable[..., Any], blocks: Blocks
    ) -> None:
        """The same words; the block has ended."""
        with pytest.raises(TypeError) as mine:
            kind(1, 2, 3)
        with pytest.raises(TypeError) as theirs:
            result_of(blocks(kind)(1, 2, 3))
        assert str(theirs.value) == str(mine.value)
        assert blocks.log == ["enter", "leave", "finish TypeError"]


class TestOrder:
    """When blocks are entered, left and finished."""

    def test_a_function_runs_inside(self, blocks: Blocks) -> None:
        """Entered before, left and finished after."""
        blocks(lambda: blocks.log.append("body"))()
        assert blocks.log == ["enter", "body", "leave", "finish well"]

    def test_nothing_happens_before_a_body_begins(self, kind: Callable[..., Any], blocks: Blocks) -> None:
        """A generator that nobody asks has no block."""
        made = blocks(kind)(1)
        if kind is not plain:
            assert blocks.log == []
        if kind is coroutine or kind is generator:
            made.close()
            assert blocks.log == []

    def test_a_generator_is_inside_while_it_works(self, blocks: Blocks) -> None:
        """And outside while its consumer does; the block is finished once."""

        @blocks
        def generate() -> Iterator[str]:
            for word in ("a", "b"):
                blocks.log.append(f"make {word}")
                yield word
            blocks.log.append("clean up")

        for word in generate():
            blocks.log.append(f"use {word}")
        assert blocks.log == [
            "enter", "leave",
            "enter", "make a", "leave", "use a",
            "enter", "make b", "leave", "use b",
            "enter", "clean up", "leave", "finish well",
        ]  # fmt: skip

    def test_a_generator_that_is_dropped_cleans_up_inside(self, blocks: Blocks) -> None:
        """As soon as it is collected."""

        @blocks
        def generate() -> Iterator[int]:
            try:
                yield 1
            finally:
                blocks.log.append("clean up")

        for _ in generate():
            break
        gc.collect()
        assert blocks.log == [
            "enter", "leave", "enter", "leave", "enter", "clean up", "leave", "finish GeneratorExit"
        ]  # fmt: skip

    def test_a_coroutine_is_outside_while_it_waits(self, blocks: Blocks) -> None:
        """Although another task has the very same context."""
        seen: list[tuple[str, int]] = []

        @blocks
        async def work() -> None:
            for _ in range(2):
                seen.append(("work", blocks.inside))
                await asyncio.sleep(0)
            seen.append(("work", blocks.inside))

        async def other() -> None:
            for _ in range(2):
                seen.append(("other", blocks.inside))
                await asyncio.sleep(0)

        async def main() -> None:
            context = Context()
            loop = asyncio.get_running_loop()
            await asyncio.gather(
                loop.create_task(work(), context=context), loop.create_task(other(), context=context)
            )

        asyncio.run(main())
        assert seen == [("work", 1), ("other", 0), ("work", 1), ("other", 0), ("work", 1)]
        assert blocks.log[-2:] == ["leave", "finish well"]

    def test_an_async_generator_is_outside_while_it_waits_and_while_its_consumer_works(
        self, blocks: Blocks
    ) -> None:
        """Each stretch of its body is inside."""

        @blocks
        async def generate() -> AsyncIterator[int]:
            blocks.log.append("make")
            await Pause("waiting")
            yield 1
            blocks.log.append("clean up")

        items = generate()
        first = items.__anext__()
        assert first.send(None) == "waiting"  # type: ignore[attr-defined]
        blocks.log.append("loop")
        assert stop_of(lambda: first.send(None)) == 1  # type: ignore[attr-defined]
        blocks.log.append("use")
        with pytest.raises(StopAsyncIteration):
            items.__anext__().send(None)  # type: ignore[attr-defined]
        assert blocks.log == [
            "enter", "leave",
            "enter", "make", "leave", "loop",
            "enter", "leave", "use",
            "enter", "clean up", "leave", "finish well",
        ]  # fmt: skip

    @pytest.mark.parametrize("ends", ["cancelled", "timed out"])
    def test_a_cancelled_coroutine_cleans_up_inside(self, blocks: Blocks, ends: str) -> None:
        """It may wait while it does; the block is finished with the cancellation."""
        seen: list[int] = []

        @blocks
        async def work() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                seen.append(blocks.inside)
                await asyncio.sleep(0)
                seen.append(blocks.inside)

        async def main() -> None:
            task = asyncio.create_task(work())
            await asyncio.sleep(0)
            assert blocks.inside == 0
            if ends == "cancelled":
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(task, 0.001)

        asyncio.run(main())
        assert seen == [1, 1]
        assert blocks.log[-1] == "finish CancelledError"
        assert len([what for what in blocks.log if "finish" in what]) == 1

    def test_a_coroutine_that_is_dropped_while_it_waits_is_finished(self, blocks: Blocks) -> None:
        """It is closed, as one that is driven by hand is."""

        @blocks
        async def work() -> None:
            try:
                await Pause(1)
            finally:
                blocks.log.append("clean up")

        made = work()
        assert made.send(None) == 1
        del made
        gc.collect()
        assert blocks.log == [
            "enter", "leave", "enter", "leave", "enter", "clean up", "leave", "finish well"
        ]  # fmt: skip

    def test_async_generators_that_are_left_open_are_closed_by_the_loop(
        self, blocks: Blocks, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Without a complaint, although they wait while they clean up; dropped or kept."""
        kept: list[Any] = []

        @blocks
        async def generate() -> AsyncIterator[int]:
            try:
                yield 1
                yield 2
            finally:
                await asyncio.sleep(0.001)
                blocks.log.append("clean up")

        async def main(keep: bool) -> None:
            items = generate()
            async for _ in items:
                break
            if keep:
                kept.append(items)
            else:
                del items
                gc.collect()
                while "clean up" not in blocks.log:
                    await asyncio.sleep(0.001)

        for keep in (False, True):
            asyncio.run(main(keep))
        assert blocks.log.count("clean up") == 2
        assert [what for what in blocks.log if "finish" in what] == [
            "finish GeneratorExit", "finish GeneratorExit 2"
        ]  # fmt: skip
        assert caplog.records == []

    def test_the_event_loop_s_hooks_stay_its_own(self, blocks: Blocks) -> None:
        """A decorated async generator is known to it, and so is one that begins later."""
        begun: list[Any] = []

        @blocks
        async def generate() -> AsyncIterator[int]:
            yield 1

        async def another() -> AsyncIterator[int]:
            yield 2

        before = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=begun.append)
        try:
            items, others = generate(), another()
            with pytest.raises(StopIteration):
                items.__anext__().send(None)  # type: ignore[attr-defined]
            with pytest.raises(StopIteration):
                others.__anext__().send(None)  # type: ignore[attr-defined]
        finally:
            sys.set_asyncgen_hooks(*before)
        assert begun == [items, others]
        with contextlib.suppress(StopIteration):
            items.aclose().send(None)  # type: ignore[attr-defined]

    def test_a_block_that_cannot_be_entered_keeps_the_function_from_running(
        self, kind: Callable[..., Any]
    ) -> None:
        """Nothing is left over: no coroutine that was never awaited."""

        class Closed(Noting):
            def enter(self) -> None:
                raise LazyscopeError("no room")

            leave = finish = None  # type: ignore[assignment]

        ran: list[int] = []
        made = decorated(lambda: ran.append(1), lambda: Closed(Blocks(), 1), by="the.decorator")
        with pytest.raises(LazyscopeError, match="no room"):
            made()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(LazyscopeError, match="no room"):
                result_of(decorated(kind, lambda: Closed(Blocks(), 1), by="the.decorator")(1))
            gc.collect()
        assert ran == []

    @pytest.mark.parametrize("error", [StopIteration, StopAsyncIteration, GeneratorExit, KeyboardInterrupt])
    def test_exceptions_with_a_meaning_of_their_own_pass_through_a_function(
        self, blocks: Blocks, error: type[BaseException]
    ) -> None:
        """They are no sign that it has returned: a method ``__next__`` may be decorated."""
        raised = error("value")

        @blocks
        def following() -> None:
            raise raised

        with pytest.raises(error) as caught:
            following()
        assert caught.value is raised
        assert blocks.log == ["enter", "leave", f"finish {error.__name__}"]

    def test_the_end_of_an_async_iterator_passes_through_a_coroutine(self, blocks: Blocks) -> None:
        """A method ``__anext__`` may be decorated."""

        class Items:
            left = 2

            def __aiter__(self) -> Items:
                return self

            @blocks
            async def __anext__(self) -> int:
                await asyncio.sleep(0)
                self.left -= 1
                if self.left < 0:
                    raise StopAsyncIteration
                return self.left

        async def gather() -> list[int]:
            return [item async for item in Items()]

        assert asyncio.run(gather()) == [1, 0]
        assert [what for what in blocks.log if "finish" in what] == [
            "finish well", "finish well 2", "finish StopAsyncIteration 3"
        ]  # fmt: skip

    def test_an_error_of_the_block_s_end_reaches_the_caller(self, kind: Callable[..., Any]) -> None:
        """Without an exception around it: a budget that was exceeded is told by itself."""

        class Strict(Noting):
            def finish(self, error: BaseException | None) -> None:
                raise LazyscopeError("too many")

        with pytest.raises(LazyscopeError, match="too many") as caught:
            result_of(decorated(kind, lambda: Strict(Blocks(), 1), by="the.decorator")(1))
        assert caught.value.__context__ is None


# The same as without


class Pause:
    """What is awaited to have the driver go on."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Any:
        return (yield self.value)


def stop_of(step: Callable[[], Any]) -> Any:
    """The value that a step returns by StopIteration."""
    try:
        step()
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it did not return")


def described(error: BaseException | None) -> Any:
    """An exception with everything that hangs on it: text, notes, tracebacks, cause and context."""
    if error is None:
        return None
    frames = [
        (frame.filename, frame.name, frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.name != perform.__name__
    ]
    return (
        type(error).__name__,
        str(error),
        getattr(error, "__notes__", None),
        frames,
        described(error.__cause__),
        error.__suppress_context__ or described(error.__context__),
    )


def perform(step: Callable[[], Any]) -> Any:
    """What a step gives: a value, or an exception in full."""
    try:
        return "gives", step()
    except BaseException as error:
        return "raises", described(error)


def stubborn() -> Iterator[Any]:
    got = yield 1
    for _ in range(3):
        try:
            got = yield got
        except ValueError:
            got = "caught"
        except GeneratorExit:
            got = "stays"
            yield got


def careful() -> Iterator[Any]:
    try:
        got = yield 1
        try:
            yield got
        except ValueError as error:
            yield "caught"
            raise KeyError("from body") from error
        finally:
            yield "finally"
    except GeneratorExit:
        return "closed"
    return "done"


def delegating() -> Iterator[Any]:
    try:
        got = yield from careful()
        yield got
        return (got, "returned")
    finally:
        len("clean up")


def raising() -> Iterator[Any]:
    try:
        yield 1
    except BaseException:
        raise OSError("while handling") from None
    try:
        yield 2
    finally:
        raise LookupError("at the end")


def stopping() -> Iterator[Any]:
    yield 1
    raise StopIteration("too early")


def handling() -> Iterator[Any]:
    try:
        raise ArithmeticError("in hand")
    except ArithmeticError:
        yield sys.exc_info()[0]
        yield sys.exc_info()[0]
        raise


def asking() -> Iterator[Any]:
    yield sys.exc_info()[0]
    yield sys.exc_info()[0]
    return StopIteration("a value")


STEPS: dict[str, Callable[[Any], Any]] = {
    "send nothing": lambda made: made.send(None),
    "send": lambda made: made.send("sent"),
    "throw": lambda made: made.throw(ValueError("thrown")),
    "throw the end": lambda made: made.throw(StopIteration("thrown")),
    "throw a closing": lambda made: made.throw(GeneratorExit("thrown")),
    "close": lambda made: made.close(),
}


async def async_careful() -> AsyncIterator[Any]:
    try:
        await Pause("before")
        got = yield 1
        try:
            await Pause("between")
            yield got
        except ValueError as error:
            yield "caught"
            raise KeyError("from body") from error
        finally:
            yield "finally"
    except GeneratorExit:
        await Pause("closing")


async def async_stubborn() -> AsyncIterator[Any]:
    for _ in range(3):
        try:
            yield await Pause("in")
        except ValueError:
            yield "caught"
        except GeneratorExit:
            yield "stays"


async def async_raising() -> AsyncIterator[Any]:
    try:
        yield 1
    except BaseException:
        await Pause("handling")
        raise OSError("while handling") from None
    yield 2
    raise StopAsyncIteration("too early")


async def async_handling() -> AsyncIterator[Any]:
    yield sys.exc_info()[0]
    try:
        raise ArithmeticError("in hand")
    except ArithmeticError:
        await Pause(sys.exc_info()[0])
        yield sys.exc_info()[0]
        raise


def driven(made: Any, thrown: BaseException | None = None) -> Any:
    """Drive something awaitable to its end; what it pauses with, and what it comes to.

    An exception is thrown in at the first pause.
    """
    pauses = [made.send(None)]
    while True:
        try:
            if thrown is not None:
                error, thrown = thrown, None
                pauses.append(made.throw(error))
            else:
                pauses.append(made.send("driven"))
        except StopIteration as stop:
            return pauses, stop.value


ASYNC_STEPS: dict[str, Callable[[Any], Any]] = {
    "next": lambda made: driven(made.__anext__()),
    "send": lambda made: driven(made.asend("sent")),
    "cancel": lambda made: driven(made.__anext__(), asyncio.CancelledError("now")),
    "throw": lambda made: driven(made.athrow(ValueError("thrown"))),
    "throw the end": lambda made: driven(made.athrow(StopAsyncIteration("thrown"))),
    "throw a closing": lambda made: driven(made.athrow(GeneratorExit("thrown"))),
    "close": lambda made: driven(made.aclose()),
}


def while_handling(step: Callable[[Any], Any], made: Any) -> Any:
    """Take a step while an exception is being handled."""
    try:
        raise RuntimeError("outer")
    except RuntimeError:
        return step(made)


def call(function: Callable[[], Any]) -> Any:
    """Call it."""
    return function()


def course(
    function: Callable[[], Any], steps: list[Callable[[Any], Any]], *, handling_one: bool
) -> list[Any]:
    """What each of several steps gives, and the end."""
    made = function()
    outcomes = []
    for step in steps:
        taken = functools.partial(while_handling, step) if handling_one else step
        outcomes.append(perform(functools.partial(taken, made)))
    close = STEPS["close"] if hasattr(made, "close") else ASYNC_STEPS["close"]
    return [*outcomes, perform(functools.partial(close, made)), perform(functools.partial(close, made))]


def awaiting(function: Callable[[], Any]) -> Callable[[], Any]:
    """An async function with the body of a generator function."""
    awaited = types.coroutine(function)

    async def wait() -> Any:
        return await awaited()

    return wait


BODIES = [stubborn, careful, delegating, raising, stopping, handling, asking]
ASYNC_BODIES = [async_careful, async_stubborn, async_raising, async_handling]
BEGINNINGS = [
    (code.co_filename, code.co_name, code.co_firstlineno)
    for code in [
        awaiting(careful).__code__,
        *(body.__code__ for body in BODIES),
        *(body.__code__ for body in ASYNC_BODIES),
    ]
]


def without_beginnings(outcome: Any) -> Any:
    """An outcome without frames of bodies that had not begun: what was thrown never got into them."""
    if not isinstance(outcome, list | tuple):
        return outcome
    return [
        without_beginnings(part)
        for part in outcome
        if part not in BEGINNINGS and not (isinstance(part, tuple) and part[:1] == (FILENAME,))
    ]


def chained() -> None:
    try:
        raise ArithmeticError("first")
    except ArithmeticError as error:
        raise KeyError("second") from error


def in_passing() -> None:
    try:
        raise ArithmeticError("first")
    finally:
        raise KeyError("second")


def raised_before() -> None:
    raise REUSED


def in_a_group() -> None:
    raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])


def noted() -> None:
    error = ValueError("with a note")
    error.add_note("mine")
    raise error


def reraised() -> None:
    raise


def deep(n: int = 5) -> None:
    if n:
        deep(n - 1)
    raise ValueError("deep")


def ended() -> None:
    next(iter(()))


def interrupted() -> None:
    raise KeyboardInterrupt


REUSED = ValueError("the same again")
RAISING = [chained, in_passing, raised_before, in_a_group, noted, reraised, deep, ended, interrupted]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestTheSameAsWithout:
    """A body cannot be told from one without a block, whatever its consumer does."""

    @pytest.mark.parametrize("body", RAISING, ids=lambda body: body.__name__)
    @pytest.mark.parametrize("handling_one", [False, True])
    def test_exceptions_of_functions(self, body: Callable[[], Any], handling_one: bool) -> None:
        """The same object with the same cause, context, notes and traceback."""

        def outcome(function: Callable[[], Any]) -> Any:
            REUSED.__traceback__ = REUSED.__context__ = None
            return perform(functools.partial(while_handling, call, function) if handling_one else function)

        assert outcome(twice(body)) == outcome(body)

    @pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
    @pytest.mark.parametrize("handling_one", [False, True])
    def test_generators(self, body: Callable[[], Any], handling_one: bool) -> None:
        """All courses of three steps: values, exceptions, causes, contexts and tracebacks."""
        compare(body, STEPS, 3, handling_one=handling_one)

    @pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
    @pytest.mark.parametrize("handling_one", [False, True])
    def test_coroutines(self, body: Callable[[], Any], handling_one: bool) -> None:
        """All courses of three steps, but for a closing that is thrown, which nobody does."""
        steps = {name: step for name, step in STEPS.items() if name != "throw a closing"}
        compare(awaiting(body), steps, 3, handling_one=handling_one)

    @pytest.mark.parametrize("body", ASYNC_BODIES, ids=lambda body: body.__name__)
    @pytest.mark.parametrize("handling_one", [False, True])
    def test_async_generators(self, body: Callable[[], Any], handling_one: bool) -> None:
        """All courses of three steps, with what is thrown in while they wait."""
        compare(body, ASYNC_STEPS, 3, handling_one=handling_one)


def compare(
    body: Callable[[], Any], steps: dict[str, Callable[[Any], Any]], length: int, *, handling_one: bool
) -> None:
    """All courses of some length give the same with and without a block."""
    within = twice(body)
    for names in itertools.product(steps, repeat=length):
        taken = [steps[name] for name in names]
        mine = course(body, taken, handling_one=handling_one)
        theirs = course(within, taken, handling_one=handling_one)
        if names[0] in ("send nothing", "next"):
            assert theirs == mine, names
        else:
            assert without_beginnings(theirs) == without_beginnings(mine), names


class TestNothingIsKept:
    """What the body and its consumer let go of is gone."""

    class Big:
        """Something whose end can be seen."""

    def test_an_item_is_the_consumer_s_alone(self) -> None:
        """A generator of blocks holds one at a time."""
        items: list[weakref.ref[Any]] = []

        @twice
        def generate() -> Iterator[Any]:
            for _ in range(3):
                big = self.Big()
                items.append(weakref.ref(big))
                yield big
                del big
                assert items[-1]() is None

        for item in generate():
            del item
        assert len(items) == 3

    def test_arguments_are_the_body_s_alone(self) -> None:
        """What a generator or a coroutine drops is dropped."""
        gone: list[bool] = []

        @twice
        def generate(big: Any) -> Iterator[int]:
            kept = weakref.ref(big)
            del big
            yield 1
            gone.append(kept() is None)

        @twice
        async def work(big: Any) -> None:
            kept = weakref.ref(big)
            del big
            await asyncio.sleep(0)
            gone.append(kept() is None)

        for _ in generate(self.Big()):
            pass
        asyncio.run(work(self.Big()))
        assert gone == [True, True]

    def test_what_was_sent_or_thrown_is_dropped(self) -> None:
        """Once the body has done with it; no cycle is left for the collector."""

        @twice
        def generate() -> Iterator[int]:
            while True:
                with contextlib.suppress(ValueError):
                    yield 1

        def pass_on(step: Callable[[Any], Any]) -> bool:
            big = self.Big()
            kept = weakref.ref(big)
            with contextlib.suppress(KeyError):
                step(big)
            del big
            return kept() is None

        made: Any = generate()
        next(made)
        gc.collect()
        gc.disable()
        try:
            assert pass_on(made.send)
            assert pass_on(lambda big: made.throw(ValueError(big)))
            assert pass_on(lambda big: made.throw(KeyError(big)))
        finally:
            gc.enable()


class TestAround:
    """What surrounds the body is as ever."""

    def test_context_variables_of_the_program(self, blocks: Blocks) -> None:
        """What a generator sets its consumer sees, and the other way round."""
        variable = ContextVar("variable", default="unset")

        @blocks
        def generate() -> Iterator[str]:
            variable.set("by the body")
            yield variable.get()
            yield variable.get()

        def consume() -> list[str]:
            made = generate()
            seen = [next(made), variable.get()]
            variable.set("by the consumer")
            return [*seen, next(made)]

        assert Context().run(consume) == ["by the body", "by the body", "by the consumer"]

    def test_warnings_name_the_line_they_named(self, kind: Callable[..., Any]) -> None:
        """Whatever level of the stack they are meant for."""

        def lines(function: Any) -> list[tuple[str, str]]:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                consumed(function)
            return [(w.filename, linecache.getline(w.filename, w.lineno).strip()) for w in caught]

        function = WARNING[kind.__name__]
        assert lines(twice(function)) == lines(function)
        assert [line for _, line in lines(twice(function))][:2] == [
            'warnings.warn("1", stacklevel=1)', CONSUMING[kind.__name__]
        ]  # fmt: skip

    def test_a_stack_shows_frames_that_nobody_counts(self, blocks: Blocks) -> None:
        """One, or two for a coroutine, with a file name that warnings skip and traces take for a tool."""

        @blocks
        def function() -> list[str]:
            return [frame.filename for frame in inspect.stack()]

        @blocks
        async def work() -> list[str]:
            return [frame.filename for frame in inspect.stack()]

        assert function()[:3] == [__file__, FILENAME, __file__]
        with pytest.raises(StopIteration) as stop:
            work().send(None)  # type: ignore[attr-defined]
        assert stop.value.value[:4] == [__file__, FILENAME, FILENAME, __file__]


def warn_plainly() -> None:
    warnings.warn("1", stacklevel=1)
    warnings.warn("2", stacklevel=2)
    warnings.warn("3", stacklevel=3)


async def warn_async() -> None:
    warnings.warn("1", stacklevel=1)
    warnings.warn("2", stacklevel=2)
    warnings.warn("3", stacklevel=3)


def warn_generating() -> Iterator[int]:
    warnings.warn("1", stacklevel=1)
    warnings.warn("2", stacklevel=2)
    warnings.warn("3", stacklevel=3)
    yield 1


async def warn_generating_async() -> AsyncIterator[int]:
    warnings.warn("1", stacklevel=1)
    warnings.warn("2", stacklevel=2)
    warnings.warn("3", stacklevel=3)
    yield 1


WARNING = {
    "plain": warn_plainly,
    "coroutine": warn_async,
    "generator": warn_generating,
    "async_generator": warn_generating_async,
}
CONSUMING = {
    "plain": "made = function()",
    "coroutine": "return await made",
    "generator": "return list(made)",
    "async_generator": "return [item async for item in made]",
}


def consumed(function: Any) -> Any:
    """Call a function and use up what it makes, each kind on a line of its own."""
    made = function()

    async def awaited() -> Any:
        if inspect.iscoroutine(made):
            return await made
        return [item async for item in made]

    if made is None:
        return None
    if inspect.isgenerator(made):
        return list(made)
    return asyncio.run(awaited())
