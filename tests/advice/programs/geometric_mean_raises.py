# {
#   "id": "geometric_mean_raises",
#   "title": "invalid values raise, for which everything is read first",
#   "kind": ["raise_to_nan", 5, 11],
#   "problem": true,
#   "accepted_fixes": ["propagate-nan", "guard-lazy"],
#   "never": {
#     "remove-check": "NumPy callers rely on the ValueError"
#   },
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    if xp.any(x <= 0):\n        raise ValueError(\"the geometric mean needs positive numbers\")\n    return xp.exp(xp.mean(xp.log(x)))",
#        "    if is_lazy_array(x):\n        x = xp.where(xp.any(x <= 0), xp.nan, x)\n    elif xp.any(x <= 0):\n        raise ValueError(\"the geometric mean needs positive numbers\")\n    return xp.exp(xp.mean(xp.log(x)))"],
#       ["from array_api_compat import array_namespace",
#        "from array_api_compat import array_namespace, is_lazy_array"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from array_api_compat import array_namespace


def growth(block_id=None):
    return 1.0 + np.random.default_rng(block_id[0]).random(16) / 10


def geometric_mean(x):
    xp = array_namespace(x)
    if xp.any(x <= 0):
        raise ValueError("the geometric mean needs positive numbers")
    return xp.exp(xp.mean(xp.log(x)))


def main():
    rates = da.map_blocks(growth, chunks=((16,) * 4,), dtype=float, meta=np.empty(0))
    mean = geometric_mean(rates)
    try:
        geometric_mean(np.array([1.0, -1.0]))
    except ValueError as refusal:
        print(refusal)
    return f"{mean.compute():.8f}"


if __name__ == "__main__":
    print(main())
