# {
#   "id": "filter_along_chunks",
#   "title": "a filter along the chunked axis needs overlap, not blocks",
#   "kind": [7],
#   "problem": true,
#   "accepted_fixes": ["map-blocks", "rechunk", "compute-once", "persist"],
#   "never": {
#     "map_blocks(gaussian_filter1d": "blocks without overlap have wrong edges"
#   },
#   "truth": {"executions": 3, "blocks": 12, "raises": null},
#   "best": {
#     "executions": 2, "blocks": 8,
#     "edits": [
#       ["    return gaussian_filter1d(trace, sigma=1.0, truncate=3.0)",
#        "    return trace.map_overlap(gaussian_filter1d, depth=3, boundary=\"reflect\", sigma=1.0, truncate=3.0, dtype=float)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
from scipy.ndimage import gaussian_filter1d


def seismic(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=40)


def smoothed(trace):
    return gaussian_filter1d(trace, sigma=1.0, truncate=3.0)


def main():
    trace = da.map_blocks(seismic, chunks=((40,) * 4,), dtype=float, meta=np.empty(0))
    rest = trace - smoothed(trace)
    return round(float(rest.var()), 8), round(float(abs(rest).max()), 8)


if __name__ == "__main__":
    print(main())
