# {
#   "id": "quiet_float_at_the_end",
#   "title": "float of one lazy number, printed, and nothing else",
#   "kind": ["none"],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "never": {
#     "keep-0d": "the program prints the number"
#   },
#   "truth": {"executions": 1, "blocks": 4, "raises": null}
# }
import dask.array as da
import numpy as np


def decay(block_id=None):
    return np.exp(-np.arange(10.0) - block_id[0])


class Source:
    activity = da.map_blocks(decay, chunks=((10,) * 4,), dtype=float, meta=np.empty(0))

    def __float__(self):
        return float(self.activity.sum())


print(f"{float(Source()):.7f}")
