# {
#   "id": "fft_refuses_chunks",
#   "title": "dask refuses a transform along a chunked axis",
#   "kind": [10],
#   "problem": true,
#   "accepted_fixes": ["rechunk"],
#   "never": {
#     "map-blocks": "the transform of a block is not a part of the transform"
#   },
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    power = abs(da.fft.rfft(tone)) ** 2",
#        "    power = abs(da.fft.rfft(tone.rechunk(-1))) ** 2"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def microphone(block_id=None):
    t = np.arange(64) + 64 * block_id[0]
    return np.sin(2 * np.pi * t / 16)


def loudest(tone):
    power = abs(da.fft.rfft(tone)) ** 2
    return int(power.argmax().compute())


print(loudest(da.map_blocks(microphone, chunks=((64,) * 4,), dtype=float, meta=np.empty(0))))
