# {
#   "id": "quiet_guarded",
#   "title": "a value check that is skipped for lazy arrays",
#   "kind": ["guard_effect_only", 11],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "truth": {"executions": 1, "blocks": 3, "raises": null}
# }
import dask.array as da
import numpy as np
from array_api_compat import array_namespace, is_lazy_array


def deposits(block_id=None):
    return np.random.default_rng(block_id[0]).random(8) + 0.5


def harmonic_mean(x):
    xp = array_namespace(x)
    if not is_lazy_array(x) and xp.any(x <= 0):
        raise ValueError("positive numbers only")
    return x.shape[0] / xp.sum(1 / x)


x = da.map_blocks(deposits, chunks=((8,) * 3,), dtype=float, meta=np.empty(0))
print(round(float(harmonic_mean(x)), 6), float(harmonic_mean(np.array([1.0, 2.0]))))
