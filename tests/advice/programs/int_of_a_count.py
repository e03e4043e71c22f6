# {
#   "id": "int_of_a_count",
#   "title": "a count becomes a Python number only to divide by it",
#   "kind": ["scalar_branch_to_where", 13],
#   "problem": true,
#   "accepted_fixes": ["keep-0d", "batch-compute"],
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    n = int((~np.isnan(x)).sum())\n    return np.nansum(x, axis=0) / n",
#        "    n = (~np.isnan(x)).sum()\n    return np.nansum(x, axis=0) / n"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def gaps(block_id=None):
    x = np.random.default_rng(block_id[0]).random((5, 3))
    x[block_id[0] % 5, 1] = np.nan
    return x


def contribution(x):
    n = int((~np.isnan(x)).sum())
    return np.nansum(x, axis=0) / n


print(np.asarray(contribution(da.map_blocks(gaps, chunks=((5,) * 3, (3,)), dtype=float, meta=np.empty((0, 0))))).round(7).tolist())
