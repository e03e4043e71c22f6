"""What fits on a screen, and what is said of the rest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from lazyscope.report.screen import Screen, Section, arrange


def section(items: int, lines_each: int = 1, *, eager: int = 1) -> Section:
    """Items of some height, and a line that counts those left out."""

    def lines(shown: int) -> list[Text]:
        more = [Text(f"{items - shown} more")] if shown < items else []
        return [Text(f"item {n}") for n in range(shown) for _ in range(lines_each)] + more

    return Section(items, lines, eager)


def plain(lines: list[Text]) -> list[str]:
    return [line.plain for line in lines]


def test_everything_is_shown_where_there_is_room() -> None:
    """Nothing is announced that is not left out."""
    assert plain(arrange([section(2), section(1)], 3)) == ["item 0", "item 1", "item 0"]


def test_sections_share_what_room_there_is() -> None:
    """Each in turn gets one more."""
    found = arrange([section(9), section(9)], 6)
    assert plain(found) == ["item 0", "item 1", "7 more", "item 0", "item 1", "7 more"]


def test_an_eager_section_is_served_first() -> None:
    """Sites come before notes."""
    found = arrange([section(9, eager=3), section(9)], 7)
    assert plain(found) == ["item 0", "item 1", "item 2", "item 3", "5 more", "item 0", "8 more"]


def test_the_last_item_takes_the_place_of_the_line_that_counts_it() -> None:
    """One more of two is as high as both."""
    assert plain(arrange([section(2)], 2)) == ["item 0", "item 1"]


def test_every_section_has_an_item_even_where_nothing_fits() -> None:
    """A screen too small scrolls."""
    assert plain(arrange([section(3), section(1)], 1)) == ["item 0", "2 more", "item 0"]


@given(st.text(max_size=200), st.integers(0, 60), st.booleans())
def test_any_text_is_cut_to_its_cells(text: str, cells: int, ascii_only: bool) -> None:
    """At either end, wide characters and ones without width included."""
    screen = Screen(ascii_only=ascii_only)
    for shown in (screen.start(text, cells), screen.end(text, cells)):
        assert cell_len(shown) <= cells
        assert shown.isprintable()
        assert shown.isascii() or not ascii_only


def test_wide_characters_are_cut_between_cells() -> None:
    """A character of two cells does not stick out."""
    screen = Screen()
    assert screen.start("画像解析", 6) == "画像…"
    assert screen.end("画像解析", 6) == "…解析"
    assert screen.start("画像解析", 8) == "画像解析"


def test_a_megabyte_is_cut_without_reading_it_all() -> None:
    """Only as much of a line is looked at as can be shown."""
    screen = Screen()
    assert screen.start("x" * 1_000_000, 5) == "xxxx…"
    assert screen.end("\u0301" * 1_000_000, 5).startswith("…")
    assert len(screen.start("\u0301" * 1_000_000, 5)) < 50


def test_a_paragraph_breaks_at_spaces_but_not_after_a_figure() -> None:
    """7.24 s stays in one piece."""
    lines = Screen(width=16).paragraph("17 forces took 7.24 s of it")
    assert plain(lines) == ["17 forces took", "7.24 s of it"]
