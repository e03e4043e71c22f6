# {
#   "id": "clamp_if_needed",
#   "title": "a branch that asks whether there is anything to replace before it replaces",
#   "kind": ["unconditional_where"],
#   "problem": true,
#   "accepted_fixes": ["where", "clip"],
#   "truth": {"executions": 2, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["    if (image < 0).any():\n        image = da.where(image < 0, 0.0, image)\n    return image",
#        "    return da.where(image < 0, 0.0, image)"]
#     ]
#   }
# }
from dask import array as da
import numpy as np


def plane(block_id=None):
    rng = np.random.default_rng(sum(block_id))
    return rng.normal(1.0, 1.0, size=(8, 8))


def without_negatives(image):
    if (image < 0).any():
        image = da.where(image < 0, 0.0, image)
    return image


image = da.map_blocks(plane, chunks=((8, 8), (8, 8, 8)), dtype=float, meta=np.empty((0, 0)))
clean = without_negatives(image)
total = clean.sum(axis=1).compute()
print(total.round(5).tolist())
