"""Functions of any kind with a block around their bodies.

A block is entered whenever the body begins or goes on, left whenever it pauses or ends, and finished
once, when the body has ended. A generator's consumer runs while the body pauses, so what it does is
not in the block.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, Protocol, TypeVar

from lazyscope.capture.wrapping import unseen, without_catcher
from lazyscope.errors import LazyscopeError

F = TypeVar("F")


class Block(Protocol):
    """What is put around one run of a body."""

    def enter(self) -> None:
        """The body begins or goes on."""

    def leave(self) -> None:
        """The body pauses or has ended."""

    def finish(self, error: BaseException | None) -> None:
        """The body has ended, perhaps with an exception."""


def decorated(function: F, open_block: Callable[[], Block], *, by: str) -> F:
    """A function that does what `function` does within a new block each time it is called.

    Parameters
    ----------
    function : callable, classmethod or staticmethod
        Plain, async, a generator function or an async generator function.
    open_block : callable
        Returns a new block.
    by : str
        The decorator, for error messages.

    Raises
    ------
    LazyscopeError
        If it is no function.
    """
    if isinstance(function, classmethod | staticmethod):
        return type(function)(decorated(function.__func__, open_block, by=by))
    if isinstance(function, type) or not callable(function):
        kind = "a class" if isinstance(function, type) else f"a {type(function).__name__}"
        raise LazyscopeError(f"{by} decorates functions, and this is {kind}: put it on its methods")
    make = _maker(function)
    wrapped: Any = functools.wraps(function)(make(function, open_block, _Stretch))
    return wrapped  # type: ignore[no-any-return]


def _maker(function: Callable[..., Any]) -> Callable[..., Callable[..., Any]]:
    if inspect.isasyncgenfunction(function):
        return _around_async_generator
    if inspect.isgeneratorfunction(function):
        return _around_generator
    return _around_coroutine if inspect.iscoroutinefunction(function) else _around_function


class _Stretch:
    """A stretch of a body between two pauses; an exception that ends it ends the block."""

    __slots__ = ("_block", "_is_last")

    def __init__(self, block: Block, *, is_last: bool) -> None:
        self._block = block
        self._is_last = is_last

    def __enter__(self) -> None:
        self._block.enter()

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self._block.leave()
        if error is not None:
            without_catcher(error)
        if error is not None or self._is_last:
            self._block.finish(None if isinstance(error, StopIteration | StopAsyncIteration) else error)


@unseen
def _around_function(function: Any, open_block: Any, stretch: Any) -> Callable[..., Any]:
    def around(*args: Any, **kwargs: Any) -> Any:
        with stretch(open_block(), is_last=True):
            return function(*args, **kwargs)

    return around


@unseen
def _around_coroutine(function: Any, open_block: Any, stretch: Any) -> Callable[..., Any]:
    async def around(*args: Any, **kwargs: Any) -> Any:
        # What the event loop runs while this waits has a context of its own.
        with stretch(open_block(), is_last=True):
            return await function(*args, **kwargs)

    return around


@unseen
def _around_generator(function: Any, open_block: Any, stretch: Any) -> Callable[..., Any]:
    def around(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        body = function(*args, **kwargs)
        block = open_block()
        step, given = body.send, None
        while True:
            try:
                with stretch(block, is_last=False):
                    item = step(given)
            except StopIteration as stop:
                return stop.value
            try:
                given = yield item
                step = body.send
            except GeneratorExit:
                with stretch(block, is_last=True):
                    body.close()
                raise
            except BaseException as error:
                step, given = body.throw, error

    return around


@unseen
def _around_async_generator(function: Any, open_block: Any, stretch: Any) -> Callable[..., Any]:
    async def around(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        body = function(*args, **kwargs)
        block = open_block()
        step, given = body.asend, None
        while True:
            try:
                with stretch(block, is_last=False):
                    item = await step(given)
            except StopAsyncIteration:
                return
            try:
                given = yield item
                step = body.asend
            except GeneratorExit:
                with stretch(block, is_last=True):
                    await body.aclose()
                raise
            except BaseException as error:
                step, given = body.athrow, error

    return around
