# {
#   "id": "pipeline_of_five_findings",
#   "title": "several small conversions and one that hides the cost of all",
#   "kind": [12, 4],
#   "problem": true,
#   "accepted_fixes": ["persist", "batch-compute"],
#   "truth": {"executions": 4, "blocks": 16, "raises": null},
#   "best": {
#     "executions": 5, "blocks": 4,
#     "edits": [
#       ["    raw = da.map_blocks(camera, chunks=((1,) * 4, (10,), (10,)), dtype=float, meta=np.empty((0, 0, 0)))",
#        "    raw = da.map_blocks(camera, chunks=((1,) * 4, (10,), (10,)), dtype=float, meta=np.empty((0, 0, 0))).persist()"]
#     ]
#   }
# }
import time

import dask.array as da
import numpy as np


def camera(block_id=None):
    time.sleep(0.01)
    return np.random.default_rng(block_id[0]).random((1, 10, 10))


def dark_level(frames):
    return float(frames.min())


def gain(frames):
    return 1.0 / float(frames.mean())


def is_overexposed(frames):
    return bool((frames > 0.9999).any())


def mean_frame(frames, level, factor):
    return np.asarray(((frames - level) * factor).mean(axis=0))


def main():
    raw = da.map_blocks(camera, chunks=((1,) * 4, (10,), (10,)), dtype=float, meta=np.empty((0, 0, 0)))
    level = dark_level(raw)
    factor = gain(raw)
    print(is_overexposed(raw))
    print(mean_frame(raw, level, factor)[0].round(5).tolist())


if __name__ == "__main__":
    main()
