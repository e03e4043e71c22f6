# {
#   "id": "numpy_loop_in_library",
#   "title": "a library function counts by a loop over labels, on NumPy and on dask",
#   "kind": [11, 8, "vectorise"],
#   "problem": true,
#   "accepted_fixes": ["vectorise", "batch-compute", "native-function", "persist"],
#   "never": {
#     ".persist()": "NumPy arrays have no persist"
#   },
#   "truth": {"executions": 4, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    return [int(xp.sum(xp.astype(labels == k, xp.int64))) for k in range(n)]",
#        "    hits = labels[None, :] == xp.arange(n)[:, None]\n    return [int(count) for count in np.asarray(xp.sum(xp.astype(hits, xp.int64), axis=1))]"]
#     ]
#   }
# }
import array_api_compat.dask.array as xd
import array_api_compat.numpy as xn
import dask.array as da
import numpy as np


def vote(block_id=None):
    return np.random.default_rng(block_id[0]).integers(0, 4, size=33)


def tally(labels, n, xp):
    return [int(xp.sum(xp.astype(labels == k, xp.int64))) for k in range(n)]


if __name__ == "__main__":
    votes = da.map_blocks(vote, chunks=((33,) * 3,), dtype=int, meta=np.empty(0, dtype=int))
    print(tally(votes, 4, xd), tally(np.array([0, 1, 1]), 2, xn))
