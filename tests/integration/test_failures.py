"""Exceptions that pass through recorded calls or leave the trace: once per object, unchanged."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from traced_programs import Run, Runner

import lazyscope
from own_files import is_own

PREPARATION = "x = da.arange(10., chunks=5)\n"

Found = tuple[str, bool, int | None, str | None]


def run_prepared(run: Runner, text: str, **names: Any) -> Run:
    return run(PREPARATION + text, **names)


def failures(done: Run) -> list[Found]:
    """Type, whether it escaped, line and expression."""
    return [
        (
            f.type,
            f.escaped,
            f.site.line if done.is_here(f.site) else None,
            f.site.expression if f.site else None,
        )
        for f in done.trace.failures
    ]


def test_failures_that_are_caught(run: Runner) -> None:
    """Each exception through an operator, a method, a conversion or a function; none escapes."""
    done = run_prepared(
        run,
        """\
def tried(function):
    try:
        function()
    except (ValueError, TypeError, IndexError, NotImplementedError):
        pass
tried(lambda: x + da.ones(3))  #!
tried(lambda: x.reshape(3, 3))  #!
tried(lambda: float(x))  #!
tried(lambda: bool(x))  #!
tried(lambda: len(x.sum()))  #!
tried(lambda: x[20])  #!
tried(lambda: da.concatenate([x, x.reshape(5, 2)]))  #!
tried(lambda: xp.reshape(x, (3, 3)))  #!
tried(lambda: np.add(x, 1, out=np.zeros(10)))  #!
""",
    )
    assert failures(done) == [
        (kind, False, line, expression)
        for line, (kind, expression) in zip(
            done.lines(),
            [
                ("ValueError", "x + da.ones(3)"),
                ("ValueError", "x.reshape(3, 3)"),
                ("TypeError", "float(x)"),
                ("ValueError", "bool(x)"),
                ("TypeError", "len(x.sum())"),
                ("IndexError", "x[20]"),
                ("ValueError", "da.concatenate([x, x.reshape(5, 2)])"),
                ("ValueError", "xp.reshape(x, (3, 3))"),
                ("NotImplementedError", "np.add(x, 1, out=np.zeros(10))"),
            ],
            strict=True,
        )
    ]
    assert [f.id for f in done.trace.failures] == list(range(1, 10))
    assert done.trace.failures[1].message == "total size of new array must be unchanged"


def test_a_failure_that_escapes(run: Runner) -> None:
    """One record for the exception that passes through a call and leaves the block, at the call."""
    done = run_prepared(run, "y = x.reshape(3, 3)  #!", fails=ValueError)
    assert failures(done) == [("ValueError", True, done.line("#!"), "x.reshape(3, 3)")]
    assert (done.data.ended, done.data.end and done.data.end.exception) == ("exception", "ValueError")


def test_an_exception_of_the_program_s_own(run: Runner) -> None:
    """What leaves the block without having passed a call is recorded where it was raised."""
    done = run_prepared(run, "def f():\n    raise KeyError('own')  #!\nf()", fails=KeyError)
    assert [(f.type, f.message, f.escaped, f.site and f.site.line) for f in done.trace.failures] == [
        ("KeyError", "'own'", True, done.line("#!"))
    ]


def test_exceptions_of_the_program_s_own_that_are_caught(run: Runner) -> None:
    """They are nobody's business."""
    done = run_prepared(run, "try:\n    raise KeyError('own')\nexcept KeyError:\n    pass")
    assert done.trace.failures == []


def test_once_per_object(run: Runner) -> None:
    """The same exception raised again and again is one failure; in the end it escapes."""
    done = run_prepared(
        run,
        """\
try:
    x.reshape(3, 3)  #!
except ValueError as error:
    kept = error
for _ in range(3):
    try:
        raise kept
    except ValueError:
        pass
raise kept
""",
        fails=ValueError,
    )
    assert failures(done) == [("ValueError", True, done.line("#!"), "x.reshape(3, 3)")]


def test_once_per_object_through_nested_calls(run: Runner) -> None:
    """An exception that passes from a block function through a conversion is one failure."""
    done = run_prepared(
        run,
        """\
def block(b):
    return 1 / 0
y = x.map_blocks(block, dtype=float, meta=np.array(()))
try:
    float(y.sum())  #!
except ZeroDivisionError:
    pass
""",
    )
    assert failures(done) == [("ZeroDivisionError", False, done.line("#!"), "float(y.sum())")]
    assert [f.completed for f in done.forces] == [False]


def test_two_equal_exceptions_are_two(run: Runner) -> None:
    """Objects count, not messages."""
    done = run_prepared(
        run, "for n in range(2):\n    try:\n        x.reshape(3, 3)  #!\n    except ValueError:\n        pass"
    )
    assert failures(done) == [("ValueError", False, done.line("#!"), "x.reshape(3, 3)")] * 2


