# {
#   "id": "three_refusals",
#   "title": "three checks, each with a pass of its own",
#   "kind": ["batch_checks", 16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute"],
#   "never": {
#     "compute-once": "the whole array in memory for three flags"
#   },
#   "truth": {"executions": 4, "blocks": 16, "raises": null},
#   "best": {
#     "executions": 2, "blocks": 8,
#     "edits": [
#       ["    if bool(da.isnan(x).any()):\n        raise ValueError(\"gaps\")\n    if bool((x < 0).any()):\n        raise ValueError(\"negative counts\")\n    if bool((x.sum(axis=0) == 0).any()):\n        raise ValueError(\"an empty column\")",
#        "    gaps, negative, empty = dask.compute(\n        da.isnan(x).any(), (x < 0).any(), (x.sum(axis=0) == 0).any()\n    )\n    if gaps:\n        raise ValueError(\"gaps\")\n    if negative:\n        raise ValueError(\"negative counts\")\n    if empty:\n        raise ValueError(\"an empty column\")"],
#       ["import dask.array as da",
#        "import dask\nimport dask.array as da"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def counts(block_id=None):
    return np.random.default_rng(block_id[0]).poisson(4.0, size=(9, 5)).astype(float)


def checked(x):
    if bool(da.isnan(x).any()):
        raise ValueError("gaps")
    if bool((x < 0).any()):
        raise ValueError("negative counts")
    if bool((x.sum(axis=0) == 0).any()):
        raise ValueError("an empty column")
    return x


def main():
    x = checked(da.map_blocks(counts, chunks=((9,) * 4, (5,)), dtype=float, meta=np.empty((0, 0))))
    return x.sum(axis=0).compute().tolist()


if __name__ == "__main__":
    print(main())
