# {
#   "id": "quiet_numpy_only",
#   "title": "the same kind of code on NumPy alone, dask imported",
#   "kind": ["none", 11],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "truth": {"executions": 0, "blocks": 0, "raises": null}
# }
import dask.array as da
import numpy as np
from array_api_compat import array_namespace


def limited(x, low, high):
    xp = array_namespace(x)
    if xp.any(x < low):
        x = xp.where(x < low, low, x)
    return float(xp.sum(x)) if not isinstance(x, da.Array) else xp.sum(x)


values = np.linspace(-1, 1, 11)
print([limited(values, low, 1.0) for low in (-0.5, 0.0)], [int(i) for i in np.nonzero(values > 0.5)[0]])
