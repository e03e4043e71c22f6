# {
#   "id": "distance_then_mean",
#   "title": "an array is needed whole by a compiled function, and lazily after it",
#   "kind": [3],
#   "problem": true,
#   "accepted_fixes": ["compute-once", "persist", "batch-compute"],
#   "never": {
#     "enable-dispatch": "a k-d tree is compiled code whatever the setting"
#   },
#   "truth": {"executions": 3, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    tree = cKDTree(points)\n    spread = points.std(axis=0).compute()\n    box = (points.max(axis=0) - points.min(axis=0)).compute()",
#        "    points = points.compute()\n    tree = cKDTree(points)\n    spread = points.std(axis=0)\n    box = points.max(axis=0) - points.min(axis=0)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from scipy.spatial import cKDTree


def trees(block_id=None):
    return np.random.default_rng(block_id[0]).random((15, 2)) * 100


def nearest(points):
    tree = cKDTree(points)
    spread = points.std(axis=0).compute()
    box = (points.max(axis=0) - points.min(axis=0)).compute()
    distance, _ = tree.query([50.0, 50.0], k=3)
    return distance, spread / box


if __name__ == "__main__":
    forest = da.map_blocks(trees, chunks=((15,) * 4, (2,)), dtype=float, meta=np.empty((0, 0)))
    distance, shape = nearest(forest)
    print(distance.round(4).tolist(), shape.round(5).tolist())
