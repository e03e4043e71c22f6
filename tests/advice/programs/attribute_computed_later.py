# {
#   "id": "attribute_computed_later",
#   "title": "a class keeps an array, converts it in one method and computes it in another",
#   "kind": [3, 4],
#   "problem": true,
#   "accepted_fixes": ["persist", "compute-once"],
#   "never": {
#     "self.signal = self.signal.compute()": "`power` calls `.compute()` on what is made of it"
#   },
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 3, "blocks": 4,
#     "edits": [
#       ["        self.signal = signal - signal.mean()",
#        "        self.signal = (signal - signal.mean()).persist()"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from scipy.interpolate import CubicSpline


def record(block_id=None):
    return np.cos(np.arange(24) / 3.0 + block_id[0]) + 0.1 * block_id[0]


class Recording:
    def __init__(self, signal, rate):
        self.signal = signal - signal.mean()
        self.rate = rate

    def at(self, seconds):
        time = np.arange(self.signal.shape[0]) / self.rate
        return CubicSpline(time, self.signal)(seconds)

    def power(self):
        return (self.signal**2).mean().compute()

    def chunks(self):
        return self.signal.chunks


recording = Recording(da.map_blocks(record, chunks=((24,) * 4,), dtype=float, meta=np.empty(0)), rate=10)
print(recording.at([0.25, 3.33]).round(5).tolist(), round(float(recording.power()), 6), recording.chunks())
