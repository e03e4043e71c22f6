# {
#   "id": "own_library_validates",
#   "title": "a class of the program checks its input and reduces it",
#   "kind": [15, "guard_effect_only"],
#   "problem": true,
#   "accepted_fixes": ["remove-check", "guard-lazy", "batch-compute"],
#   "never": {
#     "compute-once": "the estimator reduces, so its input need not be in memory"
#   },
#   "truth": {"executions": 2, "blocks": 10, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 5,
#     "edits": [
#       ["model = RunningScaler().fit(features)",
#        "model = RunningScaler(validate=False).fit(features)"]
#     ]
#   }
# }
import dask
import dask.array as da
import numpy as np


def feature_rows(block_id=None):
    return np.random.default_rng(block_id[0]).normal(2, 3, size=(20, 3))


class RunningScaler:
    def __init__(self, validate=True):
        self.validate = validate

    def fit(self, X):
        if self.validate and not np.isfinite(X).all():
            raise ValueError("X has gaps")
        self.mean_, self.scale_ = dask.compute(X.mean(axis=0), X.std(axis=0))
        return self


features = da.map_blocks(feature_rows, chunks=((20,) * 5, (3,)), dtype=float, meta=np.empty((0, 0)))
model = RunningScaler().fit(features)
print(model.mean_.round(6).tolist(), model.scale_.round(6).tolist())
