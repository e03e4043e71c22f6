# {
#   "id": "concat_with_lazy_coordinate",
#   "title": "runs are put together, for which xarray compares a lazy coordinate",
#   "kind": [14],
#   "problem": true,
#   "accepted_fixes": ["choose-parameter", "compute-once"],
#   "never": {
#     "keep-0d": "the comparison is in xarray, the program converts nothing"
#   },
#   "truth": {"executions": 4, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["    return xr.concat(runs, dim=\"run\", coords=\"different\", compat=\"equals\")",
#        "    return xr.concat(runs, dim=\"run\", coords=\"minimal\", compat=\"override\")"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
import xarray as xr


def bathymetry(run, block_id=None):
    return np.linspace(10, 90, 8).reshape(2, 4) + block_id[0]


def current(run, block_id=None):
    return np.random.default_rng([run, block_id[0]]).normal(size=(2, 4))


def simulated(run):
    depth = da.map_blocks(bathymetry, run, chunks=((2,) * 2, (4,)), dtype=float, meta=np.empty((0, 0)))
    speed = da.map_blocks(current, run, chunks=((2,) * 2, (4,)), dtype=float, meta=np.empty((0, 0)))
    return xr.Dataset({"speed": (("y", "x"), speed)}, coords={"depth": (("y", "x"), depth)})


def ensemble(runs):
    return xr.concat(runs, dim="run", coords="different", compat="equals")


together = ensemble([simulated(run) for run in (1, 2, 3)])
print(together.speed.mean("run").max().values.round(6))
