# {
#   "id": "quiet_persisted",
#   "title": "everything is persisted, then one small result follows the other as the user looks",
#   "kind": ["none", 3],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "never": {
#     "compute-once": "persist is the right thing on a cluster"
#   },
#   "truth": {"executions": 2, "blocks": 3, "raises": null}
# }
import dask.array as da
import numpy as np


def snapshot(block_id=None):
    return np.random.default_rng(block_id[0]).random((5, 5))


frames = da.map_blocks(snapshot, chunks=((5,) * 3, (5,)), dtype=float, meta=np.empty((0, 0))).persist()
print(frames.sum().compute().round(6))
