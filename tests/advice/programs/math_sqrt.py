# {
#   "id": "math_sqrt",
#   "title": "functions of the math module on lazy sums",
#   "kind": ["name_table", 1],
#   "problem": true,
#   "accepted_fixes": ["keep-0d", "native-function"],
#   "truth": {"executions": 2, "blocks": 7, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["    length = math.sqrt((vector**2).sum())\n    return vector / length",
#        "    length = da.sqrt((vector**2).sum())\n    return vector / length"]
#     ]
#   }
# }
import math

import dask.array as da
import numpy as np


def piece(block_id=None):
    return np.arange(10.0) + 10 * block_id[0]


def unit(vector):
    length = math.sqrt((vector**2).sum())
    return vector / length


if __name__ == "__main__":
    vector = da.map_blocks(piece, chunks=((10,) * 6,), dtype=float, meta=np.empty(0))
    direction = unit(vector)
    angle = math.acos(1.0 / math.sqrt(direction.shape[0]))
    print(round(angle, 4), direction[-3:].compute().round(6).tolist())
