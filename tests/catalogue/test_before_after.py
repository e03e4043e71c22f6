"""Two runs compared: what is new, gone, worse and better, and when the whole is worse."""

from __future__ import annotations

from typing import Any

import pytest

import diff_traces
import sample_traces
from diff_traces import BEFORE, CONVERSION, RESULT, REWRITTEN, TRUTH, run
from lazyscope.catalogue.before_after import BeforeAfter, compare
from lazyscope.catalogue.diagnose import diagnose
from trace_builder import TraceBuilder

FAILURE = ("check(x)", "ValueError")


def compared(before: TraceBuilder, after: TraceBuilder) -> BeforeAfter:
    return compare(before.trace(), after.trace())


def told(found: BeforeAfter) -> list[tuple[str, str, str]]:
    """Kind, code and what decided, of everything that changed."""
    return [(one.kind, one.finding.code, one.by) for one in found.changes if one.kind != "same"]


def test_a_finding_that_went_away_is_gone() -> None:
    """And one with less repeated work is better."""
    found = compare(diff_traces.before(), diff_traces.after())
    assert found.verdict == "better"
    assert told(found) == [("gone", "LZ101", ""), ("better", "LZ103", "tasks_repeated")]


def test_the_other_way_round_it_is_worse() -> None:
    found = compare(diff_traces.after(), diff_traces.before())
    assert found.verdict == "worse"
    assert told(found) == [("new", "LZ101", ""), ("worse", "LZ103", "tasks_repeated")]
    assert found.more == ("tasks_repeated",)


@pytest.mark.parametrize("name", ["clean", "kmeans", "killed", "hostile", "crowded"])
def test_a_run_is_no_worse_than_itself(name: str) -> None:
    """Nothing is new and nothing is gone."""
    trace = getattr(sample_traces, name)().trace
    found = compare(trace(), trace())
    assert (found.verdict, told(found)) == ("same", [])


def test_moved_and_rewritten_lines_are_the_same_finding() -> None:
    """A fingerprint has no line numbers; a statement that reads much like the other is that one."""
    old = run(BEFORE, (*TRUTH, {}), (*CONVERSION, {}))
    new = run(REWRITTEN, ("(x <= 0).any()", "__bool__", {}), (*CONVERSION, {}))
    found = compared(old, new)
    assert told(found) == []
    assert [(one.before.site, one.after.code) for one in found.changes if one.before and one.after] != []
    assert len(found.changes) == 2


def test_another_statement_of_the_function_is_another_finding() -> None:
    """Only what reads alike is taken for a line that was rewritten."""
    text = (
        "def main(x, table):\n    if (x > 0).any():\n        report()\n"
        "    if table.loc[3:9].std(axis=0)[0]:\n        report()\n"
    )
    old = run(text, ("(x > 0).any()", "__bool__", {}))
    new = run(text, ("table.loc[3:9].std(axis=0)[0]", "__bool__", {}))
    assert [one.kind for one in compared(old, new).changes] == ["new", "gone"]


def test_equal_lines_are_told_apart_by_the_line_that_called_them() -> None:
    """When the first of two callers is mended, the other is as it was, though its ordinal changed."""

    def called(*callers: tuple[str, int]) -> TraceBuilder:
        build = TraceBuilder("program.py")
        build.source("program.py", "a = cheap(x)\nb = dear(x)\n")
        text = "def check(x):\n    if bool(x):\n        raise ValueError\n"
        build.source("lib/core.py", text, role="library")
        site = build.at("lib/core.py", "bool(x)")
        for caller, tasks in callers:
            user = build.at("program.py", caller)
            build.force(site, "__bool__", user_site=user, seconds=0.1, tasks=tasks)
        return build.end()

    found = compared(called(("cheap(x)", 1), ("dear(x)", 50)), called(("dear(x)", 50)))
    assert [(one.kind, one.counts_before and one.counts_before.tasks) for one in found.changes] == [
        ("gone", 1),
        ("same", 50),
    ]


