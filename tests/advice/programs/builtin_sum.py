# {
#   "id": "builtin_sum",
#   "title": "the built-in sum goes over a dask array row by row, its max over a total",
#   "kind": ["name_table", "vectorise"],
#   "problem": true,
#   "accepted_fixes": ["native-function", "vectorise"],
#   "truth": {"executions": 9, "blocks": 9, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    return max(float(sum(row)) for row in goals)",
#        "    return float(goals.sum(axis=1).max())"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def season(block_id=None):
    return np.random.default_rng(block_id[0]).poisson(1.4, size=(3, 8))


def most(goals):
    return max(float(sum(row)) for row in goals)


print(most(da.map_blocks(season, chunks=((3,) * 3, (8,)), dtype=int, meta=np.empty((0, 0), dtype=int))))
