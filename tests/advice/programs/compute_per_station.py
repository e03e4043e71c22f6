# {
#   "id": "compute_per_station",
#   "title": "one compute per station in a comprehension",
#   "kind": [8, "vectorise"],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "vectorise"],
#   "truth": {"executions": 4, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["totals = {name: float(table[:, i].sum().compute()) for i, name in enumerate(NAMES)}",
#        "totals = dict(zip(NAMES, map(float, table.sum(axis=0).compute())))"]
#     ]
#   }
# }
import dask.array as da
import numpy as np

NAMES = ["alma", "bern", "cork", "delft"]


def hourly(block_id=None):
    return np.random.default_rng(block_id[0]).integers(0, 20, size=(24, 4)).astype(float)


table = da.map_blocks(hourly, chunks=((24,) * 3, (4,)), dtype=float, meta=np.empty((0, 0)))
totals = {name: float(table[:, i].sum().compute()) for i, name in enumerate(NAMES)}
print(totals)
