"""A line that works on dask arrays raises an exception that nothing else explains.

When it occurs
    A statement of the program, or a function that it calls, works on dask arrays, or on their unknown
    lengths, and raises. The message does not say that laziness is why, but NumPy arrays have values, lengths,
    memory and methods that dask arrays have not.

    Not every exception is about laziness: if it comes with NumPy arrays as well, it is the program's own.

Fixes
    ``compute-chunk-sizes``: where a length is not known: learn it where the array is made.

    ``compute-once``: compute the arrays before, and go on with NumPy. If it still raises then, laziness is
    not why.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lazyscope.analysis.evidence import FailureEvidence
from lazyscope.catalogue.advice import line_of, short
from lazyscope.catalogue.failing import told_again
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.unknown_lengths import asked_in_statement, known_sizes, measured
from lazyscope.fixes.compute_before import compute_first
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.written import Written, user_frames

CODE = "LZ310"
TITLE = "An exception on dask arrays"

EXAMPLE = """
import dask.array as da

x = da.arange(12, chunks=4)
weights = da.ones(12, chunks=6)
counts, edges = da.histogram(x, bins=[0, 6, 12], weights=weights)
"""

REPAIRED = """
import dask.array as da

x = da.arange(12, chunks=4)
weights = da.ones(12, chunks=4)
counts, edges = da.histogram(x, bins=[0, 6, 12], weights=weights)
"""

_OWN = ("KeyboardInterrupt", "SystemExit", "GeneratorExit", "MemoryError", "AssertionError", "StopIteration")
_ABOUT_NAMES = ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "SyntaxError")


def match_failure(evidence: FailureEvidence) -> Match | None:
    """Exceptions that left the program from a line which works on dask arrays."""
    if not evidence.escaped or evidence.type in (*_OWN, *_ABOUT_NAMES) or told_again(evidence):
        return None
    if evidence.failures[0].force is not None or _is_raised_here(evidence):
        return None
    lazy = _lazy(evidence)
    unknown = asked_in_statement(evidence) or measured(evidence)
    if not lazy and not unknown:
        return None
    if not _may_be_why(evidence, unknown=bool(unknown)):
        return None
    what = f"`{lazy}` in it is a dask array" if lazy else "the length of an array in it is not known"
    why = (
        f"`{short(evidence.expression)}` at {line_of(evidence.where)} raises {evidence.type}, and {what}: "
        f"“{short(evidence.message, 90)}”. NumPy arrays may not raise it."
    )
    return Match(why=why, fixes=tuple(_fixes(evidence, known=not unknown)))


_PLAIN = re.compile(r"unexpected keyword argument|has no attribute|is not defined|out of bounds|broadcast")
"""What NumPy arrays would raise as well."""

_SPEAKS = re.compile(r"\b(dask|lazy|chunk(s|ed|size)?|delayed|unknown)\b", re.IGNORECASE)


def _may_be_why(evidence: FailureEvidence, *, unknown: bool) -> bool:
    """Whether laziness may be why: nothing is said of what NumPy arrays would raise as well."""
    if _PLAIN.search(evidence.message):
        return False
    if evidence.type == "NotImplementedError" or _SPEAKS.search(evidence.message):
        return True
    in_library = evidence.entry is not None and not evidence.at_user
    return unknown or (in_library and evidence.type in ("TypeError", "ValueError"))


def _is_raised_here(evidence: FailureEvidence) -> bool:
    """Whether the program itself raises it, for reasons of its own."""
    reading = evidence.reading
    return evidence.at_user and reading is not None and reading.statement in ("Raise", "Assert")


def _lazy(evidence: FailureEvidence) -> str | None:
    """What in the innermost of the user's lines is a dask array."""
    frames = user_frames(evidence)
    for written in frames[:1]:
        parts = written.lazy_parts(written.expression or written.statement)
        parts = parts or written.lazy_parts(written.statement)
        if parts:
            return _text(written, parts)
    return None


def _text(written: Written, parts: list[ast.expr]) -> str:
    return short(written.text(parts[0]), 40)


def _fixes(evidence: FailureEvidence, *, known: bool) -> Iterator[Fix]:
    if not known:
        yield known_sizes(evidence)
    yield compute_first(evidence)
