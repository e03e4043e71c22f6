# {
#   "id": "rank_by_scipy",
#   "title": "a compiled ranking in the middle of lazy code",
#   "kind": ["wrap_lazy_apply", 7],
#   "problem": true,
#   "accepted_fixes": ["lazy-apply", "compute-once", "persist"],
#   "never": {
#     "map-blocks": "ranks within a block are not ranks of the array"
#   },
#   "truth": {"executions": 2, "blocks": 10, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 10,
#     "edits": [
#       ["    ranks = xp.asarray(rankdata(np.asarray(flow)))",
#        "    ranks = xpx.lazy_apply(rankdata, flow, dtype=xp.float64, as_numpy=True, xp=xp)"],
#       ["import dask.array as da",
#        "import array_api_extra as xpx\nimport dask.array as da"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from array_api_compat import array_namespace
from scipy.stats import rankdata


def gauge(block_id=None):
    rng = np.random.default_rng(40 + block_id[0])
    return rng.gamma(2.0, size=30).round(1)


def exceedance(flow):
    """Flow and the probability that it is exceeded, largest first in probability."""
    xp = array_namespace(flow)
    ranks = xp.asarray(rankdata(np.asarray(flow)))
    return flow, 1.0 - ranks / (flow.shape[0] + 1)


flow = da.map_blocks(gauge, chunks=((30,) * 5,), dtype=float, meta=np.empty(0))
value, chance = exceedance(flow)
print(round(float((value * chance).sum()), 6))
print(exceedance(np.asarray([3.0, 1.0, 2.0]))[1].tolist())
