"""The parts of the HTML report: excerpts, changes, sentences, the timeline."""

from __future__ import annotations

import math
import re

import pytest

from lazyscope.fixes.edit import one_change
from lazyscope.fixes.fix import Estimate, Fix
from lazyscope.report.html.changes import shown_fix
from lazyscope.report.html.code_pages import code_pages
from lazyscope.report.html.excerpts import excerpt
from lazyscope.report.html.markup import cut_path, embedded, plain, prose
from lazyscope.report.html.timeline import BINS, MOST_LANES, timeline
from trace_builder import TraceBuilder

PROGRAM = """
def main(x):
    # Sum it up.
    total = float(
        x.sum()  # all
    )
    if total > 3:
        print("<b>", total)
    return total
"""


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", PROGRAM)
    return build


# Excerpts


def test_an_excerpt_has_the_lines_around_coloured_and_the_expression_marked(build: TraceBuilder) -> None:
    """Less indented by what all of them are."""
    at = build.at("program.py", 'print("<b>", total)')
    found = excerpt(build.trace(), at, source=True)
    assert (found.place, found.function) == ("program.py:7", "main")
    assert [line.number for line in found.lines] == [5, 6, 7, 8]
    assert [line.number for line in found.lines if line.is_site] == [7]
    assert [str(line.html) for line in found.lines] == [
        ")",
        '<span class="k">if</span> total &gt; <span class="n">3</span>:',
        '    <mark><span class="b">print</span>(<span class="s">&#34;&lt;b&gt;&#34;</span>, total)</mark>',
        '<span class="k">return</span> total',
    ]


def test_an_expression_over_several_lines_is_marked_on_each(build: TraceBuilder) -> None:
    """Without the indentation of its lines."""
    at = build.at("program.py", "float(\n        x.sum()  # all\n    )")
    lines = excerpt(build.trace(), at, source=True).lines
    assert [line.number for line in lines if line.is_site] == [3, 4, 5]
    assert [str(line.html) for line in lines if line.is_site] == [
        '    total = <mark><span class="b">float</span>(</mark>',
        '        <mark>x.sum()  <span class="c"># all</span></mark>',
        "    <mark>)</mark>",
    ]


def test_a_mark_stays_in_view_in_a_line_of_any_length() -> None:
    """What is cut is said by ellipses; control characters and tabs are written out."""
    build = TraceBuilder("program.py")
    long = "x" * 1_000_000
    build.source("program.py", f"if z:\n\ty = '\x1b[2J{long}' + bool(z) + '\x1b[2J\t{long}'")
    at = build.at("program.py", "bool(z)")
    line = excerpt(build.trace(), at, source=True).lines[1]
    text = re.sub("<[^>]*>", "", line.html).replace("&#39;", "'")
    assert text.startswith("…xxx")
    assert text.endswith("xxx…")
    assert r"bool(z) + '\x1b[2J    xxx" in text
    assert len(text) < 220
    assert "<mark>" in line.html


def test_without_source_there_is_the_place_only(build: TraceBuilder) -> None:
    """Whether it is not wanted or not there."""
    build.missing("library.py", distribution="library 1.0")
    at, missing = build.at("program.py", "x.sum()"), build.at("library.py", 7)
    trace = build.trace()
    unwanted, unknown = excerpt(trace, at, source=False), excerpt(trace, missing, source=True)
    assert (unwanted.place, unwanted.lines, unwanted.missing) == ("program.py:4", (), "")
    assert (unknown.place, unknown.distribution) == ("library.py:7", "library 1.0")
    assert unknown.missing == "The trace does not hold the source of this line."


# Sentences


@pytest.mark.parametrize(
    ("sentence", "html"),
    [
        ("It is `a < b`.", "It is <code>a &lt; b</code>."),
        ("`x` and `y`, then", "<code>x</code> and <code>y</code>, then"),
        ("(`f(x)`)", "(<code>f(x)</code>)"),
        ("a `b`c` d", "a <code>b`c</code> d"),
        ("<script> & `open", "&lt;script&gt; &amp; `open"),
        ("\x1b[2J `\u202e`", r"\x1b[2J <code>\u202e</code>"),
    ],
)
def test_code_in_a_sentence_is_code(sentence: str, html: str) -> None:
    """Between backticks, one of which may be in it."""
    assert prose(sentence) == html


def test_sentences_may_come_without_their_code() -> None:
    """And without backticks, for where there is no markup."""
    assert prose("Ask `x.sum()` once", source=False) == "Ask <code>...</code> once"
    assert plain("Ask `x.sum()` once") == "Ask x.sum() once"


def test_long_text_is_cut() -> None:
    """A sentence at its end, a path at its beginning."""
    assert prose("word " * 1_000, longest=11) == "word word …"
    assert cut_path("a/" * 100 + "end.py", 10) == "…/a/end.py"


def test_data_are_json_that_ends_no_script() -> None:
    """And means the same."""
    assert embedded(["</script>", "&\u2028é"]) == '["\\u003c/script\\u003e","\\u0026\\u2028\\u00e9"]'


# Fixes


def fixed(line: int, end_line: int, new: tuple[str, ...]) -> Fix:
    change = one_change(0, line, end_line, new)
    return Fix("persist", "`x` first", "holds it", "caller", Estimate((3, 5), (0.0, 0.25)), change)


