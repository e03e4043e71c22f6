"""``store``: write an array once where it is needed several times and does not fit into memory."""

from __future__ import annotations

from collections.abc import Sequence

from lazyscope import figures
from lazyscope.analysis.holdings import Held
from lazyscope.analysis.savings import Saving
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.persist import estimate_of, free_bytes
from lazyscope.model.trace import TraceData


def store(trace: TraceData, held: Sequence[Held], saving: Saving) -> Fix:
    """Write arrays to disk and read them back: a sketch, since where there is room only the user knows.

    Parameters
    ----------
    trace
        The trace.
    held
        The arrays, by the names that the program has for them.
    saving
        What holding them would save.
    """
    shown = ", ".join(f"`{name}`" for name in dict.fromkeys(one.variable for one in held if one.variable))
    size, free = saving.bytes_held, free_bytes(trace, saving)
    room = f"{figures.size(size)} on disk" if size is not None else "its size on disk"
    why = f"; {figures.size(free)} of memory were free" if free is not None else ""
    what = shown or "the array"
    return Fix(
        "store",
        f"write {what} to a Zarr store once, with `to_zarr`, and go on with what `from_zarr` reads",
        f"takes {room} and the time to write it{why}",
        estimate=estimate_of(saving),
    )
