# {
#   "id": "only_functions_imported",
#   "title": "two statistics of one array, only functions of dask imported",
#   "kind": [2, 16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "persist"],
#   "never": {
#     "da.compute": "`da` is not imported here"
#   },
#   "truth": {"executions": 2, "blocks": 10, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 5,
#     "edits": [
#       ["from dask.array import map_blocks, mean, std",
#        "from dask import compute\nfrom dask.array import map_blocks, mean, std"],
#       ["centre = float(mean(counts))\nwidth = float(std(counts))",
#        "centre, width = map(float, compute(mean(counts), std(counts)))"]
#     ]
#   }
# }
import numpy as np
from dask.array import map_blocks, mean, std


def photon_counts(block_id=None):
    return np.random.default_rng(block_id[0]).poisson(20, size=64).astype(float)


counts = map_blocks(photon_counts, chunks=((64,) * 5,), dtype=float, meta=np.empty(0))
centre = float(mean(counts))
width = float(std(counts))
print(f"{centre:.5f} +- {width:.5f}")
