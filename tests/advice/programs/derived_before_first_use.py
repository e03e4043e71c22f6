# {
#   "id": "derived_before_first_use",
#   "title": "three arrays are derived before the first of them is computed",
#   "kind": [4, 12],
#   "problem": true,
#   "accepted_fixes": ["persist", "batch-compute", "store"],
#   "never": {
#     "compute-once": "four arrays of the size of the input in memory"
#   },
#   "truth": {"executions": 4, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 5, "blocks": 3,
#     "edits": [
#       ["    elevation = da.map_blocks(dem, chunks=((12,) * 3, (8,)), dtype=float, meta=np.empty((0, 0)))",
#        "    elevation = da.map_blocks(dem, chunks=((12,) * 3, (8,)), dtype=float, meta=np.empty((0, 0))).persist()"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def dem(block_id=None):
    return np.random.default_rng(block_id[0]).random((12, 8)) * 300


def main():
    elevation = da.map_blocks(dem, chunks=((12,) * 3, (8,)), dtype=float, meta=np.empty((0, 0)))
    feet = elevation * 3.28084
    relative = elevation - elevation.min()
    slope = da.diff(elevation, axis=0)
    print("top", round(float(feet.max()), 4))
    if slope.max() > 100:
        print("steep", round(float(slope.max()), 4))
    print("relief", np.asarray(relative.mean(axis=0)).round(4).tolist())


if __name__ == "__main__":
    main()
