"""What is read off the layers of a graph agrees with what dask says of them."""

from __future__ import annotations

import dask.array as da
import pytest
from dask.blockwise import Blockwise, blockwise

from lazyscope.capture.demand import demand_of
from lazyscope.capture.layers import _grid_of

LINE = da.ones(6, chunks=2)
SQUARE = da.ones((6, 8), chunks=(2, 4))
ARRAYS = {
    "elementwise": SQUARE + 1,
    "broadcast": SQUARE + da.ones(8, chunks=4) + da.ones((6, 1), chunks=(3, 1)).rechunk((2, 1)),
    "outer": LINE[:, None] * da.ones(4, chunks=1)[None, :],
    "transposed": SQUARE.T,
    "product": da.tensordot(SQUARE, SQUARE.T, axes=1),
    "reduced": SQUARE.sum(axis=0),
    "filled": da.full((5, 5), 2.0, chunks=2),
    "new axis": da.blockwise(lambda x: x[:, None], "iz", LINE, "i", new_axes={"z": 3}, dtype=float),
    "new blocks": da.blockwise(lambda x: x, "iz", LINE, "i", new_axes={"z": (3, 4)}, dtype=float),
    "with its number": da.map_blocks(lambda x, block_id: x, SQUARE, dtype=float),
    "without blocks": da.ones((0, 4), chunks=2) + 1,
    "of one number": da.ones((), chunks=()) + 1,
}  # fmt: skip


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_blocks_along_each_dimension_are_dasks(array: da.Array) -> None:
    layers = [layer for layer in array.dask.layers.values() if isinstance(layer, Blockwise)]
    assert layers
    for layer in layers:
        assert _grid_of(layer) == tuple(layer.dims[index] for index in layer.output_indices)


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_as_many_tasks_as_there_are_blocks(array: da.Array) -> None:
    (group,) = [g for g in demand_of([(array.dask, array.name)]).groups if g.name == array.name]
    assert group.tasks == array.npartitions


def test_reading_a_layer_changes_nothing_in_it() -> None:
    layer = blockwise(len, "y", "i", "x", "i", numblocks={"x": (3,)})
    before = dict(vars(layer))
    assert _grid_of(layer) == (3,)
    assert vars(layer) == before
