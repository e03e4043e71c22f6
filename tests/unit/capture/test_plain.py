"""Nothing of the program's own is asked anything: it might execute a graph to answer, or raise."""

from __future__ import annotations

import functools
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from dask._task_spec import Task
from dask.base import DaskMethodsMixin
from dask.blockwise import blockwise
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer

import lazyscope
from lazyscope.capture import layers, partition_reads, plain
from lazyscope.capture.demand import demand_of
from lazyscope.capture.execution import Execution, Request, result_bytes
from lazyscope.capture.history import History
from lazyscope.capture.partition_reads import reads_in_graph
from lazyscope.capture.switches import switches


def _touched(*_: Any, **__: Any) -> Any:
    raise AssertionError("asked something")


class Mute:
    """Whatever is asked of it fails, but its class: dask itself asks that of what it makes tasks of."""

    __bool__ = __len__ = __eq__ = __ne__ = __hash__ = __repr__ = __str__ = _touched  # type: ignore[assignment]
    __iter__ = __getattr__ = __getitem__ = __contains__ = __lt__ = __gt__ = _touched
    __int__ = __float__ = __index__ = __add__ = __radd__ = __mul__ = __rmul__ = _touched


class Untouchable(Mute):
    """Whatever is asked of it fails."""

    __class__ = property(_touched)  # type: ignore[assignment]


class Callable(Mute):
    def __call__(self, *_: Any) -> int:
        return 1


IT = Untouchable()


class TestPlainValues:
    @pytest.mark.parametrize(
        "value",
        [1, "x", 1.5, None, ("x", 0), ("x", (1, np.int64(2))), slice(1, None), (slice(0, 3), Ellipsis)],
    )
    def test_those_of_python_and_numpy(self, value: Any) -> None:
        assert plain.is_plain(value)
        assert plain.hash_of(value) == plain.hash_of(value)

    def test_others_are_equal_to_nothing(self) -> None:
        for value in (IT, ("x", IT), ("x", (0, IT)), slice(IT), (slice(0, IT, 1),), [1]):
            assert not plain.is_plain(value)
            assert plain.hash_of(value) != plain.hash_of(value)

    def test_classes_made_from_plain_ones_may_answer_anything(self) -> None:
        class Text(str):
            __slots__ = ()
            __hash__ = __eq__ = __repr__ = _touched  # type: ignore[assignment]

        class Number(np.int64):
            __hash__ = __eq__ = __repr__ = _touched  # type: ignore[assignment]

        assert not plain.is_plain(Text("x"))
        assert not plain.is_plain(("x", Number(1)))

    def test_the_name_of_a_key(self) -> None:
        assert [plain.name_of(key) for key in ("x", ("x", IT), 5, (1, 2))] == ["x", "x", "5", "(1, 2)"]
        assert plain.name_of(IT) == plain.name_of((IT, 0)) == plain.STRANGE

    def test_sizes(self) -> None:
        assert [plain.length_of(size) for size in (3, np.int32(3), 3.0, np.float64(3))] == [3] * 4
        unknown = (float("nan"), np.nan, float("inf"), IT, None)
        assert [plain.length_of(size) for size in unknown] == [None] * 5
        assert plain.total_of((1, 2, np.int64(3))) == 6
        assert plain.total_of((1, float("nan"))) is plain.total_of((1, IT)) is plain.total_of(IT) is None

    def test_members_of_sequences_whatever_their_class_does(self) -> None:
        class Own(list[int]):
            __iter__ = __len__ = __bool__ = __eq__ = _touched  # type: ignore[assignment]

        assert list(plain.members_of(Own([1, 2])) or ()) == [1, 2]
        assert plain.members_of(IT) is plain.members_of("text") is None
        assert plain.flat([Own([1, [2]]), IT, 3])[::3] == [1, 3]

    def test_what_is_stored_is_found_and_what_is_made_is_not(self) -> None:
        class Thing:
            made = property(_touched)
            __getattr__ = __getattribute__ = _touched

            def __init__(self) -> None:
                object.__setattr__(self, "kept", 1)

        assert plain.stored(Thing(), "kept") == 1
        assert plain.stored(Thing(), "made") is plain.stored(Thing(), "absent") is None
        assert plain.stored(5, "kept") is None
        delayed = dask.delayed(max)(1, 2)
        assert plain.stored(delayed, "_key") == delayed.key