def test_a_program_in_another_file_is_the_same_program() -> None:
    """`v1.py` against `v2.py`."""
    found = compared(run(BEFORE, (*CONVERSION, {})), run(BEFORE, (*CONVERSION, {}), program="v2.py"))
    assert (found.verdict, told(found)) == ("same", [])


def test_another_reason_at_the_same_line_is_a_change_of_that_finding() -> None:
    """It is neither gone nor new when an entry of another code explains the force now."""
    allowed = run(BEFORE, (*CONVERSION, {"allowed": "small"}))
    found = compared(run(BEFORE, (*CONVERSION, {})), allowed)
    (change,) = found.changes
    assert (change.kind, change.by) == ("better", "severity")
    assert change.before is not None
    assert change.after is not None
    assert (change.before.code, change.after.code) == ("LZ103", "LZ121")
    assert compared(allowed, run(BEFORE, (*CONVERSION, {}))).verdict == "worse"


@pytest.mark.parametrize(
    ("old", "new", "kind", "by"),
    [
        ({"repeated": 5}, {"repeated": 6}, "worse", "tasks_repeated"),
        ({"repeated": 5}, {"repeated": 4}, "better", "tasks_repeated"),
        ({"repeated": 5}, {"repeated": 4, "tasks": 99}, "same", "mixed"),
        ({}, {"tasks": 11}, "worse", "tasks"),
        ({}, {"tasks": 9}, "better", "tasks"),
        ({}, {"size": 9}, "worse", "bytes"),
        ({}, {"size": 7}, "better", "bytes"),
        ({}, {"size": None}, "same", ""),
        ({"partition_reads": 9}, {"partition_reads": 9, "partition_reads_repeated": 1}, "worse",
         "partition_reads_repeated"),
        ({"seconds": 1.0}, {"seconds": 1.51}, "worse", "seconds"),
        ({"seconds": 1.0}, {"seconds": 1.49}, "same", ""),
        ({"seconds": 0.1}, {"seconds": 0.59}, "same", ""),
        ({"seconds": 2.0}, {"seconds": 1.0}, "better", "seconds"),
        ({"seconds": 9.0, "tasks": 11}, {"seconds": 90.0}, "better", "tasks"),
    ],
)  # fmt: skip
def test_the_first_count_that_differs_decides(
    old: dict[str, Any], new: dict[str, Any], kind: str, by: str
) -> None:
    """Repeated work before work, work before forces, and the clock last of all."""
    changes = compared(run(BEFORE, (*CONVERSION, old)), run(BEFORE, (*CONVERSION, new))).changes
    (change,) = [one for one in changes if one.finding.code == "LZ103"]
    assert (change.kind, change.by) == (kind, by)


def test_more_forces_with_less_repeated_work_are_better() -> None:
    """The number of forces is not the score: a ``persist`` adds one."""
    old = run(BEFORE, *[(*CONVERSION, {"repeated": 10})] * 7)
    new = run(BEFORE, *[(*CONVERSION, {"tasks": 5})] * 14)
    found = compared(old, new)
    assert (found.verdict, told(found)) == ("better", [("better", "LZ103", "tasks_repeated")])


def test_as_much_work_by_more_forces_is_worse() -> None:
    old = run(BEFORE, (*CONVERSION, {"tasks": 20}))
    assert told(compared(old, run(BEFORE, *[(*CONVERSION, {})] * 2))) == [("worse", "LZ103", "forces")]


def test_work_that_moved_from_one_force_to_another_is_not_worse() -> None:
    """The conversion now computes what the check had to: the whole run does not more."""
    old = run(BEFORE, (*TRUTH, {"tasks": 10}), (*CONVERSION, {"tasks": 2}))
    new = run(BEFORE, (*CONVERSION, {"tasks": 12}))
    found = compared(old, new)
    assert found.verdict == "better"
    assert [(one.kind, one.by) for one in found.changes] == [("gone", ""), ("same", "moved")]


