# {
#   "id": "long_call",
#   "title": "a long call over several lines converts two lazy arguments one after the other",
#   "kind": [6, 7],
#   "problem": true,
#   "accepted_fixes": ["compute-once", "batch-compute", "persist"],
#   "never": {
#     "enable-dispatch": "curve fitting is compiled code that converts whatever it gets"
#   },
#   "truth": {"executions": 29, "blocks": 116, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    (amplitude, decay), _ = curve_fit(\n        model,\n        seconds[settled],",
#        "    seconds, voltage = dask.compute(seconds, voltage)\n    (amplitude, decay), _ = curve_fit(\n        model,\n        seconds[settled],"],
#       ["import dask.array as da",
#        "import dask\nimport dask.array as da"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from scipy.optimize import curve_fit


def oscilloscope(block_id=None):
    t = np.arange(25) / 50 + block_id[0] / 2
    return np.stack([t, 3.0 * np.exp(-1.5 * t) + 0.01 * np.cos(40 * t)])


def model(t, amplitude, decay):
    return amplitude * np.exp(-decay * t)


def fitted(recording, settled=slice(2, None)):
    seconds, voltage = recording
    (amplitude, decay), _ = curve_fit(
        model,
        seconds[settled],
        voltage[settled],
        p0=(1.0, 1.0),
        bounds=([0.0, 0.0], [10.0, 10.0]),
    )
    return round(float(amplitude), 3), round(float(decay), 3)


print(fitted(da.map_blocks(oscilloscope, chunks=((2,), (25,) * 4), dtype=float, meta=np.empty((0, 0)))))
