# {
#   "id": "compute_in_nested_loops",
#   "title": "two loops over pairs of rows with a compute in the innermost",
#   "kind": [8, 13],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "vectorise", "persist", "compute-once"],
#   "truth": {"executions": 10, "blocks": 20, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 2,
#     "edits": [
#       ["    for i in range(n):\n        for j in range(i, n):\n            distance = da.sqrt(((spectra[i] - spectra[j]) ** 2).sum())\n            matrix[i, j] = matrix[j, i] = distance.compute()\n    return matrix",
#        "    square = ((spectra[:, None, :] - spectra[None, :, :]) ** 2).sum(axis=2)\n    return da.sqrt(square).compute()"],
#       ["    matrix = np.zeros((n, n))",
#        ""],
#       ["    n = spectra.shape[0]",
#        ""]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def channel(block_id=None):
    return np.random.default_rng(block_id[1]).random((4, 7))


def distances(spectra):
    n = spectra.shape[0]
    matrix = np.zeros((n, n))
    for i in range(n):
        for j in range(i, n):
            distance = da.sqrt(((spectra[i] - spectra[j]) ** 2).sum())
            matrix[i, j] = matrix[j, i] = distance.compute()
    return matrix


if __name__ == "__main__":
    spectra = da.map_blocks(channel, chunks=((4,), (7,) * 2), dtype=float, meta=np.empty((0, 0)))
    print(distances(spectra).round(6).tolist())
