"""A dataframe became an array of unknown length, and something later needs the length.

When it occurs
    A dask dataframe does not know how many rows its partitions have: ``df.values`` and
    ``df.to_dask_array()`` give an array of unknown length. This finding is there because a later line
    raises for want of it, or because a library computes to learn it; what fails is a finding of its own.

Fixes
    ``compute-chunk-sizes``: ``df.to_dask_array(lengths=True)`` counts the rows once, which reads all
    partitions; ``lengths=[...]`` with the known numbers costs nothing.

    ``persist``: hold the dataframe first, so that its files are not read twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lazyscope.analysis.cost import site_at
from lazyscope.catalogue.advice import line_of
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.unknown_lengths import Origin, discovered, harmful_origins
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.frame_lengths import with_lengths
from lazyscope.model.trace import TraceData

CODE = "LZ204"
TITLE = "A dataframe became an array of unknown length"

EXAMPLE = """
import dask.dataframe as dd
import pandas as pd

df = dd.from_pandas(pd.DataFrame({"a": range(10)}), npartitions=2)
values = df["a"].values
print(values[:3])
"""

REPAIRED = """
import dask.dataframe as dd
import pandas as pd

df = dd.from_pandas(pd.DataFrame({"a": range(10)}), npartitions=2)
values = df["a"].to_dask_array(lengths=[5, 5])
print(values[:3])
"""

_OPERATIONS = ("values", "to_dask_array", "to_records")


def find(trace: TraceData) -> Iterable[Discovery]:
    """Conversions of dataframes after which something failed or computed for want of a length."""
    for origin in harmful_origins(trace, _OPERATIONS):
        yield discovered(origin, Match(why=_why(origin), fixes=tuple(_fixes(origin))))


def _why(origin: Origin) -> str:
    place = line_of(site_at(origin.trace, origin.shape.site))
    return (
        f"{origin.expression} at {place} makes an array of a dataframe, which does not know how many rows "
        f"its partitions have. {origin.harm()}"
    )


def _fixes(origin: Origin) -> Iterator[Fix]:
    yield from origin.caller_fixes()
    yield with_lengths(origin.trace, origin.spot)
    yield Fix(
        "persist",
        "hold the dataframe in memory before that, if it fits: counting the rows then reads nothing again",
        "holds the dataframe in memory",
        audience=origin.audience,
    )
