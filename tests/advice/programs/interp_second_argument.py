# {
#   "id": "interp_second_argument",
#   "title": "np.interp with a dask array among NumPy tables",
#   "kind": [1, 7],
#   "problem": true,
#   "accepted_fixes": ["map-blocks", "compute-once", "persist"],
#   "never": {
#     "heights.compute()": "`heights` is a NumPy array"
#   },
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    return np.interp(level, heights, pressures)",
#        "    return level.map_blocks(np.interp, heights, pressures, dtype=float)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np

HEIGHTS = np.array([0.0, 1000.0, 3000.0, 9000.0])
PRESSURES = np.array([1013.0, 899.0, 701.0, 308.0])


def terrain(block_id=None):
    return np.random.default_rng(block_id[0]).random(20) * 4000


def pressure_at(heights, pressures, level):
    return np.interp(level, heights, pressures)


def main():
    level = da.map_blocks(terrain, chunks=((20,) * 4,), dtype=float, meta=np.empty(0))
    air = pressure_at(HEIGHTS, PRESSURES, level)
    mean = (air * (level > 500)).sum() / (level > 500).sum()
    return round(float(mean.compute()), 5)


print(main())
