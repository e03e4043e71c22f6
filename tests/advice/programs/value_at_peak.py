# {
#   "id": "value_at_peak",
#   "title": "one element at a lazy position",
#   "kind": ["permutation_gather"],
#   "problem": true,
#   "accepted_fixes": ["take-along-axis", "keep-0d", "batch-compute"],
#   "never": {
#     "compute-once": "two arrays are loaded for one number"
#   },
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 5,
#     "edits": [
#       ["    at = int(power.argmax())\n    return frequency[at] / frequency[-1], power[at]",
#        "    at = da.atleast_1d(power.argmax())\n    return frequency[at][0] / frequency[-1], power[at][0]"]
#     ]
#   }
# }
import dask
import dask.array as da
import numpy as np


def spectrum(block_id=None):
    f = np.arange(16) + 16 * block_id[0]
    return 1.0 / (1.0 + (f - 37.0) ** 2)


def peak(power, frequency):
    at = int(power.argmax())
    return frequency[at] / frequency[-1], power[at]


def main():
    power = da.map_blocks(spectrum, chunks=((16,) * 5,), dtype=float, meta=np.empty(0))
    frequency = da.arange(80, chunks=16) * 0.5
    where, height = dask.compute(*peak(power, frequency))
    return round(float(where), 6), float(height)


if __name__ == "__main__":
    print(main())
