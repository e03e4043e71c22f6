# {
#   "id": "log_of_positive",
#   "title": "assigning a function of the masked values",
#   "kind": ["mask_vector_to_where", 5, 11],
#   "problem": true,
#   "accepted_fixes": ["where", "apply-where"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    out[positive] = xp.log(x[positive]) + 1.0\n    return out",
#        "    return xp.where(positive, xp.log(xp.where(positive, x, 1.0)) + 1.0, out)"]
#     ]
#   }
# }
import array_api_compat.dask.array as dask_xp
import dask.array as da
import numpy as np


def rain(block_id=None):
    amount = np.random.default_rng(block_id[0]).normal(size=20)
    return np.maximum(amount, 0.0)


def entropy_terms(x, xp):
    out = xp.zeros_like(x)
    positive = x > 0
    out[positive] = xp.log(x[positive]) + 1.0
    return out


def main():
    amounts = da.map_blocks(rain, chunks=((20,) * 3,), dtype=float, meta=np.empty(0))
    print(entropy_terms(np.array([0.0, 1.0, np.e]), np).round(6).tolist())
    terms = entropy_terms(amounts, dask_xp)
    return round(float(terms.sum().compute()), 6)


if __name__ == "__main__":
    print(main())
