# {
#   "id": "whiten_checks",
#   "title": "SciPy looks for values that are not finite before it scales",
#   "env": {"SCIPY_ARRAY_API": "1"},
#   "kind": ["remove-check"],
#   "problem": true,
#   "accepted_fixes": ["remove-check", "persist", "compute-once"],
#   "never": {
#     "guard-lazy": "the check is SciPy's, not the program's"
#   },
#   "truth": {"executions": 1, "blocks": 4, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    return whiten(observations)",
#        "    return whiten(observations, check_finite=False)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from scipy.cluster.vq import whiten


def feature(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=(10, 2)) * [1.0, 30.0]


def scaled(observations):
    return whiten(observations)


data = da.map_blocks(feature, chunks=((10,) * 4, (2,)), dtype=float, meta=np.empty((0, 0)))
print(np.asarray(scaled(data)).max(axis=0).round(6).tolist())
