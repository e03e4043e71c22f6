"""Partition reads against the truth: the bytes that file systems and reading functions were asked for."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import timeit
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import dask
import dask.array as da
import dask.dataframe as dd
import dask.multiprocessing
import distributed
import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
import pytest
from dask._task_spec import Task, _execute_subgraph, convert_legacy_graph, cull
from dask.core import flatten
from dask.utils import key_split
from fsspec.implementations.local import LocalFileSystem

from lazyscope.capture.partition_reads import (
    ReadHistory,
    Reads,
    ReadUnit,
    reads_in_expression,
    reads_in_graph,
    tasks_in_expression,
)

ROWS, GROUP = 400, 100
"""Rows and rows per row group of each Parquet file: four row groups."""


# The truth: what is really read


@dataclass
class Handle:
    """One opened file and the byte ranges that were read from it."""

    path: str
    ranges: list[tuple[int, int]] = field(default_factory=list)


opened: list[Handle] = []


class CountingFile:
    """A file that notes the ranges it is asked for."""

    def __init__(self, path: str) -> None:
        self._file = Path(path).open("rb")  # noqa: SIM115
        self._handle = Handle(path)
        opened.append(self._handle)

    def read(self, size: int = -1) -> bytes:
        start = self._file.tell()
        data = self._file.read(size)
        if data:
            self._handle.ranges.append((start, start + len(data)))
        return data

    def readline(self, *args: int) -> bytes:
        start = self._file.tell()
        data = self._file.readline(*args)
        self._handle.ranges.append((start, start + len(data)))
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> CountingFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class CountingFsspec(LocalFileSystem):
    """A local fsspec file system that counts; reached as ``counted://`` too."""

    protocol: ClassVar[tuple[str, ...]] = ("counted", "file", "local")

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        return CountingFile(path) if mode == "rb" else super()._open(path, mode, **options)


class CountingHandler(pa.fs.FileSystemHandler):
    """A local Arrow file system that counts."""

    _local: ClassVar[Any] = pa.fs.LocalFileSystem()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CountingHandler)

    __hash__ = None

    def get_type_name(self) -> str:
        return "counted"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: list[str]) -> Any:
        return self._local.get_file_info(paths)

    def get_file_info_selector(self, selector: Any) -> Any:
        return self._local.get_file_info(selector)

    def open_input_file(self, path: str) -> Any:
        return pa.PythonFile(CountingFile(path), "r")

    open_input_stream = open_input_file

    def _refuse(self, *_: Any) -> None:
        raise NotImplementedError

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = _refuse
    move = copy_file = open_output_stream = open_append_stream = _refuse


def parquet_read(handle: Handle) -> tuple[str, tuple[int, ...]] | None:
    """The row groups whose bytes were fetched; None if only the footer was."""
    footer = pq.read_metadata(handle.path)
    end = Path(handle.path).stat().st_size - footer.serialized_size - 8
    data = [(start, stop) for start, stop in handle.ranges if stop <= end]
    groups = [n for n in range(footer.num_row_groups) if _meets(footer.row_group(n), data)]
    return (handle.path, tuple(groups)) if data else None


def _meets(group: Any, ranges: list[tuple[int, int]]) -> bool:
    columns = [group.column(i) for i in range(group.num_columns)]
    begin = min(c.dictionary_page_offset or c.data_page_offset for c in columns)
    end = max((c.dictionary_page_offset or c.data_page_offset) + c.total_compressed_size for c in columns)
    return any(start < end and begin < stop for start, stop in ranges)


# The forces of a program, seen where lazyscope sees them


@dataclass
class Force:
    """One execution of a graph: what was said of it and what it did."""

    before: Reads
    after: Reads
    expression: Reads | None
    tasks: dict[str, int | frozenset[Any]] | None
    true_tasks: dict[str, set[Any]]
    opened: list[Handle]
    finishers: int


class Forces(list[Force]):
    """Every force since the fixture began that reads something, in order."""

    def counts(self) -> list[tuple[int, int]]:
        """Partition reads and those repeated, force by force."""
        history = ReadHistory()
        return [(len(f.after.units), history.repeated(f.after.units)) for f in self if f.after.units]


