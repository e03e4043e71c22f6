"""Asks questions of labelled temperatures, with xarray on dask.

python samples/labels.py
"""

import dask.array as da
import numpy as np
import xarray as xr

STATIONS = {"harbour": "coast", "lighthouse": "coast", "meadow": "valley", "summit": "mountain"}
DAYS = np.arange("2023-01-01", "2025-01-01", dtype="datetime64[D]").astype("datetime64[ns]")


def read_station(block_id):
    """Two years of noon temperatures at one station, as a column."""
    height = block_id[1]
    rng = np.random.default_rng(height)
    season = np.cos(2 * np.pi * (np.arange(len(DAYS)) - 200) / 365.25)
    return (12 - 4 * height + (8 + height) * season + rng.normal(scale=3, size=len(DAYS)))[:, np.newaxis]


def main():
    chunks = ((len(DAYS),), (1,) * len(STATIONS))
    noon = xr.DataArray(
        da.map_blocks(read_station, chunks=chunks, dtype=float, meta=np.empty((0, 0))),
        dims=("day", "station"),
        coords={"day": DAYS, "station": list(STATIONS), "region": ("station", list(STATIONS.values()))},
    )

    if (noon > 25).any():
        print(f"hot: up to {float(noon.max()):.1f} degrees")

    regions = noon.groupby("region").mean(...)
    for region in regions.region.values:
        print(f"{region}: {float(regions.sel(region=region)):.1f} degrees on average")

    frost = (noon < 0).all("station")
    if frost.any():
        frosty = noon[frost.compute()]  # xarray wants a mask that is known
        print(f"frost everywhere on {frosty.sizes['day']} days, {float(frosty.mean()):.1f} degrees then")


if __name__ == "__main__":
    main()
