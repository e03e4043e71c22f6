# {
#   "id": "integers_have_no_nan",
#   "title": "the rows of a label are selected from integers and asked for two things",
#   "kind": [5, 16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "persist", "compute-chunk-sizes"],
#   "never": {
#     "da.nan": "the array holds integers",
#     "np.nan": "the array holds integers"
#   },
#   "truth": {"executions": 2, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["    return chosen.max(axis=0).compute() - da.percentile(chosen[:, 0], 50).compute()",
#        "    top, middle = da.compute(chosen.max(axis=0), da.percentile(chosen[:, 0], 50))\n    return top - middle"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def birds(block_id=None):
    return np.random.default_rng(block_id[0]).integers(0, 50, size=(10, 3))


def sites(block_id=None):
    return (np.arange(10) + block_id[0]) % 3


def busiest(counts, site):
    chosen = counts[site == 2]
    return chosen.max(axis=0).compute() - da.percentile(chosen[:, 0], 50).compute()


counts = da.map_blocks(birds, chunks=((10,) * 3, (3,)), dtype=int, meta=np.empty((0, 0), dtype=int))
site = da.map_blocks(sites, chunks=((10,) * 3,), dtype=int, meta=np.empty(0, dtype=int))
print(busiest(counts, site).tolist())