@pytest.fixture
def forces(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forces]:
    seen = Forces()
    original = dask.local.get_async

    def get_async(submit: Any, workers: int, dsk: Any, keys: Any, *args: Any, **options: Any) -> Any:
        known, count = len(opened), len(seen)
        expression, tasks = (None, None) if isinstance(dsk, Mapping) else ask_expression(dsk)
        graph = dsk if isinstance(dsk, Mapping) else dsk.__dask_graph__()
        before = reads_in_graph(graph, keys)
        assert (len(opened), len(seen)) == (known, count), "asking read a file or computed something"
        result = original(submit, workers, graph, keys, *args, **options)
        handles = opened[known:]
        after = reads_in_graph(graph, keys)
        finishers = 0 if isinstance(dsk, Mapping) else sum(map(_joins, dsk.operands))
        seen.append(Force(before, after, expression, tasks, real_tasks(graph, keys), handles, finishers))
        return result

    for module in (dask.local, dask.threaded, dask.multiprocessing):
        monkeypatch.setattr(module, "get_async", get_async)
    opened.clear()
    with dask.config.set(scheduler="sync"):
        yield seen
    for force in seen:
        check_expression(force)


def ask_expression(expr: Any) -> tuple[Reads | None, Any]:
    """Ask, and make sure that nothing is added to what would be sent to another scheduler.

    Partitions that were chosen of other partitions are found only by numbering those, which dask caches.
    """
    chosen = any(type(node).__name__ == "Partitions" for node in expr.walk())
    cached = {id(node): _pickled(node) for node in expr.walk()}
    reads = reads_in_expression(expr)
    assert chosen or cached == {id(node): _pickled(node) for node in expr.walk()}
    return reads, tasks_in_expression(expr)


def _pickled(node: Any) -> set[str]:
    """The cached properties that dask pickles with a node."""
    own = type(node).__dict__ if type(node)._pickle_functools_cache else {}
    return {name for name, value in own.items() if isinstance(value, cached_property) and name in vars(node)}


def _joins(expr: Any) -> bool:
    return type(expr).__name__ == "RepartitionToFewer" and expr.npartitions == 1


def real_tasks(graph: Mapping[Any, Any], keys: Any) -> dict[str, set[Any]]:
    """The tasks that are wanted, by name, those fused into others taken out again."""
    graph = cull(convert_legacy_graph(graph), list(flatten([keys])))
    stack, names = list(graph.values()), {}
    while stack:
        task = stack.pop()
        if isinstance(task, Task) and task.func is _execute_subgraph:
            stack.extend(task.args[0].values())
        elif isinstance(task, Task):
            name = task.key[0] if isinstance(task.key, tuple) else task.key
            names.setdefault(name, set()).add(task.key)
    return names


def check_expression(force: Force) -> None:
    """What the expression says is what its graph says."""
    if force.expression is not None:
        assert Counter(force.expression.units) == Counter(force.before.units)
    if force.tasks is not None:
        said = {_lasting(k): n if isinstance(n, int) else len(n) for k, n in force.tasks.items()}
        true = {_lasting(k): len(keys) for k, keys in force.true_tasks.items()}
        assert said.items() <= true.items()
        assert sum(true.values()) - sum(said.values()) == force.finishers


def _lasting(name: str) -> str:
    """Shuffles on disk have names that are new each time."""
    return name[: -len(uuid.uuid1().hex)] if name.startswith(DISK) else name


DISK = ("zpartd-", "barrier-", "shuffle-partition-")


def check_parquet(forces: Forces) -> None:
    """Every force read the files and row groups that were said, no more and no less."""
    for force in forces:
        true = Counter(filter(None, map(parquet_read, force.opened)))
        for said in (force.before, force.after):
            assert not said.unknown
        assert Counter(map(_as_true, force.after.units)) == true
        assert len(force.before.units) >= len(force.after.units)


def _as_true(unit: ReadUnit) -> tuple[str, tuple[Any, ...]]:
    whole = range(pq.read_metadata(unit.source).num_row_groups)
    return unit.source, tuple(whole if unit.pieces is None else unit.pieces)


# Data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files of four row groups each; column `a` counts through them."""
    folder = tmp_path_factory.mktemp("trips")
    rng = np.random.default_rng(0)
    for number in range(3):
        a = np.arange(ROWS) + ROWS * number
        frame = {"a": a, "b": rng.random(ROWS), "c": rng.random(ROWS), "k": a % 7}
        pq.write_table(pa.table(frame), folder / f"part{number}.parquet", row_group_size=GROUP)
    return folder


@pytest.fixture(params=["arrow", "fsspec"])
def trips(request: pytest.FixtureRequest, folder: Path) -> dd.DataFrame:
    return open_trips(folder, request.param)


def open_trips(folder: Path, engine: str, **options: Any) -> dd.DataFrame:
    if engine == "arrow":
        return dd.read_parquet(folder, filesystem=pa.fs.PyFileSystem(CountingHandler()), **options)
    return dd.read_parquet(folder, filesystem=CountingFsspec(skip_instance_cache=True), **options)


def test_one_force_reads_each_file_once(trips: dd.DataFrame, forces: Forces) -> None:
    """A column of three files is three partition reads."""
    trips["a"].sum().compute()
    assert forces.counts() == [(3, 0)]
    check_parquet(forces)