def test_a_longer_result_is_not_worse() -> None:
    """The program asks for more: nothing is wrong with that."""
    longer = run(BEFORE, (*RESULT, {"tasks": 500, "seconds": 9.0}))
    found = compared(run(BEFORE, (*RESULT, {"tasks": 5})), longer)
    assert (found.verdict, told(found)) == ("same", [])


def test_more_repeated_work_is_worse_whoever_does_it() -> None:
    """Even where each force is what the program asks for."""
    old = run(BEFORE, (*RESULT, {"tasks": 5}))
    found = compared(old, run(BEFORE, (*RESULT, {"tasks": 5, "repeated": 2})))
    assert found.more == ("tasks_repeated",)
    assert found.verdict == "worse"


def test_a_severity_that_rose_by_the_share_of_a_shorter_program_is_no_change() -> None:
    """The finding is what it was; the rest of the program got faster."""
    old = run(BEFORE, (*CONVERSION, {"seconds": 0.2}), (*RESULT, {"seconds": 60.0}))
    new = run(BEFORE, (*CONVERSION, {"seconds": 0.2}), (*RESULT, {"seconds": 0.1}))
    severities = [
        next(found.severity for found in diagnose(build.trace()).findings if found.code == "LZ103")
        for build in (old, new)
    ]
    assert severities == ["low", "medium"]
    assert told(compared(old, new)) == []


def test_a_new_crash_is_worse_and_hides_nothing() -> None:
    """What is gone may only not have been reached."""
    crashed = run(BEFORE, (*TRUTH, {}), ended="exception", exception="ValueError", failure=FAILURE)
    found = compared(run(BEFORE, (*TRUTH, {}), (*CONVERSION, {})), crashed)
    assert (found.crash, found.verdict) == ("new", "worse")
    assert ("gone", "LZ103", "") in told(found)


def test_after_a_crash_that_is_gone_what_is_seen_for_the_first_time_does_not_count() -> None:
    """The run before did not get so far."""
    crashed = run(BEFORE, (*TRUTH, {}), ended="exception", exception="ValueError", failure=FAILURE)
    found = compared(crashed, run(BEFORE, (*TRUTH, {}), (*CONVERSION, {"repeated": 9})))
    assert (found.crash, found.verdict, found.more) == ("gone", "better", ())
    assert [one.excused for one in found.of("new")] == [True]


def test_a_killed_run_did_not_reach_its_end() -> None:
    """Being killed is as bad as an exception."""
    whole = run(BEFORE, (*CONVERSION, {}))
    killed = run(BEFORE, (*CONVERSION, {}), ended=None)
    assert compared(whole, killed).verdict == "worse"
    assert compared(killed, whole).verdict == "better"
    assert compared(killed, killed).verdict == "same"


def test_forces_without_a_finding_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are there only if an entry of the catalogue failed."""
    old, new = run(BEFORE, (*CONVERSION, {})).trace(), run(BEFORE, *[(*CONVERSION, {})] * 3).trace()
    for trace in (old, new):
        found = diagnose(trace)
        found.of_force.clear()
    compared = compare(old, new)
    assert (compared.before.unexplained, compared.after.unexplained) == (1, 3)
    assert compared.more == ("unexplained",)


def test_what_is_left_of_repeated_work_is_not_worse() -> None:
    """A finding about reads of others' forces, new where the whole run repeats less, does not count."""
    reading = run(BEFORE, (*CONVERSION, {"partition_reads": 9, "partition_reads_repeated": 1}))
    more = compared(run(BEFORE, (*CONVERSION, {"partition_reads": 9})), reading)
    assert [(one.finding.code, one.excused) for one in more.of("new")] == [("LZ110", False)]
    assert more.verdict == "worse"
    wasteful = run(BEFORE, (*CONVERSION, {"repeated": 9}), (*RESULT, {"partition_reads_repeated": 2}))
    less = compared(wasteful, reading)
    assert [(one.finding.code, one.excused) for one in less.of("new")] == [("LZ110", True)]
    assert (less.verdict, less.more) == ("better", ())
