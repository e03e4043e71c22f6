# {
#   "id": "moments_in_a_loop",
#   "title": "a loop over orders with a branch on each",
#   "kind": ["vectorise", 8, 11],
#   "problem": true,
#   "accepted_fixes": ["vectorise", "batch-compute"],
#   "truth": {"executions": 5, "blocks": 7, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    for i in range(orders.shape[0]):\n        k = float(orders[i])\n        if k == 1:\n            out.append(xp.mean(x))\n        else:\n            out.append(xp.mean((x - xp.mean(x)) ** k))\n    return xp.stack(out)",
#        "    k = orders[:, None]\n    central = xp.mean((x[None, :] - xp.mean(x)) ** k, axis=1)\n    return xp.where(orders == 1, xp.mean(x), central)"],
#       ["    out = []",
#        ""]
#     ]
#   }
# }
import array_api_compat.dask.array as lazy
import dask.array as da
import numpy as np


def lengths(block_id=None):
    return np.random.default_rng(block_id[0]).weibull(2.0, size=25)


def order_block(block_id=None):
    return np.arange(1.0, 5.0)


def moments(x, orders, xp):
    out = []
    for i in range(orders.shape[0]):
        k = float(orders[i])
        if k == 1:
            out.append(xp.mean(x))
        else:
            out.append(xp.mean((x - xp.mean(x)) ** k))
    return xp.stack(out)


if __name__ == "__main__":
    x = da.map_blocks(lengths, chunks=((25,) * 3,), dtype=float, meta=np.empty(0))
    orders = da.map_blocks(order_block, chunks=((4,),), dtype=float, meta=np.empty(0))
    print(moments(x, orders, lazy).compute().round(7).tolist())
