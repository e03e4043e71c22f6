# {
#   "id": "scaler_checks_finite",
#   "title": "scikit-learn looks for values that are not finite before it reduces",
#   "env": {"SCIPY_ARRAY_API": "1"},
#   "kind": ["remove-check", 15],
#   "problem": true,
#   "accepted_fixes": ["remove-check", "batch-compute", "persist"],
#   "never": {
#     "guard-lazy": "the check is scikit-learn's, not the program's",
#     "compute-once": "the scaler only reduces what it is given"
#   },
#   "truth": {"executions": 3, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 2, "blocks": 8,
#     "edits": [
#       ["    with sklearn.config_context(array_api_dispatch=True):",
#        "    with sklearn.config_context(array_api_dispatch=True, assume_finite=True):"]
#     ]
#   }
# }
import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # before scipy is imported

import dask.array as da
import numpy as np
import sklearn
from sklearn.preprocessing import MaxAbsScaler


def panel(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=(10, 3)) * [1.0, 30.0, 4.0]


def scales(X):
    with sklearn.config_context(array_api_dispatch=True):
        scaler = MaxAbsScaler().fit(X)
    return np.asarray(scaler.max_abs_)


X = da.map_blocks(panel, chunks=((10,) * 4, (3,)), dtype=float, meta=np.empty((0, 0)))
print(scales(X).round(6).tolist())
