# {
#   "id": "data_array_in_scipy",
<<<<<<< HEAD
#   "title": "an xarray object is converted by a NumPy function that dask has as well",
=======
#   "title": "an xarray object is converted for a NumPy function that dask has as well",
>>>>>>> h-programs
#   "kind": ["convert-input", 14],
#   "problem": true,
#   "accepted_fixes": ["convert-input", "native-function", "persist", "compute-once"],
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
<<<<<<< HEAD
#     "executions": 2, "blocks": 6,
#     "edits": [
#       ["    power = np.trapezoid(np.asarray(spectra), dx=0.5, axis=1)",
#        "    power = np.trapezoid(spectra.data, dx=0.5, axis=1)"]
=======
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    steepest = np.diff(np.asarray(spectra), axis=1).max(axis=1)",
#        "    steepest = np.diff(spectra.data, axis=1).max(axis=1)"]
>>>>>>> h-programs
#     ]
#   }
# }
import dask.array as da
import numpy as np
import xarray as xr


def buoy(block_id=None):
    return np.random.default_rng(block_id[0]).random((4, 9))


<<<<<<< HEAD
def wave_height(spectra):
    power = np.trapezoid(np.asarray(spectra), dx=0.5, axis=1)
    return 4 * (spectra.max("frequency") * power) ** 0.5
=======
def steepness(spectra):
    steepest = np.diff(np.asarray(spectra), axis=1).max(axis=1)
    return 4 * (spectra.max("frequency") * steepest) ** 0.5
>>>>>>> h-programs


spectra = xr.DataArray(
    da.map_blocks(buoy, chunks=((4,) * 3, (9,)), dtype=float, meta=np.empty((0, 0))), dims=("time", "frequency")
)
<<<<<<< HEAD
print(wave_height(spectra).values.round(5).tolist())
=======
print(steepness(spectra).values.round(5).tolist())
>>>>>>> h-programs
