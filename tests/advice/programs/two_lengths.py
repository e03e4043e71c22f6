# {
#   "id": "two_lengths",
#   "title": "len() of two selections, one after the other",
#   "kind": [9, 10],
#   "problem": true,
#   "accepted_fixes": ["native-function", "batch-compute", "compute-chunk-sizes", "keep-0d"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    low, high = len(x[x < -1]), len(x[x > 1])",
#        "    low, high = dask.compute((x < -1).sum(), (x > 1).sum())"],
#       ["import dask.array as da",
#        "import dask\nimport dask.array as da"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def returns(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=70)


def tails(x):
    low, high = len(x[x < -1]), len(x[x > 1])
    return low / x.shape[0], high / x.shape[0]


if __name__ == "__main__":
    x = da.map_blocks(returns, chunks=((70,) * 3,), dtype=float, meta=np.empty(0))
    print([round(float(tail), 6) for tail in tails(x)])
