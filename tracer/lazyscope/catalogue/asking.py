"""Where a program asks for its result: by dask's own words, or by those of a library's objects."""

from __future__ import annotations

from lazyscope.analysis.evidence import ForceEvidence, Placed
from lazyscope.analysis.reading import Reading
from lazyscope.analysis.syntax.terms import words

EXPLICIT = ("compute", "persist", "store")
"""Triggers of forces that code writes out."""

_BY_METHOD = words(
    "compute persist load values to_numpy as_numpy item __float__ __int__ __complex__ __array__ "
    "to_pandas to_dataframe to_series to_dict tolist to_xarray"
)
"""Methods of a library's objects by which a program asks for their values."""

_SINKS = words(
    "store to_zarr to_hdf5 to_hdf to_npy_stack to_parquet to_csv to_json to_orc to_sql to_netcdf to_avro "
    "to_textfiles to_tiledb to_mongo savez save savetxt tofile imwrite print plot scatter hist imshow show "
    "plot_mesh pcolormesh contour contourf step line surface head tail visualize display to_pickle "
    "to_iris to_cdms2 to_image savefig"
)
"""Functions that show or keep what they are given."""


_WRITTEN = words(
    "compute persist load store optimize compute_as_if_collection get gather submit map to_zarr to_hdf5"
)


def is_written_out(placed: Placed) -> bool:
    """Whether the code at the site says that it computes; if not, something around what it calls does.

    `array_api_extra.testing.lazy_xp_function` wraps functions so: the line calls ``f(x)``, and the wrapper
    persists what comes back.
    """
    reading = placed.reading
    if reading is None or reading.call is None:
        return True
    name = reading.call.name
    return name in _WRITTEN or any(word in name for word in EXPLICIT)


def asks_by_method(placed: Placed) -> bool:
    """Whether the user called a method of a library's object that is there to give its values."""
    entry = placed.entry
    if placed.at_user or entry is None:
        return False
    owner, _, method = entry.rpartition(".")
    return method in _BY_METHOD and owner.rpartition(".")[2][:1].isupper()


def shows_or_keeps(placed: Placed) -> bool:
    """Whether the user handed the data to something that shows, writes or draws it."""
    if placed.at_user:
        return called(placed.reading) in _SINKS
    return placed.function in _SINKS or _plots(placed.entry)


def _plots(entry: str | None) -> bool:
    root = (entry or "").partition(".")[0]
    return root in ("matplotlib", "seaborn", "plotly", "bokeh", "hvplot", "holoviews", "datashader")


def called(reading: Reading | None) -> str:
    """Name of the function or method that converted; empty if the expression is no call."""
    return reading.call.name if reading is not None and reading.call is not None else ""


def counts_rows(evidence: ForceEvidence) -> bool:
    """Whether the user's own line asks for the length of a dataframe."""
    return evidence.at_user and evidence.trigger == "__len__"
