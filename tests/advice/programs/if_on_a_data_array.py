# {
#   "id": "if_on_a_data_array",
#   "title": "a unit is guessed from the data by an if in an xarray pipeline",
#   "kind": ["scalar_branch_to_where", 14],
#   "problem": true,
#   "accepted_fixes": ["where", "persist", "keep-0d"],
#   "never": {
#     "temperature.where(": "NaN in place of the other unit"
#   },
#   "truth": {"executions": 2, "blocks": 8, "raises": null},
#   "best": {
#     "executions": 1, "blocks": 4,
#     "edits": [
#       ["    if temperature.max() > 150:\n        temperature = temperature - 273.15\n    return temperature.rename(\"celsius\")",
#        "    temperature = xr.where(temperature.max() > 150, temperature - 273.15, temperature)\n    return temperature.rename(\"celsius\")"]
#     ]
#   }
# }
import dask.array as da
import numpy as np
import xarray as xr


def screen(block_id=None):
    return 285 + np.random.default_rng(block_id[0]).normal(size=(3, 5))


def in_celsius(temperature):
    if temperature.max() > 150:
        temperature = temperature - 273.15
    return temperature.rename("celsius")


t = xr.DataArray(da.map_blocks(screen, chunks=((3,) * 4, (5,)), dtype=float, meta=np.empty((0, 0))), dims=("t", "x"))
print(in_celsius(t).mean("x").compute().values.round(5).tolist())
