# {
#   "id": "hazard_inside_support",
#   "title": "a buffer filled where the argument is in the support",
#   "kind": ["gather_apply_scatter", 5, 11],
#   "problem": true,
#   "accepted_fixes": ["apply-where", "where"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 1, "blocks": 9,
#     "edits": [
#       ["    out = xp.full(t.shape, fill_value=xp.nan)\n    out[inside] = hazard(t[inside], k[inside])\n    return out",
#        "    return xpx.apply_where(inside, (t, k), hazard, fill_value=xp.nan)"],
#       ["import array_api_compat.dask.array as xp_dask",
#        "import array_api_compat.dask.array as xp_dask\nimport array_api_extra as xpx"]
#     ]
#   }
# }
import array_api_compat.dask.array as xp_dask
import array_api_compat.numpy as xp_numpy
import dask.array as da
import numpy as np


def times(block_id=None):
    return np.linspace(-1.0, 4.0, 15) + 0.1 * block_id[0]


def shapes(block_id=None):
    return np.linspace(0.5, 2.0, 15)


def hazard(t, k):
    return k * t ** (k - 1)


def hazard_rate(t, k, xp):
    inside = t > 0
    out = xp.full(t.shape, fill_value=xp.nan)
    out[inside] = hazard(t[inside], k[inside])
    return out


def main():
    t = da.map_blocks(times, chunks=((15,) * 3,), dtype=float, meta=np.empty(0))
    k = da.map_blocks(shapes, chunks=((15,) * 3,), dtype=float, meta=np.empty(0))
    rate = hazard_rate(t, k, xp_dask)
    plain = hazard_rate(np.array([-1.0, 2.0]), np.array([1.0, 2.0]), xp_numpy)
    return round(float(da.nanmean(rate).compute()), 6), plain.tolist()


print(main())
