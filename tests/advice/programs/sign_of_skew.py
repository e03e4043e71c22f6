# {
#   "id": "sign_of_skew",
#   "title": "one of two lazy values is chosen by an if",
#   "kind": ["scalar_branch_to_where", 11],
#   "problem": true,
#   "accepted_fixes": ["where"],
#   "never": {
#     "guard-lazy": "the branch chooses the value; skipping it gives the wrong tail"
#   },
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    if slope > 0:\n        tail = xp.max(x)\n    else:\n        tail = xp.min(x)\n    return tail - xp.mean(x)",
#        "    tail = xp.where(slope > 0, xp.max(x), xp.min(x))\n    return tail - xp.mean(x)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from array_api_compat import array_namespace


def readings(block_id=None):
    return np.random.default_rng(block_id).exponential(size=50)


def heavy_tail(x, power=3):
    xp = array_namespace(x)
    slope = xp.mean((x - xp.mean(x)) ** power)
    if slope > 0:
        tail = xp.max(x)
    else:
        tail = xp.min(x)
    return tail - xp.mean(x)


if __name__ == "__main__":
    x = da.map_blocks(readings, chunks=((50,) * 4,), dtype=float, meta=np.empty(0))
    print(round(float(heavy_tail(x)), 6), round(float(heavy_tail(-np.arange(5.0) ** 2)), 6))
