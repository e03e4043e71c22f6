# {
#   "id": "two_datasets_named_alike",
#   "title": "a helper is called with two arrays and asks each of them three times",
#   "kind": [1, 13, 16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute"],
#   "never": {
#     "compute-once": "two arrays of any size are loaded for six numbers"
#   },
#   "truth": {"executions": 6, "blocks": 18, "raises": null},
#   "best": {
#     "executions": 2, "blocks": 6,
#     "edits": [
#       ["    low = float(data.min())\n    high = float(data.max())\n    middle = float(data.mean())",
#        "    low, high, middle = map(float, dask.compute(data.min(), data.max(), data.mean()))"],
#       ["import dask.array as da",
#        "import dask\nimport dask.array as da"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def winter(block_id=None):
    return np.random.default_rng(block_id[0]).normal(-3, 2, size=40)


def summer(block_id=None):
    return np.random.default_rng(90 + block_id[0]).normal(18, 4, size=40)


def described(name, data):
    low = float(data.min())
    high = float(data.max())
    middle = float(data.mean())
    return f"{name}: {low:.3f} to {high:.3f}, {middle:.3f}"


def main():
    for name, blocks in [("winter", winter), ("summer", summer)]:
        data = da.map_blocks(blocks, chunks=((40,) * 3,), dtype=float, meta=np.empty(0))
        print(described(name, data))


if __name__ == "__main__":
    main()
