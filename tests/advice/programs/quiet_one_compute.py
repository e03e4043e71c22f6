# {
#   "id": "quiet_one_compute",
#   "title": "several results are asked for at once at the end",
#   "kind": ["none", 16],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "truth": {"executions": 1, "blocks": 5, "raises": null}
# }
import dask
import dask.array as da
import numpy as np


def runoff(block_id=None):
    return np.random.default_rng(block_id[0]).gamma(1.2, size=60)


def main():
    flow = da.map_blocks(runoff, chunks=((60,) * 5,), dtype=float, meta=np.empty(0))
    dry = da.where(flow < 0.2, 1, 0)
    mean, top, share = dask.compute(flow.mean(), flow.max(), dry.mean())
    return round(float(mean), 6), round(float(top), 6), round(float(share), 4)


print(main())
