"""The Markdown report: readable in an issue, complete within its limit, and harmless."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

import sample_traces
from golden_files import assert_golden
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.fixes.edit import one_change
from lazyscope.report import markdown_report
from lazyscope.report.markdown_text import block, code_span, prose, table_row
from recorded_samples import recorded
from trace_builder import TraceBuilder

SAMPLES = ["clean", "kmeans", "killed", "hostile", "crowded"]

OWN_HTML = re.compile(r"(<details><summary>[\w ,:]+</summary>|</details>)\n?")
"""The only HTML a report has, all of it its own words."""

MARKUP = "x` |` <b>@me #1 [a](b) ![c](d) *e* _f_ https://g.h www.i.j GH-1 0badcafe ~~k~~ &lt; \\| | ``` \\"


def tokens(text: str) -> list[Token]:
    """What a reader of CommonMark with GitHub's tables sees, inner tokens included."""
    found = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    return [inner for token in found for inner in (token, *(token.children or []))]


def render(build: TraceBuilder, *, source: bool = True) -> str:
    return markdown_report.render(build.trace(), source=source)


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", "def main():\n    y = f(x)\n    z = float(y)\n")
    build.source("library.py", "def f(x):\n    return bool(x.any())\n", role="library")
    return build


def assert_harmless(text: str) -> None:
    """One line per line, no HTML but ours, no links, pictures or emphasis of others'."""
    assert all(character.isprintable() or character in "\n\t" for character in text)
    for token in tokens(text):
        assert token.type not in ("link_open", "image", "em_open", "s_open")
        if token.type in ("html_block", "html_inline"):
            assert OWN_HTML.fullmatch(token.content), token.content
        if token.type == "text":
            assert not re.search(r"@|#\d|://|www\.|<(?!1 %)|GH-\d", token.content), token.content


@pytest.mark.parametrize("name", ["clean", "killed", "hostile"])
def test_reports_are_those_reviewed(name: str) -> None:
    """To the letter."""
    assert_golden(f"{name}.md", render(getattr(sample_traces, name)()))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("source", [True, False])
def test_nothing_in_a_report_acts(name: str, source: bool) -> None:
    """Whatever names, messages and source lines hold."""
    assert_harmless(render(getattr(sample_traces, name)(), source=source))


@pytest.mark.parametrize("name", SAMPLES)
def test_tables_have_as_many_cells_as_columns(name: str) -> None:
    """No cell breaks its row."""
    text = render(getattr(sample_traces, name)())
    rows = [line for line in text.splitlines() if line.startswith("|")]
    counts = [len(re.findall(r"(?<!\\)\|", line)) for line in rows]
    assert set(counts) <= {7, 9}
    found = [token.type for token in tokens(text)]
    assert found.count("table_open") == sum(line.startswith("|--") for line in rows)
    assert found.count("tr_open") == sum(not line.startswith("|--") for line in rows)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_finding_is_in_the_overview_and_those_worth_a_look_have_a_section(name: str) -> None:
    """With id, severity and code; the dearest first."""
    trace = getattr(sample_traces, name)().trace()
    text = markdown_report.render(trace)
    findings = diagnose(trace).findings
    overview = re.findall(r"^\| (F\d+[a-z]*) \| (\w+) \| (LZ\d+) \|", text, re.MULTILINE)
    assert overview == [(one.id, one.severity, one.code) for one in findings]
    sections = re.findall(r"^(?:### |<details><summary>)(F\d+[a-z]*)[:,]", text, re.MULTILINE)
    assert sections == [one.id for one in findings if one.severity != "info"]


def test_both_lines_the_reason_and_the_fixes_are_told(build: TraceBuilder) -> None:
    """A force in a library, reached from the user's line."""
    site, user = build.at("library.py", "bool(x.any())"), build.at("program.py", "f(x)")
    build.force(site, "__bool__", user_site=user, entry="library.f", seconds=2, tasks=5)
    text = render(build.end())
    assert "- your line `program.py:2` (`main`): `y = f(x)`" in text
    assert "- forced at `library.py:2` (`f`): `return «bool(x.any())»`" in text
    (found,) = diagnose(build.trace()).findings
    assert found.why in text
    for number, fix in enumerate(found.fixes, start=1):
        assert f"\n{number}. " in text
        assert fix.technique == "none" or f"{fix.summary}. Price: {fix.price}." in text


