"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazyscope import figures


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (1_234, "1.23 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (12_300_000_000, "12.3 GB"),
        (80_000_000_000, "80 GB"),
        (5 * 10**15, "5 PB"),
        (1_234_000 * 10**15, "1,234,000 PB"),
    ],
)
def test_sizes_have_three_digits_and_a_decimal_unit(number: int, text: str) -> None:
    """Never 1000 of a unit that has a larger one."""
    assert figures.size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.00042, "0.42 ms"),
        (0.084, "84 ms"),
        (0.0996, "0.0996 s"),
        (0.9124, "0.912 s"),
        (7.7, "7.70 s"),
        (12.44, "12.4 s"),
        (99.97, "100 s"),
        (119.4, "119 s"),
        (125, "2 min 5 s"),
        (3599.6, "1 h 0 min"),
        (7 * 3600 + 240, "7 h 4 min"),
        (float("nan"), "? s"),
    ],
)
def test_durations_have_three_digits(seconds: float, text: str) -> None:
    """And minutes and hours where seconds would be long."""
    assert figures.duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (0.004, "<1 %"), (0.66, "66 %"), (0.9951, ">99 %"), (1.0, "100 %"), (None, "? %")],
)
def test_a_share_is_never_rounded_to_none_or_all(share: float | None, text: str) -> None:
    """0 % and 100 % are exact, unknown is a question mark."""
    assert figures.percent(share) == text


@pytest.mark.parametrize(("total", "places"), [(0.0, 2), (0.05, 4), (0.5, 3), (7.7, 2), (46.4, 1), (5000, 0)])
def test_seconds_have_three_digits_of_the_total(total: float, places: int) -> None:
    """Of 5,000 s nobody wants the hundredths."""
    assert figures.decimals(total) == places


def test_rounded_parts_still_add_up() -> None:
    """Three thirds make 100 %, not 99."""
    assert figures.apportion([1 / 3, 1 / 3, 1 / 3], 0.01) == [34, 33, 33]


@given(st.lists(st.floats(-1e6, 1e6), max_size=30))
def test_apportioning_changes_no_part_by_more_than_a_step(parts: list[float]) -> None:
    """And the sum is that of the parts, rounded."""
    steps = figures.apportion(parts, 0.01)
    assert all(abs(count * 0.01 - part) <= 0.010001 for count, part in zip(steps, parts, strict=True))
    assert sum(steps) * 0.01 == pytest.approx(sum(parts), abs=0.0051)
