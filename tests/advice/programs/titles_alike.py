# {
#   "id": "titles_alike",
#   "title": "the same question about eight thresholds, in eight lines",
#   "kind": [12, 16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "vectorise", "persist"],
#   "truth": {"executions": 4, "blocks": 16, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["for name, limit in LIMITS.items():\n    exceeded[name] = ((ozone > limit).sum(axis=0) > 1).sum().compute()",
#        "limits = np.array(list(LIMITS.values()))\ncounts = ((ozone > limits[:, None, None]).sum(axis=1) > 1).sum(axis=1).compute()\nexceeded = dict(zip(LIMITS, counts))"]
#     ]
#   }
# }
import dask.array as da
import numpy as np

LIMITS = {"good": 40, "fair": 60, "poor": 80, "bad": 95}


def hour(block_id=None):
    return np.random.default_rng(block_id[0]).random((2, 30)) * 100


ozone = da.map_blocks(hour, chunks=((2,) * 4, (30,)), dtype=float, meta=np.empty((0, 0)))
exceeded = {}
for name, limit in LIMITS.items():
    exceeded[name] = ((ozone > limit).sum(axis=0) > 1).sum().compute()
print({name: int(n) for name, n in exceeded.items()})
