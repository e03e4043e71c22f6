"""Forces in plain user code: statistics of a signal, computed one by one.

python samples/own_code.py
"""

import dask.array as da
import numpy as np


def load_block(block_id):
    rng = np.random.default_rng(block_id[0])
    return np.cumsum(rng.normal(size=100_000))


def main():
    signal = da.map_blocks(load_block, chunks=((100_000,) * 8,), dtype=float, meta=np.empty(0))
    anomaly = signal - signal.mean()
    print(f"spread {float(anomaly.std()):.2f}")
    if abs(anomaly).max() > 100:
        kept = anomaly[abs(anomaly) < 100]
        kept.compute_chunk_sizes()
        print(f"{len(kept):,} of {len(anomaly):,} values within 100 of the mean")
    print(f"largest {anomaly.max().compute():.2f}")


if __name__ == "__main__":
    main()
