# {
#   "id": "closure_over_lazy_mean",
#   "title": "a block function closes over a lazy value, which each block computes",
#   "kind": ["pass-as-argument", 7],
#   "problem": true,
#   "accepted_fixes": ["pass-as-argument", "compute-once", "keep-0d"],
#   "truth": {"executions": 6, "blocks": 28, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 8,
#     "edits": [
#       ["    def centred(block):\n        return block - np.asarray(mean)\n\n    return x.map_blocks(centred, dtype=float)",
#        "    def centred(block, mean):\n        return block - mean\n\n    return da.map_blocks(centred, x, mean, dtype=float)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def load(block_id=None):
    return np.random.default_rng(block_id[0]).random((3, 4))


def remove_mean(x):
    mean = x.mean()

    def centred(block):
        return block - np.asarray(mean)

    return x.map_blocks(centred, dtype=float)


x = da.map_blocks(load, chunks=((3,) * 4, (4,)), dtype=float, meta=np.empty((0, 0)))
print(remove_mean(x).max(axis=1).compute().round(6).tolist())
