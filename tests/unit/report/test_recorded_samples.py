"""Every report of every sample is the one that was reviewed.

The traces were recorded once (tests/golden/traces), so that a report changes only when it is changed. In
pages the graphs are left out, since renderers of other versions lay them out a little differently; their
sources are reviewed in test_graphs.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from golden_files import assert_golden
from lazyscope.catalogue.before_after import compare
from lazyscope.model.trace import TraceData
from lazyscope.report import (
    diff_markdown,
    diff_terminal,
    json_report,
    markdown_report,
    notebook_html,
    sarif_report,
    terminal,
    trace_events,
)
from lazyscope.report.graphs import rendering
from lazyscope.report.html import html_report
from recorded_samples import RECORDED, recorded

_LOOKS = re.compile(r"(?<=<style>).*?(?=</style>)|(?<=<script>).*?(?=</script>)|'sha256-[^']*'", re.DOTALL)


def page(trace: TraceData) -> str:
    """The page without its style and script, which are the same in all, and reviewed as files."""
    return _LOOKS.sub("", html_report.render(trace))


FORMATS: dict[str, Callable[[TraceData], str]] = {
    "txt": lambda trace: terminal.render(trace, 100, 60),
    "html": page,
    "md": markdown_report.render,
    "json": json_report.render,
    "sarif": sarif_report.render,
    "trace.json": trace_events.render,
    "notebook.html": notebook_html.trace_html,
}


@pytest.fixture(autouse=True)
def no_renderer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "renderer", lambda kind="svg": None)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", RECORDED)
def test_reports_of_recorded_samples_are_those_reviewed(name: str, suffix: str) -> None:
    assert_golden(f"samples/{name}.{suffix}", FORMATS[suffix](recorded(name)))


@pytest.mark.parametrize("suffix", ["txt", "md"])
def test_differences_of_recorded_samples_are_those_reviewed(suffix: str) -> None:
    """Two programs that have nothing in common: everything is gone, and everything is new."""
    compared = compare(recorded("own_code"), recorded("labels"))
    text = diff_terminal.render(compared, 100) if suffix == "txt" else diff_markdown.render(compared)
    assert_golden(f"samples/own_code-labels.diff.{suffix}", text)
