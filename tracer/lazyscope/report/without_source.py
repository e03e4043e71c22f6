"""Sentences of findings without the code in them, for reports that are to hold no source text."""

from __future__ import annotations

import re

_CODE = re.compile(r"(?<![^\s(])`.*?`(?![^\s.,;:!?)'])")
"""Code begins after a space and ends before one or at a mark: inside it there may be backticks."""
_LEFT = re.compile(r"`.*`")


def without_code(sentence: str) -> str:
    """The sentence with an ellipsis for everything between backticks; when in doubt, for more."""
    parts = _CODE.split(sentence.replace("\n", " "))
    return "`...`".join(_LEFT.sub("`...`", part) for part in parts)
