# {
#   "id": "da_is_a_number",
#   "title": "`da` is a step in area here, dask.array has another name",
#   "kind": [2, 16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "persist"],
#   "never": {
#     "da.compute": "`da` is a number here"
#   },
#   "truth": {"executions": 2, "blocks": 18, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 9,
#     "edits": [
#       ["    surface = (height * da).sum().compute()\n    top = height.max().compute()",
#        "    surface, top = darr.compute((height * da).sum(), height.max())"]
#     ]
#   }
# }
import dask.array as darr
import numpy as np


def dune(block_id=None):
    return np.random.default_rng(block_id).random((5, 5))


def volume(height, step):
    da = step * step
    surface = (height * da).sum().compute()
    top = height.max().compute()
    return surface, top


def main():
    height = darr.map_blocks(dune, chunks=((5,) * 3, (5,) * 3), dtype=float, meta=np.empty((0, 0)))
    surface, top = volume(height, 0.5)
    print(round(float(surface), 5), round(float(top), 5))


main()
