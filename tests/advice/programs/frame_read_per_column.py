# {
#   "id": "frame_read_per_column",
#   "title": "columns of one frame are asked for one after the other",
#   "kind": [14, 16],
#   "problem": true,
#   "accepted_fixes": ["batch-compute", "persist"],
#   "never": {
#     "sales.price =": "a column cannot be persisted in place of the frame"
#   },
#   "truth": {"executions": 4, "blocks": 13, "raises": null},
#   "best": {
#     "executions": 2, "blocks": 5,
#     "edits": [
#       ["    mean_price = sales.price.mean().compute()\n    items = sales.amount.sum().compute()\n    best = sales.groupby(\"shop\").amount.sum().compute()",
#        "    mean_price, items, best = dask.compute(\n        sales.price.mean(), sales.amount.sum(), sales.groupby(\"shop\").amount.sum()\n    )"],
#       ["import dask.dataframe as dd",
#        "import dask\nimport dask.dataframe as dd"]
#     ]
#   }
# }
import dask.dataframe as dd
import numpy as np
import pandas as pd


def read_month(month):
    rng = np.random.default_rng(month)
    return pd.DataFrame(
        {"shop": rng.integers(0, 3, 20), "price": rng.random(20).round(2), "amount": rng.integers(1, 5, 20)}
    )


def main():
    sales = dd.from_map(read_month, [1, 2, 3, 4])
    mean_price = sales.price.mean().compute()
    items = sales.amount.sum().compute()
    best = sales.groupby("shop").amount.sum().compute()
    return round(float(mean_price), 6), int(items), best.sort_index().tolist()


if __name__ == "__main__":
    print(main())