def test_another_column_reads_the_same_partitions_again(trips: dd.DataFrame, forces: Forces) -> None:
    """Though no task key is shared, every read of the second force repeats one of the first."""
    trips["a"].sum().compute()
    trips["b"].sum().compute()
    assert forces.counts() == [(3, 0), (3, 3)]
    check_parquet(forces)


def test_two_columns_in_one_force(trips: dd.DataFrame, forces: Forces) -> None:
    """Dask reads once for both or once for each: what it does is what is counted, and none repeats."""
    dask.compute(trips["a"].sum(), trips["b"].max())
    ((reads, repeated),) = forces.counts()
    assert (reads, repeated) == (len([h for f in forces for h in f.opened if parquet_read(h)]), 0)
    check_parquet(forces)


@pytest.mark.parametrize("engine", ["arrow", "fsspec"])
def test_a_filter_reads_fewer_row_groups(folder: Path, forces: Forces, engine: str) -> None:
    """650 to 949 are in row groups 2 and 3 of the second file and 0 and 1 of the third."""
    trips = open_trips(folder, engine, filters=[("a", ">", 650), ("a", "<", 949)])
    for column in ("b", "c"):
        trips[column].sum().compute()
    assert forces.counts() == [(2, 0), (2, 2)]
    check_parquet(forces)


@pytest.mark.parametrize("engine", ["arrow", "fsspec"])
def test_filters_of_disjoint_row_groups_repeat_nothing(folder: Path, forces: Forces, engine: str) -> None:
    """The same file is opened, but not the same data read."""
    open_trips(folder, engine, filters=[("a", "<", 50)])["b"].sum().compute()
    open_trips(folder, engine, filters=[("a", ">", 350), ("a", "<", 390)])["b"].sum().compute()
    open_trips(folder, engine)["b"].sum().compute()
    assert forces.counts() == [(1, 0), (1, 0), (3, 0)]
    check_parquet(forces)


@pytest.fixture
def nine_files(folder: Path, tmp_path: Path) -> Path:
    """More files than dask samples for statistics, so that some footers are not known before."""
    for number in range(9):
        source = folder / f"part{number % 3}.parquet"
        (tmp_path / f"n{number}.parquet").write_bytes(source.read_bytes())
    return tmp_path


def test_a_filter_before_the_footers_are_known(nine_files: Path, forces: Forces) -> None:
    """With Arrow the row groups of unread files are unknown before; the same filter is still matched."""
    trips = open_trips(nine_files, "arrow")
    for column in ("b", "c"):
        trips[trips["a"] < 50][column].sum().compute()
    first, second = (f for f in forces if f.before.units)
    assert any(unit.pieces == (unit.filtered,) for unit in first.before.units)
    assert len(first.before.units) > len(first.after.units) == 3
    assert len(second.before.units) == 3
    assert forces.counts()[1] == (3, 3)
    check_parquet(forces)


@pytest.mark.parametrize(("rows_at_once", "reads"), [(True, 12), (2, 6), (False, 3)])
def test_split_row_groups(folder: Path, forces: Forces, rows_at_once: Any, reads: int) -> None:
    """Partitions of some row groups are units of their own."""
    trips = open_trips(folder, "fsspec", split_row_groups=rows_at_once)
    trips["a"].sum().compute()
    trips["b"].sum().compute()
    assert forces.counts() == [(reads, 0), (reads, reads)]
    check_parquet(forces)


def test_a_whole_file_covers_its_row_groups_but_not_the_reverse(folder: Path, forces: Forces) -> None:
    """Reading row groups one by one after the file repeats them; the file after them is not matched."""
    whole, split = open_trips(folder, "fsspec"), open_trips(folder, "fsspec", split_row_groups=True)
    split["a"].sum().compute()
    whole["a"].sum().compute()
    split["b"].sum().compute()
    assert forces.counts() == [(12, 0), (3, 0), (12, 12)]


def test_the_file_after_its_row_groups_where_their_number_is_known(folder: Path, forces: Forces) -> None:
    """Arrow's fragments tell the number of row groups, and both engines name a file alike."""
    open_trips(folder, "fsspec", split_row_groups=True)["a"].sum().compute()
    open_trips(folder, "arrow")["a"].sum().compute()
    assert forces.counts() == [(12, 0), (3, 3)]
    check_parquet(forces)


def test_aggregated_files(folder: Path, forces: Forces) -> None:
    """A partition of several files is a read for each piece; dask takes all files but the first apart."""
    options = {"split_row_groups": "adaptive", "blocksize": "1MiB", "aggregate_files": True}
    trips = open_trips(folder, "fsspec", **options)
    assert trips.npartitions == 1
    trips["a"].sum().compute()
    trips["b"].sum().compute()
    assert forces.counts() == [(1 + 4 + 4, 0), (9, 9)]
    check_parquet(forces)


