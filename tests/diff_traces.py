"""Runs of one small program before and after it was changed, for tests of ``lazyscope diff``."""

from __future__ import annotations

from typing import Any

from lazyscope.model.trace import TraceData
from trace_builder import TraceBuilder

FILE = "pipeline.py"

BEFORE = """
def main(x):
    check(x)
    if (x < 0).any():
        report()
    total = fit(x)
    return summary(x).compute()
"""
"""A program that forces itself and through a library."""

LIBRARY = """
def fit(x):
    values = np.asarray(x)
    return solve(values)
"""
"""What `fit` is."""

REWRITTEN = """
# A comment, so that every line has another number.
def main(x):
    check(x)
    if (x <= 0).any():
        report()
    total = fit(x)
    return summary(x).compute()
"""


def run(
    text: str = BEFORE,
    *forces: tuple[str, str, dict[str, Any]],
    ended: str | None = "ok",
    exception: str | None = None,
    failure: tuple[str, str] | None = None,
    program: str = FILE,
    argv: tuple[str, ...] = (),
) -> TraceBuilder:
    """A run with forces (fragment of the line, trigger, what else is known of it), 0.01 s each.

    Parameters
    ----------
    text
        The program.
    *forces
        In the order of time.
    ended
        ``ok`` or ``exception``; None for a killed run.
    failure
        Line and type of an exception that ended it.
    """
    build = TraceBuilder(program, *argv)
    build.source(program, text)
    build.wait(0.1)
    build.source("core/fitting.py", LIBRARY, role="library", distribution="core 2.1")
    for fragment, trigger, fields in forces:
        known = {"seconds": 0.01, "tasks": 10, **fields}
        if fragment in LIBRARY:
            known |= {"user_site": build.at(program, "fit(x)"), "entry": "core.fit"}
            build.force(build.at("core/fitting.py", fragment), trigger, **known)
        else:
            build.force(build.at(program, fragment), trigger, **known)
    if failure is not None:
        fragment, kind = failure
        build.failure(kind, "does not work", build.at(program, fragment))
    return build if ended is None else build.end(ended, exception)


TRUTH = ("(x < 0).any()", "__bool__")
CONVERSION = ("np.asarray(x)", "__array__")
RESULT = ("summary(x).compute()", "compute")


def before() -> TraceData:
    """One truth value, three conversions that repeat tasks, and the result."""
    return run(
        BEFORE,
        (*TRUTH, {}),
        *[(*CONVERSION, {"tasks": 12, "repeated": 10})] * 3,
        (*RESULT, {"tasks": 20, "repeated": 10}),
    ).trace()


def after() -> TraceData:
    """Without the truth value, with one conversion that repeats nothing."""
    text = BEFORE.replace("    if (x < 0).any():\n        report()\n", "")
    return run(
        text, (*CONVERSION, {"tasks": 12, "repeated": 0}), (*RESULT, {"tasks": 20, "repeated": 0})
    ).trace()
