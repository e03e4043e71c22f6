"""The SARIF report: what the standard wants, and places that are right to the character."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import sample_traces
from golden_files import assert_golden
from lazyscope.catalogue import entries
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.fixes.edit import Change
from lazyscope.model.events import File
from lazyscope.report import sarif_report
from lazyscope.report.sarif_report import _artifact, _replacement
from recorded_samples import recorded
from sarif_check import assert_sarif
from trace_builder import TraceBuilder

SAMPLES = ["clean", "kmeans", "killed", "hostile", "crowded"]


def log(build: TraceBuilder, *, source: bool = True) -> dict[str, Any]:
    """What a reader of the report gets."""
    text = sarif_report.render(build.trace(), source=source)
    assert text.isascii()
    found: dict[str, Any] = json.loads(text)
    return found


def results(build: TraceBuilder, *, source: bool = True) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = log(build, source=source)["runs"][0]["results"]
    return found


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", "def main():\n    y = f(x)\n    z = float(y)\n")
    build.source("lib/ä b%.py", "def f(x):\n    if bool(x.any()):\n        raise E\n", role="library")
    return build


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("source", [True, False])
def test_reports_are_sarif(name: str, source: bool) -> None:
    """Good and bad traces alike."""
    assert_sarif(log(getattr(sample_traces, name)(), source=source))


@pytest.mark.parametrize("name", ["clean", "killed"])
def test_reports_are_those_reviewed(name: str) -> None:
    """All but the rules, which are the catalogue's pages, and our version."""
    found = log(getattr(sample_traces, name)())
    del found["runs"][0]["tool"]
    for result in found["runs"][0]["results"]:
        del result["ruleIndex"]
    assert_golden(f"{name}.sarif", json.dumps(found, indent=1) + "\n")


def test_every_code_of_the_catalogue_is_a_rule() -> None:
    """With its title, its first sentence and its whole page."""
    rules = log(sample_traces.clean())["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [entry.code for entry in entries.all_entries()]
    for rule, entry in zip(rules, entries.all_entries(), strict=True):
        assert rule["shortDescription"]["text"] == f"{entry.title}."
        assert entry.page.startswith(rule["fullDescription"]["text"])
        assert "Mended" in rule["help"]["text"]
    assert len({rule["name"] for rule in rules}) == len(rules)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_finding_that_is_not_as_meant_is_a_result(name: str) -> None:
    """In the same order, with its fingerprint; the others are counted."""
    build = getattr(sample_traces, name)()
    findings = diagnose(build.trace()).findings
    wanted = [one for one in findings if one.code not in ("LZ119", "LZ121")]
    run = log(build)["runs"][0]
    found = [
        (one["properties"]["id"], one["ruleId"], one["partialFingerprints"]["lazyscopeFinding/v1"])
        for one in run["results"]
    ]
    assert found == [(one.id, one.code, one.fingerprint) for one in wanted]
    levels = {"high": "error", "medium": "warning", "low": "note"}
    assert [one["level"] for one in run["results"]] == [levels[one.severity] for one in wanted]
    assert run["properties"]["leftOut"] == len(findings) - len(wanted)


def test_what_is_known_to_do_no_harm_has_no_level() -> None:
    """A finding of severity `info` that is not worth a look."""
    build = TraceBuilder("program.py")
    build.source("program.py", "for x in xs:\n    y = float(x)\n")
    build.force(build.at("program.py", "float(x)"), "__float__", seconds=1)
    trace = build.end().trace()
    found = diagnose(trace)
    quiet = [replace(one, severity="info") for one in found.findings]
    vars(trace)["_diagnosis"] = replace(found, findings=tuple(quiet))
    document = sarif_report.to_document(trace)
    assert_sarif(document)
    (result,) = document["runs"][0]["results"]
    assert (result["kind"], result["level"]) == ("informational", "none")


def test_the_users_line_is_the_location_and_the_librarys_is_related(build: TraceBuilder) -> None:
    """To the character, counted from 1; the end is behind the last."""
    site, user = build.at("lib/ä b%.py", "bool(x.any())"), build.at("program.py", "f(x)")
    build.force(site, "__bool__", user_site=user, entry="lib.f", seconds=2)
    (result,) = results(build.end())
    assert result["properties"]["actionability"] == "caller"
    (location,) = result["locations"]
    assert location == {
        "physicalLocation": {
            "artifactLocation": {"uri": "program.py", "uriBaseId": "%SRCROOT%"},
            "region": {
                "startLine": 2, "startColumn": 9, "endLine": 2, "endColumn": 13, "snippet": {"text": "f(x)"},
            },
            "contextRegion": {"startLine": 2, "endLine": 2, "snippet": {"text": "    y = f(x)"}},
        },
        "logicalLocations": [{"name": "main", "kind": "function"}],
    }  # fmt: skip
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"] == {
        "uri": "lib/%C3%A4%20b%25.py",
        "uriBaseId": "SITE",
    }
    assert related["physicalLocation"]["region"]["snippet"] == {"text": "bool(x.any())"}


def test_what_only_the_library_can_mend_lies_in_the_library() -> None:
    """The user's line is related to it."""
    build = sample_traces.killed()
    (check,) = (one for one in results(build) if one["ruleId"] == "LZ102")
    assert check["properties"]["actionability"] == "library"
    uris = [
        check[name][0]["physicalLocation"]["artifactLocation"]["uri"]
        for name in ("locations", "relatedLocations")
    ]
    assert uris == ["scipy/_lib/_array_api.py", "samples/kmeans.py"]