def test_partitions_that_are_not_fused(folder: Path, forces: Forces) -> None:
    """Without the fusing of small files Arrow's tasks have another shape; the reads are the same."""
    with dask.config.set({"dataframe.parquet.minimum-partition-size": 0}):
        trips = open_trips(folder, "arrow")
        trips.sum().compute()
        trips.partitions[1].sum().compute()
    assert forces.counts() == [(3, 0), (1, 1)]
    check_parquet(forces)


def test_len_of_parquet_reads_footers_only(trips: dd.DataFrame, forces: Forces) -> None:
    """Statistics are no partition reads, though Arrow's are collected in forces of their own."""
    assert len(trips) == 3 * ROWS
    assert forces.counts() == []
    check_parquet(forces)


@pytest.mark.parametrize("engine", ["arrow", "fsspec"])
def test_len_through_a_filter_reads_data(folder: Path, forces: Forces, engine: str) -> None:
    """The number of rows that pass a filter is in no footer."""
    assert len(open_trips(folder, engine, filters=[("a", "<", 500)])) == 500
    assert forces.counts() == [(2, 0)]
    check_parquet(forces)


def test_head_reads_one_partition(trips: dd.DataFrame, forces: Forces) -> None:
    """The graph that head() hands over may hold more reads than it wants."""
    trips.head()
    trips["b"].head()
    assert [repeated for _, repeated in forces.counts()] == [0, forces.counts()[1][0]]
    check_parquet(forces)


def test_chosen_partitions(folder: Path, forces: Forces) -> None:
    """Only the partitions that were chosen count, and repeat."""
    trips = open_trips(folder, "fsspec")
    trips.partitions[[0, 2]]["a"].sum().compute()
    trips.partitions[1:]["b"].sum().compute()
    trips.get_partition(1)["c"].sum().compute()
    assert forces.counts() == [(2, 0), (2, 1), (1, 1)]
    check_parquet(forces)


def test_arrays_made_from_dataframes(trips: dd.DataFrame, forces: Forces) -> None:
    """compute_chunk_sizes() and a later compute read every file twice."""
    array = trips["a"].to_dask_array()
    array.compute_chunk_sizes()
    array.sum().compute()
    (array[:50] + 1).sum().compute()
    assert forces.counts() == [(3, 0), (3, 3), (1, 1)]
    check_parquet(forces)


def test_an_array_of_one_column_after_the_dataframe(trips: dd.DataFrame, forces: Forces) -> None:
    """Arrays and dataframes over the same files are matched with each other."""
    trips["a"].sum().compute()
    values = trips[["b", "c"]].values
    np.asarray(values.mean(axis=0))
    assert forces.counts() == [(3, 0), (3, 3)]
    check_parquet(forces)


def test_an_array_back_in_a_dataframe(trips: dd.DataFrame, forces: Forces) -> None:
    """Reads are found in the graph of an array that a dataframe was made from."""
    array = trips[["a", "b"]].to_dask_array()
    frame = dd.from_dask_array(array, columns=["a", "b"])
    frame["a"].sum().compute()
    assert forces.counts() == [(3, 0)]
    check_parquet(forces)


def test_persisted_partitions_are_not_read_again(folder: Path, forces: Forces) -> None:
    """What is in memory is no partition read."""
    trips = open_trips(folder, "fsspec").persist()
    trips["a"].sum().compute()
    trips["b"].to_dask_array().sum().compute()
    assert forces.counts() == [(3, 0)]
    check_parquet(forces)


def test_groupby(trips: dd.DataFrame, forces: Forces) -> None:
    """Two aggregations read everything twice."""
    trips.groupby("k")["b"].mean().compute()
    trips.groupby("k")["c"].agg(["sum", "max"]).compute()
    assert forces.counts() == [(3, 0), (3, 3)]
    check_parquet(forces)


@pytest.mark.parametrize("method", ["tasks", "disk"])
def test_shuffle(trips: dd.DataFrame, forces: Forces, method: str) -> None:
    """A shuffle reads each file once."""
    trips.shuffle("k", shuffle_method=method).compute()
    assert forces.counts() == [(3, 0)]
    check_parquet(forces)


def test_merge_with_itself(trips: dd.DataFrame, forces: Forces) -> None:
    """Both sides are read, once or twice as dask decides; within one force nothing repeats."""
    left, right = trips[["a", "b"]], trips[["a", "c"]]
    left.merge(right, on="a", shuffle_method="tasks").compute()
    ((reads, repeated),) = forces.counts()
    assert reads in (3, 6)
    assert repeated == 0
    check_parquet(forces)


