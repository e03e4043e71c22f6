# {
#   "id": "limits_for_a_plot",
#   "title": "a library asks for the limits of every band, the bands are large",
#   "kind": [15, 16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "persist", "keep-0d"],
#   "never": {
#     "compute-once": "whole bands would be loaded for two numbers each"
#   },
#   "truth": {"executions": 9, "blocks": 18, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["        low, high = float(band.min()), float(band.max())",
#        "        low, high = band.min(), band.max()"],
#       ["    return [np.asarray(picture) for picture in pictures]",
#        "    return dask.compute(*pictures)"],
#       ["import dask.array as da",
#        "import dask\nimport dask.array as da"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def reflectance(block_id=None):
    return np.random.default_rng(block_id).random((1, 8, 8))


def quicklook(bands):
    pictures = []
    for band in bands:
        low, high = float(band.min()), float(band.max())
        pictures.append(((band - low) / (high - low))[::4, ::4])
    return [np.asarray(picture) for picture in pictures]


bands = da.map_blocks(reflectance, chunks=((1,) * 3, (8,) * 2, (8,)), dtype=float, meta=np.empty((0, 0, 0)))
print([picture.sum().round(5) for picture in quicklook(bands)])
