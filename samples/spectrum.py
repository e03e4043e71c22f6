"""Finds the tones in a long recording that is made block by block, with SciPy's signal and fft.

python samples/spectrum.py
"""

import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # SciPy asks for it when it is imported

import dask.array as da
import numpy as np
from scipy import fft, signal

RATE = 1_000  # samples per second
BLOCK = 2**15


def record_block(block_id):
    """Half a minute of two tones in noise, while the instrument drifts."""
    rng = np.random.default_rng(block_id[0])
    seconds = (block_id[0] * BLOCK + np.arange(BLOCK)) / RATE
    tones = np.sin(2 * np.pi * 50 * seconds) + 0.3 * np.sin(2 * np.pi * 120.3 * seconds)
    return tones + 0.02 * seconds + rng.normal(size=BLOCK)


def main():
    recording = da.map_blocks(record_block, chunks=((BLOCK,) * 8,), dtype=float, meta=np.empty(0))

    level = signal.detrend(recording)
    frequencies, power = signal.welch(level, fs=RATE, nperseg=4096)
    print(f"loudest at {float(frequencies[power.argmax()]):.1f} Hz")

    spectrum = abs(fft.rfft(recording.rechunk(-1)))  # dask transforms an axis that is one chunk
    frequencies = fft.rfftfreq(recording.size, 1 / RATE)
    for low, high in [(10, 100), (100, 200)]:
        band = (frequencies >= low) & (frequencies < high)
        strongest = int(spectrum[band].argmax())
        print(f"strongest from {low} to {high} Hz: {frequencies[band][strongest]:.3f} Hz")


if __name__ == "__main__":
    main()
