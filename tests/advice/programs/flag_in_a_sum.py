# {
#   "id": "flag_in_a_sum",
#   "title": "a comparison becomes an integer in a longer sum",
#   "kind": [5, "scalar_branch_to_where"],
#   "problem": true,
#   "accepted_fixes": ["keep-0d"],
#   "truth": {"executions": 2, "blocks": 6, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 3,
#     "edits": [
#       ["    rank = below + int(best == level) * 0.5",
#        "    rank = below + (best == level) * 0.5"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def trial(block_id=None):
    return np.random.default_rng(block_id[0]).integers(0, 30, size=20)


def mid_rank(values, level):
    best = values.max()
    below = (values < level).mean()
    rank = below + int(best == level) * 0.5
    return rank * 100


def main():
    values = da.map_blocks(trial, chunks=((20,) * 3,), dtype=int, meta=np.empty(0, dtype=int))
    return mid_rank(values, 29).compute()


if __name__ == "__main__":
    print(round(float(main()), 5))
