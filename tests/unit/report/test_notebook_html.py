"""What a notebook shows of a trace and of a finding."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lazyscope
import sample_traces
from golden_files import assert_golden
from lazyscope.report import notebook_html
from lazyscope.traces import Trace
from trace_builder import TraceBuilder

SAMPLES = ("clean", "kmeans", "killed", "hostile", "crowded")


def html(build: TraceBuilder) -> str:
    return notebook_html.trace_html(build.trace())


def text_of(page: str) -> str:
    """What a reader sees, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.mark.parametrize("name", SAMPLES)
def test_the_html_of_each_sample_was_reviewed(name: str) -> None:
    assert_golden(f"{name}.notebook.html", html(getattr(sample_traces, name)()) + "\n")


def test_the_worst_findings_have_place_reason_and_first_fix() -> None:
    """Those that go away with another are named there."""
    text = text_of(html(sample_traces.kmeans()))
    assert text.startswith("samples/kmeans.py --colours 16 ended normally after 7.70 s. 17 forces took")
    assert "F1 high LZ101 A truth value computes the array 4.84 s, 3 forces" in text
    assert "scipy/cluster/vq/_vq_impl.py:8 while diff > thresh :" in text
    assert "compute-once : compute the dask arrays that kmeans gets, once, before it gets them" in text
    assert "with it go F1a, F1b, F1c, F1d, F1e" in text


def test_at_most_five_findings_are_shown_and_the_others_counted() -> None:
    """13 in all, and what was not seen."""
    text = text_of(html(sample_traces.crowded()))
    shown = re.findall(r"\bF\d+ (?:high|medium|low)", text)
    assert shown == ["F1 high", "F2 medium", "F3 medium", "F4 medium", "F5 medium"]
    assert "and 8 more findings, less dear: trace.findings has all" in text
    assert "8 things were not seen: trace.show() names them" in text


def test_a_finding_alone_says_the_same() -> None:
    """From a trace that was read back."""
    trace = Trace(sample_traces.kmeans().content())
    page = trace.findings[0]._repr_html_()
    assert text_of(page) in text_of(trace._repr_html_()).replace(" with it go F1a, F1b, F1c, F1d, F1e", "")


def test_every_state_of_a_trace_can_be_shown() -> None:
    """Not begun, open and empty, ended."""
    tracing = lazyscope.trace()
    assert tracing._trace._repr_html_() == "<div>&lt;lazyscope trace, not begun&gt;</div>"
    with tracing as trace:
        opened = text_of(trace._repr_html_())
    assert opened.startswith("The traced block is being recorded, ")
    assert opened.endswith("Nothing was forced: 0 calls recorded, no graph executed.")
    ended = text_of(trace._repr_html_())
    assert ended.startswith("The traced block ended normally after ")
    assert repr(trace) == "<lazyscope trace, ok: 0 forces, 0 calls>"


class Parts(HTMLParser):
    """Tags and attributes, and whether tags are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_but_styled_text_is_in_it(name: str) -> None:
    """No script, link, id or class that could touch the page around it."""
    parts = Parts(html(getattr(sample_traces, name)()))
    assert parts.names <= {"div", "span", "strong", "code"}
    assert parts.attributes == {"style"}
    assert parts.open == []


texts = st.text(max_size=40) | st.sampled_from(
    ["<script>alert(1)</script>", '"}', "\x1b[2J", "\u202e", "{{ 7*7 }}", "`` x `", "&lt;", "x" * 100_000]
)


@settings(deadline=None, max_examples=40)
@given(st.lists(texts, min_size=4, max_size=4))
def test_any_text_passes_through_harmlessly(names: list[str]) -> None:
    """Escaped, on one line, and of a bounded length."""
    argv, path, message, source = names
    build = TraceBuilder(argv)
    build.source(f"u{path}", f"if bool(x): pass  # {source}".replace("\n", " ").replace("\r", " "))
    at = build.at(f"u{path}", "bool(x)", function=message)
    build.force(at, "__bool__", seconds=1)
    build.failure(message, source, at)
    build.end("exception", message)
    trace = Trace(build.content())
    for page in (trace._repr_html_(), *(found._repr_html_() for found in trace.findings)):
        parts = Parts(page)
        assert parts.names <= {"div", "span", "strong", "code"}
        assert page.replace("\n", "").isprintable()
        assert len(page) < 20_000


def test_the_template_is_there_and_loaded_only_when_needed() -> None:
    """Beside the module, as a file of the package."""
    assert Path(notebook_html.__file__).with_name("notebook.html.j2").exists()
