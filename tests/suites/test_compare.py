"""What compares runs must see each kind of difference, or it proves nothing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import compare
from compare import Done, Reported, differences

PASSED = (("call", "passed"), ("setup", "passed"), ("teardown", "passed"))
FAILED = (("call", "failed"), *PASSED[1:])


def report_of(outcome: str = "passed", forces: int = 2, refused: int = 0) -> Reported:
    """A report of one test, ``t``."""
    return Reported({"t": outcome}, Counter(t=forces), Counter(t=refused))


def test_equal_runs_do_not_differ() -> None:
    """Nor does a test whose own scheduler refused a force."""
    run = {"t": Done(PASSED, 2)}
    assert differences(run, run, report_of()) == []
    assert differences(run, run, report_of(forces=3, refused=1)) == []


def test_every_difference_is_told() -> None:
    """Outcomes, executions, forces, tests that are missing."""
    two, three, failed = {"t": Done(PASSED, 2)}, {"t": Done(PASSED, 3)}, {"t": Done(FAILED, 2)}
    nothing = Reported({}, Counter(), Counter())
    assert differences(two, three, report_of(forces=3)) == ["t: 2 executions untraced, 3 traced"]
    assert differences(two, failed, report_of("failed")) == [
        f"t: {dict(PASSED)} untraced, {dict(FAILED)} traced"
    ]
    assert differences(two, two, report_of(forces=1)) == ["t: 2 executions counted, 1 forces reported"]
    assert differences(two, two, report_of(forces=4, refused=1)) == [
        "t: 2 executions counted, 4 forces reported"
    ]
    assert differences(two, two, report_of("xfailed")) == ["t: passed, but reported as xfailed"]
    assert differences(two, {}, nothing) == ["t: run only untraced"]
    assert differences({}, two, report_of()) == ["t: run only traced"]
    assert differences(two, two, nothing) == ["t: run, but not reported"]
    assert differences({}, {}, report_of()) == ["t: reported as passed, not run"]


def test_of_what_is_left_out_the_report_must_be_right() -> None:
    """Chance changes what a test does, not what it is reported to have done."""
    two, three = {"t": Done(PASSED, 2)}, {"t": Done(PASSED, 3)}
    assert differences(two, three, report_of(forces=3), {"t"}) == []
    assert differences(two, three, report_of(), {"t"}) == ["t: 3 executions counted, 2 forces reported"]


def test_outcomes_follow_from_phases() -> None:
    """In pytest's words."""
    ends = ("teardown", "passed")
    assert compare.outcome(PASSED) == "passed"
    assert compare.outcome(FAILED) == "failed"
    assert compare.outcome([("setup", "failed"), ends]) == "error"
    assert compare.outcome([*FAILED[:2], ("teardown", "failed")]) == "error"
    assert compare.outcome([("setup", "skipped"), ends]) == "skipped"
    assert compare.outcome([("setup", "passed"), ("call", "xpassed"), ends]) == "xpassed"
    assert compare.outcome([("setup", "passed"), ("call", "passed")]) == "interrupted"


def test_flaky_tests_are_those_that_untraced_runs_disagree_on() -> None:
    """Also about whether they run."""
    runs = [{"a": Done(PASSED, 1), "b": Done(PASSED, 1)}, {"a": Done(PASSED, 1), "c": Done(PASSED, 1)}]
    assert compare.flaky(runs) == {"b", "c"}


def test_the_command(tmp_path: Path, capsys) -> None:
    """Workers' counts are put together; the status tells whether anything differs."""
    for name, executions in (("one", 2), ("two", 2), ("traced", 2)):
        for worker, test in (("gw0", "t"), ("gw1", "u")):
            line = {"nodeid": test, "phases": dict(PASSED), "executions": executions}
            (tmp_path / f"{name}.counts.{worker}").write_text(json.dumps(line) + "\n")
    force = {"scheduler": "threads", "completed": True}
    tests = [{"nodeid": test, "outcome": "passed", "forces": [force] * 2} for test in "tu"]
    report = tmp_path / "report.json"
    paths = [str(tmp_path / f"{name}.counts") for name in ("one", "two")]
    command = [*paths, "--traced", str(tmp_path / "traced.counts"), "--report", str(report)]
    report.write_text(json.dumps({"tests": tests}))
    assert compare.main(command) == 0
    assert capsys.readouterr().out == "2 tests, 4 executions, 4 forces; 0 flaky, 0 differ\n"
    report.write_text(json.dumps({"tests": tests[:1]}))
    assert compare.main(command) == 1
    assert capsys.readouterr().out == (
        "2 tests, 4 executions, 2 forces; 0 flaky, 1 differ\nu: run, but not reported\n"
    )
