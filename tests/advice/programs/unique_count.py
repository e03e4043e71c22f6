# {
#   "id": "unique_count",
#   "title": "the number of different values in one expression",
#   "kind": [10],
#   "problem": true,
#   "accepted_fixes": ["native-function", "compute-once", "keep-0d"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    return int(da.unique(species).shape[0]) / species.size",
#        "    return da.unique(species).compute().shape[0] / species.size"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def catch(block_id=None):
    return np.random.default_rng(block_id[0]).geometric(0.2, size=20)


def richness(species):
    return int(da.unique(species).shape[0]) / species.size


print(richness(da.map_blocks(catch, chunks=((20,) * 4,), dtype=int, meta=np.empty(0, dtype=int))))
