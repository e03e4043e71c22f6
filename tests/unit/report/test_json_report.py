"""The JSON report: the contract that other people's scripts rely on."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

import sample_traces
from golden_files import assert_golden
from lazyscope.model.events import Wanted
from lazyscope.report import json_report
from trace_builder import TraceBuilder

SAMPLES = ["clean", "kmeans", "killed", "hostile", "crowded"]

SITE_KEYS = [
    "file", "distribution", "line", "end_line", "column", "end_column", "function", "code", "expression",
]  # fmt: skip
FORCE_KEYS = [
    "id", "parent", "started", "completed", "trigger", "entry", "site", "user_site", "seconds",
    "self_seconds", "task_seconds", "tasks", "tasks_repeated", "tasks_exact", "repeats", "partition_reads",
    "partition_reads_repeated", "bytes", "expected_bytes", "peak_bytes", "scheduler", "thread", "error",
    "waited_seconds", "cluster", "worker", "task", "allowed", "finding",
]  # fmt: skip
FINDING_KEYS = [
    "id", "fingerprint", "code", "title", "severity", "actionability", "follows", "entry", "site",
    "user_site", "occurrences", "forces", "owns_forces", "failures", "unknown_shapes", "cost",
    "if_not_forced", "at_stake", "why", "depends_on", "fixes",
]  # fmt: skip
FIX_KEYS = [
    "technique", "audience", "summary", "price", "sketch", "diff", "edits", "estimate", "status",
    "reason", "proof",
]  # fmt: skip


def document(build: TraceBuilder, *, source: bool = True) -> dict[str, Any]:
    """What a reader of the report gets."""
    found: dict[str, Any] = json.loads(json_report.render(build.trace(), source=source))
    return found


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    text = files("lazyscope.report").joinpath("report.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py", "--fast")
    build.source("program.py", "def main():\n    total = x.sum().compute()\n    y = x[x > 0]\n")
    return build


def test_the_schema_is_one(schema: dict[str, Any]) -> None:
    """It is valid itself."""
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", SAMPLES)
def test_reports_follow_the_published_schema(name: str, schema: dict[str, Any]) -> None:
    """Good and bad traces alike, with and without source."""
    build = getattr(sample_traces, name)()
    jsonschema.validate(document(build), schema, jsonschema.Draft202012Validator)
    jsonschema.validate(document(build, source=False), schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", ["clean", "killed"])
def test_reports_are_those_reviewed(name: str) -> None:
    """To the byte."""
    assert_golden(f"{name}.json", json_report.render(getattr(sample_traces, name)().trace()))


def test_every_field_of_the_contract_is_there_and_no_other(build: TraceBuilder) -> None:
    """Design.md, section 6."""
    line = build.at("program.py", "x.sum().compute()")
    build.force(line, "compute", seconds=1)
    build.unknown_shape("Array.__getitem__", build.at("program.py", "x[x > 0]"))
    build.failure("ValueError", "no", line)
    found = document(build.end())
    assert list(found) == [
        "schema_version", "program", "totals", "forces", "unknown_shapes", "failures", "findings",
        "stayed_lazy", "blind_spots",
    ]  # fmt: skip
    assert found["schema_version"] == 2
    assert list(found["program"]) == ["argv", "seconds", "ended", "exception", "array_api_set", "versions"]
    assert list(found["totals"]) == [
        "calls", "forces", "forced_seconds", "tasks", "tasks_repeated", "bytes", "unattributed_forces",
    ]  # fmt: skip
    assert list(found["forces"][0]) == FORCE_KEYS
    assert list(found["forces"][0]["site"]) == SITE_KEYS
    assert list(found["unknown_shapes"][0]) == ["id", "operation", "entry", "site", "user_site", "finding"]
    assert list(found["failures"][0]) == [
        "id", "type", "message", "escaped", "entry", "site", "user_site", "finding",
    ]  # fmt: skip
    (finding,) = found["findings"]
    assert list(finding) == FINDING_KEYS
    assert list(finding["cost"]) == ["seconds", "self_seconds", "tasks", "tasks_repeated", "bytes", "share"]
    assert list(finding["fixes"][0]) == FIX_KEYS
    assert list(finding["fixes"][0]["estimate"]) == ["tasks_repeated", "seconds"]
    assert found["forces"][0]["finding"] == finding["id"] == "F1"
    assert found["failures"][0]["finding"] is found["unknown_shapes"][0]["finding"] is None
    assert found["blind_spots"] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_shares_of_findings_and_the_unforced_rest_make_one(name: str) -> None:
    """On one thread; every force belongs to just one finding that owns it."""
    found = document(getattr(sample_traces, name)())
    owners = [one for one in found["findings"] if one["owns_forces"]]
    owned = sorted(number for one in owners for number in one["forces"])
    assert owned == [force["id"] for force in sorted(found["forces"], key=lambda force: force["id"])]
    by_id = {one["id"]: one for one in owners}
    assert all(force["id"] in by_id[force["finding"]]["forces"] for force in found["forces"])
    if name != "crowded":  # whose forces ran side by side
        program, forced = found["program"]["seconds"], found["totals"]["forced_seconds"]
        shares = sum(one["cost"]["share"] for one in found["findings"])
        assert shares + (program - forced) / program == pytest.approx(1, abs=1e-4)


def test_fingerprints_stay_when_lines_move_and_differ_among_equals(build: TraceBuilder) -> None:
    """They hold no line numbers; the second of two equal statements has one of its own."""

    def fingerprints(text: str) -> list[str]:
        moved = TraceBuilder("program.py")
        moved.source("program.py", text)
        for line in [n for n, code in enumerate(text.splitlines(), 1) if "float" in code]:
            moved.force(moved.at("program.py", line), "__float__", seconds=1)
        return [one["fingerprint"] for one in document(moved.end())["findings"]]

    twice = "def f(x):\n    y = float(x)\n    y = float(x)\n"
    first, second = fingerprints(twice)
    assert first != second
    assert fingerprints("# moved\n\n" + twice) == [first, second]
    assert set(fingerprints(twice.replace("float(x)", "float(z)"))).isdisjoint([first, second])


def test_a_site_is_given_to_the_character(build: TraceBuilder) -> None:
    """Line from 1, columns from 0 in the raw line, the code stripped."""
    build.force(build.at("program.py", "x.sum().compute()"), "compute", seconds=1)
    (force,) = document(build.end())["forces"]
    assert force["site"] == {
        "file": "program.py",
        "distribution": None,
        "line": 2,
        "end_line": 2,
        "column": 12,
        "end_column": 29,
        "function": "main",
        "code": "total = x.sum().compute()",
        "expression": "x.sum().compute()",
    }
    assert force["user_site"] == force["site"]


def test_without_source_no_source_is_given(build: TraceBuilder) -> None:
    """Neither the line nor the expression; the place stays."""
    build.force(build.at("program.py", "x.sum().compute()"), "compute", seconds=1)
    text = json_report.render(build.end().trace(), source=False)
    site = json.loads(text)["forces"][0]["site"]
    assert (site["code"], site["expression"], site["line"], site["column"]) == ("", None, 2, 12)
    assert "x.sum" not in text
    (finding,) = json.loads(text)["findings"]
    assert "`...`" in finding["why"]


def test_repeats_name_the_layer_and_the_latest_earlier_force(build: TraceBuilder) -> None:
    """Layers of which nothing is repeated are left out."""
    line = build.at("program.py", "x.sum().compute()")
    source, total = build.layer("read-7f", "read", 4), build.layer("sum-9a", "sum", 1, [0])
    both = [Wanted(source, 4, 0), Wanted(total, 1, 0)]
    build.force(line, "compute", seconds=1, tasks=5, wanted=both)
    again = [Wanted(source, 3, 3, blocks=b"\x07", last=1), Wanted(total, 1, 0)]
    build.force(line, "compute", seconds=1, tasks=4, repeated=3, wanted=again)
    forces = document(build.end())["forces"]
    assert forces[0]["repeats"] == []
    assert forces[1]["repeats"] == [{"layer": "read-7f", "operation": "read", "tasks": 3, "force": 1}]


def test_a_force_that_did_not_come_back_has_no_duration() -> None:
    """Unknown is null, never 0; what it wanted is known."""
    found = document(sample_traces.killed())
    done, running = found["forces"]
    assert (done["completed"], done["seconds"], done["self_seconds"]) == (True, 41.7, 41.7)
    assert running["completed"] is False
    assert {running[key] for key in ("seconds", "self_seconds", "task_seconds", "bytes", "peak_bytes")} == {
        None
    }
    assert running["expected_bytes"] == 80_000_000_000
    assert found["program"]["ended"] == "killed"
    assert found["totals"]["forced_seconds"] == pytest.approx(45.2)


def test_a_force_that_raised_came_back_without_result(build: TraceBuilder) -> None:
    """Its time is known."""
    build.force(build.at("program.py", "x.sum().compute()"), "compute", seconds=1.5, error="ValueError")
    (force,) = document(build.end("exception", "ValueError"))["forces"]
    assert (force["completed"], force["seconds"], force["bytes"]) == (False, 1.5, None)


def test_only_an_inherited_user_site_says_so(build: TraceBuilder) -> None:
    """`"inherited": true`, and only there."""
    line = build.at("program.py", "x.sum().compute()")
    build.force(line, "compute", seconds=1)
    build.force(line, "compute", seconds=1, inherited=True)
    first, second = document(build.end())["forces"]
    assert "inherited" not in first["user_site"]
    assert second["user_site"]["inherited"] is True
    assert "inherited" not in second["site"]


def test_nobody_is_null(build: TraceBuilder) -> None:
    """No site, no user site, no entry."""
    build.force(None, "compute", seconds=1)
    (force,) = document(build.end())["forces"]
    assert (force["site"], force["user_site"], force["entry"]) == (None, None, None)


def test_lists_are_in_the_order_of_time_and_ids_unique() -> None:
    """However the records came."""
    found = document(sample_traces.crowded())
    started = [force["started"] for force in found["forces"]]
    assert started == sorted(started)
    for name in ("forces", "unknown_shapes", "failures"):
        ids = [event["id"] for event in found[name]]
        assert len(set(ids)) == len(ids)


def test_blind_spots_are_counted_and_gaps_in_the_figures_told(build: TraceBuilder) -> None:
    """One sentence each; a killed trace and a cut one say what is missing."""
    line = build.at("program.py", "x.sum().compute()")
    build.force(line, "compute", seconds=1, size=None, tasks_exact=False)
    build.blind_spot("a force outside the trace", 1)
    build.blind_spot("a force outside the trace", 3)
    build.blind_spot("workers are not watched")
    trace = build.trace()
    trace.lost_bytes = 1234
    assert json_report.to_document(trace)["blind_spots"] == [
        "1,234 bytes at the end of the trace: they cannot be read",
        "what followed the last record, at 1.000 s: the program was killed or still runs; seconds are lower "
        "bounds",
        "a force outside the trace (3 times)",
        "workers are not watched",
        "a force whose result has no known size in bytes: not in the sum",
        "layers too large to look into were counted whole: numbers of tasks are at most",
    ]


def test_the_text_is_ascii_without_control_characters() -> None:
    """So that a report on a terminal does nothing to it, and a reader gets back what was there."""
    build = sample_traces.hostile()
    text = json_report.render(build.trace())
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text)["failures"][0]["type"] == "Evil\x1b[5mError"
