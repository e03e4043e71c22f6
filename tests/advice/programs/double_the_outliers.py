# {
#   "id": "double_the_outliers",
#   "title": "an augmented assignment through a lazy mask",
#   "kind": ["iop_index", 5],
#   "problem": true,
#   "accepted_fixes": ["where", "at"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["x[high] *= 0.5",
#        "x = da.where(high, x * 0.5, x)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def noise(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=30) * 3


x = da.map_blocks(noise, chunks=((30,) * 3,), dtype=float, meta=np.empty(0))
high = abs(x) > 4
x[high] *= 0.5
print(round(float(x.std().compute()), 6))
