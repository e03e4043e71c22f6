# {
#   "id": "ufunc_without_dask",
#   "title": "apply_ufunc refuses a chunked array",
#   "kind": ["map-blocks", 10, 14],
#   "problem": true,
#   "accepted_fixes": ["map-blocks", "choose-parameter"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    return xr.apply_ufunc(np.percentile, wind, 90, input_core_dims=[[\"time\"], []], kwargs={\"axis\": -1})",
#        "    return xr.apply_ufunc(\n        np.percentile, wind, 90, input_core_dims=[[\"time\"], []], kwargs={\"axis\": -1}, dask=\"parallelized\"\n    )"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
import xarray as xr


def tower(block_id=None):
    return np.random.default_rng(block_id[0]).weibull(2.0, size=(2, 30))


def strong(wind):
    return xr.apply_ufunc(np.percentile, wind, 90, input_core_dims=[["time"], []], kwargs={"axis": -1})


wind = xr.DataArray(da.map_blocks(tower, chunks=((2,) * 3, (30,)), dtype=float, meta=np.empty((0, 0))), dims=("x", "time"))
print(strong(wind).values.round(6).tolist())
