# {
#   "id": "quiet_wanted_list",
#   "title": "a lazy pipeline ends in a list, which the program wants",
#   "kind": ["none", 6],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "never": {
#     "compute-once": "it is computed once"
#   },
#   "truth": {"executions": 1, "blocks": 4, "raises": null}
# }
import dask.array as da
import numpy as np


def lines(block_id=None):
    return np.random.default_rng(block_id[0]).random((3, 5))


def ratio(x):
    return x.max(axis=1) / x.mean(axis=1)


x = da.map_blocks(lines, chunks=((3,) * 4, (5,)), dtype=float, meta=np.empty((0, 0)))
print(np.asarray(ratio(x)).round(6).tolist())
