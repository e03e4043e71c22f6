# {
#   "id": "quiet_masked_scalar",
#   "title": "assignments that dask takes lazily",
#   "kind": ["set_scalar_mask", 5],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "never": {
#     "where": "dask assigns lazily here"
#   },
#   "truth": {"executions": 1, "blocks": 3, "raises": null}
# }
import dask.array as da
import numpy as np


def dem(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=(4, 6))


def filled(x):
    x[x < -1] = -1.0
    x[:2] = 0.0
    x[-1] += 3
    return x


x = filled(da.map_blocks(dem, chunks=((4,) * 3, (6,)), dtype=float, meta=np.empty((0, 0))))
print(x.sum(axis=1).compute().round(5).tolist())
