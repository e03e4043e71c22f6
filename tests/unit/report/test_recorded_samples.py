"""Every report of every sample is the one that was reviewed.

The traces were recorded once (tests/golden/traces), so that a report changes only when it is changed. In
pages the graphs are left out, since renderers of other versions lay them out a little differently; their
sources are reviewed in test_graphs.py.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from importlib.resources import files

import jsonschema
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
from sarif_check import assert_sarif

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


@pytest.mark.parametrize("source", [True, False])
@pytest.mark.parametrize("name", RECORDED)
def test_json_of_recorded_samples_follows_the_published_schema(name: str, source: bool) -> None:
    text = files("lazyscope.report").joinpath("report.schema.json").read_text(encoding="utf-8")
    document = json_report.to_document(recorded(name), source=source)
    jsonschema.validate(document, json.loads(text), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("source", [True, False])
@pytest.mark.parametrize("name", RECORDED)
def test_sarif_of_recorded_samples_is_valid(name: str, source: bool) -> None:
    assert_sarif(json.loads(sarif_report.render(recorded(name), source=source)))


@pytest.mark.parametrize("name", RECORDED)
def test_without_source_no_line_of_code_is_in_any_report(name: str) -> None:
    """No assignment of the program; sentences of ours may say which function was called."""
    trace = recorded(name)
    user = next(number for number, file in enumerate(trace.files) if file.role == "user")
    lines = [line.strip() for line in trace.source_lines(user)]
    code = [line for line in lines if len(line) > 20 and " = " in line and not line.startswith(("#", '"'))]
    assert code
    for render in (html_report.render, markdown_report.render, json_report.render, sarif_report.render):
        text = html.unescape(render(trace, source=False))
        assert [line for line in code if line in text] == []


@pytest.mark.parametrize("suffix", ["txt", "md"])
def test_differences_of_recorded_samples_are_those_reviewed(suffix: str) -> None:
    """Two programs that have nothing in common: everything is gone, and everything is new."""
    compared = compare(recorded("own_code"), recorded("labels"))
    text = diff_terminal.render(compared, 100) if suffix == "txt" else diff_markdown.render(compared)
    assert_golden(f"samples/own_code-labels.diff.{suffix}", text)
