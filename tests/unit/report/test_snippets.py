"""A source line in little room, its expression in view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lazyscope.report.screen import Screen
from lazyscope.report.snippets import Excerpt, code, excerpt, place, place_and_function
from trace_builder import TraceBuilder

PLAIN = Screen(80, 24, color=False)


def found_at(source: str, fragment: str) -> Excerpt:
    """The excerpt at `fragment` of a source text."""
    build = TraceBuilder("program.py")
    build.source("program.py", source)
    position = build.at("program.py", fragment)
    return excerpt(build.trace(), position)


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (60, "while not «np.asarray(obs)» and step < limit: go()"),
        (40, "while not «np.asarray(obs)» and step < …"),
        (32, "while not «np.asarray(obs)» and…"),
        (24, "… not «np.asarray(obs)»…"),
        (19, "…«np.asarray(obs)»…"),
        (18, "…ot «np.asarray(…»"),
    ],
)
def test_the_expression_stays_in_view(cells: int, shown: str) -> None:
    """What stands around it goes first, then its own end."""
    found = found_at("while not np.asarray(obs) and step < limit: go()", "np.asarray(obs)")
    assert code(PLAIN, found, cells).plain == shown


def test_of_two_equal_expressions_the_one_that_ran_is_marked() -> None:
    """By its column, in a line indented as one likes."""
    source = "if True:\n       y = f(x) + g(f(x))\n"
    build = TraceBuilder("program.py")
    build.source("program.py", source)
    first = build.at("program.py", "f(x)")
    assert code(PLAIN, excerpt(build.trace(), first), 40).plain == "y = «f(x)» + g(f(x))"


def test_an_expression_over_several_lines_is_marked_to_the_end_of_its_first() -> None:
    """The rest is not on the line."""
    found = found_at("y = compute(a,\n            b)\n", "compute(a,\n            b)")
    assert code(PLAIN, found, 40).plain == "y = «compute(a,»"


def test_in_colour_there_are_no_other_marks() -> None:
    """The text of the line is left alone."""
    text = code(Screen(80, 24, color=True), found_at("y = f(x)", "f(x)"), 40)
    assert text.plain == "y = f(x)"
    assert [(span.start, span.end) for span in text.spans if span.style] == [(4, 8)]


def test_where_only_ascii_can_be_shown_marks_are_ascii() -> None:
    """A pipe in an old encoding."""
    screen = Screen(80, 24, color=False, ascii_only=True)
    assert code(screen, found_at("y = f(é)", "f(é)"), 40).plain == "y = >>f(\\xe9)<<"


def test_without_source_nothing_is_made_up() -> None:
    """The place is all there is."""
    build = TraceBuilder("program.py")
    build.missing("lost.py")
    position = build.at("lost.py", 7)
    found = excerpt(build.trace(), position)
    assert code(PLAIN, found, 40).plain == "(no source)"
    assert place(PLAIN, found.site, 40).plain == "lost.py:7"


def test_a_long_path_loses_its_beginning_and_a_long_function_its_end() -> None:
    """The line number is never lost."""
    build = TraceBuilder("program.py")
    build.missing("a/very/long/path/to/some/module.py")
    position = build.at("a/very/long/path/to/some/module.py", 1234, function="A.method.<locals>.inner")
    site = excerpt(build.trace(), position).site
    assert place(PLAIN, site, 20).plain == "…some/module.py:1234"
    assert place_and_function(PLAIN, site, 50).plain == "a/very/long/path/to/some/module.py:1234  A.method…"


@given(st.text(max_size=60), st.text(min_size=1, max_size=60), st.text(max_size=60), st.integers(4, 90))
def test_any_line_fits(before: str, expression: str, after: str, cells: int) -> None:
    """Whatever is in it, it takes no more cells than there are and begins with what was marked."""
    site = found_at("x", "x").site
    found = Excerpt(site, before, expression, after)
    text = code(PLAIN, found, cells).plain
    assert cell_len(text) <= cells
    assert text.isprintable()
    assert "«" in text
    assert "»" in text
