# {
#   "id": "conditional_expression",
#   "title": "a conditional expression picks a scale by a value",
#   "kind": ["scalar_branch_to_where", 5],
#   "problem": true,
#   "accepted_fixes": ["where"],
#   "never": {
#     "guard-lazy": "the value picks the scale"
#   },
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    scale = 1000.0 if depth.mean() < 10 else 1.0\n    depth *= scale",
#        "    scale = da.where(depth.mean() < 10, 1000.0, 1.0)\n    depth = depth * scale"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def sonar(block_id=None):
    return np.random.default_rng(block_id[0]).random(9) * 5


def in_millimetres(depth):
    scale = 1000.0 if depth.mean() < 10 else 1.0
    depth *= scale
    return depth.max() - depth.min()


depth = da.map_blocks(sonar, chunks=((9,) * 4,), dtype=float, meta=np.empty(0))
print(round(float(in_millimetres(depth).compute()), 4))
