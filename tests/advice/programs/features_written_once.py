# {
#   "id": "features_written_once",
#   "title": "features are made from the source once for each fold",
#   "kind": ["store", 8, 4],
#   "problem": true,
#   "accepted_fixes": ["store", "persist"],
#   "never": {
#     "compute-once": "the features are larger than memory"
#   },
#   "truth": {"executions": 4, "blocks": 16, "raises": null},
#   "best": {
#     "executions": 5, "blocks": 4,
#     "edits": [
#       ["features = da.map_blocks(extract, chunks=((5,) * 4, (2,)), dtype=float, meta=np.empty((0, 0)))",
#        "features = da.map_blocks(extract, chunks=((5,) * 4, (2,)), dtype=float, meta=np.empty((0, 0)))\nfeatures.to_zarr(\"features.zarr\")\nfeatures = da.from_zarr(\"features.zarr\")"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def extract(block_id=None):
    """Many gigabytes a block, in earnest."""
    rng = np.random.default_rng(block_id[0])
    return rng.normal(size=(5, 2)) + [0.0, 0.1 * block_id[0]]


def score(train, test):
    centre = train.mean(axis=0)
    return float(abs(test - centre).mean())


features = da.map_blocks(extract, chunks=((5,) * 4, (2,)), dtype=float, meta=np.empty((0, 0)))
scores = []
for fold in range(4):
    test = features.blocks[fold]
    train = da.concatenate([features.blocks[k] for k in range(4) if k != fold])
    scores.append(score(train, test))
print([round(value, 6) for value in scores])
