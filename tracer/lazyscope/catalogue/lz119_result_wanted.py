"""The program asks for its result.

When it occurs
    The program's own code calls ``compute``, ``persist`` or ``store``, asks an object of a library for its
    values by the method that is there for it (``DataArray.compute``, ``.values``), asks a dataframe for its
    length or first rows, or hands it to something that writes or shows it: ``to_zarr``, ``to_parquet``,
    ``to_npy_stack``, a plot. This is what dask is for: nothing is wrong, and the severity is ``info``
    whatever it cost. So it is where a test wraps a function to compute what it returns.

Fixes
    ``none``. Where the same data is read again by several of them, or several results are computed one
    by one, LZ110 and LZ111 say so.
"""

from __future__ import annotations

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.catalogue.advice import call_text, short
from lazyscope.catalogue.asking import (
    EXPLICIT,
    asks_by_method,
    counts_rows,
    is_written_out,
    shows_or_keeps,
)
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.fix import Fix

CODE = "LZ119"
TITLE = "The program asks for its result"

EXAMPLE = """
import dask.array as da

x = da.arange(12, chunks=4)
print((x + 1).sum().compute())
"""

REPAIRED = """
import dask.array as da

x = da.arange(12, chunks=4)
print((x + 1).sum())
"""


def match_force(evidence: ForceEvidence) -> Match | None:
    """Explicit requests by the user's own code, and what only gives values away."""
    why = _asked_for(evidence)
    if why is None:
        return None
    return Match(
        why=why,
        fixes=(Fix("none", "leave it: this is what the program wants", "nothing changes"),),
        actionability="inherent",
        expected=True,
    )


def _asked_for(evidence: ForceEvidence) -> str | None:
    if shows_or_keeps(evidence):
        return f"`{_written(evidence)}` writes or shows the data, which computes it."
    if evidence.trigger in EXPLICIT and not is_written_out(evidence):
        return (
            f"What `{short(evidence.expression)}` calls is wrapped by a function of the array layer, which "
            f"runs `{evidence.trigger}`, as array_api_extra.testing wraps functions under test. The code "
            "itself does not ask for values there."
        )
    if evidence.at_user and evidence.trigger in EXPLICIT:
        return f"`{short(evidence.expression)}` is where the program wants its result."
    if counts_rows(evidence):
        return f"`{short(evidence.expression)}` asks how many rows there are, which only the data tells."
    if asks_by_method(evidence):
        return f"`{_written(evidence)}` is where the program wants its result."
    return None


def _written(evidence: ForceEvidence) -> str:
    if evidence.at_user:
        return short(evidence.expression)
    where = evidence.user_where
    return short(where.expression or where.code) if where is not None else call_text(evidence)