def test_set_index_reads_for_the_divisions_first(trips: dd.DataFrame, forces: Forces) -> None:
    """Finding the divisions is a force of its own that reads the column; the sort reads all again."""
    indexed = trips.set_index("b", shuffle_method="tasks")
    indexed["a"].sum().compute()
    assert len(forces.counts()) > 1
    assert all(repeated == reads for reads, repeated in forces.counts()[1:])
    check_parquet(forces)


def test_mixed_with_arrays_in_one_force(trips: dd.DataFrame, forces: Forces) -> None:
    """Dask turns the dataframes into graphs when arrays are computed beside them."""
    with pytest.warns(UserWarning, match="mixed collections"):
        dask.compute(trips["a"].sum(), da.ones(4, chunks=2).sum())
    trips["b"].sum().compute()
    assert forces.counts() == [(3, 0), (3, 3)]
    check_parquet(forces)


def test_delayed_partitions(trips: dd.DataFrame, forces: Forces) -> None:
    """to_delayed() and from_delayed() keep the readers visible."""
    parts = trips.to_delayed()
    dask.compute(*parts)
    dd.from_delayed(parts, meta=trips._meta)["b"].sum().compute()
    assert forces.counts() == [(3, 0), (3, 3)]
    check_parquet(forces)


@pytest.mark.parametrize("engine", ["arrow", "fsspec"])
def test_a_filter_that_nothing_passes(folder: Path, forces: Forces, engine: str) -> None:
    """Row groups that are all skipped are not read."""
    open_trips(folder, engine)["b"].sum().compute()
    assert len(open_trips(folder, engine, filters=[("a", ">", 10_000)]).compute()) == 0
    assert forces.counts() == [(3, 0)]
    check_parquet(forces)


def test_hive_partitions(folder: Path, tmp_path: Path, forces: Forces) -> None:
    """Directories that a filter rules out are not read."""
    frame = pd.read_parquet(folder)
    for year in (2019, 2020):
        (tmp_path / f"year={year}").mkdir()
        frame.to_parquet(tmp_path / f"year={year}" / "all.parquet", index=False)
    for engine in ("arrow", "fsspec"):
        open_trips(tmp_path, engine, filters=[("year", "==", 2020)])["b"].sum().compute()
    assert forces.counts() == [(1, 0), (1, 1)]
    check_parquet(forces)


