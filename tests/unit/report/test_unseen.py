"""What could not be seen is said, and what to do about it."""

from __future__ import annotations

import sys

from lazyscope.catalogue.diagnose import diagnose
from lazyscope.report.unseen import unseen
from trace_builder import TraceBuilder

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def lines(source: str, python: str) -> list[str]:
    build = TraceBuilder("program.py")
    build.source("program.py", source)
    build.force(build.at("program.py", "bool(x)"), "__bool__", seconds=0.5)
    trace = build.end().trace()
    trace.header.versions["python"] = python
    return unseen(trace, diagnose(trace))


def test_a_source_for_a_later_python_is_named_with_the_python_that_reads_it() -> None:
    """SciPy 1.18 has syntax that Python 3.11 does not know; causes in such a file cannot be told."""
    assert lines("y = bool(x)\nnew syntax here\n", "3.99.1") == [
        f"why program.py wanted values, as Python {HERE} cannot parse its source: "
        "read the trace with Python 3.99, which recorded it"
    ]


def test_a_source_that_is_no_python_is_named() -> None:
    """As where a file was changed after it had been imported."""
    found = lines("y = bool(x)\n<<<<<<< HEAD\n", f"{HERE}.0")
    assert found == [f"why program.py wanted values, as Python {HERE} cannot parse its source"]


def test_sources_that_can_be_parsed_are_not_mentioned() -> None:
    assert lines("y = bool(x)\n", "3.99.1") == []
