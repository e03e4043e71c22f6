# {
#   "id": "write_through_view",
#   "title": "what is written through a slice is lost",
#   "kind": ["view_write"],
#   "problem": true,
#   "accepted_fixes": ["at", "where"],
#   "truth": {"executions": 1, "blocks": 2, "raises": "ArithmeticError"},
#   "best": {
#     "executions": 1, "blocks": 2,
#     "edits": [
#       ["    edge = field[:2]\n    edge[...] = 0.0\n    return field",
#        "    field = field.copy()\n    field[:2] = 0.0\n    return field"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def slab(block_id=None):
    return np.ones((3, 4)) * (block_id[0] + 1)


def with_closed_edge(field):
    edge = field[:2]
    edge[...] = 0.0
    return field


field = da.map_blocks(slab, chunks=((3, 3), (4,)), dtype=float, meta=np.empty((0, 0)))
total = with_closed_edge(field).sum().compute()
if total != 28.0:
    raise ArithmeticError(f"the edge is not closed: {total}")
print(total)
