# {
#   "id": "quiet_xarray",
#   "title": "a lazy xarray pipeline with one load at the end",
#   "kind": ["none", 14],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "truth": {"executions": 1, "blocks": 3, "raises": null}
# }
import dask.array as da
import numpy as np
import xarray as xr


def months(block_id=None):
    return np.random.default_rng(block_id[0]).normal(10, 4, size=(12, 3))


def anomalies(t):
    climatology = t.groupby("month").mean()
    return t.groupby("month") - climatology


t = xr.DataArray(
    da.map_blocks(months, chunks=((12,) * 3, (3,)), dtype=float, meta=np.empty((0, 0))),
    dims=("time", "site"),
    coords={"month": ("time", np.tile(np.arange(12), 3))},
)
print(float(anomalies(t).std().load().round(6)))
