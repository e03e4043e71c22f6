# {
#   "id": "constant_column",
#   "title": "a warning about constant columns asks for values that the result does not need",
#   "kind": ["guard_effect_only", 11],
#   "problem": true,
#   "accepted_fixes": ["guard-lazy"],
#   "never": {
#     "compute-once": "the whole table is loaded to ask one yes-or-no question"
#   },
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    if xp.any(spread == 0):",
#        "    if not is_lazy_array(spread) and xp.any(spread == 0):"],
#       ["from array_api_compat import array_namespace",
#        "from array_api_compat import array_namespace, is_lazy_array"]
#     ]
#   }
# }
import warnings

import dask.array as da
import numpy as np
from array_api_compat import array_namespace


def read_rows(block_id=None):
    return np.random.default_rng(block_id[0]).normal(3.0, 2.0, size=(25, 4))


def standardise(table):
    xp = array_namespace(table)
    spread = xp.std(table, axis=0)
    if xp.any(spread == 0):
        warnings.warn("a column is constant", stacklevel=2)
    return (table - xp.mean(table, axis=0)) / spread


def main():
    table = da.map_blocks(read_rows, chunks=((25,) * 4, (4,)), dtype=float, meta=np.empty((0, 0)))
    scores = standardise(table)
    check = standardise(np.arange(12.0).reshape(4, 3))
    print(np.round(scores.max(axis=0).compute(), 6).tolist(), check[0].round(3).tolist())


if __name__ == "__main__":
    main()
