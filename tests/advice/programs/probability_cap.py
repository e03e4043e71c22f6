# {
#   "id": "probability_cap",
#   "title": "the built-in min on a lazy sum",
#   "kind": ["scalar_branch_to_where", 11],
#   "problem": true,
#   "accepted_fixes": ["clip", "keep-0d"],
#   "truth": {"executions": 2, "blocks": 10, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 5,
#     "edits": [
#       ["    return scale * min(1.0, xp.sum(weights))",
#        "    return scale * xp.minimum(xp.asarray(1.0), xp.sum(weights))"]
#     ]
#   }
# }
import array_api_compat.dask.array as axp
import array_api_compat.numpy as nxp
import dask.array as da
import numpy as np


def chunk_of_weights(block_id=None):
    return np.full(6, 0.01 * (block_id[0] + 1))


def capped(weights, scale, xp):
    return scale * min(1.0, xp.sum(weights))


weights = da.map_blocks(chunk_of_weights, chunks=((6,) * 5,), dtype=float, meta=np.empty(0))
share = capped(weights, weights, axp)
print(share.compute().round(6).tolist())
print(capped(np.array([0.9, 0.8]), 2.0, nxp))
