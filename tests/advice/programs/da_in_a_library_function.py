# {
#   "id": "da_in_a_library_function",
#   "title": "a library function branches on a value for NumPy and dask alike",
#   "kind": [11, "unconditional_where"],
#   "problem": true,
#   "accepted_fixes": ["where", "guard-lazy", "clip"],
#   "never": {
#     "da.where": "the function gets NumPy arrays as well",
#     "da.minimum": "the function gets NumPy arrays as well"
#   },
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    if xp.any(p > 1):\n        p = xp.where(p > 1, xp.asarray(1.0, dtype=p.dtype), p)\n    return p",
#        "    return xp.where(p > 1, xp.asarray(1.0, dtype=p.dtype), p)"]
#     ]
#   }
# }
import numpy as np
from array_api_compat import array_namespace

import dask.array as da


def pvalues(block_id=None):
    return np.random.default_rng(block_id[0]).random(12)


def bonferroni(p, m):
    xp = array_namespace(p)
    p = p * m
    if xp.any(p > 1):
        p = xp.where(p > 1, xp.asarray(1.0, dtype=p.dtype), p)
    return p


class Tests:
    lazy = da.map_blocks(pvalues, chunks=((12,) * 4,), dtype=float, meta=np.empty(0))
    plain = np.array([0.1, 0.6])


assert type(bonferroni(Tests.plain, 2)) is np.ndarray
print(bonferroni(Tests.plain, 2).tolist(), bonferroni(Tests.lazy, 3).sum().compute().round(6))
