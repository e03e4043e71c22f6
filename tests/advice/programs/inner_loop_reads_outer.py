# {
#   "id": "inner_loop_reads_outer",
#   "title": "two loops: the inner one asks again for what only depends on the outer one",
#   "kind": [13, 8],
#   "problem": true,
#   "accepted_fixes": ["reorder", "persist", "batch-compute", "vectorise", "keep-0d", "compute-once"],
#   "truth": {"executions": 9, "blocks": 9, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    for year in range(cube.shape[0]):\n        for month in MONTHS:\n            base = float(cube[year].mean())",
#        "    bases = cube.mean(axis=(1, 2)).compute()\n    for year in range(cube.shape[0]):\n        for month in MONTHS:\n            base = float(bases[year])"]
#     ]
#   }
# }
import dask.array as da
import numpy as np

MONTHS = (1, 2, 3)


def yearly(block_id=None):
    return np.random.default_rng(block_id[0]).normal(10, size=(1, 6, 4))


def table(cube):
    rows = []
    for year in range(cube.shape[0]):
        for month in MONTHS:
            base = float(cube[year].mean())
            rows.append((year, month, round(base * month, 5)))
    return rows


print(table(da.map_blocks(yearly, chunks=((1,) * 3, (6,), (4,)), dtype=float, meta=np.empty((0, 0, 0)))))
