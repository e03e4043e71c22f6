# {
#   "id": "parameter_of_inner",
#   "title": "a compiled function calls the program's function, which has a dask parameter",
#   "kind": [7, 1],
#   "problem": true,
#   "accepted_fixes": ["compute-once", "keep-0d", "persist"],
#   "truth": {"executions": 10, "blocks": 20, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 2,
#     "edits": [
#       ["    def residual(parameters):\n        slope, offset = parameters\n        return np.asarray(y - slope * x - offset)",
#        "    x, y = dask.compute(x, y)\n\n    def residual(parameters):\n        slope, offset = parameters\n        return y - slope * x - offset"]
#     ]
#   }
# }
import dask
import dask.array as da
import numpy as np
from scipy.optimize import least_squares


def abscissa(block_id=None):
    return np.arange(10.0) + 10 * block_id[0]


def line_fit(x, y):
    def residual(parameters):
        slope, offset = parameters
        return np.asarray(y - slope * x - offset)

    return least_squares(residual, (1.0, 0.0)).x


def main():
    x = da.map_blocks(abscissa, chunks=((10,) * 2,), dtype=float, meta=np.empty(0))
    y = 2.5 * x + da.sin(x)
    return line_fit(x, y).round(4).tolist()


if __name__ == "__main__":
    print(main())