GRAPHS: dict[str, dict[Any, Any]] = {
    "argument of an old task": {"a": 1, "b": (max, "a", IT)},
    "function of an old task": {"a": 1, "b": (Callable(), "a", [IT, {"k": IT}])},
    "old value": {"a": IT, "b": [IT, "a"], ("c", 0): (IT, "a")},
    "key like a layer's": {"a": 1, "b": (max, ("a", IT), "a")},
    "member of a slice": {"a": 1, "b": (max, slice(0, IT), "a")},
    "argument of a task": {"a": 1, "b": Task("b", max, Mute(), slice(Mute()))},
    "function of a task": {"a": 1, "b": Task("b", Callable(), 1)},
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_that_hold_anything_are_walked(name: str) -> None:
    graph = GRAPHS[name]
    layered = HighLevelGraph({"b": MaterializedLayer(graph)}, {"b": set()})
    for asked in ((graph, ["b"]), (layered, "b"), (layered, ["b"])):
        demand = demand_of([asked])
        History().ask(demand, 1)
    assert reads_in_graph(graph, ["b"]).units == []


class OddKey:
    """A key that can be hashed, as dask does, and answers nothing else."""

    __bool__ = __len__ = __eq__ = __repr__ = __str__ = _touched  # type: ignore[assignment]
    __class__ = property(_touched)  # type: ignore[assignment]

    def __hash__(self) -> int:
        return 5


def test_odd_keys_repeat_nothing() -> None:
    key = ("x", OddKey())
    demand = [demand_of([({key: (max, 1, 2), "y": (max, 1, 3)}, [key, "y"])]) for _ in range(2)]
    history = History()
    history.ask(demand[0], 1)
    assert {a.group.name: a.repeated for a in history.ask(demand[1], 2)} == {"x": 0, "y": 1}


def test_results_of_odd_keys_have_a_name() -> None:
    assert Request.of_graph({}, [("x", 0), OddKey()]).results() == ["x", plain.STRANGE]
    force = Execution(Request.of_graph({}, None).handed({}, [OddKey(), "y"]), "sync", None)
    assert force.asks_for(["y"])
    assert not force.asks_for([OddKey()])


def test_slices_of_a_source_that_hold_anything() -> None:
    """Two reads through slices that cannot be compared repeat nothing."""
    from dask.array.chunk import getitem

    class Disk:
        shape, dtype, ndim = (4,), np.dtype(float), 1

        def __getitem__(self, index: Any) -> Any:
            return np.ones(4)[index]

    source = da.from_array(Disk(), chunks=2)
    history = History()
    for number in (1, 2):
        reader = MaterializedLayer({"r": Task("r", getitem, Task("r", max).ref(), (slice(0, IT),))})
        read = dask._task_spec.TaskRef((source.name, 0))
        reader.mapping["r"] = Task("r", getitem, read, (slice(0, IT),))  # type: ignore[index]
        graph = HighLevelGraph(
            {**source.dask.layers, "r": reader}, {**source.dask.dependencies, "r": {source.name}}
        )
        asked = history.ask(demand_of([(graph, "r")]), number)
        assert {a.group.name for a in asked} >= {"r", source.name}
    assert layers._reader(getitem) == layers._GETITEM


class TestSizesOfChunks:
    @pytest.fixture
    def array(self) -> da.Array:
        x = da.ones(4, chunks=2)
        x._chunks = ((2, IT),)
        layer = x.dask.layers[x.name]
        layer.collection_annotations = {"chunksize": (IT,), "dtype": np.dtype(float)}
        return x

    def test_are_unknown_if_they_may_be_anything(self, array: da.Array) -> None:
        request = Request.of_collections([array])
        assert request.expected_bytes() is None
        (group,) = request.demand().groups
        assert (group.chunk, group.chunk_bytes) == ((None,), None)

    def test_lazy_sizes_are_not_computed(self) -> None:
        x = da.ones(4, chunks=2)
        size = da.ones((), chunks=()).sum()
        x._chunks = ((2, size),)
        with lazyscope.trace() as t:
            assert Request.of_collections([x]).expected_bytes() is None
        assert len(t.forces) == 0

    def test_sizes_that_become_known_are_noticed(self) -> None:
        x = da.ones(4, chunks=2)
        layer = x.dask.layers[x.name]
        known = layer.collection_annotations
        layer.collection_annotations = {"chunksize": (float("nan"),), "dtype": np.dtype(float)}
        (group,) = demand_of([(x.dask, x.name)]).groups
        assert group.chunk == (None,)
        layer.collection_annotations = known
        (group,) = demand_of([(x.dask, x.name)]).groups
        assert (group.chunk, group.chunk_bytes) == ((2,), 16)


def test_results_that_are_not_numpys_are_not_measured() -> None:
    assert result_bytes([np.ones(2), (np.float64(1), np.ma.ones(3))]) == 16 + 8 + 24
    assert result_bytes([np.ones(2), IT]) is None


def test_switches_that_answer_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    module = pytest.importorskip("scipy._lib._array_api_override")
    monkeypatch.setattr(module, "SCIPY_ARRAY_API", IT)
    assert "SCIPY_ARRAY_API" not in switches()


class Own(DaskMethodsMixin):
    """A collection of the program's own that answers what dask asks, and nothing else."""

    __dask_scheduler__ = staticmethod(dask.get)
    __dask_optimize__ = None

    def __init__(self, *, fails: bool = False) -> None:
        self._fails = fails
        self.asked = 0

    def __dask_graph__(self) -> Any:
        self.asked += 1
        if self._fails:
            raise RuntimeError("no graph twice")
        return {"own": (max, 1, 2)}

    def __dask_keys__(self) -> Any:
        return ["own"]

    def __getattr__(self, name: str) -> Any:
        return _touched()


def test_one_collection_that_fails_takes_no_other_with_it() -> None:
    x = da.ones(4, chunks=2)
    with lazyscope.trace() as t:
        demand = Request.of_collections([Own(fails=True), x]).demand()
    assert [group.name for group in demand.groups] == [x.name]
    assert not demand.exact
    assert Request.of_collections([Own(), x]).results() == ["Own", x.name]
    assert any("no graph twice" in text for text in t.data.blind_spots)


def test_a_session_that_fails_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    x = da.ones(4, chunks=2)
    with lazyscope.trace() as outer, lazyscope.trace() as inner:
        failing = inner._session if hasattr(inner, "_session") else None
        assert failing is not None
        monkeypatch.setattr(failing.history, "ask", _touched)
        x.sum().compute()
    assert len(outer.forces) == 1
    assert outer.forces[0].completed


def test_an_interruption_leaves_no_callback_behind() -> None:
    """Weak references of ours call nothing: an interruption that arrived there would be lost."""
    import weakref

    x = da.ones(4, chunks=2) + 1
    demand_of([(x.dask, x.name)])
    references = [r for layer in x.dask.layers.values() for r in weakref.getweakrefs(layer)]
    assert references
    assert all(r.__callback__ is None for r in references)


def test_what_is_remembered_of_layers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "KEYS_REMEMBERED", 10)
    for number in range(20):
        x = da.ones(4, chunks=2) + number
        assert [g.tasks for g in demand_of([(x.dask, x.name)]).groups] == [2, 2]
        assert len(layers._remembered) <= 10


def test_another_layer_with_the_same_identity_is_read_anew() -> None:
    x = da.ones(4, chunks=2)
    layer = x.dask.layers[x.name]
    demand_of([(x.dask, x.name)])
    other = da.zeros(6, chunks=2)
    demand_of([(other.dask, other.name)])
    layers._remembered[id(layer)] = layers._remembered[id(other.dask.layers[other.name])]
    assert [g.name for g in demand_of([(x.dask, x.name)]).groups] == [x.name]


def test_layers_with_functions_and_literals_that_may_be_anything() -> None:
    layer = blockwise(Callable(), "y", "i", Mute(), None, numblocks={}, new_axes={"i": 3})
    layer.indices = [(IT, None)]
    graph = HighLevelGraph({"y": layer}, {"y": set()})
    (group,) = demand_of([(graph, "y")]).groups
    assert (group.grid, group.tasks, group.reads) == ((1,), 1, ())


def a_reader() -> None: ...


def test_functions_that_make_partitions_are_named_by_their_class() -> None:
    assert partition_reads._named(Callable()) == f"{__name__}.Callable"
    assert partition_reads._named(functools.partial(a_reader)) == f"{__name__}.a_reader"
    assert partition_reads._named(lambda: 0).endswith(".lambda")
