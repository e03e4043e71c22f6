# {
#   "id": "array_before_the_block",
#   "title": "the array is made at module level before a with block, and read twice inside it",
#   "kind": [4, 2],
#   "problem": true,
#   "accepted_fixes": ["persist", "batch-compute"],
#   "truth": {"executions": 2, "blocks": 4, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 2,
#     "edits": [
#       ["with np.printoptions(precision=4), dask.config.set(scheduler=\"threads\"):\n    print(np.asarray(velocity.mean(axis=1)))\n    print(np.asarray(velocity.max(axis=1)))",
#        "with np.printoptions(precision=4), dask.config.set(scheduler=\"threads\"):\n    for row in dask.compute(velocity.mean(axis=1), velocity.max(axis=1)):\n        print(row)"]
#     ]
#   }
# }
import dask
from dask.array import map_blocks
import numpy as np


def flume(block_id=None):
    return np.random.default_rng(block_id[0]).normal(1.0, 0.2, size=(2, 20))


velocity = map_blocks(flume, chunks=((2,) * 2, (20,)), dtype=float, meta=np.empty((0, 0)))

with np.printoptions(precision=4), dask.config.set(scheduler="threads"):
    print(np.asarray(velocity.mean(axis=1)))
    print(np.asarray(velocity.max(axis=1)))
