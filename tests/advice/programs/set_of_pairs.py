# {
#   "id": "set_of_pairs",
#   "title": "assignment to pairs of rows and columns",
#   "kind": ["set_index"],
#   "problem": true,
#   "accepted_fixes": ["at", "where"],
#   "truth": {"executions": 0, "blocks": 0, "raises": "NotImplementedError"},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    board[rows, cols] = 9.0\n    return board",
#        "    hit = np.zeros(board.shape, dtype=bool)\n    hit[rows, cols] = True\n    return da.where(hit, 9.0, board)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def square(block_id=None):
    return np.full((4, 4), float(block_id[0] * 2 + block_id[1]))


def marked(board, rows, cols):
    board[rows, cols] = 9.0
    return board


def main():
    board = da.map_blocks(square, chunks=((4, 4), (4, 4)), dtype=float, meta=np.empty((0, 0)))
    return marked(board, [0, 3, 7], [1, 5, 7]).sum(axis=0).compute().tolist()


if __name__ == "__main__":
    print(main())
