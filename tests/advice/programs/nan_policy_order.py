# {
#   "id": "nan_policy_order",
#   "title": "a lazy condition stands before the cheap one",
#   "kind": ["short_circuit", 11],
#   "problem": true,
#   "accepted_fixes": ["reorder"],
#   "never": {
#     "compute-once": "nothing of the array is wanted by the default policy"
#   },
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    if bool(has_nan(x, xp)) and policy == \"omit\":",
#        "    if policy == \"omit\" and bool(has_nan(x, xp)):"]
#     ]
#   }
# }
import array_api_compat.dask.array as dxp
import dask.array as da
import numpy as np


def samples(block_id=None):
    x = np.random.default_rng(block_id[0]).normal(size=(10, 3))
    x[0, 0] = np.nan
    return x


def has_nan(x, xp):
    return xp.any(xp.isnan(x))


def column_means(x, xp, policy="propagate"):
    if bool(has_nan(x, xp)) and policy == "omit":
        keep = ~xp.isnan(x)
        return xp.sum(xp.where(keep, x, 0.0), axis=0) / xp.sum(xp.astype(keep, x.dtype), axis=0)
    return xp.mean(x, axis=0)


if __name__ == "__main__":
    x = da.map_blocks(samples, chunks=((10,) * 4, (3,)), dtype=float, meta=np.empty((0, 0)))
    means = column_means(x, dxp)
    print(means.compute().round(6).tolist())
