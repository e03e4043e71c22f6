# {
#   "id": "sum_of_selection",
#   "title": "the positive part is selected, then only its sum is wanted, then its mean",
#   "kind": [5, 10],
#   "problem": true,
#   "accepted_fixes": ["where"],
#   "never": {
#     "x, da.nan": "NaN in place of the others makes the sum NaN"
#   },
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    kept = x[x > 0]\n    chunked = da.reshape(kept, (-1, 1))\n    return chunked.sum() / x.size",
#        "    return da.where(x > 0, x, 0).sum() / x.size"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def residual(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=(4, 5))


def positive_load(x):
    kept = x[x > 0]
    chunked = da.reshape(kept, (-1, 1))
    return chunked.sum() / x.size


x = da.map_blocks(residual, chunks=((4,) * 3, (5,)), dtype=float, meta=np.empty((0, 0)))
print(round(float(positive_load(x)), 6))
