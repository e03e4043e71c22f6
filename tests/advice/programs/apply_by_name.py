# {
#   "id": "apply_by_name",
#   "title": "statistics are handed in as functions and asked for one by one",
#   "kind": [1, 16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "persist", "compute-once"],
#   "never": {
#     "f = f.compute()": "`f` is a function",
#     "f = f.persist()": "`f` is a function"
#   },
#   "truth": {"executions": 3, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    return {f.__name__: round(float(f(field)), 6) for f in functions}",
#        "    values = dask.compute(*[f(field) for f in functions])\n    return {f.__name__: round(float(value), 6) for f, value in zip(functions, values)}"]
#     ]
#   }
# }
import dask
import dask.array as da
import numpy as np

FUNCTIONS = (da.mean, da.std, da.max)


def snow_depth(block_id=None):
    return np.random.default_rng(block_id[0]).gamma(1.5, size=(10, 6))


def table(field, functions):
    return {f.__name__: round(float(f(field)), 6) for f in functions}


f = da.map_blocks(snow_depth, chunks=((10,) * 4, (6,)), dtype=float, meta=np.empty((0, 0)))
print(table(f, FUNCTIONS))