def test_a_change_says_which_lines_give_way(build: TraceBuilder) -> None:
    """To what; the button copies the new ones."""
    found = shown_fix(build.trace(), fixed(6, 6, ("    if True:",)), source=True)
    (change,) = found.changes
    assert change.heading == "Replace line 6 of <code>program.py</code>:"
    assert (change.removed, change.added) == (("    if total > 3:",), ("    if True:",))
    assert change.after == ()
    assert found.copied == "    if True:\n"
    assert found.saving == "up to 5 repeated tasks, up to 0.250 s"


@pytest.mark.parametrize(
    ("line", "end_line", "heading"),
    [
        (3, 2, "Insert before line 3 of <code>program.py</code>:"),
        (3, 5, "Replace lines 3 to 5 of <code>program.py</code>:"),
    ],
)
def test_a_change_may_put_in_lines_or_replace_several(
    build: TraceBuilder, line: int, end_line: int, heading: str
) -> None:
    """Before what is put in stands what follows it."""
    (found,) = shown_fix(build.trace(), fixed(line, end_line, ("    x = 1",)), source=True).changes
    assert found.heading == heading
    assert found.after == (("    total = float(",) if end_line < line else ())
    assert len(found.removed) == end_line - line + 1


def test_a_change_that_is_too_long_is_not_copied_in_part(build: TraceBuilder) -> None:
    """What is left out is said; the button then copies the advice."""
    found = shown_fix(build.trace(), fixed(3, 2, ("line",) * 50), source=True)
    (change,) = found.changes
    assert len(change.added) == 40
    assert change.left_out == "10 more lines left out; the JSON report has all of it"
    assert found.copied == "persist: x first (holds it)"


def test_without_source_a_fix_has_no_lines(build: TraceBuilder) -> None:
    """Nor code in what it says."""
    found = shown_fix(build.trace(), fixed(3, 2, ("line",)), source=False)
    assert found.changes == ()
    assert found.summary == "<code>...</code> first"
    assert found.copied == "persist: ... first (holds it)"


def test_every_page_of_the_catalogue_has_both_headings_and_programs() -> None:
    """And no mark of the text it is made from."""
    from lazyscope.catalogue.entries import all_entries

    codes = [entry.code for entry in all_entries()]
    for page in code_pages(codes):
        first = next(block for block in page.blocks if block.kind == "heading")
        assert first.content == "When it occurs", page.code
        assert "``" not in "".join(block.content for block in page.blocks)
        assert page.example.striptags()
        assert page.mended.striptags()


# The timeline


def test_calls_are_counted_in_steps_of_time(build: TraceBuilder) -> None:
    """All of them; the width of a step is told."""
    at = build.at("program.py", "x.sum()")
    for _ in range(3):
        build.call("dask.array.sum", at)
    build.wait(4)
    build.call("dask.array.sum", at)
    found = timeline(build.end().trace(), [])
    assert found.data["bins"] == BINS
    assert found.data["lanes"] == [{"name": "MainThread", "calls": [0, 3, BINS - 1, 1]}]
    assert found.summary == "4 calls and no force in 4.00 s."
    assert found.folded == "4 calls folded into steps of 2 ms"


def test_forces_that_overlap_lie_below_each_other(build: TraceBuilder) -> None:
    """A nested one below that around it; the next one is at the top again."""
    at = build.at("program.py", "x.sum()")
    outer = build.begin(at, "compute")
    build.wait(1)
    build.force(at, "compute", seconds=1, parent=outer)
    build.finish(outer, 3)
    build.wait(2)
    build.force(at, "compute", seconds=1)
    trace = build.end().trace()
    assert timeline(trace, trace.forces).data["depth"] == [0, 1, 0]


def test_threads_beyond_the_most_share_a_lane(build: TraceBuilder) -> None:
    """Which says how many they are."""
    at = build.at("program.py", "x.sum()")
    for number in range(MOST_LANES + 3):
        build.force(at, "compute", seconds=1)
        build.text(f"Thread-{number}")
    trace = build.end().trace()
    for number, force in enumerate(trace.forces):
        thread = trace.texts.index(f"Thread-{number}")
        force.begin = type(force.begin)(**{
            name: getattr(force.begin, name) for name in force.begin.__struct_fields__ if name != "thread"
        }, thread=thread)  # fmt: skip
    found = timeline(trace, trace.forces)
    assert len(found.data["lanes"]) == MOST_LANES + 1
    assert found.data["lanes"][-1]["name"] == "3 more threads"
    assert found.data["lanes"][0]["name"] == "Thread-0"
    assert found.folded == "3 threads in one lane"


def test_a_damaged_clock_draws_something(build: TraceBuilder) -> None:
    """Calls at no time are not counted."""
    at = build.at("program.py", "x.sum()")
    build.call("dask.array.sum", at)
    build.force(at, "compute", seconds=1)
    trace = build.end().trace()
    call = trace.calls[0]
    trace.calls[0] = type(call)(math.nan, call.operation, call.site, call.user_site, [], [], call.thread)
    assert timeline(trace, trace.forces).data["lanes"][0]["calls"] == []