def test_columns_count_characters_not_bytes() -> None:
    """Astral ones as one."""
    build = TraceBuilder("program.py")
    build.source("program.py", "é, z = '𝒳', bool(配列.最大())\n")
    build.force(build.at("program.py", "bool(配列.最大())"), "__bool__", seconds=1)
    (result,) = results(build.end())
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"]) == (13, 26)
    assert region["snippet"]["text"] == "bool(配列.最大())"


def test_an_expression_over_several_lines_is_one_region() -> None:
    """Its snippet is the text between its ends."""
    build = TraceBuilder("program.py")
    build.source("program.py", "y = 1 + float(\n    x.sum(),\n) + 2\n")
    build.force(build.at("program.py", "float(\n    x.sum(),\n)"), "__float__", seconds=1)
    (result,) = results(build.end())
    physical = result["locations"][0]["physicalLocation"]
    assert physical["region"]["snippet"]["text"] == "float(\n    x.sum(),\n)"
    assert (physical["region"]["endLine"], physical["region"]["endColumn"]) == (3, 2)
    assert physical["contextRegion"]["snippet"]["text"] == "y = 1 + float(\n    x.sum(),\n) + 2"


@pytest.mark.parametrize(
    ("path", "role", "artifact"),
    [
        ("a/b.py", "user", {"uri": "a/b.py", "uriBaseId": "%SRCROOT%"}),
        ("scipy/x.py", "library", {"uri": "scipy/x.py", "uriBaseId": "SITE"}),
        ("~/x.py", "user", {"uri": "x.py", "uriBaseId": "HOME"}),
        ("/opt/x y.py", "user", {"uri": "file:///opt/x%20y.py"}),
        ("C:/x.py", "user", {"uri": "file:///C:/x.py"}),
        ("<cell 3>", "user", {"uri": "%3Ccell%203%3E", "uriBaseId": "%SRCROOT%"}),
        ("a:b?#\n\ud800.py", "user", {"uri": "a%3Ab%3F%23%0A%ED%A0%80.py", "uriBaseId": "%SRCROOT%"}),
    ],
)
def test_paths_are_uris(path: str, role: str, artifact: dict[str, str]) -> None:
    """Percent-encoded, and relative to where they belong."""
    assert _artifact(File(path, role)) == artifact


def applied(lines: list[str], change: Change, *, end: str = "\n") -> str:
    """A file after the replacement was made as the standard says: regions of characters give way."""
    text = "\n".join(lines) + end
    made = _replacement(change, lines)
    region = made["deletedRegion"]
    starts = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]
    begin = starts[region["startLine"] - 1] + region["startColumn"] - 1
    until = starts[region["endLine"] - 1] + region["endColumn"] - 1
    return text[:begin] + made.get("insertedContent", {"text": ""})["text"] + text[until:]


@pytest.mark.parametrize(
    ("line", "end_line", "new", "text"),
    [
        (2, 2, ("B",), "a\nB\nc\n"),
        (1, 2, ("A", "B", "C"), "A\nB\nC\nc\n"),
        (2, 1, ("new",), "a\nnew\nb\nc\n"),
        (4, 3, ("new",), "a\nb\nc\nnew\n"),
        (1, 2, (), "c\n"),
    ],
)
def test_replacements_change_whole_lines(line: int, end_line: int, new: tuple[str, ...], text: str) -> None:
    """Exchanged, put in, put in at the end, taken out."""
    change = Change(0, line, end_line, new)
    assert applied(["a", "b", "c"], change) == text
    if line != 1:
        assert applied(["a", "b", "c"], change, end="").rstrip("\n") == text.rstrip("\n")


def test_a_fix_that_is_sure_can_be_applied() -> None:
    """It names the file like the location does."""
    trace = recorded("kmeans")
    result = json.loads(sarif_report.render(trace))["runs"][0]["results"][0]
    (fix,) = result["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"] == result["locations"][0]["physicalLocation"]["artifactLocation"]
    (put_in,) = change["replacements"]
    assert put_in["insertedContent"]["text"] == "    pixels = pixels.persist()\n"
    assert put_in["deletedRegion"]["startLine"] == 40


def test_without_source_there_is_none() -> None:
    """Places stay; snippets, fixes and code in sentences go."""
    text = json.dumps(log(sample_traces.kmeans(), source=False)["runs"][0]["results"])
    assert "snippet" not in text
    assert "insertedContent" not in text
    for secret in ("np.asarray", "diff > thresh", "xp.all", "kmeans(obs", "guess"):
        assert secret not in text
    assert '"startColumn": 28' in text


def test_messages_have_no_placeholders_and_no_links() -> None:
    """Braces are doubled, as the standard wants them."""
    build = TraceBuilder("program.py")
    build.source("program.py", "y = float(table[{'a': 1}['a']](1))\n")
    build.force(build.at("program.py", "float(table[{'a': 1}['a']](1))"), "__float__", seconds=1)
    found = log(build.end())
    assert_sarif(found)
    assert "table[{{'a': 1}}['a']] (1)" in found["runs"][0]["results"][0]["message"]["text"]


def test_what_was_not_seen_is_notified() -> None:
    """As the tool's own trouble, not as a result."""
    (invocation,) = log(sample_traces.killed())["runs"][0]["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("Not seen: what followed the last record")


def test_a_line_of_a_megabyte_is_not_quoted() -> None:
    """A snippet is exact or left out."""
    text = sarif_report.render(sample_traces.hostile().trace())
    assert len(text) < 200_000
    assert "xxxx" * 1_000 not in text
