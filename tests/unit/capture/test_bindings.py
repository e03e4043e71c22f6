"""What names are bound to at the places of forces, failures and unknown shapes."""

from __future__ import annotations

import contextlib
import functools
import gc
import operator
import sys
import types
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import lazyscope
from lazyscope.analysis.bindings import arrays_bound, bound, module_names
from lazyscope.capture.names_in_code import names_near
from lazyscope.model import events
from lazyscope.model.trace import TraceData, load


@pytest.fixture(autouse=True)
def sync() -> Iterator[None]:
    with dask.config.set(scheduler="sync"):
        yield


@pytest.fixture
def x() -> da.Array:
    return da.ones((4, 6), chunks=(2, 3))


def recorded(trace: lazyscope.Trace) -> TraceData:
    return trace.data


def at_force(trace: lazyscope.Trace, number: int = 0) -> int:
    """The user's position of a force."""
    position = recorded(trace).forces[number].begin.user_site
    assert position is not None
    return position


def named(trace: lazyscope.Trace, name: str, number: int = 0) -> events.Binding | None:
    return bound(recorded(trace), at_force(trace, number), name)


def kinds(trace: lazyscope.Trace, number: int = 0) -> dict[str, str]:
    """Kinds of the names at the user's line of a force."""
    data = recorded(trace)
    return {data.texts[one.name]: one.kind for one in data.bindings[at_force(trace, number)]}


def test_an_array_has_its_key_name_dtype_and_layout(x: da.Array) -> None:
    """As arrays that calls return are recorded."""
    with lazyscope.trace() as trace:
        bool(x.any())
    data, found = recorded(trace), named(trace, "x")
    assert found is not None
    assert found.layout is not None
    assert found.dtype is not None
    assert [data.texts[name] for name in found.arrays] == [x.name]
    assert (found.kind, found.scope, found.in_statement) == ("dask array", "local", True)
    assert data.texts[found.dtype] == "float64"
    assert data.layouts[found.layout] == events.Layout([4, 6], [2, 2], [2, 3])


def test_kinds_of_values(x: da.Array) -> None:
    """Python's and NumPy's; of containers the kind of their elements and how many there are."""
    table, none, flag, word, size = np.zeros((3, 2), "i4"), None, True, "secret", np.float32(2)
    parts, pair, by_name, mixed = [x, x + 1], (1, 2, 3), {"a": x}, [x, 1]
    delayed = dask.delayed(sum)(parts)
    with lazyscope.trace() as trace:
        bool(x.any())
    assert (table, none, flag, word, size, parts, pair, by_name, mixed, delayed) is not None
    found = kinds(trace)
    assert {name: found[name] for name in ("table", "none", "flag", "word", "size", "delayed")} == {
        "table": "numpy array", "none": "none", "flag": "bool", "word": "text", "size": "number",
        "delayed": "delayed",
    }  # fmt: skip
    containers = [named(trace, name) for name in ("parts", "pair", "by_name", "mixed")]
    assert [(one.kind, one.count, one.elements, len(one.arrays)) for one in containers if one] == [
        ("list", 2, "dask array", 2),
        ("tuple", 3, "number", 0),
        ("dict", 1, "dask array", 1),
        ("list", 2, None, 1),
    ]
    array = named(trace, "table")
    assert array is not None
    assert array.shape == [3, 2]


def test_no_value_is_kept(x: da.Array, tmp_path: Path) -> None:
    """Neither text nor numbers; they are not in the file."""
    word, number = "a-password-nobody-reads", 987654321
    with lazyscope.trace(tmp_path / "t.lazy") as trace:
        bool(x.any())
    assert (word, number) is not None
    content = (tmp_path / "t.lazy").read_bytes()
    assert kinds(trace)["word"] == "text"
    # The program's own text is there, but packed.
    assert b"nobody-reads" not in content


def test_modules_have_their_own_names(x: da.Array) -> None:
    """Whatever they are called here."""
    with lazyscope.trace() as trace:
        bool(da.any(np.abs(x)))
    found = module_names(recorded(trace), at_force(trace))
    assert (found["da"], found["np"], found["lazyscope"]) == ("dask.array", "numpy", "lazyscope")