def test_chained_exceptions(run: Runner) -> None:
    """The cause passed through a call, the other left the block: two failures, one escaped."""
    done = run_prepared(
        run,
        """\
try:
    x.reshape(3, 3)  #1
except ValueError as error:
    raise RuntimeError("own") from error  #2
""",
        fails=RuntimeError,
    )
    assert [(f.type, f.escaped, f.site and f.site.line) for f in done.trace.failures] == [
        ("ValueError", False, done.line("#1")),
        ("RuntimeError", True, done.line("#2")),
    ]
    assert isinstance(done.error, RuntimeError)
    assert isinstance(done.error.__cause__, ValueError)


def test_a_failing_force_that_nobody_asked_through_a_call(run: Runner) -> None:
    """`compute` is no array operation: the force is not completed, and that is all."""
    done = run_prepared(
        run,
        """\
y = x.map_blocks(lambda b: 1 / 0, dtype=float, meta=np.array(()))
try:
    y.compute()
except ZeroDivisionError:
    pass
""",
    )
    assert done.trace.failures == []
    assert [f.end and f.end.error for f in done.data.forces] == ["ZeroDivisionError"]


def test_messages_are_cut(run: Runner) -> None:
    """At 500 characters, the beginning stays."""
    done = run_prepared(run, "raise ValueError('m' * 2000)", fails=ValueError)
    assert [f.message for f in done.trace.failures] == ["m" * 500]
    assert str(done.error) == "m" * 2000


def test_messages_that_cannot_be_had(run: Runner) -> None:
    """An exception whose message fails has an empty one, and is the same exception outside."""
    done = run_prepared(
        run,
        """\
class Odd(Exception):
    def __str__(self):
        raise SystemError("odd")
raise Odd()
""",
        fails=Exception,
    )
    assert [(f.type, f.message, f.escaped) for f in done.trace.failures] == [("Odd", "", True)]
    assert type(done.error).__name__ == "Odd"
    assert done.data.blind_spots == {}


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, BaseException])
def test_exceptions_that_are_no_errors(run: Runner, error: type[BaseException]) -> None:
    """Interrupts and the like leave the block as they are, and are recorded as what they are."""
    done = run_prepared(run, "raise error('no')", error=error, fails=error)
    assert [(f.type, f.escaped) for f in done.trace.failures] == [(error.__name__, True)]
    assert type(done.error) is error


def test_the_traceback_is_the_program_s_own(run: Runner) -> None:
    """No frame of lazyscope's is in the traceback of an exception that leaves the block."""
    done = run_prepared(run, "y = x.reshape(3, 3)", fails=ValueError)
    assert done.error is not None
    traceback, files = done.error.__traceback__, []
    while traceback is not None:
        files.append(traceback.tb_frame.f_code.co_filename)
        traceback = traceback.tb_next
    assert [file for file in files if is_own(file)] == []
    assert str(done.path) in files


def test_iteration_that_ends_is_no_failure(run: Runner) -> None:
    """`StopIteration` and closed generators are no failures."""
    done = run_prepared(
        run, "i = iter(x[:1])\nnext(i)\nnext(i, None)\nlist(x)\nj = iter(x)\nnext(j)\nj.close()"
    )
    assert done.trace.failures == []


def test_inner_and_outer_trace() -> None:
    """A failure that leaves the inner trace and is caught in the outer one escaped only the inner."""
    import dask.array as da

    x = da.ones(4, chunks=2)
    with lazyscope.trace() as outer:
        with pytest.raises(ValueError, match="total size"), lazyscope.trace() as inner:
            x.reshape(3)
        assert outer.data.ended == "killed"
    assert [(f.type, f.escaped) for f in inner.failures] == [("ValueError", True)]
    assert [(f.type, f.escaped) for f in outer.failures] == [("ValueError", False)]
    assert outer.data.ended == "ok"


@dataclasses.dataclass(frozen=True)
class FrozenError(Exception):
    """An exception that refuses assignments, also of its traceback."""

    code: int


def test_an_exception_that_lets_nothing_be_set_passes_unchanged(run: Runner) -> None:
    """Out of a recorded call and out of the block."""
    done = run(
        """
        def function(values, axis):
            raise Frozen(3)

        da.apply_over_axes(function, da.ones(4, chunks=2), 0)
        """,
        fails=FrozenError,
        Frozen=FrozenError,
    )
    assert done.error == FrozenError(3)
    assert [(f.type, f.escaped) for f in done.trace.failures] == [("FrozenError", True)]
