"""Scales measurements in chunks with scikit-learn, which runs on dask arrays by array API dispatch.

python samples/scaler.py
"""

import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # scikit-learn asks for it before it dispatches

import dask.array as da
import sklearn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import MinMaxScaler


def main():
    sklearn.set_config(array_api_dispatch=True)
    data = load_breast_cancer()
    cells = da.from_array(data.data, chunks=(100, 30))

    scaler = MinMaxScaler()
    scaled = scaler.fit_transform(cells)
    restored = scaler.inverse_transform(scaled)

    spread = scaled.std(axis=0)
    widest = int(spread.argmax())
    print(f"{len(cells)} tumours in {cells.numblocks[0]} chunks, {cells.shape[1]} features from 0 to 1")
    print(f"spread most: {data.feature_names[widest]}, {float(spread[widest]):.3f}")
    print(f"error after scaling back: {float(abs(restored - cells).max()):.0e}")


if __name__ == "__main__":
    main()
