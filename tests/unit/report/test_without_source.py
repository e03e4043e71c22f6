"""Reports that are to hold no source text hold none in their sentences either."""

from __future__ import annotations

import pytest

from lazyscope.report.without_source import without_code


@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        ("`bool(x)` computed it once.", "`...` computed it once."),
        ("`x` (of `y`), `z`'s and `w`: 3 of 4", "`...` (of `...`), `...`'s and `...`: 3 of 4"),
        ('`f("`secret`")` forced.', "`...` forced."),
        ('see `f("`")` there', "see `...` there"),
        ("a`x`b and c`y`d", "a`...`d"),
        ("`f(\n  secret)` forced", "`...` forced"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_what_is_between_backticks_goes(sentence: str, left: str) -> None:
    """Backticks within code do not end it; where it cannot be told, more is left out."""
    assert without_code(sentence) == left
