"""What is told when a budget of forces was exceeded."""

from __future__ import annotations

import pytest

from lazyscope.report.budget import exceeded
from trace_builder import TraceBuilder

ADVICE = 'Forces that are meant go under `with lazyscope.allow("reason"):`.'


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", "def main():\n    y = f(x)\n    z = y.compute()\n    save(y)\n")
    build.source("library.py", "def f(x):\n    return bool(x.any())\n", role="library")
    return build


def lines(build: TraceBuilder, limit: int = 0) -> list[str]:
    """The message without its last line, which is the same always."""
    *message, advice = exceeded(build.end().trace(), limit).splitlines()
    assert advice == ADVICE
    return message


def test_one_force_where_none_was_in_order(build: TraceBuilder) -> None:
    """How many, how many were in order, and where."""
    build.force(build.at("program.py", "y.compute()"), "compute", seconds=1)
    assert exceeded(build.end().trace(), 0) == (
        "1 force, where max_forces=0:\n"
        "  1 at program.py:3: y.compute() (compute)\n"
        f"{ADVICE}"
    )  # fmt: skip


def test_a_force_in_a_library_names_the_user_s_line(build: TraceBuilder) -> None:
    """The library's line first, as it forced."""
    site, user = build.at("library.py", "x.any()"), build.at("program.py", "f(x)")
    build.force(site, "__bool__", user_site=user, entry="library.f", seconds=1)
    build.force(site, "__bool__", user_site=None, seconds=1)
    assert lines(build, 1) == [
        "2 forces, where max_forces=1:",
        "  1 at library.py:2: x.any() (__bool__, from program.py:2)",
        "  1 at library.py:2: x.any() (__bool__)",
    ]


def test_forces_of_one_site_are_counted_together_and_the_dearest_come_first(build: TraceBuilder) -> None:
    """Dearest by the time they took, not by how many they are."""
    for _ in range(1200):
        build.force(build.at("library.py", "x.any()"), "__bool__", user_site=None, seconds=0.001)
    build.force(build.at("program.py", "y.compute()"), "compute", seconds=2)
    assert lines(build, 1000) == [
        "1,201 forces, where max_forces=1000:",
        "  1 at program.py:3: y.compute() (compute)",
        "  1,200 at library.py:2: x.any() (__bool__)",
    ]


@pytest.mark.parametrize(
    ("sites", "rest"),
    [(3, []), (4, ["  1 at 1 more site"]), (6, ["  1,006 at 3 more sites"])],
)
def test_three_sites_are_named_and_the_others_counted(
    build: TraceBuilder, sites: int, rest: list[str]
) -> None:
    """With their forces."""
    build.source("many.py", "\n".join(f"x{number}.compute()" for number in range(6)))
    for number in range(sites):
        for _ in range(1004 if number == 5 else 1):
            build.force(build.at("many.py", number + 1), "compute", seconds=0.001 / 1000**number)
    assert lines(build) == [
        f"{sites if sites < 6 else '1,009'} forces, where max_forces=0:",
        *(f"  1 at many.py:{number + 1}: x{number}.compute() (compute)" for number in range(3)),
        *rest,
    ]


@pytest.mark.parametrize(("count", "told"), [(1, "1 allowed one"), (2000, "2,000 allowed ones")])
def test_allowed_forces_are_told_apart(build: TraceBuilder, count: int, told: str) -> None:
    """They are no part of the number, nor of the sites, whatever they cost."""
    for _ in range(count):
        build.force(build.at("program.py", "save(y)"), "store", seconds=5, allowed="writes the result")
    build.force(build.at("program.py", "y.compute()"), "compute", seconds=1)
    assert lines(build) == [
        f"1 force, besides {told}, where max_forces=0:",
        "  1 at program.py:3: y.compute() (compute)",
    ]


def test_an_allowed_force_around_another_takes_none_of_its_time(build: TraceBuilder) -> None:
    """A nested one that is not allowed counts."""
    outer = build.begin(build.at("program.py", "save(y)"), "store", allowed="meant")
    build.force(build.at("library.py", "x.any()"), "__bool__", user_site=None, parent=outer, seconds=1)
    build.finish(outer, 3)
    assert lines(build) == [
        "1 force, besides 1 allowed one, where max_forces=0:",
        "  1 at library.py:2: x.any() (__bool__)",
    ]


def test_a_force_without_a_site_and_one_without_source(build: TraceBuilder) -> None:
    """What is not known is left out."""
    build.missing("gone.py")
    build.force(None, "compute", user_site=None, seconds=3)
    build.force(None, "other", user_site=build.at("program.py", "f(x)"), seconds=2)
    build.force(build.at("gone.py", 7), "persist", user_site=None, seconds=1)
    assert lines(build) == [
        "3 forces, where max_forces=0:",
        "  1 at an unknown line (compute)",
        "  1 at an unknown line (other, from program.py:2)",
        "  1 at gone.py:7 (persist)",
    ]


def test_a_force_that_has_not_come_back_counts(build: TraceBuilder) -> None:
    """An interrupt may have ended it."""
    build.begin(build.at("program.py", "y.compute()"), "compute")
    assert lines(build.wait(1)) == [
        "1 force, where max_forces=0:", "  1 at program.py:3: y.compute() (compute)"
    ]  # fmt: skip


def test_a_long_expression_is_cut_and_says_so(build: TraceBuilder) -> None:
    """At 120 characters."""
    call = f"f({', '.join(['x'] * 60)}).compute()"
    build.source("long.py", call)
    build.source("just.py", f"{'f' * 110}.compute()\n")
    build.force(build.at("long.py", call), "compute", seconds=2)
    build.force(build.at("just.py", f"{'f' * 110}.compute()"), "compute", seconds=1)
    assert lines(build)[1:] == [
        f"  1 at long.py:1: {call[:117]}... (compute)",
        f"  1 at just.py:1: {'f' * 110}.compute() (compute)",
    ]


def test_text_of_others_is_harmless(build: TraceBuilder) -> None:
    """Escapes and line breaks in paths and expressions are written out."""
    build.source("od\x1bd\n.py", 'f("\x1b[31m\u202e").compute()')
    build.force(build.at("od\x1bd\n.py", 'f("\x1b[31m\u202e").compute()'), "compute", seconds=1)
    assert lines(build)[1:] == [r'  1 at od\x1bd\n.py:1: f("\x1b[31m\u202e").compute() (compute)']
