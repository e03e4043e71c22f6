# {
#   "id": "groupby_lazy_labels",
#   "title": "a field is grouped by a lazy field of labels",
#   "kind": [14, 10],
#   "problem": true,
#   "accepted_fixes": ["choose-parameter", "compute-once"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 2, "blocks": 6,
#     "edits": [
#       ["    means = temperature.groupby(zone).mean()",
#        "    means = temperature.groupby(zone.compute()).mean()"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
import xarray as xr


def degrees(block_id=None):
    return np.random.default_rng(block_id[0]).normal(15, 3, size=8)


def zones(block_id=None):
    return (np.arange(8) + block_id[0]) // 3


def zonal(temperature, zone):
    means = temperature.groupby(zone).mean()
    return means.compute()


t = xr.DataArray(da.map_blocks(degrees, chunks=((8,) * 3,), dtype=float, meta=np.empty(0)), dims="cell")
z = xr.DataArray(
    da.map_blocks(zones, chunks=((8,) * 3,), dtype=int, meta=np.empty(0, dtype=int)), dims="cell", name="zone"
)
print(zonal(t, z).values.round(5).tolist())
