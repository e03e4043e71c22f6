# {
#   "id": "early_return",
#   "title": "an early return comes before another check",
#   "kind": [5, 11, "scalar_branch_to_where"],
#   "problem": true,
#   "accepted_fixes": ["where", "guard-lazy", "keep-0d"],
#   "truth": {"executions": 3, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    if xp.std(x) == 0:\n        return xp.zeros_like(x)\n    if width < 1:\n        raise ValueError(\"the width counts from 1\")\n    return (x - xp.mean(x)) / (xp.std(x) * width)",
#        "    if width < 1 and is_lazy_array(x):\n        raise ValueError(\"the width counts from 1\")\n    if not is_lazy_array(x):\n        if xp.std(x) == 0:\n            return xp.zeros_like(x)\n        if width < 1:\n            raise ValueError(\"the width counts from 1\")\n    flat = xp.std(x) == 0\n    return xp.where(flat, 0.0, (x - xp.mean(x)) / xp.where(flat, 1.0, xp.std(x) * width))"],
#       ["from array_api_compat import array_namespace",
#        "from array_api_compat import array_namespace, is_lazy_array"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from array_api_compat import array_namespace


def current(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=14)


def score(x, width=1):
    xp = array_namespace(x)
    if xp.std(x) == 0:
        return xp.zeros_like(x)
    if width < 1:
        raise ValueError("the width counts from 1")
    return (x - xp.mean(x)) / (xp.std(x) * width)


x = da.map_blocks(current, chunks=((14,) * 4,), dtype=float, meta=np.empty(0))
print(score(x, width=2).max().compute().round(6), score(np.ones(3)).tolist())
for bad in (x, np.arange(3.0)):
    try:
        score(bad, width=0)
    except ValueError as refusal:
        print(refusal)
