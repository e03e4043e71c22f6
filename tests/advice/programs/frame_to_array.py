# {
#   "id": "frame_to_array",
#   "title": "two filtered columns become arrays, whose sizes are asked for one by one",
#   "kind": [14],
#   "problem": true,
#   "accepted_fixes": ["persist", "batch-compute", "compute-chunk-sizes"],
#   "never": {
#     "compute-once": "the frame may be larger than memory"
#   },
#   "truth": {"executions": 4, "blocks": 17, "raises": null},
#   "best": {
#     "executions": 5, "blocks": 5,
#     "edits": [
#       ["    trips = dd.from_map(read_day, range(4))",
#        "    trips = dd.from_map(read_day, range(4)).persist()"]
#     ]
#   }
# }
import dask.dataframe as dd
import numpy as np
import pandas as pd


def read_day(day):
    rng = np.random.default_rng(day)
    return pd.DataFrame({"people": rng.integers(1, 4, 25), "fare": rng.gamma(3.0, 4.0, 25)})


def welch(trips):
    alone = trips.fare[trips.people == 1].to_dask_array(lengths=True)
    several = trips.fare[trips.people > 1].to_dask_array(lengths=True)
    gap = several.mean() - alone.mean()
    return gap / (alone.var(ddof=1) / alone.size + several.var(ddof=1) / several.size) ** 0.5


def main():
    trips = dd.from_map(read_day, range(4))
    return round(float(welch(trips)), 6)


print(main())
