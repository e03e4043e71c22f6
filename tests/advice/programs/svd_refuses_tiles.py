# {
#   "id": "svd_refuses_tiles",
#   "title": "a decomposition refuses chunks along both axes",
#   "kind": [10],
#   "problem": true,
#   "accepted_fixes": ["rechunk"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "NotImplementedError"},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["    u, s, vt = da.linalg.svd(cells - cells.mean(axis=0))",
#        "    u, s, vt = da.linalg.svd((cells - cells.mean(axis=0)).rechunk({1: -1}))"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def cells_block(block_id=None):
    return np.random.default_rng(block_id).normal(size=(10, 3))


def explained(cells):
    u, s, vt = da.linalg.svd(cells - cells.mean(axis=0))
    return (s**2 / (s**2).sum()).compute()


if __name__ == "__main__":
    cells = da.map_blocks(cells_block, chunks=((10,) * 3, (3,) * 2), dtype=float, meta=np.empty((0, 0)))
    print(explained(cells).round(6).tolist())
