# {
#   "id": "quiet_two_inputs",
#   "title": "two arrays, each computed once, in statements far apart because one decides what the other is",
#   "kind": ["none", 16, 8],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "never": {
#     "batch-compute": "the second graph depends on what the first says"
#   },
#   "truth": {"executions": 2, "blocks": 5, "raises": null}
# }
import dask.array as da
import numpy as np


def index_block(block_id=None):
    return np.random.default_rng(block_id[0]).random(5)


def archive(number, block_id=None):
    return np.random.default_rng([number, block_id[0]]).normal(size=10)


scores = da.map_blocks(index_block, chunks=((5,) * 2,), dtype=float, meta=np.empty(0))
chosen = int(scores.argmax())
signal = da.map_blocks(archive, chosen, chunks=((10,) * 3,), dtype=float, meta=np.empty(0))
print(chosen, round(float(signal.mean()), 6))
