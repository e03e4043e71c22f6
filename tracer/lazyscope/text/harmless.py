"""Text of others, made safe to show."""

from __future__ import annotations

_UNSEEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"  # joiners, fillers, blanks
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))  # variation selectors
)
"""Characters that Python takes for printable, and that show nothing or change the one before them."""


def harmless(text: str, *, ascii_only: bool = False) -> str:
    r"""`text` on one line, with everything invisible or active in it written out as Python would.

    Control characters, escapes, bidirectional overrides, surrogates and odd spaces become ``\x1b``,
    ``\u202e`` and the like; a tab becomes a space. The same rule as `repr` has, and a few letters that
    cannot be seen.

    Parameters
    ----------
    text : str
        Anything.
    ascii_only : bool
        Whether other letters than ASCII are written out too.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character, ascii_only) for character in text)


def harmless_lines(text: str) -> str:
    """`text` made harmless, in the lines that it has: for sentences that others' words are in already."""
    if text.isascii() and text.isprintable():
        return text
    return "\n".join(map(harmless, text.split("\n")))


def _visible(character: str, ascii_only: bool) -> str:
    if character == "\t":
        return " "
    active = not character.isprintable() or character in _UNSEEN
    if active or (ascii_only and not character.isascii()):
        return character.encode("unicode_escape").decode("ascii")
    return character
