# {
#   "id": "stack_of_means",
#   "title": "an array is made of a list of lazy means",
#   "kind": ["stack", 11],
#   "problem": true,
#   "accepted_fixes": ["native-function"],
#   "never": {
#     "compute-once": "`groups` is a tuple of arrays, some of them NumPy in other calls"
#   },
#   "truth": {"executions": 7, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 6,
#     "edits": [
#       ["    means = xp.asarray([xp.mean(group) for group in groups])",
#        "    means = xp.stack([xp.mean(group) for group in groups])"]
#     ]
#   }
# }
import array_api_compat.dask.array as xp
import array_api_compat.numpy as plain
import dask.array as da
import numpy as np


def plot_yield(seed, block_id=None):
    return np.random.default_rng([seed, block_id[0]]).normal(seed, 1.0, size=8)


def between_groups(*groups, xp):
    means = xp.asarray([xp.mean(group) for group in groups])
    sizes = xp.asarray([group.shape[0] for group in groups])
    grand = xp.sum(means * sizes) / xp.sum(sizes)
    return xp.sum(sizes * (means - grand) ** 2)


if __name__ == "__main__":
    fields = [
        da.map_blocks(plot_yield, seed, chunks=((8,) * 2,), dtype=float, meta=np.empty(0)) for seed in (1, 2, 5)
    ]
    print(round(float(between_groups(*fields, xp=xp)), 6))
    print(float(between_groups(np.arange(3.0), np.arange(4.0), xp=plain)))
