# {
#   "id": "log_with_where",
#   "title": "np.log with where= and out= on a dask array is lazy",
#   "kind": [5],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "never": {
#     "np.log(x)": "without where= the result has -inf where it had 0"
#   },
#   "truth": {"executions": 1, "blocks": 2, "raises": null}
# }
import dask.array as da
import numpy as np


def dose(block_id=None):
    return np.maximum(np.random.default_rng(block_id[0]).normal(size=11), 0)


def safe_log(x):
    return np.log(x, where=x > 0, out=da.zeros_like(x))


x = da.map_blocks(dose, chunks=((11,) * 2,), dtype=float, meta=np.empty(0))
y = safe_log(x)
y[y < -3] = -3.0
print(round(float(y.sum().compute()), 6))
