# {
#   "id": "quiet_zscore",
#   "title": "SciPy with array API support stays lazy until the end",
#   "env": {"SCIPY_ARRAY_API": "1"},
#   "kind": ["none", "enable-dispatch"],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "truth": {"executions": 1, "blocks": 3, "raises": null}
# }
import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # before scipy is imported

import dask.array as da
import numpy as np
from scipy import stats


def sensor(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=(15, 2))


def loud(x):
    return (abs(stats.zscore(x, axis=0)) > 2).sum(axis=0)


x = da.map_blocks(sensor, chunks=((15,) * 3, (2,)), dtype=float, meta=np.empty((0, 0)))
print(loud(x).compute().tolist())
