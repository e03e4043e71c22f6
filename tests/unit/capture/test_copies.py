"""Tasks that `dask.delayed` has copied count as the originals: repeated work is what really ran again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import lazyscope
from lazyscope.analysis.rereading import rereadings
from lazyscope.model.trace import TraceData

BLOCKS = 4


@pytest.fixture(autouse=True)
def sync() -> Iterator[None]:
    with dask.config.set(scheduler="sync"):
        yield


class Reader:
    """A source of data that counts how often a block of it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def block(self, block_id: tuple[int, int]) -> Any:
        self.reads += 1
        return np.full((5, 8), float(block_id[0]))

    def array(self) -> da.Array:
        reader = self

        def read_block(block_id: Any = None) -> Any:
            return reader.block(block_id)

        return da.map_blocks(
            read_block, chunks=((5,) * BLOCKS, (8,)), dtype=float, meta=np.empty((0, 0)), name="tiles-1"
        )


@pytest.fixture
def reader() -> Reader:
    return Reader()


def total(tile: Any, other: Any = 0) -> float:
    return float(tile.sum())


def repeated(trace: TraceData, name: str) -> int:
    """Repeated tasks of the layer of a name."""
    layers = {trace.texts[layer.name]: number for number, layer in enumerate(trace.layers)}
    wanted = [one for force in trace.forces for one in force.begin.wanted]
    return sum(one.repeated for one in wanted if one.layer == layers[name])


@pytest.mark.parametrize("times", [1, 2, 5])
def test_every_copy_of_a_read_block_is_a_repeated_task(reader: Reader, times: int) -> None:
    """As many as blocks were read again."""
    tiles = reader.array()
    with lazyscope.trace() as trace:
        for _ in range(times):
            dask.delayed(total)(tiles).compute()
    assert reader.reads == BLOCKS * times
    assert repeated(trace.data, tiles.name) == reader.reads - BLOCKS
    assert [force.begin.tasks for force in trace.data.forces] == [BLOCKS + 1] * times


def test_copies_repeat_what_was_computed_of_the_array_itself(reader: Reader) -> None:
    """And the other way round."""
    tiles = reader.array()
    with lazyscope.trace() as trace:
        tiles.sum().compute()
        dask.delayed(total)(tiles).compute()
        tiles.mean().compute()
    assert (reader.reads, repeated(trace.data, tiles.name)) == (3 * BLOCKS, 2 * BLOCKS)


def test_what_is_fused_into_one_task_repeats_as_one(reader: Reader) -> None:
    """What is optimised is copied: a block is read in the task that is named as the array made of it."""
    scaled = reader.array() * 0.98 + 1.5
    with lazyscope.trace() as trace:
        for _ in range(4):
            dask.delayed(total)(scaled - scaled.mean()).compute()
    assert reader.reads == 4 * BLOCKS
    assert repeated(trace.data, scaled.name) == reader.reads - BLOCKS


def test_the_array_to_hold_is_named(reader: Reader) -> None:
    scaled = reader.array() * 2
    with lazyscope.trace() as trace:
        for other in range(3):
            dask.delayed(total)(scaled, other).compute()
    (found,) = rereadings(trace.data)
    assert [array.variable for array in found.user_arrays] == ["scaled"]
    assert (found.tasks, found.tasks_repeated, found.bytes) == (3 * BLOCKS, 2 * BLOCKS, 5 * BLOCKS * 8 * 8)


def test_arrays_in_a_list_are_copied_too(reader: Reader) -> None:
    tiles = reader.array()
    with lazyscope.trace() as trace:
        for _ in range(2):
            dask.delayed(len)([tiles, tiles.sum()]).compute()
    assert repeated(trace.data, tiles.name) == reader.reads - BLOCKS


def test_a_copy_of_a_copy_is_the_original(reader: Reader) -> None:
    """An array made of a delayed value, handed to `delayed` again."""
    tiles = reader.array()
    value = da.from_delayed(dask.delayed(np.asarray)(tiles), (20, 8), dtype=float)
    with lazyscope.trace() as trace:
        for _ in range(3):
            dask.delayed(total)(value).compute()
    assert (reader.reads, repeated(trace.data, tiles.name)) == (3 * BLOCKS, 2 * BLOCKS)


def test_two_copies_in_one_force_are_no_repetition(reader: Reader) -> None:
    """Only what an earlier force had asked for is."""
    tiles = reader.array()
    with lazyscope.trace() as trace:
        dask.compute(dask.delayed(total)(tiles), dask.delayed(len)(tiles))
    (force,) = trace.data.forces
    assert (reader.reads, force.begin.tasks, force.begin.tasks_repeated) == (2 * BLOCKS, BLOCKS + 2, 0)


def test_persisted_blocks_are_no_tasks_in_copies_either(reader: Reader) -> None:
    tiles = reader.array().persist()
    with lazyscope.trace() as trace:
        for _ in range(2):
            dask.delayed(total)(tiles).compute()
    assert reader.reads == BLOCKS
    assert [(force.begin.tasks, force.begin.tasks_repeated) for force in trace.data.forces] == [
        (1, 0),
        (1, 0),
    ]


def test_layers_of_copies_read_those_of_the_originals(reader: Reader) -> None:
    """Each only what its own tasks read, so that the data is what reads nothing."""
    tiles = reader.array()
    with lazyscope.trace() as trace:
        dask.delayed(total)(tiles - tiles.mean()).compute()
    data = trace.data
    reads = {
        data.texts[layer.operation]: [data.texts[data.layers[read].operation] for read in layer.reads]
        for layer in data.layers
    }
    assert reads["tiles"] == []
    assert reads["mean_chunk"] == ["tiles"]
    assert sorted(reads["sub"]) == ["mean_agg-aggregate", "tiles"]
    assert reads["total"] == ["finalize-hlgfinalizecompute"]
    assert [data.texts[layer.name] for layer in data.layers if layer.source] == ["tiles-1"]
