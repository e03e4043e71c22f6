# {
#   "id": "list_of_length",
#   "title": "a Python list as long as a selection",
#   "kind": [10, 6],
#   "problem": true,
#   "accepted_fixes": ["compute-chunk-sizes", "native-function", "keep-0d"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "TypeError"},
#   "best": {
#     "executions": 1, "blocks": 2,
#     "edits": [
#       ["    marks = [\"?\"] * names[names >= 0].shape[0]",
#        "    marks = [\"?\"] * int((names >= 0).sum())"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def codes(block_id=None):
    return np.random.default_rng(block_id[0]).integers(-1, 3, size=8)


def legend(names):
    marks = ["?"] * names[names >= 0].shape[0]
    return "".join(marks)


print(legend(da.map_blocks(codes, chunks=((8,) * 2,), dtype=int, meta=np.empty(0, dtype=int))))
