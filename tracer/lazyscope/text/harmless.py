"""Text of others, made safe to show."""

from __future__ import annotations


def harmless(text: str, *, ascii_only: bool = False) -> str:
    r"""`text` on one line, with everything invisible or active in it written out as Python would.

    Control characters, escapes, bidirectional overrides, surrogates and odd spaces become ``\x1b``,
    ``\u202e`` and the like; a tab becomes a space. The same rule as `repr` has, and variation selectors,
    which change the width of the character before them.

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


def _visible(character: str, ascii_only: bool) -> str:
    if character == "\t":
        return " "
    active = not character.isprintable() or "\ufe00" <= character <= "\ufe0f"
    if active or (ascii_only and not character.isascii()):
        return character.encode("unicode_escape").decode("ascii")
    return character
