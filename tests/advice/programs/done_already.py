# {
#   "id": "done_already",
#   "title": "everything is persisted and asked for at once; one statement is left apart",
#   "kind": [6, 16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute"],
#   "never": {
#     "smooth = smooth.persist()": "it is persisted"
#   },
#   "truth": {"executions": 3, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 2, "blocks": 8,
#     "edits": [
#       ["    mean, deviation = dask.compute(smooth.mean(), smooth.std())\n    edges = dask.compute(smooth[0], smooth[-1])",
#        "    mean, deviation, *edges = dask.compute(smooth.mean(), smooth.std(), smooth[0], smooth[-1])"]
#     ]
#   }
# }
import dask
import dask.array as da
import numpy as np


def depth(block_id=None):
    return np.cumsum(np.random.default_rng(block_id[0]).normal(size=32))


def main():
    raw = da.map_blocks(depth, chunks=((32,) * 4,), dtype=float, meta=np.empty(0))
    smooth = da.map_overlap(lambda b: np.convolve(b, np.ones(3) / 3, "same"), raw, depth=1, boundary="nearest")
    smooth = smooth.persist()
    mean, deviation = dask.compute(smooth.mean(), smooth.std())
    edges = dask.compute(smooth[0], smooth[-1])
    return [round(float(value), 5) for value in (mean, deviation, *edges)]


print(main())
