# {
#   "id": "two_arrays_one_line",
#   "title": "one line in a loop over two different arrays",
#   "kind": [13, 16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute"],
#   "never": {
#     "persist": "no array is read twice"
#   },
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["    return [round(float(channel.std()), 6) for channel in channels]",
#        "    return [round(float(value), 6) for value in dask.compute(*[channel.std() for channel in channels])]"]
#     ]
#   }
# }
import dask
import dask.array as da
import numpy as np


def left(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=20)


def right(block_id=None):
    return np.random.default_rng(50 + block_id[0]).normal(size=20)


def loudness(channels):
    return [round(float(channel.std()), 6) for channel in channels]


stereo = [da.map_blocks(side, chunks=((20,) * 3,), dtype=float, meta=np.empty(0)) for side in (left, right)]
print(loudness(stereo))
