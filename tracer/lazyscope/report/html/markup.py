"""Text of others as HTML in which it does nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from lazyscope.report.markdown_text import shortened
from lazyscope.report.without_source import without_code

LONGEST_CODE = 160
LONGEST_TEXT = 1_000
"""Characters that are shown of a piece of code and of a sentence."""

_CODE = re.compile(r"(?<![^\s(])`(.+?)`(?![^\s.,;:!?)'’])")
"""Code begins after a space and ends before one or at a mark: inside it there may be backticks."""


def template(asset: Callable[[str], str], name: str) -> Any:
    """A template that shows what it is given as text.

    Parameters
    ----------
    asset
        Reads a template, by name.
    name
        That of the template.
    """
    # jinja2 takes a while to load, which no other form should pay.
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def policy_hash(text: str) -> str:
    """What a page's content security policy knows a style or a script by."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def prose(sentence: str, *, source: bool = True, longest: int = LONGEST_TEXT) -> Markup:
    """A sentence that has its code between backticks; without `source` an ellipsis for that code."""
    text = shortened(sentence if source else without_code(sentence), longest)
    pieces = _CODE.split(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else escape(piece)
        for number, piece in enumerate(pieces)
    )


def capitalised(sentence: str) -> str:
    """The sentence with a capital at its beginning; code and names stay as they are."""
    return sentence[:1].upper() + sentence[1:]


def plain(sentence: str, *, source: bool = True, longest: int = LONGEST_TEXT) -> str:
    """The same as text, without the backticks."""
    return _CODE.sub(r"\1", shortened(sentence if source else without_code(sentence), longest))


def cut(text: str, longest: int = LONGEST_CODE) -> str:
    """A name or a piece of code on one line, harmless, its end left out if it is too long."""
    return shortened(text, longest)


def cut_path(path: str, longest: int = 100) -> str:
    """A path on one line, harmless, its beginning left out if it is too long."""
    found = shortened(path[-longest - 1 :], 8 * longest)
    return found if len(path) <= longest else f"…{found[-longest + 1 :]}"


_ACTIVE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def embedded(data: Any) -> Markup:
    """Data as JSON, in ASCII, for a ``<script type="application/json">``, which nothing in it can end."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character, written in _ACTIVE.items():
        text = text.replace(character, written)
    return Markup(text)
