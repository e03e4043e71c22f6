# {
#   "id": "verbose_order",
#   "title": "a progress message that is never printed costs a pass over the data",
#   "kind": ["short_circuit"],
#   "problem": true,
#   "accepted_fixes": ["reorder"],
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["        if np.isnan(field).any() and self.verbose:",
#        "        if self.verbose and np.isnan(field).any():"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def tile(block_id=None):
    values = np.arange(12.0).reshape(3, 4)
    values[0, 0] = np.nan
    return values * (1 + block_id[0])


class Smoother:
    def __init__(self, weight, verbose=False):
        self.weight = weight
        self.verbose = verbose

    def __call__(self, field):
        if np.isnan(field).any() and self.verbose:
            print("gaps are filled with zero")
        field = np.nan_to_num(field)
        return self.weight * field + (1 - self.weight) * field.mean(axis=0)


field = da.map_blocks(tile, chunks=((3,) * 4, (4,)), dtype=float, meta=np.empty((0, 0)))
smooth = Smoother(0.75)(field)
print(np.asarray(smooth.sum(axis=1)).round(4).tolist())
