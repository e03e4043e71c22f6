# {
#   "id": "quiet_frame",
#   "title": "one query of a dask dataframe",
#   "kind": ["none", 14],
#   "problem": false,
#   "accepted_fixes": ["none"],
#   "truth": {"executions": 2, "blocks": 4, "raises": null}
# }
import dask.dataframe as dd
import numpy as np
import pandas as pd


def read_orders(year):
    rng = np.random.default_rng(year)
    return pd.DataFrame({"city": rng.integers(0, 3, 30), "total": rng.random(30).round(3)})


orders = dd.from_map(read_orders, [2021, 2022, 2023])
large = orders[orders.total > 0.5]
print(large.groupby("city").total.mean().compute().sort_index().round(6).tolist())
