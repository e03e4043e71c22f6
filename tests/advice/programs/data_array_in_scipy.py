# {
#   "id": "data_array_in_scipy",
#   "title": "an xarray object is converted for a NumPy function that dask has as well",
#   "kind": ["convert-input", 14],
#   "problem": true,
#   "accepted_fixes": ["convert-input", "native-function", "persist", "compute-once"],
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    steepest = np.diff(np.asarray(spectra), axis=1).max(axis=1)",
#        "    steepest = np.diff(spectra.data, axis=1).max(axis=1)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
import xarray as xr


def buoy(block_id=None):
    return np.random.default_rng(block_id[0]).random((4, 9))


def steepness(spectra):
    steepest = np.diff(np.asarray(spectra), axis=1).max(axis=1)
    return 4 * (spectra.max("frequency") * steepest) ** 0.5


spectra = xr.DataArray(
    da.map_blocks(buoy, chunks=((4,) * 3, (9,)), dtype=float, meta=np.empty((0, 0))), dims=("time", "frequency")
)
print(steepness(spectra).values.round(5).tolist())