OPERATIONS = {
    "all": lambda df: df,
    "optimised": lambda df: df[["a", "b"]].optimize().sum(),
    "filtered": lambda df: df[df["a"] > 500]["b"].sum(),
    "filtered by another": lambda df: df[df["b"] > df["c"]]["a"].count(),
    "repartitioned": lambda df: df.repartition(npartitions=2)["b"].sum(),
    "one of the repartitioned": lambda df: df.repartition(npartitions=2).partitions[0]["b"].sum(),
    "split": lambda df: df.repartition(npartitions=7)["b"].sum(),
    "to one": lambda df: df.repartition(npartitions=1)["b"],
    "concatenated": lambda df: dd.concat([df, df.assign(a=df["a"] + 1)])["a"].sum(),
    "overlapping": lambda df: df["b"].map_overlap(lambda part: part.rolling(3).mean(), 2, 0).sum(),
    "shifted": lambda df: df["b"].shift(1).sum(),
    "cumulated": lambda df: df["b"].cumsum(),
    "described": lambda df: df.describe(),
    "quantile": lambda df: df["b"].quantile(0.5),
    "unique": lambda df: df["k"].unique(),
    "counted": lambda df: df["k"].value_counts(),
    "largest": lambda df: df.nlargest(3, "b"),
    "normalised": lambda df: (df["b"] - df["b"].mean()) / df["b"].std(),
    "mapped": lambda df: df.map_partitions(lambda part: part[["a"]] * 2, meta={"a": "int64"}),
    "mapped with a delayed": lambda df: df["a"].map_partitions(
        lambda p, d: p + d, dask.delayed(1), meta=("a", int)
    ),
    "broadcast": lambda df: df["b"].map_partitions(lambda part, mean: part - mean, df["b"].mean()),
    "joined on index": lambda df: df[["a"]].join(df[["b"]]),
    "merged with pandas": lambda df: df.merge(pd.DataFrame({"k": range(7), "n": range(7)}), on="k"),
    "merged by broadcast": lambda df: df.merge(df.partitions[[0]], on="a", broadcast=True),
    "merged on a grouping": lambda df: df.merge(df.groupby("k")["b"].mean().reset_index(), on="k"),
    "grouped apart": lambda df: df.groupby("k").apply(len, meta=("n", "int64")),
    "grouped into many": lambda df: df.groupby("a").agg({"b": "sum"}, split_out=2),
    "located": lambda df: df.loc[5:20, "b"],
    "tail": lambda df: df.tail(3, compute=False),
    "few from all": lambda df: df.head(3, npartitions=-1, compute=False),
    "sampled": lambda df: df.sample(frac=0.5, random_state=1)["a"],
    "deduplicated": lambda df: df["k"].drop_duplicates(),
    "pivoted": lambda df: df.assign(k=df["k"].astype("category").cat.as_known()).pivot_table(
        index="a", columns="k", values="b"
    ),
    "array": lambda df: df[["a", "b"]].values.sum(axis=1),
    "two arrays": lambda df: df["a"].values + df["b"].values,
    "written": lambda df: df.to_parquet("memory://written", compute=False, write_index=False),
    "delayed": lambda df: dask.delayed(len)(df["a"]),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_is_computed(trips: dd.DataFrame, forces: Forces, operation: str) -> None:
    """What is said of each force, from its graph and its expression, is what is read."""
    OPERATIONS[operation](trips).compute()
    assert len(forces.counts()) >= 1
    check_parquet(forces)


@pytest.mark.parametrize("engine", ["arrow", "fsspec"])
@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_other_local_schedulers(folder: Path, forces: Forces, engine: str, scheduler: str) -> None:
    """Worker threads and processes get the same graphs."""
    trips = open_trips(folder, engine)
    trips["a"].sum().compute(scheduler=scheduler)
    trips["b"].sum().compute(scheduler=scheduler)
    assert forces.counts() == [(3, 0), (3, 3)]


# CSV, JSON, ORC


@pytest.fixture
def csv(tmp_path: Path) -> str:
    for number in range(2):
        frame = pd.DataFrame({"a": range(300), "b": 1.5, "s": "word"})
        frame.to_csv(tmp_path / f"f{number}.csv", index=False)
    fsspec.register_implementation("counted", CountingFsspec, clobber=True)
    return f"counted://{tmp_path}/f*.csv"


def check_blocks(forces: Forces) -> None:
    """As many opened files as said, each read from where was said."""
    for force in forces:
        said = Counter((u.source, u.pieces[0][0] if u.pieces else 0) for u in force.before.units)
        true = Counter((h.path, min(start for start, _ in h.ranges)) for h in force.opened if h.ranges)
        assert {path: n for (path, _), n in said.items()}.keys() == {p for p, _ in true}
        assert said.total() == true.total()


def test_csv_blocks(csv: str, forces: Forces) -> None:
    """Each block of bytes is a unit, whatever the columns."""
    frame = dd.read_csv(csv, blocksize=1000)
    opened.clear()
    frame["a"].sum().compute()
    frame["b"].sum().compute()
    frame.head()
    n = frame.npartitions
    assert n > 4
    assert forces.counts() == [(n, 0), (n, n), (1, 1)]
    check_blocks(forces)


def test_csv_files(csv: str, forces: Forces) -> None:
    """Without blocks each file is a unit, which covers any block."""
    frame = dd.read_csv(csv, blocksize=None)
    blocks = dd.read_csv(csv, blocksize=1000)
    opened.clear()
    frame["a"].sum().compute()
    blocks["a"].sum().compute()
    len(frame)
    assert forces.counts() == [(2, 0), (blocks.npartitions, blocks.npartitions), (2, 2)]
    check_blocks(forces)


@pytest.mark.parametrize("blocksize", [None, 500])
def test_json_lines(tmp_path: Path, forces: Forces, blocksize: int | None) -> None:
    """JSON is read by delayed tasks, in blocks of bytes or by the file."""
    lines = "\n".join(json.dumps({"a": n, "b": n / 2}) for n in range(100))
    (tmp_path / "x.json").write_text(lines)
    fsspec.register_implementation("counted", CountingFsspec, clobber=True)
    frame = dd.read_json(f"counted://{tmp_path}/x.json", blocksize=blocksize, lines=True)
    forces.clear()
    opened.clear()
    frame["a"].sum().compute()
    frame["b"].sum().compute()
    n = frame.npartitions
    assert forces.counts() == [(n, 0), (n, n)]
    assert [len(f.opened) for f in forces] == [n, n]


def test_orc_stripes(tmp_path: Path, forces: Forces) -> None:
    """Stripes are to ORC what row groups are to Parquet."""
    from pyarrow import orc

    table = pa.table({"a": np.arange(50_000), "b": np.random.default_rng(0).random(50_000)})
    orc.write_table(table, tmp_path / "x.orc", stripe_size=100_000, batch_size=10_000)
    stripes = orc.ORCFile(tmp_path / "x.orc").nstripes
    assert stripes > 1
    frame = dd.read_orc(str(tmp_path / "x.orc"), split_stripes=1)
    frame["a"].sum().compute()
    frame["b"].sum().compute()
    assert forces.counts() == [(stripes, 0), (stripes, stripes)]


# Functions of the user's


calls: Counter[Any] = Counter()


def read_part(number: int, scale: int = 1, columns: list[str] | None = None) -> pd.DataFrame:
    """A reader that counts itself."""
    calls[number, scale] += 1
    frame = pd.DataFrame({"a": [number] * 3, "b": [scale] * 3})
    return frame if columns is None else frame[columns]


def read_row(number: int) -> pd.DataFrame:
    calls[number] += 1
    return pd.DataFrame({"a": [number], "b": [1]})


META = pd.DataFrame({"a": [1], "b": [1]}).iloc[:0]


@pytest.mark.parametrize("enforce", [True, False])
@pytest.mark.parametrize("label", [None, "mine"])
@pytest.mark.parametrize("reader", [read_part, read_row])
def test_from_map(forces: Forces, reader: Callable[..., Any], label: str | None, enforce: bool) -> None:
    """One unit for each call of the reader, told apart by its arguments."""
    calls.clear()
    frame = dd.from_map(reader, range(4), meta=META, label=label, enforce_metadata=enforce)
    frame["a"].sum().compute()
    assert calls.total() == 4
    frame["b"].sum().compute()
    assert calls.total() == 8
    frame.partitions[2].compute()
    assert calls.total() == 9
    assert forces.counts() == [(4, 0), (4, 4), (1, 1)]


def test_from_map_to_an_array(forces: Forces) -> None:
    """The reader is found inside the fused tasks of an array."""
    calls.clear()
    array = dd.from_map(read_part, range(4), meta=META)["a"].to_dask_array()
    array.compute_chunk_sizes()
    array.sum().compute()
    assert calls.total() == 8
    assert forces.counts() == [(4, 0), (4, 4)]


def test_other_arguments_are_other_partitions(forces: Forces) -> None:
    """The same function over other arguments repeats nothing."""
    dd.from_map(read_part, range(4), meta=META, scale=2).compute()
    dd.from_map(read_part, range(2, 6), meta=META, scale=2).compute()
    dd.from_map(read_part, range(4), meta=META, scale=3).compute()
    assert forces.counts() == [(4, 0), (4, 2), (4, 0)]


def test_lambdas_of_one_name_are_not_confused(forces: Forces) -> None:
    """Functions are told apart by what they do, not by their name."""
    dd.from_map(lambda n: pd.DataFrame({"a": [n]}), [1, 2], meta=META[["a"]]).compute()
    dd.from_map(lambda n: pd.DataFrame({"a": [-n]}), [1, 2], meta=META[["a"]]).compute()
    assert forces.counts() == [(2, 0), (2, 0)]


def test_the_sample_that_from_map_takes(forces: Forces) -> None:
    """Without `meta` dask reads the first partition to learn the columns: a force, and a read."""
    calls.clear()
    frame = dd.from_map(read_row, range(4))
    assert calls.total() == 1
    frame.compute()
    assert calls.total() == 5
    assert forces.counts() == [(1, 0), (4, 1)]


def test_from_map_over_frames_in_memory(forces: Forces) -> None:
    """Arguments that take long to hash are matched by key instead."""
    frames = [pd.DataFrame({"a": np.arange(10), "b": 1}) for _ in range(3)]
    frame = dd.from_map(pd.DataFrame.copy, frames, meta=META)
    frame.sum().compute()
    frame.max().compute()
    assert forces.counts() == [(3, 0), (3, 3)]


def test_data_in_memory_is_not_read(forces: Forces) -> None:
    """Frames, arrays and chunks of arrays are there already."""
    frame = pd.DataFrame({"a": np.arange(10), "b": 1.0})
    dd.from_pandas(frame, npartitions=3)["a"].sum().compute()
    dd.from_array(np.ones((10, 2)), chunksize=5, columns=["a", "b"]).sum().compute()
    da.from_array(np.ones(10), chunks=5, inline_array=True).sum().compute()
    da.from_array(np.ones(10), chunks=5).sum().compute()
    dd.from_dask_array(da.random.random(10, chunks=5)).sum().compute()
    assert forces.counts() == []


def test_from_delayed_is_matched_by_key(forces: Forces) -> None:
    """Delayed parts keep their keys, so they are counted as tasks and not as partition reads."""
    parts = [dask.delayed(read_row)(n) for n in range(3)]
    frame = dd.from_delayed(parts, meta=META)
    frame["a"].sum().compute()
    frame["b"].sum().compute()
    assert forces.counts() == []
    first, second = forces
    assert {key for key in first.true_tasks if key.startswith("read_row-")} <= second.true_tasks.keys()


# Where it must not fail, cost or interfere


def test_the_same_reads_on_a_cluster(trips: dd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only the expression is at hand, it tells what the workers will read."""
    asked: list[Reads | None] = []
    original = distributed.Client.get

    def get(self: Any, dsk: Any, keys: Any, **options: Any) -> Any:
        asked.append(None if isinstance(dsk, Mapping) else ask_expression(dsk)[0])
        return original(self, dsk, keys, **options)

    monkeypatch.setattr(distributed.Client, "get", get)
    with distributed.Client(processes=False, n_workers=1, dashboard_address=None):
        for column in ("a", "b"):
            opened.clear()
            asked.clear()
            trips[column].sum().compute()
            (reads,) = (reads for reads in asked if reads is not None and reads.units)
            assert Counter(map(_as_true, reads.units)) == Counter(filter(None, map(parquet_read, opened)))
        history = ReadHistory()
        assert history.repeated(reads.units) == 0
        assert history.repeated(reads.units) == 3


def test_fragments_that_were_sent_elsewhere(folder: Path) -> None:
    """A fragment packed for another process is known by its path, and stays packed."""
    trips = open_trips(folder, "arrow")["a"].optimize()
    graph = pickle.loads(pickle.dumps(trips.__dask_graph__()))
    reads = reads_in_graph(graph)
    assert sorted(unit.source for unit in reads.units) == sorted(map(str, folder.glob("*.parquet")))
    assert {unit.pieces for unit in reads.units} == {None}
    tasks = [task for task in graph.values() if isinstance(task, Task)]
    assert all(w._fragment is None for task in tasks for w in _wrappers(task))


def _wrappers(task: Any) -> list[Any]:
    inner = task.args[0].values() if task.func is _execute_subgraph else [task]
    return [w for t in inner if isinstance(t.args[0], list) for w, _ in t.args[0]]


def test_a_reader_that_is_not_understood_is_named() -> None:
    """Internals of dask that have changed become a blind spot, not an exception."""
    from dask.bytes.core import read_block_from_file

    graph = {"x": Task("x", read_block_from_file, object(), 0, 10, b"")}
    assert reads_in_graph(graph) == Reads([], frozenset({"block"}), exact=False)


def test_a_graph_that_cannot_be_walked() -> None:
    """Whatever a mapping does, asking does not raise."""

    class Broken(dict[Any, Any]):
        def items(self) -> Any:
            raise RuntimeError

    assert reads_in_graph(Broken()) == Reads([], frozenset({"RuntimeError"}), exact=False)
    assert reads_in_expression(object()) is None
    assert tasks_in_expression(object()) is None


def test_arrays_have_no_dataframe_tasks() -> None:
    """The tasks of arrays are counted from their layers, not here."""
    expr = dask.base.collections_to_expr([da.ones(4, chunks=2)])
    assert tasks_in_expression(dask._expr.FinalizeCompute(expr).optimize()) is None


def test_a_program_without_dataframes_imports_none() -> None:
    """Asking about an array does not load dask.dataframe."""
    program = """
import sys, dask.array as da
from lazyscope.capture.partition_reads import reads_in_graph
assert reads_in_graph(dict(da.ones(4, chunks=2).__dask_graph__())).units == []
assert "dask.dataframe" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_large_array_graph_is_dismissed_quickly() -> None:
    """Well under a microsecond for each task of a graph without partition reads."""
    x = da.random.random((200, 200), chunks=(1, 1))
    graph = dict((x + 1).sum(axis=0).__dask_graph__())
    best = min(timeit.repeat(lambda: reads_in_graph(graph), number=1, repeat=5))
    assert best / len(graph) < 1e-6


def test_the_tasks_of_an_expression(folder: Path) -> None:
    """Real tasks by name, fused ones apart: equal work has equal names in another expression."""
    trips = open_trips(folder, "fsspec", split_row_groups=2)
    total = (trips[["b"]] + 1).sum()
    one = tasks_in_expression(optimised(total))
    other = tasks_in_expression(optimised((trips[["b"]] + 1).max()))
    fused = tasks_in_expression(optimised(total.optimize()))
    assert one is not None
    assert other is not None
    assert fused is not None
    assert {key_split(name): n for name, n in one.items() if isinstance(n, int)} == {
        "read_parquet-fused": 2,
        "add": 2,
        "chunk": 2,
    }
    assert {key_split(name): len(n) for name, n in one.items() if not isinstance(n, int)} == {"sum-tree": 1}
    assert sorted(map(key_split, one.keys() & other.keys())) == ["add", "read_parquet-fused"]
    assert sorted(map(key_split, one.keys() & fused.keys())) == ["add", "chunk", "read_parquet-fused"]


def optimised(collection: Any) -> Any:
    return dask._expr.FinalizeCompute(dask.base.collections_to_expr([collection])).optimize()
