# {
#   "id": "decorated_step",
#   "title": "a decorator checks what every step of a pipeline returns",
#   "kind": ["guard_effect_only", 8],
#   "problem": true,
#   "accepted_fixes": ["guard-lazy", "remove-check", "persist"],
#   "never": {
#     "compute-once": "steps stay lazy for the sake of the end, which is small"
#   },
#   "truth": {"executions": 3, "blocks": 9, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["        if not np.isfinite(out).all():\n            raise FloatingPointError(step.__name__)\n        return out",
#        "        if not is_lazy_array(out) and not np.isfinite(out).all():\n            raise FloatingPointError(step.__name__)\n        return out"],
#       ["import dask.array as da",
#        "import dask.array as da\nfrom array_api_compat import is_lazy_array"]
#     ]
#   }
# }
import functools

import dask.array as da
import numpy as np


def finite(step):
    @functools.wraps(step)
    def checked(x):
        out = step(x)
        if not np.isfinite(out).all():
            raise FloatingPointError(step.__name__)
        return out

    return checked


@finite
def logs(x):
    return np.log1p(x)


@finite
def centred(x):
    return x - x.mean()


def abundance(block_id=None):
    return np.random.default_rng(block_id[0]).poisson(9, size=22).astype(float)


x = da.map_blocks(abundance, chunks=((22,) * 3,), dtype=float, meta=np.empty(0))
print(round(float(centred(logs(x)).std().compute()), 6))
