# {
#   "id": "block_namespace_of_outside",
#   "title": "a block function uses the dask namespace of the function around it",
#   "kind": ["meta_namespace", 7, 11],
#   "problem": true,
#   "accepted_fixes": ["convert-input", "native-function", "map-blocks"],
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["        return xp.where(block > limit, limit, block)",
#        "        own = array_namespace(block)\n        return own.where(block > limit, limit, block)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from array_api_compat import array_namespace


def sweep(block_id=None):
    return np.linspace(0, 2, 12) + block_id[0]


def soft_limited(x, limit):
    xp = array_namespace(x)

    def limited(block):
        return xp.where(block > limit, limit, block)

    if hasattr(x, "map_blocks"):
        return x.map_blocks(limited, dtype=x.dtype, meta=np.empty(0))
    return limited(x)


x = da.map_blocks(sweep, chunks=((12,) * 3,), dtype=float, meta=np.empty(0))
y = np.asarray(soft_limited(x, 2.5))
print(y.round(4).tolist(), soft_limited(np.array([1.0, 9.0]), 2.5).tolist())
