# {
#   "id": "store_that_stores_nothing",
#   "title": "a lazy store is computed, but the reader asks before it",
#   "kind": [14, "reorder", 4],
#   "problem": true,
#   "accepted_fixes": ["reorder", "persist"],
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    target = np.zeros(x.shape)\n    writing = da.store(x, target, compute=False)\n    top = float(x.max())\n    writing.compute()\n    return top, target.sum()",
#        "    target = np.zeros(x.shape)\n    da.store(x, target)\n    top = float(target.max())\n    return top, target.sum()"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def frame(block_id=None):
    return np.random.default_rng(block_id[0]).random((2, 6))


def written(x):
    target = np.zeros(x.shape)
    writing = da.store(x, target, compute=False)
    top = float(x.max())
    writing.compute()
    return top, target.sum()


print([round(float(v), 6) for v in written(da.map_blocks(frame, chunks=((2,) * 4, (6,)), dtype=float, meta=np.empty((0, 0))))])
