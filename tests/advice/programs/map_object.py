# {
#   "id": "map_object",
#   "title": "a map over lazy rows, of which each value is converted",
#   "kind": [6, 8, "vectorise"],
#   "problem": true,
#   "accepted_fixes": ["vectorise", "batch-compute"],
#   "never": {
#     "map(float, rows).compute()": "a map object has no compute"
#   },
#   "truth": {"executions": 6, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 2,
#     "edits": [
#       ["    return list(map(float, (row.sum() / row.max() for row in rows)))",
#        "    return (rows.sum(axis=1) / rows.max(axis=1)).compute().tolist()"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def ledger(block_id=None):
    return np.random.default_rng(block_id[0]).integers(1, 99, size=(3, 6)).astype(float)


def evenness(rows):
    return list(map(float, (row.sum() / row.max() for row in rows)))


rows = da.map_blocks(ledger, chunks=((3,) * 2, (6,)), dtype=float, meta=np.empty((0, 0)))
print([round(value, 6) for value in evenness(rows)])
