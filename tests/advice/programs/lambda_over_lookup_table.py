# {
#   "id": "lambda_over_lookup_table",
#   "title": "a lambda for the blocks looks values up in a dask array",
#   "kind": ["pass-as-argument"],
#   "problem": true,
#   "accepted_fixes": ["pass-as-argument", "compute-once"],
#   "truth": {"executions": 6, "blocks": 18, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 10,
#     "edits": [
#       ["    return codes.map_blocks(lambda block: np.asarray(palette)[block], dtype=float)",
#        "    return da.blockwise(\n        lambda block, table: table[block], \"i\", codes, \"i\", palette, \"j\", concatenate=True, meta=np.empty(0)\n    )"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def pixels(block_id=None):
    return np.random.default_rng(block_id[0]).integers(0, 6, size=15)


def colours(block_id=None):
    return np.linspace(0, 1, 3) + block_id[0]


def painted(codes, palette):
    return codes.map_blocks(lambda block: np.asarray(palette)[block], dtype=float)


codes = da.map_blocks(pixels, chunks=((15,) * 4,), dtype=int, meta=np.empty(0, dtype=int))
palette = da.map_blocks(colours, chunks=((3, 3),), dtype=float, meta=np.empty(0))
print(painted(codes, palette).sum().compute().round(6))