def test_functions_and_classes_have_their_import_paths(x: da.Array) -> None:
    total, table, add = sum, Path, np.add
    with lazyscope.trace() as trace:
        bool(x.any())
    assert (total, table, add, kinds) is not None
    data = recorded(trace)
    found = [named(trace, name) for name in ("total", "table", "add", "kinds")]
    paths = [data.texts[one.type] for one in found if one is not None and one.type is not None]
    assert paths[0] == "builtins.sum"
    assert paths[1].startswith("pathlib")
    assert paths[2:] == ["numpy.add", f"{__name__}.kinds"]


def test_a_function_s_own_names_come_before_the_module_s(x: da.Array) -> None:
    """Those of a function around it are free."""

    def inner(np: da.Array) -> bool:
        return bool((np + x).any())

    with lazyscope.trace() as trace:
        inner(x)
    found = named(trace, "np")
    assert found is not None
    assert (found.kind, found.scope) == ("dask array", "local")
    assert [one and one.scope for one in (named(trace, "x"), named(trace, "np"))] == ["free", "local"]


def test_names_of_a_comprehension_s_function_are_known(x: da.Array) -> None:
    """Also before Python 3.12, where a comprehension is a function of its own."""
    other = x + 1
    with lazyscope.trace() as trace:
        [bool(part.any()) for part in (x, x)]
    assert other is not None
    assert arrays_bound(recorded(trace), at_force(trace)).count("other") == 1


def test_the_caller_s_names_are_known_too(x: da.Array) -> None:
    """A helper that forces has the array by another name."""

    def helper(values: da.Array) -> bool:
        return bool(values.any())

    with lazyscope.trace() as trace:
        helper(x)
    data = recorded(trace)
    at_user = [position for position in data.bindings if data.file_of(position).role == "user"]
    assert arrays_bound(data, at_force(trace)) == ("values",)
    assert [found for found in (arrays_bound(data, one) for one in at_user) if found] == [("values",), ("x",)]


def test_a_place_is_looked_at_once(x: da.Array) -> None:
    """However often it is met."""
    with lazyscope.trace() as trace:
        for number in range(5):
            bool((x + number).any())
    data = recorded(trace)
    assert len(data.forces) == 5
    assert [data.texts[one.name] for one in data.names].count("x") == 1


def test_what_is_bound_as_before_is_written_once(x: da.Array) -> None:
    """The second place has all names, and the file only those of its lines and what is new."""
    other = x + 1
    with lazyscope.trace() as trace:
        bool(x.any())
        late = 3
        bool(x.all())
    assert (other, late) is not None
    data = recorded(trace)
    written = [data.texts[one.name] for one in data.names]
    assert [written.count(name) for name in ("x", "other", "late")] == [2, 1, 1]
    assert kinds(trace, 1)["other"] == "dask array"


def test_what_was_deleted_is_not_known_any_more(x: da.Array) -> None:
    gone = x + 1
    with lazyscope.trace() as trace:
        bool(x.any())
        del gone
        bool(x.all())
    assert kinds(trace, 0)["gone"] == "dask array"
    assert "gone" not in kinds(trace, 1)


def test_names_are_known_where_an_exception_comes_from(x: da.Array) -> None:
    """Also where no recorded call raised it."""
    number = 0
    with contextlib.suppress(ZeroDivisionError), lazyscope.trace() as trace:
        print(x.ndim / number)
    data = recorded(trace)
    (failure,) = data.failures
    assert (bound(data, failure.site, "number") or failure).kind == "number"  # type: ignore[union-attr]
    assert arrays_bound(data, failure.site) == ("x",)


def test_names_are_known_where_a_shape_becomes_unknown(x: da.Array) -> None:
    with lazyscope.trace() as trace:
        x[x > 2]
    data = recorded(trace)
    (shape,) = data.unknown_shapes
    assert arrays_bound(data, shape.user_site) == ("x",)


class _Hostile:
    """Fails at whatever it is asked."""

    def _fail(self, *_: Any) -> Any:
        raise RuntimeError("asked")

    __bool__ = __len__ = __eq__ = __hash__ = __repr__ = __iter__ = _fail  # type: ignore[assignment]

    @property
    def __class__(self) -> Any:
        raise RuntimeError("asked for its class")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


