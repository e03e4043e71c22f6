# {
#   "id": "several_passes_over_a_large_cube",
#   "title": "a cube said to be larger than memory is made anew for each of three passes",
#   "kind": ["store", 15],
#   "problem": true,
#   "accepted_fixes": ["store", "persist", "batch-compute"],
#   "never": {
#     "compute-once": "the cube does not fit into memory"
#   },
#   "truth": {"executions": 3, "blocks": 15, "raises": null},
#   "best": {
#     "executions": 4, "blocks": 5,
#     "edits": [
#       ["    anomaly = cube - cube.mean(axis=0)",
#        "    cube.to_zarr(\"cube.zarr\")\n    cube = da.from_zarr(\"cube.zarr\")\n    anomaly = cube - cube.mean(axis=0)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def simulate(block_id=None):
    """One time step; in earnest 20 GB each."""
    return np.random.default_rng(block_id[0]).normal(size=(1, 6, 6))


def analyse(cube):
    anomaly = cube - cube.mean(axis=0)
    spread = anomaly.std().compute()
    standard = anomaly / spread
    count = (standard > 1.5).sum().compute()
    leading = standard.reshape(cube.shape[0], -1).sum(axis=1).compute()
    return round(float(spread), 6), int(count), (leading + 0).round(4).tolist()


print(analyse(da.map_blocks(simulate, chunks=((1,) * 5, (6,), (6,)), dtype=float, meta=np.empty((0, 0, 0)))))
