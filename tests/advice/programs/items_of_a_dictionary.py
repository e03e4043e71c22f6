# {
#   "id": "items_of_a_dictionary",
#   "title": "entries of a dictionary are computed one by one, apart from each other",
#   "kind": [16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "persist"],
#   "never": {
#     "result_1": "nobody gave such a name"
#   },
#   "truth": {"executions": 2, "blocks": 10, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 5,
#     "edits": [
#       ["    stats[\"total\"] = int(steps.sum().compute())\n    stats[\"unit\"] = \"steps\"\n    stats[\"days\"] = steps.shape[0]\n    stats[\"best\"] = int(steps.max().compute())",
#        "    total, best = dask.compute(steps.sum(), steps.max())\n    stats[\"total\"] = int(total)\n    stats[\"unit\"] = \"steps\"\n    stats[\"days\"] = steps.shape[0]\n    stats[\"best\"] = int(best)"],
#       ["from dask import array as da",
#        "import dask\nfrom dask import array as da"]
#     ]
#   }
# }
from dask import array as da
import numpy as np


def pedometer(block_id=None):
    return np.random.default_rng(block_id[0]).integers(2000, 15000, size=7)


def diary(weeks):
    stats = {}
    steps = da.map_blocks(pedometer, chunks=((7,) * weeks,), dtype=int, meta=np.empty(0, dtype=int))
    stats["total"] = int(steps.sum().compute())
    stats["unit"] = "steps"
    stats["days"] = steps.shape[0]
    stats["best"] = int(steps.max().compute())
    return stats


print(diary(5))
