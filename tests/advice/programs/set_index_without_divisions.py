# {
#   "id": "set_index_without_divisions",
#   "title": "an index is set, for which its quantiles are computed",
#   "kind": [14],
#   "problem": true,
#   "accepted_fixes": ["choose-parameter", "persist"],
#   "truth": {"executions": 3, "blocks": 7, "raises": null},
#   "best": {
#     "executions": 2, "blocks": 4,
#     "edits": [
#       ["    by_day = events.set_index(\"day\", npartitions=3)",
#        "    by_day = events.set_index(\"day\", divisions=[0, 10, 20, 29])"]
#     ]
#   }
# }
import dask.dataframe as dd
import numpy as np
import pandas as pd


def read_log(n):
    rng = np.random.default_rng(n)
    return pd.DataFrame({"day": rng.integers(0, 30, 40), "hits": rng.poisson(5, 40)})


def hits_until(events, day):
    by_day = events.set_index("day", npartitions=3)
    return by_day.loc[:day].hits.sum()


events = dd.from_map(read_log, range(3))
print(int(hits_until(events, 12).compute()))
