# {
#   "id": "dataset_computed_in_vain",
#   "title": "the result of Dataset.compute() is thrown away",
#   "kind": [14],
#   "problem": true,
#   "accepted_fixes": ["compute-once", "persist", "batch-compute"],
#   "truth": {"executions": 3, "blocks": 9, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    climate.compute()",
#        "    climate = climate.compute()"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
import xarray as xr


def model_level(block_id=None):
    return np.random.default_rng(block_id[0]).normal(280, 5, size=(2, 6))


def main():
    t = da.map_blocks(model_level, chunks=((2,) * 3, (6,)), dtype=float, meta=np.empty((0, 0)))
    climate = xr.Dataset({"t": (("z", "x"), t), "theta": (("z", "x"), t * 1.1)})
    climate.compute()
    warmest = float(climate.theta.max())
    profile = climate.t.mean("x").values
    return round(warmest, 5), profile.round(4).tolist()


if __name__ == "__main__":
    print(main())
