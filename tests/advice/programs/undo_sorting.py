# {
#   "id": "undo_sorting",
#   "title": "ranks by assignment through a permutation, in NumPy",
#   "kind": ["permutation_gather", 7],
#   "problem": true,
#   "accepted_fixes": ["take-along-axis", "map-blocks", "lazy-apply", "compute-once", "persist"],
#   "never": {
#     "convert-input": "dask arrays have no argsort"
#   },
#   "truth": {"executions": 2, "blocks": 4, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    order = np.argsort(np.asarray(x))\n    ranks = np.empty_like(order)\n    ranks[order] = np.arange(order.size)\n    return ranks",
#        "    return x.rechunk(-1).map_blocks(lambda whole: whole.argsort().argsort(), dtype=np.intp).rechunk(x.chunks)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def scores(block_id=None):
    return np.random.default_rng(7 + block_id[0]).permutation(12).astype(float) + 0.1 * block_id[0]


def places(x):
    order = np.argsort(np.asarray(x))
    ranks = np.empty_like(order)
    ranks[order] = np.arange(order.size)
    return ranks


x = da.map_blocks(scores, chunks=((12,) * 2,), dtype=float, meta=np.empty(0))
print(round(float((places(x) * x).sum().compute()), 6))
