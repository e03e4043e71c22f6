# {
#   "id": "histogram_limits",
#   "title": "limits of a histogram are computed because none are given",
#   "kind": [15],
#   "problem": true,
#   "accepted_fixes": ["choose-parameter", "keep-0d", "batch-compute", "persist"],
#   "never": {
#     "compute-once": "two numbers are wanted of the array, and thirty counts"
#   },
#   "truth": {"executions": 3, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["counts, edges = spread_of(elevation, bins=5)",
#        "counts, edges = spread_of(elevation, bins=5, limits=(0.0, 200.0))"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def tile(block_id=None):
    heights = np.random.default_rng(block_id).random((9, 9)) * 199
    heights[0, 0], heights[-1, -1] = 0.0, 200.0
    return heights


def spread_of(x, bins=10, limits=None):
    if limits is None:
        limits = float(x.min()), float(x.max())
    return da.histogram(x, bins=bins, range=limits)


elevation = da.map_blocks(tile, chunks=((9,) * 2, (9,) * 2), dtype=float, meta=np.empty((0, 0)))
counts, edges = spread_of(elevation, bins=5)
print(counts.compute().tolist(), np.asarray(edges).tolist())
