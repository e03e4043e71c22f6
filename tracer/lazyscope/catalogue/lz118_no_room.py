"""A force wants more memory than there is.

When it occurs
    The result alone is larger than what the process could still take when the force began, or computing it
    ended with MemoryError, or the program was killed while it computed something larger than its limit.
    Converting a dask array to NumPy brings all of it into memory at once, however small its chunks are.

Fixes
    ``reorder``: reduce, select or coarsen first, and compute what is left: it is small.
    ``native-function``: write the whole of it chunk by chunk, ``x.to_zarr(...)``, if all of it is wanted:
    disk instead of memory.
    ``map-blocks``: run what needs NumPy on the blocks, one at a time: only if it can work on blocks.
    ``rechunk``: smaller chunks, where a single chunk does not fit.
"""

from __future__ import annotations

from lazyscope import figures
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.catalogue.advice import argument_names, author, call_text, short
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.fix import Fix
from lazyscope.model.trace import Force

CODE = "LZ118"
TITLE = "A force wants more memory than there is"

EXAMPLE = """
import dask.array as da

heights = da.ones((10_000_000, 10_000_000), chunks=1_000_000)
print(heights.compute()[:2, :2])
"""

REPAIRED = """
import dask.array as da

heights = da.ones((10_000_000, 10_000_000), chunks=1_000_000)
print(heights[:2, :2].compute())
"""

_ELSEWHERE = ("distributed", "client")
"""Schedulers whose results lie in the memory of other processes."""


def match_force(evidence: ForceEvidence) -> Match | None:
    """Results that did not fit."""
    found = next((force for force in evidence.forces if _says_why(evidence, force)), None)
    if found is None:
        return None
    return Match(why=_why(evidence, found), fixes=tuple(_fixes(evidence, found)))


def _says_why(evidence: ForceEvidence, force: Force) -> str | None:
    begin = force.begin
    wanted = begin.expected_bytes
    if force.end is not None and force.end.error == "MemoryError":
        return "and ended with MemoryError"
    if wanted is None or (begin.trigger == "persist" and begin.scheduler.lower().startswith(_ELSEWHERE)):
        return None
    if begin.free_bytes is not None and wanted > begin.free_bytes:
        return f"and {figures.size(begin.free_bytes)} were free"
    limit = evidence.trace.header.memory_limit
    if force is evidence.trace.running and limit is not None and wanted > limit:
        return f"the process may use {figures.size(limit)}, and the program was killed meanwhile"
    return None


def _why(evidence: ForceEvidence, force: Force) -> str:
    wanted = force.begin.expected_bytes
    needs = "needs more memory than there was" if wanted is None else f"needs {figures.size(wanted)}"
    told = _says_why(evidence, force)
    by = "" if evidence.at_user else f" in `{evidence.function}`"
    ended = ""
    if force is evidence.trace.running and "killed" not in (told or ""):
        ended = ", and the program was killed meanwhile"
    chunk = force.begin.largest_chunk_bytes
    chunks = f" Its largest chunk has {figures.size(chunk)}." if chunk is not None else ""
    expression = f"`{short(evidence.expression)}`" if evidence.expression else "A force"
    return (
        f"{expression}{by} {needs} for its result, {told}{ended}: "
        f"the whole array comes into memory at once.{chunks}"
    )


def _fixes(evidence: ForceEvidence, force: Force) -> list[Fix]:
    fixes = [_reduced(evidence), _written(evidence), _by_blocks(evidence)]
    chunk, free = force.begin.largest_chunk_bytes, force.begin.free_bytes
    if chunk is not None and free is not None and chunk > free:
        smaller = Fix(
            "rechunk",
            f"smaller chunks: one has {figures.size(chunk)}, and {figures.size(free)} were free",
            "chunks must be read or made anew; does not help where all of the array is wanted",
        )
        fixes.insert(1, smaller)
    return fixes


def _subject(evidence: ForceEvidence) -> str:
    if evidence.at_user:
        arrays = [array.variable for array in evidence.dependencies.arrays if array.variable]
        reading = evidence.reading
        return arrays[0] if arrays else (reading.converted[0] if reading and reading.converted else "x")
    return next(iter(argument_names(evidence)), "x")


def _reduced(evidence: ForceEvidence) -> Fix:
    subject, reading = short(_subject(evidence)), evidence.reading
    if not evidence.at_user:
        return Fix(
            "reorder",
            f"give `{call_text(evidence)}` less: reduce, select or coarsen `{subject}` first",
            "the result is that of a part, or coarser",
        )
    used = {"indexed": "select", "index": "select", "method": "reduce"}
    what = used.get(reading.outcome, "reduce or select") if reading is not None else "reduce or select"
    return Fix(
        "reorder",
        f"{what} first, while `{subject}` is lazy, and compute what is left: `{subject}[...].compute()` "
        f"or `{subject}.mean(axis=...).compute()`",
        "nothing, where only a part or a summary is used later",
    )


def _written(evidence: ForceEvidence) -> Fix:
    subject = short(_subject(evidence))
    return Fix(
        "native-function",
        f"`{subject}.to_zarr(...)`: write it chunk by chunk, if all of it is wanted",
        "disk instead of memory; needs the package zarr",
    )


def _by_blocks(evidence: ForceEvidence) -> Fix:
    subject = short(_subject(evidence))
    needing = "what needs NumPy arrays" if evidence.at_user else f"`{evidence.function}`"
    return Fix(
        "map-blocks",
        f"run {needing} on blocks: `{subject}.map_blocks(...)` or `map_overlap`",
        "only if it can work on one block at a time; blocks that run together must fit",
        audience="caller" if evidence.at_user else author(evidence),
    )
