# {
#   "id": "length_in_arange",
#   "title": "numbers for the rows that are kept, in one expression",
#   "kind": [10],
#   "problem": true,
#   "accepted_fixes": ["compute-chunk-sizes", "native-function", "persist"],
#   "never": {
#     "where": "the numbers count only what is kept"
#   },
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 3, "blocks": 3,
#     "edits": [
#       ["    kept = quality[quality > 0.5]\n    return kept + da.arange(int(kept.shape[0]), chunks=10) * 0.001",
#        "    kept = quality[quality > 0.5].persist().compute_chunk_sizes()\n    return kept + da.arange(kept.shape[0], chunks=kept.chunks) * 0.001"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def quality_block(block_id=None):
    return np.random.default_rng(block_id[0]).random(13)


def numbered(quality):
    kept = quality[quality > 0.5]
    return kept + da.arange(int(kept.shape[0]), chunks=10) * 0.001


q = da.map_blocks(quality_block, chunks=((13,) * 3,), dtype=float, meta=np.empty(0))
print(round(float(numbered(q).sum().compute()), 6))
