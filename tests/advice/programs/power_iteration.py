# {
#   "id": "power_iteration",
#   "title": "a vector is improved until it settles; every turn needs the one before",
#   "kind": [8, 11],
#   "problem": true,
#   "accepted_fixes": ["persist", "compute-once", "batch-compute"],
#   "never": {
#     "vectorise": "each turn depends on the one before"
#   },
#   "truth": {"executions": 6, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 7, "blocks": 2,
#     "edits": [
#       ["    vector = da.ones(matrix.shape[1], chunks=matrix.chunks[1])",
#        "    matrix = matrix.persist()\n    vector = da.ones(matrix.shape[1], chunks=matrix.chunks[1])"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def links(block_id=None):
    rng = np.random.default_rng(block_id[0])
    return rng.random((6, 12)) + np.eye(6, 12, k=6 * block_id[0]) * 3


def dominant(matrix, tolerance=1e-3):
    vector = da.ones(matrix.shape[1], chunks=matrix.chunks[1])
    change, turns = 1.0, 0
    while change > tolerance:
        new = matrix @ vector
        new = new / da.sqrt((new**2).sum())
        change = float(abs(new - vector).max())
        vector = new
        turns += 1
    return turns, vector


turns, vector = dominant(da.map_blocks(links, chunks=((6, 6), (12,)), dtype=float, meta=np.empty((0, 0))))
print(turns, vector.compute().round(4).tolist())
