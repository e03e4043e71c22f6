"""Text of others as Markdown in which it does nothing: no markup, HTML, mention, reference or link.

What is not plainly a word goes into a code span, in which GitHub and CommonMark interpret nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lazyscope.text.harmless import harmless

LONGEST_CODE = 160
LONGEST_LINE = 240
LONGEST_TEXT = 1_000
"""Characters that are shown of a code span, of a line in a block, and of a text."""

_QUOTED = re.compile(r"(`[^`]+`)")
_SPACE = re.compile(r"(\s+)")
_WORD = re.compile(r"(?:[^\W_]|[-.,;:!?'\"()%/+=×≥≤…–])+")
_LINKED = re.compile(r"://|www\.|gh-\d|\b[0-9a-f]{7,}\b", re.IGNORECASE)
"""What GitHub makes a link of without any markup: addresses, issues and commits."""
_BEGINS_BLOCK = re.compile(r"[-+=]+|\d+[.)]")
_ENDING = re.compile(r"[.,;:!?]*$")
_BACKTICKS = re.compile(r"`+")


def shortened(text: str, longest: int) -> str:
    """`text` on one line, made harmless, its end replaced by an ellipsis if it is too long."""
    found = harmless(text[: longest + 1])
    return found if len(found) <= longest else f"{found[: longest - 1]}…"


def code_span(text: str, longest: int = LONGEST_CODE) -> str:
    """`text` as code within a line; empty if there is none."""
    found = shortened(text, longest)
    if not found:
        return ""
    ticks = _fence(found, 1)
    pad = " " if found.startswith(("`", " ")) or found.endswith(("`", " ")) else ""
    return f"{ticks}{pad}{found}{pad}{ticks}"


def prose(text: str, longest: int = LONGEST_TEXT) -> str:
    """A sentence that has its code between backticks; what looks like markup elsewhere becomes code too."""
    pieces: list[tuple[bool, str]] = []
    for part in _QUOTED.split(shortened(text, longest).strip()):
        if _QUOTED.fullmatch(part):
            _append(pieces, True, part[1:-1])
        else:
            _append_words(pieces, part)
    return "".join(code_span(piece, longest) if is_code else piece for is_code, piece in pieces)


def _append_words(pieces: list[tuple[bool, str]], text: str) -> None:
    for word in _SPACE.split(text):
        if not word or word.isspace() or _is_plain(word, first=not pieces):
            _append(pieces, False, word)
        else:
            ending = _ENDING.search(word)
            end = ending.start() if ending and ending.start() else len(word)
            _append(pieces, True, word[:end])
            _append(pieces, False, word[end:])


def _is_plain(word: str, *, first: bool) -> bool:
    if first and _BEGINS_BLOCK.fullmatch(word):
        return False
    return _WORD.fullmatch(word) is not None and _LINKED.search(word) is None


def _append(pieces: list[tuple[bool, str]], is_code: bool, text: str) -> None:
    """Add a piece; code next to code would make other code of both, so these become one."""
    if pieces and pieces[-1][0] == is_code:
        pieces[-1] = is_code, pieces[-1][1] + text
    elif text:
        pieces.append((is_code, text))


def table_row(cells: Iterable[str]) -> str:
    """A row of a table from cells in Markdown."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def block(lines: Iterable[str], language: str, *, indent: str = "") -> list[str]:
    """Lines of source as a fenced block; tabs stay what they are."""
    shown = [_line(line) for line in lines]
    fence = _fence("\n".join(shown), 3)
    return [f"{indent}{line}" for line in (f"{fence}{language}", *shown, fence)]


def _line(text: str) -> str:
    """A line of a block; one that is too long ends in an ellipsis."""
    found = "\t".join(harmless(part) for part in text[: LONGEST_LINE + 1].split("\t"))
    return found if len(found) <= LONGEST_LINE else f"{found[: LONGEST_LINE - 1]}…"


def _fence(text: str, least: int) -> str:
    """More backticks than stand together anywhere in the text."""
    runs = [len(run) for run in _BACKTICKS.findall(text)]
    return "`" * max(least, max(runs, default=0) + 1)
