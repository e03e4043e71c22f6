# {
#   "id": "quiet_da_compute_all",
#   "title": "a dictionary of lazy results is computed by da.compute",
#   "kind": ["none", 8],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "truth": {"executions": 1, "blocks": 3, "raises": null}
# }
from dask import array as da
import numpy as np


def band(block_id=None):
    return np.random.default_rng(block_id[0]).random((1, 6))


def indices(bands):
    names = ("blue", "green", "red")
    lazy = {name: bands[i].mean() for i, name in enumerate(names)}
    lazy["total"] = sum(lazy.values())
    return da.compute(lazy)[0]


result = indices(da.map_blocks(band, chunks=((1,) * 3, (6,)), dtype=float, meta=np.empty((0, 0))))
print({name: round(float(value), 6) for name, value in result.items()})
