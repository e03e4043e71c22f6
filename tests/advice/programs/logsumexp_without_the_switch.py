# {
#   "id": "logsumexp_without_the_switch",
#   "title": "evidence is summed by SciPy for every model, array API support is off",
#   "kind": ["enable-dispatch"],
#   "problem": true,
#   "accepted_fixes": ["enable-dispatch", "persist", "compute-once", "batch-compute"],
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["import numpy as np\nimport dask.array as da",
#        "import os\n\nos.environ.setdefault(\"SCIPY_ARRAY_API\", \"1\")  # before scipy is imported\n\nimport numpy as np\nimport dask.array as da"],
#       ["    return [round(float(value), 6) for value in evidence]",
#        "    return [round(float(value), 6) for value in da.compute(*evidence)]"]
#     ]
#   }
# }
import numpy as np
import dask.array as da
from scipy.special import logsumexp


def log_likelihood(block_id=None):
    return -np.random.default_rng(block_id[0]).gamma(2.0, size=30)


def compare(loglik, temperatures):
    evidence = [logsumexp(loglik * t) for t in temperatures]
    return [round(float(value), 6) for value in evidence]


chain = da.map_blocks(log_likelihood, chunks=((30,) * 3,), dtype=float, meta=np.empty(0))
print(compare(chain, (0.5, 1.0)))
