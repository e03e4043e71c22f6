# {
#   "id": "slow_block_and_many_small",
#   "title": "a slow small array is read again, while a quick one is asked for often",
#   "kind": [12, 16],
#   "problem": true,
#   "accepted_fixes": ["persist", "batch-compute"],
#   "truth": {"executions": 5, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 7, "blocks": 5,
#     "edits": [
#       ["    slow = da.map_blocks(slow_block, chunks=((3,) * 3,), dtype=float, meta=np.empty(0))",
#        "    slow = da.map_blocks(slow_block, chunks=((3,) * 3,), dtype=float, meta=np.empty(0)).persist()"],
#       ["    quick = da.map_blocks(quick_block, chunks=((50,) * 2,), dtype=float, meta=np.empty(0))",
#        "    quick = da.map_blocks(quick_block, chunks=((50,) * 2,), dtype=float, meta=np.empty(0)).persist()"]
#     ]
#   }
# }
import time

import dask.array as da
import numpy as np


def slow_block(block_id=None):
    time.sleep(0.05)
    return np.arange(3.0) + block_id[0]


def quick_block(block_id=None):
    return np.arange(50.0) * block_id[0]


def main():
    quick = da.map_blocks(quick_block, chunks=((50,) * 2,), dtype=float, meta=np.empty(0))
    slow = da.map_blocks(slow_block, chunks=((3,) * 3,), dtype=float, meta=np.empty(0))
    notes = []
    for level in (10, 20, 30):
        notes.append(int((quick > level).sum()))
    first = float(slow.sum())
    second = float((slow * 2).max())
    return notes, first, second


print(main())
