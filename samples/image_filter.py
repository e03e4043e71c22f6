"""Counts the bright parts of a photograph with SciPy's image filters, the photograph in chunks.

python samples/image_filter.py
"""

import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # SciPy asks for it when it is imported

import dask.array as da
from scipy import ndimage
from sklearn.datasets import load_sample_image


def main():
    photograph = da.from_array(load_sample_image("china.jpg"), chunks=(107, 160, 3))
    grey = photograph.mean(axis=2)

    smooth = ndimage.gaussian_filter(grey, sigma=2)
    clean = ndimage.median_filter(smooth, size=5)
    bright = clean > clean.mean() + clean.std()
    parts, count = ndimage.label(bright)
    sizes = ndimage.sum_labels(bright, parts, da.arange(1, count + 1))

    height, width = grey.shape
    print(f"{width} x {height} pixels in {grey.npartitions} chunks: {count} bright parts")
    print(f"the largest has {int(sizes.max()):,} pixels, the smallest {int(sizes.min())}")


if __name__ == "__main__":
    main()
