# {
#   "id": "persist_breaks_numpy",
#   "title": "a function for every namespace reads its argument three times",
#   "kind": [11, 15],
#   "problem": true,
#   "accepted_fixes": ["keep-0d", "persist", "batch-compute"],
#   "truth": {"executions": 3, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    low, high = float(xp.min(x)), float(xp.max(x))",
#        "    low, high = xp.min(x), xp.max(x)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from array_api_compat import array_namespace


def luminance(block_id=None):
    return np.random.default_rng(block_id[0]).gamma(2.0, size=(4, 9))


def normalised(x):
    xp = array_namespace(x)
    low, high = float(xp.min(x)), float(xp.max(x))
    return (x - low) / (high - low)


def main():
    x = da.map_blocks(luminance, chunks=((4,) * 4, (9,)), dtype=float, meta=np.empty((0, 0)))
    print(normalised(x).mean(axis=1).compute().round(6).tolist())
    print(normalised(np.arange(5.0)).tolist())


main()