def test_without_source_there_are_places_only() -> None:
    """Neither lines nor expressions nor changes, nor the names of arrays."""
    text = render(sample_traces.kmeans(), source=False)
    assert "samples/kmeans.py:2" in text
    for secret in ("np.asarray", "diff > thresh", "xp.all", "kmeans(obs", "guess", "```diff", "«"):
        assert secret not in text


def changed(source: str, text: str) -> str:
    """The file after the first change of a report was made; its place and its old lines must be right."""
    hunk = re.search(r"```diff\n(.*?)\n *```", text, re.DOTALL)
    assert hunk is not None
    head, *lines = (line[3:] for line in hunk[1].splitlines())
    spans = re.fullmatch(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@", head)
    assert spans is not None
    start, before, _, after = map(int, spans.groups())
    old = [line[1:] for line in lines if line[0] in " -"]
    new = [line[1:] for line in lines if line[0] in " +"]
    first = start - 1 if before else start
    have = source.splitlines()
    assert (have[first : first + before], len(old), len(new)) == (old, before, after)
    return "\n".join([*have[:first], *new, *have[first + before :], ""])


def test_inserted_lines_are_a_change_that_can_be_made() -> None:
    """Before the line that they stand in front of, as `patch` would put them in."""
    trace = recorded("kmeans")
    file = next(n for n, one in enumerate(trace.files) if one.path == "samples/kmeans.py")
    source = "\n".join(trace.source_lines(file))
    text = markdown_report.render(trace)
    assert "Inserts before line 40 of `samples/kmeans.py`:" in text
    made = changed(source, text).splitlines()
    assert made[39] == "    pixels = pixels.persist()"
    assert [*made[:39], *made[40:]] == source.splitlines()


def test_a_change_too_long_to_show_is_told(build: TraceBuilder) -> None:
    """With its place."""
    build.force(build.at("program.py", "float(y)"), "__float__", seconds=1)
    trace = build.end().trace()
    (found,) = diagnose(trace).findings
    long = replace(found.fixes[0], technique="persist", edit=one_change(0, 2, 3, ("a = 1",) * 50))
    diagnosis = replace(diagnose(trace), findings=(replace(found, severity="low", fixes=(long,)),))
    vars(trace)["_diagnosis"] = diagnosis
    text = markdown_report.render(trace)
    assert "Replaces lines 2 to 3 of `program.py`; too long to show: the JSON report has the lines." in text
    assert "```diff" not in text


def test_what_goes_away_with_another_is_folded() -> None:
    """Under its own summary; the whole section is inside."""
    text = render(sample_traces.kmeans())
    findings = diagnose(sample_traces.kmeans().trace()).findings
    following = [one for one in findings if one.follows is not None and one.severity != "info"]
    assert following
    for one in following:
        summary = f"<details><summary>{one.id}, {one.code}: goes away with {one.follows}</summary>"
        (section,) = re.findall(re.escape(summary) + r"\n\n(.*?)\n\n</details>", text, re.DOTALL)
        assert one.why in section


def many_findings(count: int) -> TraceBuilder:
    """More findings than a comment holds, each dearer than the next."""
    build = TraceBuilder("program.py")
    build.source("program.py", "\n".join(f"y{n} = float(variable_{n} | other)" for n in range(count)))
    for n in range(count):
        build.force(build.at("program.py", n + 1), "__float__", seconds=(count - n) / 100, tasks=3)
        build.failure("ValueError", f"no {n}", build.at("program.py", n + 1), escaped=False)
        build.blind_spot(f"something {n}")
    return build.end()


def test_a_report_fits_a_comment_and_says_how_much_is_left_out() -> None:
    """The dearest stay, the numbers add up."""
    count = 600
    text = render(many_findings(count))
    assert 60_000 < len(text) < 65_536
    sections = re.findall(r"^### (F\d+):", text, re.MULTILINE)
    assert sections == [f"F{n}" for n in range(1, len(sections) + 1)]
    rows = re.findall(r"^\| (F\d+[a-z]*) \|", text, re.MULTILINE)
    left = [int(number) for number in re.findall(r"^(\d+) more findings, less dear", text, re.MULTILINE)]
    assert left == [count - len(rows), count - len(sections)]
    (sites,) = re.findall(r"(\d+) more sites", text)
    table = re.findall(r"^\| [\d.]+ \| .*`program.py:\d+`", text, re.MULTILINE)
    assert len(table) + int(sites) == count
    exceptions, spots = (int(number) for number in re.findall(r"^- and (\d+) more$", text, re.MULTILINE))
    assert len(re.findall(r"^- `ValueError`", text, re.MULTILINE)) + exceptions == count
    assert len(re.findall(r"^- something", text, re.MULTILINE)) + spots == count
    assert_harmless(text)


def test_a_hundred_thousand_calls_are_a_short_report(build: TraceBuilder) -> None:
    """What is recorded is counted, not listed."""
    user = build.at("program.py", "f(x)")
    for _ in range(100_000):
        build.call("dask.array.add", user)
    build.force(build.at("program.py", "float(y)"), "__float__", seconds=1)
    text = render(build.end())
    assert "100,000 calls recorded" in text
    assert len(text) < 5_000


def test_a_line_of_a_megabyte_is_cut() -> None:
    """In a change, too, and that is said."""
    build = TraceBuilder("program.py")
    long = "b" * 1_000_000
    build.source("program.py", f"y = a if bool(x) else {long}\n")
    build.force(build.at("program.py", "bool(x)"), "__bool__", seconds=1)
    text = render(build.end())
    assert len(text) < 10_000
    assert max(map(len, text.splitlines())) < 2_000
    assert "```diff" not in text or "long lines cut" in text


def test_a_trace_with_nothing_to_mend_says_so() -> None:
    """And what stayed lazy."""
    text = render(sample_traces.clean())
    assert "Nothing to mend: what was forced is what the program asked for." in text


def test_an_empty_trace_is_a_report() -> None:
    """Nothing was forced."""
    text = render(TraceBuilder().end())
    assert text.startswith("## lazyscope: the traced block\n\nThe traced block ended normally")
    assert "Nothing was forced" in text
    assert "###" not in text


# Escaping


@given(st.text())
@settings(deadline=None)
def test_code_spans_hold_their_text_and_nothing_else(text: str) -> None:
    """Whatever it is; on one line."""
    span = code_span(f"a{text}", 10_000)
    (inline,) = (token for token in tokens(span) if token.type == "inline")
    assert [token.type for token in inline.children or []] == ["code_inline"]


@given(st.lists(st.sampled_from([*MARKUP.split(), "`", "word", "`code`", ".", "1.", "-", " ", "\n", "`|`"])))
@settings(deadline=None)
def test_sentences_of_others_are_words_and_code(parts: list[str]) -> None:
    """In a paragraph and in a cell."""
    for text in ("".join(parts), " ".join(parts)):
        found = prose(text)
        assert_harmless(found)
        kinds = {token.type for token in tokens(found)}
        assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "code_inline", "softbreak"}
        table = "\n".join([table_row(["a", "b"]), "|---|---|", table_row([found, "end"])])
        cells = [token.type for token in tokens(table)]
        assert (cells.count("td_open"), cells.count("tr_open")) == (2, 2)


def test_a_sentence_stays_as_it_is_written() -> None:
    """Code in its spans, and figures with their signs."""
    text = "`f(x)` in `g`: 3 of 4 tasks (1.2 MB), at most 5 %; it isn't `a[0] | b`."
    assert prose(text) == text
    assert prose("see a_b, <c> and #1.") == "see `a_b`, `<c>` and `#1`."
    assert prose("`a``b`") == "`ab`"


def test_a_block_cannot_be_left() -> None:
    """Its fence is longer than any in it; tabs stay."""
    text = "\n".join(block(["````", "\tx = '```'\x1b[0m", "</details>"], "diff"))
    assert text == "`````diff\n````\n\tx = '```'\\x1b[0m\n</details>\n`````"
    assert [token.type for token in tokens(text)] == ["fence"]
