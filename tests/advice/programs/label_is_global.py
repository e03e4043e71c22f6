# {
#   "id": "label_is_global",
#   "title": "labels of connected parts cannot be found block by block",
#   "kind": [7],
#   "problem": true,
#   "accepted_fixes": ["compute-once", "persist", "lazy-apply"],
#   "never": {
#     "map-blocks": "parts that cross the edge of a block would be two"
#   },
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    clouds, number = ndimage.label(bright)\n    size = ndimage.sum_labels(image, clouds, index=range(1, number + 1))\n    return number, size",
#        "    image = image.compute()\n    clouds, number = ndimage.label(image > level)\n    size = ndimage.sum_labels(image, clouds, index=range(1, number + 1))\n    return number, size"],
#       ["    bright = image > level",
#        ""]
#     ]
#   }
# }
from dask import array as da
import numpy as np
from scipy import ndimage


def satellite(block_id=None):
    rng = np.random.default_rng(block_id)
    return ndimage.gaussian_filter(rng.normal(size=(12, 12)), 1.0)


def clouds_of(image, level):
    bright = image > level
    clouds, number = ndimage.label(bright)
    size = ndimage.sum_labels(image, clouds, index=range(1, number + 1))
    return number, size


image = da.map_blocks(satellite, chunks=((12,) * 2, (12,) * 2), dtype=float, meta=np.empty((0, 0)))
number, size = clouds_of(image, 0.3)
print(number, size.round(5).tolist())
