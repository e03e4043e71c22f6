# {
#   "id": "stretch_with_dask",
#   "title": "a block function that calls dask on its NumPy block",
#   "kind": ["meta_namespace", 7],
#   "problem": true,
#   "accepted_fixes": ["convert-input", "native-function", "map-blocks"],
#   "never": {
#     "da.asarray": "more dask in the block function is more of the same mistake"
#   },
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["    return da.flip(block, axis=1) - low",
#        "    return np.flip(block, axis=1) - low"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def scene(block_id=None):
    return np.random.default_rng(block_id[0]).random((6, 10)) * 4


def mirrored(block):
    low = block[:1, :1]
    return da.flip(block, axis=1) - low


def main():
    image = da.map_blocks(scene, chunks=((6,) * 3, (10,)), dtype=float, meta=np.empty((0, 0)))
    turned = da.map_blocks(mirrored, image, dtype=float, meta=np.empty((0, 0)))
    return np.asarray(turned)[:, 0].round(5).tolist()


if __name__ == "__main__":
    print(main())
