# {
#   "id": "import_in_the_function",
#   "title": "dask.array is imported in one function and used in another",
#   "kind": [2, 13],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "persist"],
#   "never": {
#     "da.compute": "`da` is a name of another function"
#   },
#   "truth": {"executions": 2, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["def spread(x):\n    return float(x.max()) - float(x.min())",
#        "def spread(x):\n    import dask\n\n    high, low = dask.compute(x.max(), x.min())\n    return float(high) - float(low)"]
#     ]
#   }
# }
import numpy as np


def wave(block_id=None):
    return np.sin(np.arange(30) / 7 + block_id[0])


def lazy_wave(n):
    import dask.array as da

    return da.map_blocks(wave, chunks=((30,) * n,), dtype=float, meta=np.empty(0))


def spread(x):
    return float(x.max()) - float(x.min())


if __name__ == "__main__":
    print(round(spread(lazy_wave(6)), 7))
