# {
#   "id": "values_in_an_f_string",
#   "title": "an f-string computes twice",
#   "kind": [16, 2],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "persist"],
#   "never": {
#     "result_1": "nobody gave such a name"
#   },
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["print(f\"{title}: {salinity.mean().compute():.5f}, at most {salinity.max().compute():.5f}\")",
#        "mean, top = salinity_array.compute(salinity.mean(), salinity.max())\nprint(f\"{title}: {mean:.5f}, at most {top:.5f}\")"]
#     ]
#   }
# }
import dask.array as salinity_array
import numpy as np


def cast(block_id=None):
    return 30 + np.random.default_rng(block_id[0]).random(15)


title = "salinity"
salinity = salinity_array.map_blocks(cast, chunks=((15,) * 3,), dtype=float, meta=np.empty(0))
print(f"{title}: {salinity.mean().compute():.5f}, at most {salinity.max().compute():.5f}")
