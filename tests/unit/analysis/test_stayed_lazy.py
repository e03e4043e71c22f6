"""Lines from which a library stayed lazy."""

from __future__ import annotations

from lazyscope.analysis.stayed_lazy import lazy_lines
from lazyscope.model import events
from trace_builder import TraceBuilder

USER = "a = f(x)\nb = g(x); c = h(x)\nd = x + 1\n"


def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", USER)
    build.source("lib.py", "def f(x):\n    return x.sum()\n", role="library")
    return build


def called(build: TraceBuilder, user: str, times: int = 1) -> None:
    """Calls of the library for a line of the user's."""
    site, user_site = build.at("lib.py", "x.sum()"), build.at("program.py", user)
    operation, thread = build.text("dask.array.sum"), build.text("MainThread")
    for _ in range(times):
        build._records.append(events.Call(build.now, operation, site, user_site, [], [], thread))


def test_a_line_is_lazy_if_nothing_on_it_forced_or_raised() -> None:
    """Line 2 forced, if elsewhere than where the library's calls came from."""
    traced = build()
    called(traced, "f(x)", 3)
    called(traced, "g(x)")
    traced.force(
        traced.at("lib.py", "x.sum()"), "compute", user_site=traced.at("program.py", "h(x)"), seconds=1
    )
    (found,) = lazy_lines(traced.end().trace())
    assert (found.function, found.calls) == ("f", 3)


def test_what_raised_or_is_the_users_own_is_not_named() -> None:
    """``x + 1`` reached no library."""
    traced = build()
    called(traced, "f(x)")
    traced.failure(
        "ValueError", "no", traced.at("lib.py", "x.sum()"), user_site=traced.at("program.py", "f(x)")
    )
    traced.call("Array.__add__", traced.at("program.py", "x + 1", opcode="BINARY_OP"))
    assert lazy_lines(traced.end().trace()) == []
