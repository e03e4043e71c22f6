"""Source texts as a trace keeps them: UTF-8, deflated by zlib, and not to be trusted.

A few kilobytes can unfold into gigabytes, so a text is unpacked up to a limit, and the texts of one trace
share another. What is larger, or cannot be unpacked, counts as not in the trace. The limits lie far above
real sources: the largest files of SciPy have 500 kB and 13,000 lines, and a trace seldom shows ten files.
"""

from __future__ import annotations

import zlib

MOST_BYTES = 4_000_000
"""Of one text."""
MOST_LINES = 100_000
"""Of one text."""
MOST_BYTES_IN_ALL = 16_000_000
"""Of all texts of a trace that are looked at: what is above ASCII may take four times as much."""
MOST_LINES_IN_ALL = 400_000


class PackedTexts:
    """Unpacks the texts of one trace as long as there is room for them."""

    def __init__(self) -> None:
        self._bytes = MOST_BYTES_IN_ALL
        self._lines = MOST_LINES_IN_ALL

    def lines(self, packed: bytes) -> list[str] | None:
        """The lines of a text without their ends; None where it cannot be had."""
        text = unpacked(packed, min(MOST_BYTES, self._bytes)) if self._bytes > 0 else None
        # What came to nothing took its time, too. Nothing unfolds to more than 1,032 times its size.
        self._bytes -= len(text) if text is not None else min(1_032 * len(packed), MOST_BYTES)
        if text is None or text.count("\n") + text.count("\r") > 2 * min(MOST_LINES, self._lines):
            return None
        lines = split_lines(text)
        self._lines -= len(lines)
        return lines if len(lines) <= MOST_LINES else None


def unpacked(packed: bytes, most: int = MOST_BYTES) -> str | None:
    """A text of at most so many bytes; None where it is larger or damaged."""
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(packed, most + 1)
    except zlib.error:
        return None
    if len(content) > most or not unpacking.eof:
        return None
    return content.decode("utf-8", "replace")


def split_lines(text: str) -> list[str]:
    """Lines as Python's compiler counts them: ended by LF, CR LF or CR and by nothing else."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines
