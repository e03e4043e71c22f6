# {
#   "id": "table_first_argument",
#   "title": "the dask array is the second argument of a search in a table",
#   "kind": [1, 7],
#   "problem": true,
#   "accepted_fixes": ["map-blocks", "native-function"],
#   "never": {
#     "edges.persist()": "`edges` is a NumPy array"
#   },
#   "truth": {"executions": 2, "blocks": 10, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 5,
#     "edits": [
#       ["    return da.asarray(np.digitize(np.asarray(values), edges), chunks=values.chunks)",
#        "    return da.digitize(values, edges)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def df(n):
    """Degrees of freedom."""
    return n - 1


def y(block_id=None):
    return np.random.default_rng(block_id[0]).random((7, 3)) * 10


def classes(edges, values):
    return da.asarray(np.digitize(np.asarray(values), edges), chunks=values.chunks)


labels = np.array([2.5, 5.0, 7.5])
x = da.map_blocks(y, chunks=((7,) * 5, (3,)), dtype=float, meta=np.empty((0, 0)))
c = classes(labels, x)
print((x * c).sum(axis=0).compute().round(5).tolist(), df(x.shape[0]))
