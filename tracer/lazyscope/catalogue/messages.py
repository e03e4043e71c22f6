"""What exceptions on dask arrays say, and what that means: one table, whoever asks.

Each row is one text of dask, NumPy, array-api-compat or Python. Each is provoked in a test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Meaning: TypeAlias = Literal[
    "length unknown",
    "chunks unknown",
    "number expected",
    "axis in one chunk",
    "chunk layout",
    "one axis only",
    "several indices",
    "deep index",
    "partial mask",
    "lazy vindex",
    "single boolean",
    "nested index",
    "missing function",
    "unsupported option",
    "mixed namespaces",
    "inference failed",
    "no attribute",
    "no keyword",
    "no argument",
    "no out",
    "ufunc method",
    "no memory",
    "needs range",
    "reshape",
    "lazy labels",
]


@dataclass(frozen=True)
class Row:
    """One text and what it means."""

    meaning: Meaning
    pattern: re.Pattern[str]


def _row(meaning: Meaning, pattern: str) -> Row:
    return Row(meaning, re.compile(pattern, re.DOTALL))


MESSAGES: tuple[Row, ...] = (
    _row("length unknown", r"Cannot call len\(\) on object with unknown chunk size"),
    _row("length unknown", r"Can not perform automatic rechunking with unknown \(nan\) chunk sizes"),
    _row("chunks unknown", r"chunk sizes? (or shape )?(is|are) unknown"),
    _row("chunks unknown", r"Arrays?'? chunk sizes .*are unknown"),
    _row("chunks unknown", r"unknown chunk ?sizes?"),
    _row("chunks unknown", r"unknown \(nan\) chunk"),
    _row("chunks unknown", r"arrays? (with|of) unknown (chunks|shape)"),
    _row("chunks unknown", r"chunks of unknown"),
    _row("chunks unknown", r"known chunk sizes"),
    _row("chunks unknown", r"Chunks must be unchanging along dimensions with missing values"),
    _row("chunks unknown", r"Unsupported lazy shape"),
    _row("chunks unknown", r"FFT along an axis that\s.*which has chunks \(nan"),
    _row(
        "chunks unknown",
        r"(broadcast|shape mismatch|same shape|shapes|do not add up)\b[^\n]*\(([^()]*, ?)?nan\b",
    ),
    _row("number expected", r"cannot convert float NaN to integer"),
    _row("number expected", r"'float' object cannot be interpreted as an integer"),
    _row("number expected", r"slice indices must be integers"),
    _row("number expected", r"can't multiply sequence by non-int of type 'float'"),
    _row("number expected", r"arange: cannot compute length"),
    _row("number expected", r"expected a sequence of integers or a single integer, got '?nan"),
    _row("number expected", r"indices must be integers or slices, not float"),
    _row(
        "axis in one chunk",
        r"taking an FFT along an axis that.*tried on axis (-?\d+)\s+which has chunks \(([^)]*)\)",
    ),
    _row("axis in one chunk", r"Core dimension `'(\w+)'` consists of multiple chunks"),
    _row("chunk layout", r"qr currently supports only tall-and-skinny"),
    _row("chunk layout", r"Array must be chunked in one dimension only"),
    _row("chunk layout", r"Have only one column of blocks"),
    _row("chunk layout", r"Have only one row of blocks"),
    _row("chunk layout", r"All chunks must be a square matrix"),
    _row("chunk layout", r"a\.chunks\[1\] and b\.chunks\[0\] must be equal"),
    _row("chunk layout", r"can only be chunked along the 0th axis"),
    _row("chunk layout", r"Overlap depth is larger than smallest chunksize"),
    _row("chunk layout", r"Chunk size must be larger than edge_order"),
    _row("one axis only", r"The da\.(\w+) function only works along an axis"),
    _row("several indices", r"Don't yet support nd fancy indexing"),
    _row("several indices", r"limited to at most one\s+dimension's assignment index"),
    _row("deep index", r"dask\.array of ints only permitted when"),
    _row("partial mask", r"dask\.array of bools only permitted when"),
    _row("lazy vindex", r"vindex does not support indexing with (dask objects|boolean arrays)"),
    _row("single boolean", r"dask does not yet implement assignment to a scalar"),
    _row("nested index", r"not supported between instances of 'list' and 'int'"),
    _row(
        "missing function",
        r"module '(?P<module>[\w.]*\bdask\.array(\.\w+)*)' has no attribute '(?P<name>\w+)'",
    ),
    _row("missing function", r"no implementation found for 'numpy\.(?P<name>[\w.]+)' on types.*dask\.array"),
    _row("unsupported option", r"svd\(\) got an unexpected keyword argument 'compute_uv'"),
    _row("unsupported option", r"full_matrices=True is not (supported|implemented)"),
    _row("mixed namespaces", r"Multiple namespaces for array inputs: .*\bdask\b"),
    _row("inference failed", r"`?dtype`? inference failed in `(?P<function>[\w.]+)`"),
    _row("no attribute", r"'Array' object has no attribute '(\w+)'"),
    _row("no keyword", r"^(?:Array\.)?[\w.<>]+\(\) got an unexpected keyword argument '(\w+)'"),
    _row("no keyword", r"does not take the following keyword arguments:? \['(\w+)'"),
    _row(
        "no argument",
        r"^Array\.(\w+)\(\) (?:takes \d+ positional|missing 1 required positional argument: 'axis')",
    ),
    _row("no out", r"The out parameter is not fully supported"),
    _row(
        "ufunc method",
        r"__array_ufunc__\(<ufunc '(\w+)'>, '(at|reduce|accumulate|reduceat)', .*dask\.array<",
    ),
    _row("no memory", r"a bytes-like object is required, not 'Array'"),
    _row("needs range", r"histogram requires either specifying bins"),
    _row("reshape", r"Dask's reshape only supports operations that merge or split"),
    _row("lazy labels", r"UniqueGrouper when grouping by a chunked array"),
)


def said(message: str, *meanings: Meaning) -> re.Match[str] | None:
    """What in a message has one of these meanings; None if nothing has."""
    for row in MESSAGES:
        found = row.pattern.search(message) if row.meaning in meanings else None
        if found is not None:
            return found
    return None
