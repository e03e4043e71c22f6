# {
#   "id": "attributes_of_a_summary",
#   "title": "three attributes, each computed in a statement of its own",
#   "kind": [16, 4],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "persist"],
#   "never": {
#     "result_1": "nobody gave such a name"
#   },
#   "truth": {"executions": 3, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["        self.lowest = self._data.min().compute()\n        self.highest = self._data.max().compute()\n        self.filled = float((self._data > 0).mean())",
#        "        self.lowest, self.highest, self.filled = dask.compute(\n            self._data.min(), self._data.max(), (self._data > 0).mean()\n        )"],
#       ["import dask.array as da",
#        "import dask\nimport dask.array as da"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def volume(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=(3, 4, 5))


class Summary:
    def __init__(self, data):
        self._data = data
        self.lowest = self._data.min().compute()
        self.highest = self._data.max().compute()
        self.filled = float((self._data > 0).mean())

    def __str__(self):
        return f"{self.lowest:.5f} {self.highest:.5f} {self.filled:.5f}"


print(Summary(da.map_blocks(volume, chunks=((3,) * 4, (4,), (5,)), dtype=float, meta=np.empty((0, 0, 0)))))
