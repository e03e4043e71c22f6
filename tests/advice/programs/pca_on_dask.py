# {
#   "id": "pca_on_dask",
#   "title": "scikit-learn takes the whole array, which the program uses lazily before and after",
#   "kind": [3, 7],
#   "problem": true,
#   "accepted_fixes": ["compute-once", "persist"],
#   "never": {
#     "enable-dispatch": "decompositions of dask arrays in scikit-learn are not supported"
#   },
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    X = X - X.mean(axis=0)\n    scores = PCA(n_components=2, svd_solver=\"full\").fit_transform(X)\n    share = (scores**2).sum() / (X**2).sum().compute()",
#        "    X = (X - X.mean(axis=0)).compute()\n    scores = PCA(n_components=2, svd_solver=\"full\").fit_transform(X)\n    share = (scores**2).sum() / (X**2).sum()"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from sklearn.decomposition import PCA


def wells(block_id=None):
    rng = np.random.default_rng(block_id[0])
    return rng.normal(size=(12, 4)) @ np.diag([5.0, 2.0, 1.0, 0.5])


def explained(X):
    X = X - X.mean(axis=0)
    scores = PCA(n_components=2, svd_solver="full").fit_transform(X)
    share = (scores**2).sum() / (X**2).sum().compute()
    return round(float(share), 6)


print(explained(da.map_blocks(wells, chunks=((12,) * 3, (4,)), dtype=float, meta=np.empty((0, 0)))))
