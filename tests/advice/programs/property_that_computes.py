# {
#   "id": "property_that_computes",
#   "title": "a property makes the array anew each time it is read",
#   "kind": [4],
#   "problem": true,
#   "accepted_fixes": ["persist", "batch-compute"],
#   "truth": {"executions": 3, "blocks": 18, "raises": null},
#   "best": {
#     "executions": 4, "blocks": 6,
#     "edits": [
#       ["    @property\n    def wind(self):",
#        "    @functools.cached_property\n    def wind(self):"],
#       ["        return da.sqrt(self.u**2 + self.v**2)",
#        "        return da.sqrt(self.u**2 + self.v**2).persist()"],
#       ["import dask.array as da",
#        "import functools\n\nimport dask.array as da"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def component(seed, block_id=None):
    return np.random.default_rng([seed, block_id[0]]).normal(size=18)


class Station:
    u = da.map_blocks(component, 1, chunks=((18,) * 3,), dtype=float, meta=np.empty(0))
    v = da.map_blocks(component, 2, chunks=((18,) * 3,), dtype=float, meta=np.empty(0))

    @property
    def wind(self):
        return da.sqrt(self.u**2 + self.v**2)

    def report(self):
        yield "gust", float(self.wind.max())
        yield "mean", float(self.wind.mean())
        yield "calm", int((self.wind < 0.5).sum())


for name, value in Station().report():
    print(name, round(value, 6))
