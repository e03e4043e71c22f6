# {
#   "id": "median_of_wet_days",
#   "title": "a median over the days with rain of every cell",
#   "kind": [5, 10],
#   "problem": true,
#   "accepted_fixes": ["where", "native-function"],
#   "never": {
#     "0.0)": "zeros in place of dry days change the median"
#   },
#   "truth": {"executions": 0, "blocks": 0, "raises": "ValueError"},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    return da.median(rain[rain > 0.5].reshape(rain.shape[0], -1), axis=0)",
#        "    return da.nanmedian(da.where(rain > 0.5, rain, da.nan), axis=0)"]
#     ]
#   }
# }
import dask.array as da
import numpy as np


def daily_rain(block_id=None):
    return np.random.default_rng(block_id[0]).gamma(2.0, size=(5, 4)) + 0.3


def typical_wet_day(rain):
    return da.median(rain[rain > 0.5].reshape(rain.shape[0], -1), axis=0)


def main():
    rain = da.map_blocks(daily_rain, chunks=((5,) * 4, (4,)), dtype=float, meta=np.empty((0, 0)))
    return typical_wet_day(rain).compute().round(6).tolist()


if __name__ == "__main__":
    print(main())
