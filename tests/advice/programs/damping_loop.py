# {
#   "id": "damping_loop",
#   "title": "a recursive mean over time asks for every step in turn",
#   "kind": [8],
#   "problem": true,
#   "accepted_fixes": ["compute-once", "keep-0d", "persist"],
#   "never": {
#     "vectorise": "each step uses the level before it"
#   },
#   "truth": {"executions": 16, "blocks": 16, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    level = float(demand[0])",
#        "    demand = demand.compute()\n    level = float(demand[0])"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def weekly(block_id=None):
    return np.random.default_rng(block_id[0]).poisson(30, size=5).astype(float)


def exponential_smoothing(demand, alpha=0.3):
    level = float(demand[0])
    levels = []
    for t in range(demand.shape[0]):
        level += alpha * (float(demand[t]) - level)
        levels.append(level)
    return levels


demand = da.map_blocks(weekly, chunks=((5,) * 3,), dtype=float, meta=np.empty(0))
print([round(level, 5) for level in exponential_smoothing(demand)])
