# {
#   "id": "detrend_other_axis",
#   "title": "SciPy takes a trend off along time, the chunks lie along stations",
#   "kind": [7],
#   "problem": true,
#   "accepted_fixes": ["map-blocks", "persist", "compute-once"],
#   "never": {
#     "enable-dispatch": "SciPy's detrend slices and solves for each break, it is not lazy on dask"
#   },
#   "truth": {"executions": 2, "blocks": 10, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 5,
#     "edits": [
#       ["    flat = detrend(series, axis=1)\n    return flat * (series > 0)",
#        "    flat = series.map_blocks(detrend, axis=1, dtype=float)\n    return flat * (series > 0)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from scipy.signal import detrend


def station(block_id=None):
    rng = np.random.default_rng(block_id[0])
    return np.arange(20.0) * block_id[0] + rng.normal(size=(2, 20))


def anomalies(series):
    flat = detrend(series, axis=1)
    return flat * (series > 0)


series = da.map_blocks(station, chunks=((2,) * 5, (20,)), dtype=float, meta=np.empty((0, 0)))
print(anomalies(series).std(axis=1).compute().round(6).tolist())
