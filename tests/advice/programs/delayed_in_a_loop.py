# {
#   "id": "delayed_in_a_loop",
#   "title": "an array is handed to delayed functions, each of which computes it",
#   "kind": [4, 8],
#   "problem": true,
#   "accepted_fixes": ["persist", "batch-compute"],
#   "never": {
#     "compute-once": "one computed copy would be put into every task"
#   },
#   "truth": {"executions": 3, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 12,
#     "edits": [
#       ["    return [round(float(part.compute()), 6) for part in parts]",
#        "    return [round(float(part), 6) for part in dask.compute(*parts)]"]
#     ]
#   }
# }
import dask
import dask.array as da
import numpy as np


def grid(block_id=None):
    return np.random.default_rng(block_id[0]).random((4, 4))


@dask.delayed
def quantile(whole, q):
    return np.quantile(whole, q)


def quantiles(field):
    parts = [quantile(field, q) for q in (0.1, 0.5, 0.9)]
    return [round(float(part.compute()), 6) for part in parts]


print(quantiles(da.map_blocks(grid, chunks=((4,) * 3, (4,)), dtype=float, meta=np.empty((0, 0)))))
