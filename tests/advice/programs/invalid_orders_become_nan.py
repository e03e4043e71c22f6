# {
#   "id": "invalid_orders_become_nan",
#   "title": "a function for arrays refuses values outside of its domain",
#   "kind": ["raise_to_nan", 11],
#   "problem": true,
#   "accepted_fixes": ["propagate-nan", "guard-lazy"],
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    if bool(xp.any((p < 0) | (p > 1))):\n        raise ValueError(\"p is a probability\")\n    return xp.log(p) - xp.log1p(-p)",
#        "    outside = (p < 0) | (p > 1)\n    if is_lazy_array(p):\n        p = xp.where(outside, xp.nan, p)\n    elif bool(xp.any(outside)):\n        raise ValueError(\"p is a probability\")\n    return xp.log(p) - xp.log1p(-p)"],
#       ["import dask.array as da",
#        "import dask.array as da\nfrom array_api_compat import is_lazy_array"]
#     ]
#   }
# }
import array_api_compat.dask.array as dask_namespace
import array_api_compat.numpy as numpy_namespace
import dask.array as da
import numpy as np


def forecast(block_id=None):
    return np.random.default_rng(block_id[0]).beta(2, 3, size=17)


def logit(p, *, xp):
    if bool(xp.any((p < 0) | (p > 1))):
        raise ValueError("p is a probability")
    return xp.log(p) - xp.log1p(-p)


p = da.map_blocks(forecast, chunks=((17,) * 3,), dtype=float, meta=np.empty(0))
print(round(float(logit(p, xp=dask_namespace).mean()), 6))
try:
    logit(np.array([0.5, 1.5]), xp=numpy_namespace)
except ValueError as error:
    print(error)
