"""Functions of any kind with a block around their bodies.

A block is entered whenever the body begins or goes on, left whenever it pauses or ends, and finished
once, when the body has ended. A generator's consumer and an event loop run while the body pauses, so
what they do is not in the block.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
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
        """The body has ended, perhaps with an exception; `GeneratorExit` if it was closed."""


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
    if isinstance(function, type):
        raise LazyscopeError(f"{by} decorates functions, and this is a class: put it on its methods")
    if not callable(function):
        kind = type(function).__name__
        raise LazyscopeError(
            f"{by} decorates functions, and this is an object of class {kind}: put it above `def`"
        )
    around = _maker(function)(function, open_block, _Stretch, without_catcher)
    wrapped: Any = functools.wraps(function)(around)
    return wrapped  # type: ignore[no-any-return]


def _maker(function: Callable[..., Any]) -> Callable[..., Callable[..., Any]]:
    # What kind of function an object is that can be called, its class says.
    kinds = function, type(function).__call__
    if any(map(inspect.isasyncgenfunction, kinds)):
        return _around_async_generator
    if any(map(inspect.isgeneratorfunction, kinds)):
        return _around_generator
    return _around_coroutine if any(map(inspect.iscoroutinefunction, kinds)) else _around_function


class _Stretch:
    """A stretch of a body between two pauses; an exception that ends it ends the block.

    Parameters
    ----------
    block : Block
    returning : exception class or tuple of them
        By what such a body says that it has returned: this does not end the block.
    """

    __slots__ = ("_block", "_returning")

    def __init__(self, block: Block, returning: Any = ()) -> None:
        self._block = block
        self._returning = returning

    def __enter__(self) -> None:
        self._block.enter()

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self._block.leave()
        if error is not None:
            without_catcher(error)
            if not isinstance(error, self._returning):
                self._block.finish(error)


@unseen
def _around_function(function: Any, open_block: Any, stretch: Any, unmark: Any) -> Callable[..., Any]:
    def around(*args: Any, **kwargs: Any) -> Any:
        block = open_block()
        with stretch(block):
            result = function(*args, **kwargs)
        block.finish(None)
        return result

    return around


# A body that pauses. What goes in and comes out is passed on in lists that are emptied at once: nothing
# is kept alive that the body and its consumer have let go of.


@unseen
def _around_generator(function: Any, open_block: Any, stretch: Any, unmark: Any) -> Callable[..., Any]:
    def around(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        block = open_block()
        with stretch(block):
            body = function(*args, **kwargs)
        del args, kwargs
        step: Any = body.send
        given: list[Any] = [None]
        while True:
            try:
                with stretch(block, StopIteration):
                    item = [step(given.pop())]
            except StopIteration as stop:
                result = stop.value
                break
            try:
                given = [(yield item.pop())]
                step = body.send
            except BaseException as error:
                unmark(error)
                step, given = body.throw, [error]
        block.finish(None)
        return result

    return types.coroutine(around) if _can_be_awaited(function) else around


def _can_be_awaited(function: Any) -> bool:
    """Whether a generator function is one that `types.coroutine` has made."""
    code = getattr(function, "__code__", None)
    return code is not None and bool(code.co_flags & inspect.CO_ITERABLE_COROUTINE)


@unseen
def _around_coroutine(function: Any, open_block: Any, stretch: Any, unmark: Any) -> Callable[..., Any]:
    async def around(*args: Any, **kwargs: Any) -> Any:
        block = open_block()
        with stretch(block):
            body = function(*args, **kwargs)
        del args, kwargs
        try:
            result = await _Awaited(block, body, StopIteration)
        except BaseException as error:
            unmark(error)
            raise
        block.finish(None)
        return result

    return around


@unseen
def _around_async_generator(function: Any, open_block: Any, stretch: Any, unmark: Any) -> Callable[..., Any]:
    async def around(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        block = open_block()
        with stretch(block):
            body = function(*args, **kwargs)
        del args, kwargs
        step: Any = _unknown_to_loop(body)
        given: list[Any] = [None]
        while True:
            try:
                item = [await _Awaited(block, step(given.pop()), _ENDS)]
            except StopAsyncIteration:
                break
            except BaseException as error:
                unmark(error)
                raise
            try:
                given = [(yield item.pop())]
                step = body.asend
            except BaseException as error:
                unmark(error)
                step, given = body.athrow, [error]
        block.finish(None)

    return around


def _unknown_to_loop(body: Any) -> Callable[[None], Any]:
    """Begin an async generator without the event loop's knowing: it would close the two side by side."""

    def begin(_: None) -> Any:
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(None, None)
        try:
            return body.asend(None)
        finally:
            sys.set_asyncgen_hooks(*hooks)

    return begin


_ENDS = (StopIteration, StopAsyncIteration)
"""How a step of an async generator says that it has an item, or that there are no more."""


class _Awaited:
    """A coroutine, or a step of an async generator, that is out of its block whenever it waits."""

    __slots__ = ("_block", "_body", "_returning")

    def __init__(self, block: Block, body: Any, returning: Any) -> None:
        self._block = block
        self._body = body
        self._returning = returning

    def __await__(self) -> _Awaited:
        return self

    def __iter__(self) -> _Awaited:
        return self

    @unseen
    def __next__(self) -> Any:
        with _Stretch(self._block, self._returning):
            return self._body.send(None)

    @unseen
    def send(self, value: Any) -> Any:
        with _Stretch(self._block, self._returning):
            return self._body.send(value)

    @unseen
    def throw(self, *error: Any) -> Any:
        with _Stretch(self._block, self._returning):
            return self._body.throw(*error)

    @unseen
    def close(self) -> None:
        with _Stretch(self._block):
            self._body.close()
        self._block.finish(None)
