"""Reduces the colours of a photograph to a few with k-means, the photograph read in chunks by dask.

    python samples/kmeans.py [COLOURS]

It is what a user would write: the pixels come from a reader in bands of rows, and
`scipy.cluster.vq.kmeans` is called on the dask array of them. The reader counts what it reads.
"""

import os
import sys

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # SciPy asks for it when it is imported

import dask
import dask.array as da
import numpy as np
from scipy.cluster.vq import kmeans
from sklearn.datasets import load_sample_image


class Photograph:
    """The pixels of a photograph, read band by band, as from a file too large for memory."""

    def __init__(self, name):
        self._pixels = load_sample_image(name).reshape(-1, 3) / 255.0
        self.shape = self._pixels.shape
        self.dtype = self._pixels.dtype
        self.ndim = 2
        self.pixels_read = 0

    def __getitem__(self, index):
        band = self._pixels[index]
        self.pixels_read += len(band)
        return band


def main(colours):
    photograph = Photograph("china.jpg")
    pixels = da.from_array(photograph, chunks=(64 * 640, 3))
    greys = np.linspace([0.1] * 3, [0.9] * 3, colours)

    palette, distortion = kmeans(pixels, da.from_array(greys))

    palette, distortion = dask.compute(palette, distortion)
    count = len(pixels)
    print(f"{count:,} pixels in {pixels.numblocks[0]} chunks, {colours} colours:")
    for red, green, blue in np.round(palette * 255).astype(int):
        print(f"  #{red:02x}{green:02x}{blue:02x}")
    print(f"mean distance to the nearest colour: {distortion:.4f}")
    print(f"pixels read: {photograph.pixels_read:,}, each {photograph.pixels_read / count:.0f} times")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
