"""Text of others does nothing to the terminal it is shown on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazyscope.text.harmless import harmless


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [/b] <script>", "plain [/b] <script>"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\x00\x7f\x9b", "a\\r\\nb\\x00\\x7f\\x9b"),
        ("\u202egnp.exe \u2066 \u200b", "\\u202egnp.exe \\u2066 \\u200b"),
        ("a\tb", "a b"),
        ("a\xa0b", "a\\xa0b"),
        ("\ud800", "\\ud800"),
        ("❤\ufe0f", "❤\\ufe0f"),
        ("結果 é ünïcode", "結果 é ünïcode"),
    ],
)
def test_what_is_invisible_or_active_is_written_out(text: str, shown: str) -> None:
    """As Python would write it; letters of any script stay."""
    assert harmless(text) == shown


def test_where_only_ascii_can_be_shown_the_rest_is_written_out() -> None:
    """As Python's `ascii` would."""
    assert harmless("é…", ascii_only=True) == "\\xe9\\u2026"


@given(st.text(), st.booleans())
def test_any_text_becomes_one_printable_line(text: str, ascii_only: bool) -> None:
    """And saying it twice changes nothing."""
    shown = harmless(text, ascii_only=ascii_only)
    assert shown.isprintable()
    assert shown.isascii() or not ascii_only
    assert harmless(shown, ascii_only=ascii_only) == shown
