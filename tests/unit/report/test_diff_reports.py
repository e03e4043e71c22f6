"""Two runs compared, in a terminal, as Markdown and as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len

import diff_traces
import sample_traces
from diff_traces import BEFORE, CONVERSION, TRUTH, run
from golden_files import assert_golden
from lazyscope.catalogue.before_after import BeforeAfter, compare
from lazyscope.report import diff_html, diff_markdown, diff_notes, diff_terminal, diff_words
from trace_builder import TraceBuilder


def pair(name: str) -> BeforeAfter:
    """Two runs by a name."""
    before, after = diff_traces.before(), diff_traces.after()
    crash: dict[str, Any] = {"exception": "ValueError", "failure": ("check(x)", "ValueError")}
    crashed = run(BEFORE, (*TRUTH, {}), ended="exception", **crash).trace()
    return {
        "better": lambda: compare(before, after),
        "worse": lambda: compare(after, before),
        "same": lambda: compare(before, before),
        "crash-gone": lambda: compare(crashed, after),
        "killed": lambda: compare(sample_traces.kmeans().trace(), sample_traces.killed().trace()),
        "hostile": lambda: compare(sample_traces.clean().trace(), sample_traces.hostile().trace()),
        "crowded": lambda: compare(sample_traces.crowded().trace(), sample_traces.clean().trace()),
    }[name]()


PAIRS = ("better", "worse", "same", "crash-gone", "killed", "hostile", "crowded")


@pytest.mark.parametrize("name", PAIRS)
def test_the_screen_of_each_pair_was_reviewed(name: str) -> None:
    text = diff_terminal.render(pair(name), 80, 40)
    assert_golden(f"diff-{name}-80.txt", text)
    assert max(map(cell_len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", PAIRS)
def test_the_markdown_of_each_pair_was_reviewed(name: str) -> None:
    assert_golden(f"diff-{name}.md", diff_markdown.render(pair(name)))


@pytest.mark.parametrize("name", PAIRS)
def test_the_html_of_each_pair_was_reviewed(name: str) -> None:
    """What is in it; its looks are those of the report."""
    body = diff_html.render(pair(name)).partition("<body>")[2]
    assert_golden(f"diff-{name}.html", body)


def test_the_verdict_is_the_first_word() -> None:
    """And what it rests on comes next."""
    first = diff_terminal.render(pair("better")).splitlines()[0]
    assert first == "Better: 1 finding gone, 1 better; 40 repeated tasks less."
    assert diff_words.reasons(pair("same")) == "no finding changed, and no more work was done twice."
    crash = diff_words.reasons(pair("crash-gone"))
    assert crash.startswith("it runs to its end, where it ended with ValueError before; ")


@pytest.mark.parametrize("height", [10, 16, 24, 60])
def test_on_a_low_screen_what_is_left_out_is_counted(height: int) -> None:
    """Every finding has its line before any has more."""
    compared = pair("crowded")
    changed = len(compared.of("new", "worse", "gone", "better"))
    text = diff_terminal.render(compared, 80, height)
    shown = len(re.findall(r"^(?:new|worse|gone|better) ", text, re.MULTILINE))
    left = re.search(r"^and (\d+) more findings? that changed$", text, re.MULTILINE)
    assert shown + (int(left[1]) if left else 0) == changed


def test_without_source_no_line_of_code_is_shown() -> None:
    """Places only, in every form."""
    compared = pair("worse")
    for text in (
        diff_terminal.render(compared, 80, 60, source=False),
        diff_markdown.render(compared, source=False),
        diff_html.render(compared, source=False),
    ):
        assert "np.asarray" not in text
        assert "fit(x)" not in text
        assert "core/fitting.py:2" in text


def test_what_makes_runs_less_comparable_is_said() -> None:
    """Other arguments, swapped runs, a run with itself."""
    old = run(BEFORE, (*CONVERSION, {}), argv=("--year", "2024")).trace()
    new = run(BEFORE, (*CONVERSION, {}), argv=("--year", "2025")).trace()
    notes = diff_notes.notes(compare(old, new), str)
    assert notes == ["other programs or arguments: pipeline.py --year 2024 -> pipeline.py --year 2025"]
    assert diff_notes.notes(compare(old, old), str) == ["both are the same run: nothing can differ"]


def test_other_versions_and_settings_are_said() -> None:
    """SciPy 1.17 against 1.18, with the switch and without."""
    import msgspec

    old, new = run(BEFORE, (*CONVERSION, {})).trace(), run(BEFORE, (*CONVERSION, {})).trace()
    new.header = msgspec.structs.replace(
        new.header, versions={"python": "3.13.0", "dask": "2026.9.0", "scipy": "1.18.1"}, started=0.0
    )
    new.switches = {"SCIPY_ARRAY_API": True}
    assert diff_notes.notes(compare(old, new), str) == [
        "the second trace was recorded before the first: are they swapped?",
        "other versions: dask 2026.8.0 -> 2026.9.0, scipy none -> 1.18.1",
        "another setting: SCIPY_ARRAY_API off -> on",
    ]


class Page(HTMLParser):
    """The tags of a page, and whether they are closed in order."""

    VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", PAIRS)
def test_the_page_asks_for_nothing_and_runs_nothing(name: str) -> None:
    """No script, no address, every tag closed, whatever is in the traces."""
    page = Page(diff_html.render(pair(name)))
    assert page.open == []
    assert not {"script", "iframe", "object", "img"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on")]
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))


_ACTIVE = "[/b] <script>alert(1)</script> @everyone #1 [x](javascript:y) \x1b[2J \u202e `` | {{ 7*7 }}"
texts = st.text(max_size=40) | st.sampled_from([_ACTIVE, "</style>", "{% raw %}", "a\rb", "é" * 300, " -> "])


@settings(deadline=None, max_examples=25)
@given(st.lists(texts, min_size=5, max_size=5), st.integers(20, 120), st.integers(5, 50), st.booleans())
def test_any_text_passes_through_harmlessly(names: list[str], width: int, height: int, color: bool) -> None:
    """No markup, no control characters, no line too wide."""
    argv, path, message, kind, spot = names

    def made(fragment: str, size: int) -> TraceBuilder:
        build = TraceBuilder(argv, spot)
        line = f"if bool({fragment}): pass  # {message}".replace("\n", " ").replace("\r", " ")
        build.source(f"u{path}", line)
        build.force(build.at(f"u{path}", f"bool({fragment})"), "__bool__", seconds=1, tasks=size)
        build.failure(kind, message, build.at(f"u{path}", f"bool({fragment})"))
        build.blind_spot(spot + fragment)
        return build.end("exception", kind)

    compared = compare(made("x", 1).trace(), made("y" * 50_000, 2).trace())
    text = diff_terminal.render(compared, width, height, color=color)
    bare = re.sub(r"\x1b\[[\d;]*m", "", text) if color else text
    assert bare.replace("\n", "").isprintable()
    assert max(map(cell_len, bare.splitlines())) <= width
    page = Page(diff_html.render(compared))
    assert page.open == []
    assert "script" not in {tag for tag, _ in page.tags}
    markdown = diff_markdown.render(compared)
    assert len(markdown) <= diff_markdown.LONGEST
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    assert "<script" not in rendered
    assert "<a " not in rendered


def test_the_markdown_stays_below_the_limit() -> None:
    """What does not fit is counted."""
    fragments = [f"(x > {n:03}).any()" for n in range(400)]
    text = "\n".join(f"if {fragment}: report({'long_name_' * 20})" for fragment in fragments)
    new = run(text, *[(fragment, "__bool__", {}) for fragment in fragments])
    markdown = diff_markdown.render(compare(run(text).trace(), new.trace()))
    assert 40_000 < len(markdown) <= diff_markdown.LONGEST
    assert re.search(r"\d+ more findings that changed: left out\.", markdown)
    assert re.search(r"\d+ more findings left out for want of room\.", markdown)


def test_an_old_encoding_gets_ascii() -> None:
    """Nothing that could not be written."""
    for name in PAIRS:
        assert diff_terminal.render(pair(name), ascii_only=True).isascii()


def test_the_style_is_in_the_file() -> None:
    """That of the report, and what is special to two runs."""
    page = diff_html.render(pair("better"))
    assert Path(diff_html.__file__).with_name("diff.css").read_text() in page
