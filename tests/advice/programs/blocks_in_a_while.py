# {
#   "id": "blocks_in_a_while",
#   "title": "a while loop computes one chunk after the other until the end",
#   "kind": [8, 6],
#   "problem": true,
#   "accepted_fixes": ["batch-compute"],
#   "never": {
#     "vectorise": "the chunks differ in length"
#   },
#   "truth": {"executions": 4, "blocks": 4, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    position, number, sums = 0, 0, []\n    while number < x.numblocks[0]:\n        part = x.blocks[number].compute()",
#        "    position, number, sums = 0, 0, []\n    parts = dask.compute(*x.blocks)\n    while number < x.numblocks[0]:\n        part = parts[number]"],
#       ["import dask.array as da",
#        "import dask\nimport dask.array as da"]
#     ]
#   }
# }
import dask.array as da
import numpy as np

SIZES = (3, 5, 4, 6)


def logbook(block_id=None):
    return np.arange(float(SIZES[block_id[0]]))


def sums_with_position(x):
    position, number, sums = 0, 0, []
    while number < x.numblocks[0]:
        part = x.blocks[number].compute()
        sums.append((position, float(part.sum())))
        position += len(part)
        number += 1
    return sums


print(sums_with_position(da.map_blocks(logbook, chunks=(SIZES,), dtype=float, meta=np.empty(0))))