def test_values_are_asked_for_nothing_but_their_type(x: da.Array) -> None:
    hostile, several = _Hostile(), [_Hostile(), _Hostile()]
    with lazyscope.trace() as trace:
        bool(x.any())
    assert operator.is_not(hostile, several)
    assert recorded(trace).blind_spots == {}
    assert kinds(trace)["hostile"] == "other"
    found = named(trace, "several")
    assert found is not None
    assert (found.count, found.elements) == (2, "other")


def test_a_lazily_imported_module_is_not_imported(x: da.Array) -> None:
    class Lazy(types.ModuleType):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(name)

    lazy = Lazy("far.away")
    with lazyscope.trace() as trace:
        bool(x.any())
    assert lazy is not None
    assert module_names(recorded(trace), at_force(trace))["lazy"] == "far.away"


def test_no_value_is_kept_alive(x: da.Array) -> None:
    class Value:
        pass

    value = Value()
    gone = weakref.ref(value)
    with lazyscope.trace():
        bool(x.any())
        del value
        gc.collect()
        assert gone() is None


def test_variables_stay_what_they_are(x: da.Array) -> None:
    """Looking at a frame does not bring back what a function assigns later."""

    def counting() -> int:
        count = 0
        for _ in range(3):
            bool(x.any())
            count += 1
        return count

    with lazyscope.trace():
        assert counting() == 3


def test_of_many_names_the_arrays_are_kept(x: da.Array) -> None:
    """Sixty-four of a place, those of its lines and arrays before functions."""
    names = [f"f{number}" for number in range(100)]
    lines = [*(f"{name} = len" for name in names), "y = x", "with lazyscope.trace() as trace: bool(x.any())"]
    namespace: dict[str, Any] = {"x": x, "lazyscope": lazyscope}
    exec(compile("\n".join(lines), "<string>", "exec"), namespace)
    found = kinds(namespace["trace"])
    assert len(found) == 64
    assert (found["x"], found["y"]) == ("dask array", "dask array")


def test_an_unwatched_mapping_of_locals_is_left_alone(x: da.Array) -> None:
    """`exec` takes any mapping, which may run code of its own when it is asked."""

    class Names(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            asked.append(name)
            return super().__getitem__(name)

        def get(self, name: str, default: Any = None) -> Any:
            raise AssertionError(name)

    asked: list[str] = []
    with lazyscope.trace() as trace:
        exec("bool(x.any())", {}, Names(x=x))
    assert recorded(trace).blind_spots == {}
    assert sorted(asked) == ["bool", "x"]


def test_a_trace_reads_back(x: da.Array, tmp_path: Path) -> None:
    path = tmp_path / "t.lazy"
    with lazyscope.trace(path) as trace:
        bool(x.any())
    again = load(path)
    assert again.bindings == recorded(trace).bindings
    assert arrays_bound(again, again.forces[0].begin.user_site) == ("x",)


# Which names stand in the lines of an instruction


def _instruction(function: Any, opname: str) -> int:
    import dis

    return next(one.offset for one in dis.get_instructions(function) if one.opname.startswith(opname))


def test_names_of_a_statement_over_several_lines() -> None:
    def function(a: Any, b: Any, c: Any, d: Any) -> Any:
        first = d
        result = max(
            a,
            abs(b),
            key=c,
        )
        return first, result

    found = names_near(function.__code__, _instruction(function, "CALL"))
    assert sorted(found) == ["a", "abs", "b", "c", "max", "result"]


def test_names_beyond_the_first_256_have_longer_arguments() -> None:
    """Their instructions come in two parts."""
    many = "; ".join(f"name{number} = {number}" for number in range(300))
    namespace: dict[str, Any] = {}
    exec(
        compile(f"def function():\n    {many}\n    return max(name3, name299)", "<string>", "exec"), namespace
    )
    function = namespace["function"]
    found = names_near(function.__code__, _instruction(function, "CALL"))
    assert sorted(found) == ["max", "name299", "name3"]


def test_names_before_the_first_instruction_are_none() -> None:
    assert names_near(_instruction.__code__, -1) == ()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="a comprehension is a function of its own before")
def test_names_of_cells_and_globals() -> None:
    def outer(cell: Any) -> Any:
        return lambda value: functools.reduce(value, [cell])

    code = outer(1).__code__
    assert sorted(names_near(code, len(code.co_code) - 2)) == ["cell", "functools", "value"]
