# {
#   "id": "three_masked_logs",
#   "title": "the same masked assignment in three functions, of which the first crashes",
#   "kind": [9, "mask_vector_to_where"],
#   "problem": true,
#   "accepted_fixes": ["where", "apply-where"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    out[p > 0] = da.log(p[p > 0])\n    return out",
#        "    return da.where(p > 0, da.log(da.where(p > 0, p, 1.0)), out)"],
#       ["    out[p > 0] = da.sqrt(p[p > 0]) - 1\n    return out",
#        "    return da.where(p > 0, da.sqrt(p) - 1, out)"],
#       ["    out[p > 0] = 1 / p[p > 0]\n    return out",
#        "    return da.where(p > 0, 1 / da.where(p > 0, p, 1.0), out)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def chances(block_id=None):
    return np.maximum(np.random.default_rng(block_id[0]).normal(0.5, 0.5, size=9), 0.0)


def logarithm(p):
    out = da.zeros_like(p)
    out[p > 0] = da.log(p[p > 0])
    return out


def root(p):
    out = da.zeros_like(p)
    out[p > 0] = da.sqrt(p[p > 0]) - 1
    return out


def inverse(p):
    out = da.zeros_like(p)
    out[p > 0] = 1 / p[p > 0]
    return out


p = da.map_blocks(chances, chunks=((9,) * 3,), dtype=float, meta=np.empty(0))
print(round(float((logarithm(p) + root(p) + inverse(p)).sum()), 6))
