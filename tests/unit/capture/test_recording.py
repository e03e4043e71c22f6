"""Functions keep everything but their code while their calls are recorded."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import dask.array as da
import pytest
from dask.base import tokenize

import lazyscope
from lazyscope.capture.patching import Patches
from lazyscope.capture.recording import follow, record

mean_held = da.mean
ones_held = da.ones


def plain(a: int, b: int = 2, *rest: int, c: int = 3, **others: int) -> tuple[Any, ...]:
    """Add nothing."""
    return a, b, rest, c, others


def closed(first: Any, second: Any) -> Callable[..., Any]:
    def inner(x: int = 1) -> tuple[Any, ...]:
        return first, second, x

    return inner


@pytest.fixture
def seen() -> list[tuple[str, str, tuple[Any, ...]]]:
    """What was recorded: operation, name of the caller, arguments."""
    return []


@pytest.fixture
def recorded(seen: list[Any]) -> Iterator[Callable[..., None]]:
    """Records a function until the end of the test, then checks that it is as it was."""
    patches = Patches()
    before: list[tuple[Any, Any, dict[str, Any]]] = []

    def begin(caller: FrameType, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        seen.append((operation, caller.f_code.co_name, args))

    def start(function: Any, operation: str = "op", **options: Any) -> None:
        before.append((function, function.__code__, dict(vars(function))))
        record(patches, function, operation, begin=begin, **options)

    yield start
    assert patches.undo() == []
    for function, code, attributes in before:
        assert function.__code__ is code
        assert vars(function) == attributes


class TestRecord:
    """Any function, wherever it is held."""

    def test_all_ways_of_passing_arguments(self, recorded, seen):
        """As if nothing were there."""
        expected = plain(1), plain(1, 5, 6, c=7, d=8), plain(b=1, a=0)
        recorded(plain, "plain")
        assert (plain(1), plain(1, 5, 6, c=7, d=8), plain(b=1, a=0)) == expected
        # What was left out has its default: values, then those by name, then the rest.
        assert [args for _, _, args in seen] == [(1, 2, 3), (1, 5, 7, 6), (0, 1, 3)]
        assert {(operation, caller) for operation, caller, _ in seen} == {
            ("plain", "test_all_ways_of_passing_arguments")
        }

    def test_wrong_arguments_raise_the_same(self, recorded):
        """Message included."""
        with pytest.raises(TypeError) as before:
            plain()  # type: ignore[call-arg]
        recorded(plain)
        with pytest.raises(TypeError) as during:
            plain()  # type: ignore[call-arg]
        assert str(during.value) == str(before.value)

    def test_a_closure_keeps_its_cells(self, recorded, seen):
        """Other closures of the same factory are not recorded."""
        one, other = closed("a", "b"), closed("c", "d")
        recorded(one)
        assert (one(), other(2)) == (("a", "b", 1), ("c", "d", 2))
        assert len(seen) == 1

    def test_what_inspect_says_stays(self, recorded):
        """Signature, source, name, documentation, module."""
        signature, source = inspect.signature(plain), inspect.getsource(plain)
        recorded(plain)
        assert inspect.signature(plain) == signature
        assert inspect.getsource(plain) == source
        assert (plain.__name__, plain.__doc__, plain.__module__) == ("plain", "Add nothing.", __name__)
        assert plain.__defaults__ == (2,)

    def test_identity_copies_pickles_and_tokens_stay(self, recorded):
        """It is the same object for whoever holds it."""
        held = {mean_held: "mean"}
        pickled, token = pickle.dumps(mean_held), tokenize(mean_held)
        recorded(mean_held)
        assert held[da.mean] == "mean"
        assert pickle.loads(pickled) is da.mean
        assert pickle.dumps(da.mean) == pickled
        assert tokenize(da.mean) == token
        assert copy.deepcopy(da.mean) is mean_held

    def test_a_function_that_only_hands_on_is_not_the_caller(self, recorded, seen):
        """Its own caller is, when it was called through it."""

        def through(x: int) -> Any:
            return plain(x)

        def direct() -> Any:
            return plain(1)

        recorded(plain, through=through.__code__)
        through(1)
        direct()
        names = [caller for _, caller, _ in seen]
        assert names == ["test_a_function_that_only_hands_on_is_not_the_caller", "direct"]

    def test_a_traceback_shows_what_it_did(self, recorded):
        """No line of ours in it."""

        def fails() -> None:
            raise ValueError("no")

        recorded(fails)
        with pytest.raises(ValueError, match="no") as caught:
            fails()
        assert [entry.name for entry in caught.traceback] == ["test_a_traceback_shows_what_it_did", "fails"]

    def test_follow_hands_over_result_and_arguments(self):
        """After the call, and only while it is followed."""
        patches, found = Patches(), []
        follow(patches, plain, lambda result, args, frame_at: found.append((result[0], args)))
        plain(1)
        patches.undo()
        plain(2)
        assert found == [(1, (1, 2, 3))]


class TestTrace:
    """What that means for a trace."""

    def test_a_function_bound_before_the_trace_is_recorded(self):
        """With its inputs, as any other."""
        x = da.ones(4, chunks=2)
        with lazyscope.trace() as t:
            mean_held(x)
        (call,) = t.calls
        assert (call.operation, call.via, call.inputs) == ("dask.array.mean", None, (x.name,))

    def test_a_closure_bound_before_the_trace_is_seen_by_what_it_makes(self):
        """`da.ones` pickles with its code, so its code stays what it is."""
        with lazyscope.trace() as t:
            assert da.ones is not ones_held
            assert da.ones == ones_held
            assert {ones_held: 1}[da.ones] == 1
            ones_held(4, chunks=2)
        assert [(call.via, call.outputs[0].shape) for call in t.calls] == [("constructor", (4,))]

    def test_two_names_of_one_method_are_told_apart(self):
        """`ravel` is `flatten` in dask."""
        x = da.ones((2, 2), chunks=1)
        with lazyscope.trace() as t:
            x.ravel()
            x.flatten()
        assert [call.operation for call in t.calls] == ["Array.ravel", "Array.flatten"]

    def test_code_can_still_be_hashed(self):
        """Tools keep what they know by code object."""
        with lazyscope.trace():
            assert len({da.mean.__code__, da.Array.mean.__code__}) == 2

    def test_nothing_warns(self, recwarn):
        """A generator's code cannot be replaced by a function's without a warning, and so is not."""
        with lazyscope.trace() as t:
            list(da.ones(2, chunks=1))
        assert list(recwarn) == []
        assert "Array.__iter__" in [call.operation for call in t.calls]

    def test_the_frames_of_a_call_do_not_keep_its_arguments(self):
        """References are let go when the call returns."""
        x = da.ones(4, chunks=2)
        count = sys.getrefcount(x)
        with lazyscope.trace():
            da.mean(x)
        assert sys.getrefcount(x) == count
