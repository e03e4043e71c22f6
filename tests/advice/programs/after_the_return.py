# {
#   "id": "after_the_return",
#   "title": "the array is made in the return of one function and read twice in another",
#   "kind": [4, 13],
#   "problem": true,
#   "accepted_fixes": ["persist", "batch-compute"],
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    charge = load(4)\n    total = charge.sum().compute()\n    profile = charge.sum(axis=1).compute()",
#        "    charge = load(4)\n    total, profile = dask.compute(charge.sum(), charge.sum(axis=1))"],
#       ["from dask import array as da",
#        "import dask\nfrom dask import array as da"]
#     ]
#   }
# }
from dask import array as da
import numpy as np


def pixel_rows(block_id=None):
    return np.random.default_rng(block_id[0]).integers(0, 100, size=(6, 9))


def load(n):
    return da.map_blocks(
        pixel_rows,
        chunks=((6,) * n, (9,)),
        dtype=int,
        meta=np.empty((0, 0), dtype=int),
    )


def measure():
    charge = load(4)
    total = charge.sum().compute()
    profile = charge.sum(axis=1).compute()
    return int(total), profile.tolist()


print(measure())
