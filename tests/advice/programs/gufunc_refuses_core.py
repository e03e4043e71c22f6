# {
#   "id": "gufunc_refuses_core",
#   "title": "the core dimension of a generalised function is in several chunks",
#   "kind": [10, 7],
#   "problem": true,
#   "accepted_fixes": ["rechunk"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["    return da.apply_gufunc(weighted, \"(i),(i)->()\", x, weights, output_dtypes=float)",
#        "    x, weights = x.rechunk({1: -1}), weights.rechunk(-1)\n    return da.apply_gufunc(weighted, \"(i),(i)->()\", x, weights, output_dtypes=float)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def answers(block_id=None):
    return np.random.default_rng(block_id).integers(1, 6, size=(4, 5)).astype(float)


def weighted(x, w):
    return (x * w).sum(axis=-1) / w.sum()


def index_of(x, weights):
    return da.apply_gufunc(weighted, "(i),(i)->()", x, weights, output_dtypes=float)


x = da.map_blocks(answers, chunks=((4,) * 2, (5,) * 2), dtype=float, meta=np.empty((0, 0)))
print(index_of(x, da.arange(1, 11, chunks=5)).compute().round(6).tolist())
