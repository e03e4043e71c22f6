# {
#   "id": "chirp_phase",
#   "title": "np.asarray at the head of a function for every namespace",
#   "kind": ["asarray_to_xp", 11],
#   "problem": true,
#   "accepted_fixes": ["convert-input"],
#   "never": {
#     "compute-once": "the caller wants 2 numbers of the chirp, not the chirp"
#   },
#   "truth": {"executions": 3, "blocks": 15, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 5,
#     "edits": [
#       ["    t = np.asarray(t)\n    phase = 2 * np.pi * (start * t + rate * t * t / 2)\n    return np.cos(phase)",
#        "    xp = array_namespace(t)\n    phase = 2 * np.pi * (start * t + rate * t * t / 2)\n    return xp.cos(phase)"],
#       ["import numpy as np\n",
#        "import numpy as np\nfrom array_api_compat import array_namespace\n"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def clock(block_id=None):
    return np.linspace(block_id[0], block_id[0] + 1, 40, endpoint=False)


def chirp(t, start=1.0, rate=0.5):
    t = np.asarray(t)
    phase = 2 * np.pi * (start * t + rate * t * t / 2)
    return np.cos(phase)


def main():
    t = da.map_blocks(clock, chunks=((40,) * 5,), dtype=float, meta=np.empty(0))
    energy = (chirp(t) ** 2 * (t < 3)).sum()
    envelope = (chirp(t, start=2.0) * t).max()
    energy, envelope = da.compute(energy, envelope)
    return round(float(energy), 5), round(float(envelope), 5), chirp(np.array([0.0])).tolist()


print(main())
