# {
#   "id": "zscore_without_the_switch",
#   "title": "SciPy could be lazy here, but its array API support is off",
#   "kind": ["enable-dispatch", 7],
#   "problem": true,
#   "accepted_fixes": ["enable-dispatch", "compute-once", "persist", "native-function"],
#   "never": {
#     "map-blocks": "the mean of a block is not the mean of the axis"
#   },
#   "truth": {"executions": 3, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["import dask.array as da",
#        "import os\n\nos.environ[\"SCIPY_ARRAY_API\"] = \"1\"  # before scipy is imported\n\nimport dask.array as da"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from scipy import stats


def member(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=(2, 12))


def main():
    ensemble = da.map_blocks(member, chunks=((2,) * 4, (12,)), dtype=float, meta=np.empty((0, 0)))
    scores = stats.zscore(ensemble, axis=0)
    extreme = abs(scores).max(axis=1) * (ensemble.mean(axis=1) > 0)
    return np.asarray(extreme).round(6).tolist()


if __name__ == "__main__":
    print(main())
