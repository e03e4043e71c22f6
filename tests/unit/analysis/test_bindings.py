"""What names stand for, and what arrays from before the trace are called; on traces made by hand."""

from __future__ import annotations

import pytest

from array_traces import ArrayTraceBuilder
from lazyscope.analysis.arrays import Array, array_of
from lazyscope.analysis.bindings import (
    Held,
    arrays_bound,
    bindings_at,
    bound,
    is_bound_at,
    lists_bound,
    module_names,
    path_of,
    variables_of,
)
from lazyscope.analysis.lineage import lineage
from lazyscope.model.trace import TraceData

SOURCE = """
low = float(x.min())
high = float(x.max())
def helper(values):
    return float(values.sum())
def other(values):
    return 1
helper(x)
"""


@pytest.fixture
def build() -> ArrayTraceBuilder:
    build = ArrayTraceBuilder("program.py")
    build.source("program.py", SOURCE)
    build.source("library.py", "def f(a):\n    return float(a)\n", role="library")
    return build


@pytest.fixture
def here(build: ArrayTraceBuilder) -> int:
    return build.at("program.py", "float(x.min())")


def described(trace: TraceData, name: str) -> Array:
    number = trace.texts.index(name)
    return array_of(trace, number, lineage(trace).makers.get(number))


class TestNames:
    """What is known of the names at a place."""

    def test_each_kind_is_asked_for_by_itself(self, build: ArrayTraceBuilder, here: int) -> None:
        build.binding(here, "x", "dask array", arrays=("x-1",))
        build.binding(here, "parts", "list", arrays=("x-1", "y-1"), elements="dask array", count=2)
        build.binding(here, "mixed", "tuple", arrays=("x-1",), count=2)
        build.binding(here, "da", "module", type="dask.array")
        build.binding(here, "f", "function", type="library.f")
        trace = build.end().trace()
        assert arrays_bound(trace, here) == ("x",)
        assert lists_bound(trace, here) == ("parts",)
        assert module_names(trace, here) == {"da": "dask.array"}
        assert (path_of(trace, here, "f"), path_of(trace, here, "x")) == ("library.f", None)
        assert bound(trace, here, "y") is None

    def test_without_a_place_nothing_is_known(self, build: ArrayTraceBuilder, here: int) -> None:
        trace = build.end().trace()
        assert (bindings_at(trace, None), bindings_at(trace, here)) == ((), ())

    def test_names_of_the_statement_come_first(self, build: ArrayTraceBuilder, here: int) -> None:
        build.binding(here, "a", "number", in_statement=False)
        build.binding(here, "x", "dask array", arrays=("x-1",))
        trace = build.end().trace()
        assert [trace.texts[one.name] for one in bindings_at(trace, here)] == ["x", "a"]

    def test_what_a_place_left_out_is_as_it_was_before(self, build: ArrayTraceBuilder, here: int) -> None:
        """In the same code object; what was deleted meanwhile is not."""
        later = build.at("program.py", "float(x.max())")
        build.binding(here, "x", "dask array", arrays=("x-1",))
        build.binding(here, "gone", "number")
        build.binding(later, "low", "number")
        build.binding(later, "gone", "unbound", in_statement=False)
        trace = build.end().trace()
        found = [(trace.texts[one.name], one.in_statement, one.position) for one in bindings_at(trace, later)]
        assert found == [("low", True, later), ("x", False, later)]

    def test_a_place_without_a_record_knows_what_the_one_before_knows(
        self, build: ArrayTraceBuilder, here: int
    ) -> None:
        """Not what another function knows."""
        later, elsewhere = build.at("program.py", "helper(x)"), build.at("program.py", "return 1")
        build.binding(here, "x", "dask array", arrays=("x-1",))
        trace = build.end().trace()
        assert (arrays_bound(trace, later), arrays_bound(trace, elsewhere)) == (("x",), ())


class TestArrays:
    """Arrays that existed before the trace."""

    def test_they_have_the_name_and_size_of_what_was_bound_to_them(
        self, build: ArrayTraceBuilder, here: int
    ) -> None:
        build.binding(here, "x", "dask array", arrays=("x-1",), dtype="float64", shape=[10, 2])
        build.made("Array.min", here, "min-1", takes=["x-1"])
        trace = build.end().trace()
        found = described(trace, "x-1")
        assert (found.variable, found.position, found.bound_at) == ("x", None, here)
        assert (found.bytes, found.at_user) == (160, True)

    def test_an_array_that_a_call_made_keeps_the_name_of_its_line(
        self, build: ArrayTraceBuilder, here: int
    ) -> None:
        build.made("dask.array.ones", here, "x-1")
        build.binding(here, "values", "dask array", arrays=("x-1",))
        found = described(build.end().trace(), "x-1")
        assert (found.variable, found.bound_at) == ("low", None)

    def test_a_library_s_name_is_no_name_for_the_user(self, build: ArrayTraceBuilder) -> None:
        """But its dtype and shape are known from it."""
        there = build.at("library.py", "float(a)")
        build.binding(there, "a", "dask array", arrays=("x-1",), dtype="int16", shape=[7])
        found = described(build.end().trace(), "x-1")
        assert (found.variable, found.at_user, found.bytes) == (None, False, 14)

    def test_a_shape_that_becomes_known_tells_the_size(self, build: ArrayTraceBuilder, here: int) -> None:
        later = build.at("program.py", "float(x.max())")
        build.binding(here, "x", "dask array", arrays=("x-1",), dtype="float64", shape=[None])
        build.binding(later, "x", "dask array", arrays=("x-1",), dtype="float64", shape=[5])
        assert described(build.end().trace(), "x-1").bytes == 40

    def test_the_module_s_name_is_taken_before_a_parameter_s(
        self, build: ArrayTraceBuilder, here: int
    ) -> None:
        inner = build.at("program.py", "float(values.sum())")
        build.binding(inner, "values", "dask array", arrays=("x-1",), scope="local")
        build.binding(here, "x", "dask array", arrays=("x-1",))
        trace = build.end().trace()
        number = trace.texts.index("x-1")
        assert variables_of(trace, number) == (Held("values", inner, "local"), Held("x", here, "global"))
        assert described(trace, "x-1").variable == "x"

    def test_a_global_can_be_used_in_every_function_of_its_file(
        self, build: ArrayTraceBuilder, here: int
    ) -> None:
        inner, other = build.at("program.py", "float(values.sum())"), build.at("program.py", "return 1")
        build.binding(inner, "values", "dask array", arrays=("x-1",), scope="local")
        build.binding(here, "x", "dask array", arrays=("x-1",))
        trace = build.end().trace()
        number = trace.texts.index("x-1")
        assert [is_bound_at(trace, number, "x", place) for place in (here, inner, other)] == [True] * 3
        assert [is_bound_at(trace, number, "values", place) for place in (inner, other)] == [True, False]
