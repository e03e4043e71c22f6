# {
#   "id": "helper_in_a_loop",
#   "title": "a helper that derives and computes is called for every band",
#   "kind": [4, 8, 13],
#   "problem": true,
#   "accepted_fixes": ["persist", "batch-compute"],
#   "never": {
#     "elevation.persist()": "no such name"
#   },
#   "truth": {"executions": 3, "blocks": 9, "raises": null},
#   "best": {
#     "executions": 4, "blocks": 3,
#     "edits": [
#       ["    cube = da.map_blocks(bands, chunks=((3,), (10,) * 3), dtype=float, meta=np.empty((0, 0)))",
#        "    cube = da.map_blocks(bands, chunks=((3,), (10,) * 3), dtype=float, meta=np.empty((0, 0))).persist()"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def bands(block_id=None):
    return np.random.default_rng(block_id[1]).random((3, 10))


def contrast(cube, band):
    scaled = cube / cube.max()
    plane = scaled[band]
    return round(float((plane.max() - plane.min()) / (plane.max() + plane.min())), 6)


def main():
    cube = da.map_blocks(bands, chunks=((3,), (10,) * 3), dtype=float, meta=np.empty((0, 0)))
    for band in range(cube.shape[0]):
        print(band, contrast(cube, band))


if __name__ == "__main__":
    main()
