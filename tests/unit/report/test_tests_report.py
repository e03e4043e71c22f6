"""The report of a pytest run: its document and its summary, to the letter."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from plugin_runs import read_report
from rich.cells import cell_len

from active_texts import HOSTILE, active
from lazyscope.errors import TraceFileError
from lazyscope.report.tests_report import TestsReport, missing_part, part_of_test
from trace_builder import TraceBuilder

NOTHING: dict[str, Any] = {
    "calls": 0, "forces": 0, "forced_seconds": 0.0, "tasks": 0, "tasks_repeated": 0, "bytes": None,
    "unattributed_forces": 0,
}  # fmt: skip


def part(
    nodeid: str, forces: int = 0, seconds: float = 0.0, tasks: int = 0, repeated: int = 0, **more: Any
) -> dict[str, Any]:
    """A test that has ended, without its lists."""
    figures = {"forces": forces, "forced_seconds": seconds, "tasks": tasks, "tasks_repeated": repeated}
    found = missing_part(nodeid, "") | {"outcome": "passed", "blind_spots": [], "totals": NOTHING | figures}
    return found | {"dearest": "library.py:7  bool(x)"} | more


def report_of(*parts: dict[str, Any]) -> TestsReport:
    report = TestsReport()
    for one in parts:
        report.add(one)
    return report


def summary(*parts: dict[str, Any], width: int = 80) -> list[str]:
    """The lines for these tests."""
    return list(report_of(*parts).summary(width))


FOUR = [
    part("tests/test_vq.py::TestVq::test_vq[dask.array]", 12, 1.2345, 4_108, 1_900,
         dearest="vq/_vq_impl.py:143  np.asarray(obs)"),
    part("tests/test_vq.py::test_nothing"),
    part("tests/test_stats.py::test_mean", 1, 0.00123, 1_234_567, dearest=None),
    part("tests/test_stats.py::test_var", 1_200, 12.5, 2_400, 1_199,
         dearest="_lib/_array_api.py:72  xp.all(xp.isfinite(array)) and everything_else(array)"),
]  # fmt: skip


def test_the_summary_is_harmless() -> None:
    """Ids of tests, sites, and what was not seen may hold anything."""
    found = part(f"t.py::test[{HOSTILE}]", 1, 1.0, dearest=HOSTILE, blind_spots=[HOSTILE])
    lines = summary(found, width=200)
    assert r"t.py::test[\x1b]52;c;aGk=\x07\x9b31m\u202e\u200b\x00\udce9]" in lines
    assert active("\n".join(lines)) == []


def test_the_summary_at_80_columns() -> None:
    """A sentence, then the tests with the dearest first, each with its figures and dearest site."""
    assert summary(*FOUR) == [
        "1,213 forces in 3 of 4 tests: 13.7 s, 1,241,075 tasks, 3,099 repeated within a",
        "test",
        "  seconds  forces     tasks  repeated",
        "tests/test_stats.py::test_var",
        "   12.500   1,200     2,400     1,199  _lib/_array_api.py:72  xp.all(xp.isfinit…",
        "tests/test_vq.py::TestVq::test_vq[dask.array]",
        "    1.234      12     4,108     1,900  vq/_vq_impl.py:143  np.asarray(obs)",
        "tests/test_stats.py::test_mean",
        "    0.001       1 1,234,567         0  line unknown",
    ]


def test_the_summary_at_40_columns() -> None:
    """The site has a line of its own; of a node id the end is kept, of a site the begin."""
    assert summary(*FOUR, width=40) == [
        "1,213 forces in 3 of 4 tests: 13.7 s,",
        "1,241,075 tasks, 3,099 repeated within a",
        "test",
        "  seconds  forces     tasks  repeated",
        "tests/test_stats.py::test_var",
        "   12.500   1,200     2,400     1,199",
        "    _lib/_array_api.py:72  xp.all(xp.is…",
        "…test_vq.py::TestVq::test_vq[dask.array]",
        "    1.234      12     4,108     1,900",
        "    vq/_vq_impl.py:143  np.asarray(obs)",
        "tests/test_stats.py::test_mean",
        "    0.001       1 1,234,567         0",
        "    line unknown",
    ]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([], "no test was traced"),
        ([part("a")], "nothing was forced in 1 test"),
        ([part("a"), part("b")], "nothing was forced in 2 tests"),
        ([part("a", 1, 0.5, 1)], "1 force in 1 of 1 test: 0.500 s, 1 task, none repeated within a test"),
        (
            [part("a", 1, 0.05, 2, 1), part("b", 1, 0.04)],
            "2 forces in 2 of 2 tests: 90 ms, 2 tasks, 1 repeated within a test",
        ),
    ],
)
def test_the_sentence_that_sums_up(parts: list[dict[str, Any]], sentence: str) -> None:
    """Singular and plural, nothing and something."""
    assert summary(*parts)[0] == sentence


def test_only_the_ten_dearest_are_named_and_the_others_counted() -> None:
    """In whatever order they come, also where many cost the same."""
    seconds = [0.001 * n for n in range(1, 41)] + [0.0385] * 5
    parts = [part(f"t{n:02}", 1, cost, tasks=n) for n, cost in enumerate(seconds)]
    totals = {one["nodeid"]: one["totals"] for one in parts}
    costs = {nodeid: (found["forced_seconds"], found["tasks"]) for nodeid, found in totals.items()}
    names = sorted(costs, key=lambda nodeid: costs[nodeid], reverse=True)[:10]
    for seed in range(20):
        random.Random(seed).shuffle(parts)
        lines = summary(*parts)
        assert lines[2:22:2] == names
        assert lines[22:] == ["35 more tests forced: see --lazyscope-report FILE.json"]


def test_of_equally_dear_tests_the_one_that_forced_more_comes_first() -> None:
    """Then the one with more tasks; sites that are unknown are no obstacle."""
    parts = [part("a", 1, 1.0, 5), part("b", 2, 1.0, 2), part("c", 1, 1.0, 5, dearest=None)]
    assert summary(*parts, part("d", 1, 1.0, 6))[2::2] == ["b", "d", "c", "a"]


def test_eleven_tests_leave_one_out() -> None:
    """And ten leave none."""
    parts = [part(f"t{n:02}", 1, 0.1 * n) for n in range(1, 12)]
    assert summary(*parts)[-1] == "1 more test forced: see --lazyscope-report FILE.json"
    parts = [part(f"t{n:02}", 1, 0.1 * n) for n in range(1, 11)]
    assert summary(*parts)[-2] == "t01"


def test_hostile_names_are_harmless() -> None:
    """Control characters are written out, markup is left as it is, wide characters are measured."""
    nodeid = "t.py::\x1b[2J[/b]\n\u202egnp\x9b1m[" + "数" * 60 + "]"
    parts = [
        part(
            nodeid, 1, 1.0, dearest="evil\x07.py:1  [/b]\r\n" + "像" * 60, unseen=["[/b]\x1b]8;;http://x\x07"]
        ),
        part("[/b]" * 30, 1, 0.5, dearest="[bold]x"),
    ]
    for width in (80, 50, 40):
        lines = summary(*parts, width=width)
        assert all(line.isprintable() for line in lines)
        assert max(map(cell_len, lines)) <= width
    lines = summary(*parts)
    assert lines[2] == "…" + "数" * 39 + "]"
    assert lines[3].endswith(r"  evil\x07.py:1  [/b]\r\n像像像像像像像像…")
    assert lines[4] == "…" + ("[/b]" * 30)[-79:]
    assert lines[5].endswith("  [bold]x")
    assert lines[6] == r"not seen in 1 test: [/b]\x1b]8;;http://x\x07"


def test_what_was_not_seen_is_said() -> None:
    """The commonest first, of the others how many."""
    parts = [part(f"t{n}", unseen=[f"kind {k}" for k in range(n)]) for n in range(6)]
    assert summary(*parts) == [
        "nothing was forced in 6 tests",
        "not seen in 5 tests: kind 0",
        "not seen in 4 tests: kind 1",
        "not seen in 3 tests: kind 2",
        "not seen: 2 more things: see --lazyscope-report FILE.json",
    ]


def test_missing_traces_are_counted() -> None:
    """They are tests, but nobody knows what they forced."""
    lines = summary(part("a", 1, 0.5, 1), missing_part("b", "gone") | {"outcome": "failed"})
    assert lines[0] == "1 force in 1 of 2 tests: 0.500 s, 1 task, none repeated within a test"
    assert lines[-1] == "1 trace missing: see --lazyscope-report FILE.json"


# The document


def traced() -> bytes:
    build = TraceBuilder("test_it.py")
    build.source("tests/deep/test_it.py", "def test():\n    y = f(x)\n    z = y[y > 0]\n")
    line = build.at("tests/deep/test_it.py", "f(x)")
    build.force(line, "compute", seconds=1, tasks=3)
    build.force(build.at("tests/deep/test_it.py", "y[y > 0]"), "__bool__", seconds=3, tasks=2, repeated=1)
    build.force(line, "compute", seconds=1, tasks=3, repeated=3)
    build.force(None, "compute", seconds=0.5)
    build.unknown_shape("Array.__getitem__", line)
    build.failure("ValueError", "no", line)
    build.blind_spot("a process", 2)
    return build.end().content()


def test_a_part_is_what_the_json_report_says_with_phases() -> None:
    """A force belongs to the phase that had begun last."""
    found = part_of_test("test_it.py::test", traced(), {"setup": 0, "call": 1, "teardown": 3})
    assert [force["phase"] for force in found["forces"]] == ["setup", "call", "call", "teardown"]
    assert found["totals"]["tasks_repeated"] == 4
    assert found["blind_spots"] == ["a process (2 times)"]
    assert (found["unseen"], found["dearest"]) == (["a process"], "deep/test_it.py:3  z = y[y > 0]")
    assert [shape["id"] for shape in found["unknown_shapes"]] == [1]
    assert [failure["type"] for failure in found["failures"]] == ["ValueError"]


@pytest.mark.parametrize(
    ("began", "phases"),
    [
        ({}, ["setup"] * 4),
        ({"setup": 2}, ["setup"] * 4),
        ({"setup": 0, "teardown": 1}, ["setup"] + ["teardown"] * 3),
        ({"setup": 0, "call": 0, "teardown": 4}, ["call"] * 4),
        ({"setup": 0, "call": 0, "teardown": 0}, ["teardown"] * 4),
    ],
)
def test_phases_of_tests_that_did_not_come_to_all(began: dict[str, int], phases: list[str]) -> None:
    """What began before every phase is part of the first."""
    found = part_of_test("t", traced(), began)
    assert [force["phase"] for force in found["forces"]] == phases


def test_the_file_is_whole_and_as_published_after_each_test(tmp_path: Path) -> None:
    """Every test is in it once, in the order of their ends, without what is for the summary."""
    path = tmp_path / "report.json"
    path.write_text("x" * 100_000)
    report = TestsReport(path, shown="report.json")
    report.open()
    assert read_report(path) == {"schema_version": 2, "tests": [], "findings": []}
    whole = part_of_test("t.py::\udc80\x1b数", traced(), {"setup": 0})
    report.add(whole | {"outcome": "failed"})
    report.add(missing_part("t.py::b", "gone") | {"outcome": "error"})
    tests = read_report(path)["tests"]
    assert [(test["nodeid"], test["outcome"]) for test in tests] == [
        ("t.py::\udc80\x1b数", "failed"),
        ("t.py::b", "error"),
    ]
    assert list(tests[0]) == [
        "nodeid", "outcome", "totals", "forces", "unknown_shapes", "failures", "blind_spots",
    ]  # fmt: skip
    assert {name: tests[0][name] for name in ("totals", "forces")} == {
        name: json.loads(json.dumps(whole[name])) for name in ("totals", "forces")
    }
    report.close()
    report.add(missing_part("t.py::c", "late") | {"outcome": "error"})
    assert len(read_report(path)["tests"]) == 2
    assert list(report.summary(80))[-1] == "report in report.json"


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    """What happened and what to type next."""
    report = TestsReport(tmp_path / "absent" / "r.json", shown="absent/r.json")
    message = "cannot write absent/r.json: No such file or directory; give another path"
    with pytest.raises(TraceFileError, match=f"^{re.escape(message)}$"):
        report.open()
