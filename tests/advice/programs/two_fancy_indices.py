# {
#   "id": "two_fancy_indices",
#   "title": "pairs of rows and columns are read twice in one function",
#   "kind": [9],
#   "problem": true,
#   "accepted_fixes": ["native-function"],
#   "never": {
#     "map-blocks": "the pairs are of the whole array"
#   },
#   "truth": {"executions": 0, "blocks": 0, "raises": "NotImplementedError"},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    start = grid[rows, cols]\n    end = grid[rows[::-1], cols[::-1]]",
#        "    start = grid.vindex[rows, cols]\n    end = grid.vindex[rows[::-1], cols[::-1]]"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def heights(block_id=None):
    return np.random.default_rng(block_id).random((5, 5)) * 100


def climb(grid, rows, cols):
    start = grid[rows, cols]
    end = grid[rows[::-1], cols[::-1]]
    return (end - start).compute()


grid = da.map_blocks(heights, chunks=((5,) * 2, (5,) * 2), dtype=float, meta=np.empty((0, 0)))
print(climb(grid, np.array([0, 4, 9]), np.array([1, 5, 8])).round(5).tolist())
