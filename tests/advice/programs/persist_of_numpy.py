# {
#   "id": "persist_of_numpy",
#   "title": "what is made of the converted array is persisted a few lines on",
#   "kind": [3],
#   "problem": true,
#   "accepted_fixes": ["compute-once", "persist"],
#   "truth": {"executions": 3, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 4, "blocks": 3,
#     "edits": [
#       ["    peaks, _ = find_peaks(trace, height=1.0)",
#        "    trace = trace.persist()\n    peaks, _ = find_peaks(trace.compute(), height=1.0)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from scipy.signal import find_peaks


def strip(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=50)


def analyse(trace):
    peaks, _ = find_peaks(trace, height=1.0)
    centred = (trace - trace.mean()).persist()
    blocks = centred.numblocks
    return len(peaks), blocks, centred.var().compute()


peaks, blocks, variance = analyse(da.map_blocks(strip, chunks=((50,) * 3,), dtype=float, meta=np.empty(0)))
print(peaks, blocks, round(float(variance), 6))
