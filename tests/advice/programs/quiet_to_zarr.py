# {
#   "id": "quiet_to_zarr",
#   "title": "the result is written, chunk by chunk, and nothing is asked for",
#   "kind": ["none", "store"],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "never": {
#     "persist": "what is written need not be kept"
#   },
#   "truth": {"executions": 1, "blocks": 4, "raises": null}
# }
import tempfile

import dask.array as da
import numpy as np


def tile(block_id=None):
    return np.random.default_rng(block_id).random((4, 4))


with tempfile.TemporaryDirectory() as folder:
    hills = da.map_blocks(tile, chunks=((4,) * 2, (4,) * 2), dtype=float, meta=np.empty((0, 0)))
    da.sqrt(hills).to_zarr(folder + "/hills.zarr")
    print(da.from_zarr(folder + "/hills.zarr").shape)
