"""Runs that end early: what was found until then is in the report, which is whole."""

from __future__ import annotations

import pytest
from plugin_runs import Runner, Suite

THREE = """
    import os
    import dask.array as da
    import pytest

    def force():
        da.ones(3, chunks=2).sum().compute()

    @pytest.fixture
    def broken():
        force()
        {fixture}
        yield
        force()
        {teardown}

    @pytest.fixture(scope="module")
    def of_module():
        yield
        force()

    def test_first(of_module):
        force()

    def test_second(broken, of_module):
        force()
        {test}

    def test_third():
        force()
"""


@pytest.mark.parametrize(
    ("place", "phases"),
    [
        ("fixture", ["setup"]),
        ("test", ["setup", "call"]),
        ("teardown", ["setup", "call", "teardown"]),
    ],
)
@pytest.mark.parametrize("end", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
def test_an_interrupted_test_is_reported(
    end: str, place: str, phases: list[str], suite: Suite, compared: Runner
) -> None:
    """With what it had done, in the phases it came to."""
    suite(test_it=THREE.format(**{"fixture": "", "test": "", "teardown": ""} | {place: end}))
    traced = compared()
    assert traced.result.ret == pytest.ExitCode.INTERRUPTED
    assert traced.outcomes() == {"test_first": "passed", "test_second": "interrupted"}
    assert [phase for phase, _, _ in traced.forces("test_it.py::test_second")] == phases
    assert traced.section[0].startswith(f"{len(phases) + 1} forces in 2 of 2 tests: ")


@pytest.mark.parametrize(
    ("options", "outcomes"),
    [
        (["-x"], {"test_first": "passed", "test_second": "failed"}),
        (["--maxfail=2"], {"test_first": "passed", "test_second": "failed", "test_third": "passed"}),
    ],
)
def test_a_run_that_stops_at_a_failure(
    options: list[str], outcomes: dict[str, str], suite: Suite, compared: Runner
) -> None:
    """The test that failed tears down what is open, and its trace has that."""
    suite(test_it=THREE.format(fixture="", test="assert False", teardown=""))
    traced = compared(*options)
    assert traced.outcomes() == outcomes
    phases = [phase for phase, _, _ in traced.forces("test_it.py::test_second")]
    assert phases == ["setup", "call", "teardown"] + ["teardown"] * ("test_third" not in outcomes)


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_a_process_that_ends_in_a_test_leaves_a_report(end: str, suite: Suite, run: Runner) -> None:
    """The tests before it are there."""
    suite(test_it=THREE.format(fixture="", test=end, teardown=""))
    traced = run("--lazyscope-report=report.json")
    assert traced.outcomes() == {"test_first": "passed"}
    assert traced.forces("test_it.py::test_first") == [("call", "compute", 6)]


def test_a_report_is_whole_while_tests_run(suite: Suite, run: Runner) -> None:
    """Whoever reads it has every test that has ended."""
    suite(
        test_it="""
        import json

        def read():
            with open("report.json") as file:
                return [test["nodeid"] for test in json.load(file)["tests"]]

        def test_first():
            assert read() == []

        def test_second():
            assert read() == ["test_it.py::test_first"]
        """
    )
    run("--lazyscope-report=report.json").result.assert_outcomes(passed=2)


def test_collection_errors(suite: Suite, run: Runner) -> None:
    """Nothing has run, or what could be collected has."""
    suite(test_a="import no_such_module", test_b="def test_b():\n    pass")
    stopped = run("--lazyscope-report=report.json")
    assert stopped.result.ret == pytest.ExitCode.INTERRUPTED
    assert stopped.report == {"schema_version": 2, "tests": [], "findings": []}
    assert stopped.section == ["no test was traced", "report in report.json"]
    went_on = run("--lazyscope-report=report.json", "--continue-on-collection-errors")
    assert went_on.outcomes() == {"test_b": "passed"}


def test_no_tests(run: Runner) -> None:
    """An empty folder."""
    traced = run("--lazyscope-report=report.json")
    assert traced.result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert traced.tests == []


def test_a_disk_that_gets_full_costs_no_test(suite: Suite, run: Runner) -> None:
    """The tests go on, the summary says what is missing, and what had room can be told."""
    suite(
        conftest="""
        import resource, signal

        def pytest_runtest_logreport(report):
            if report.when == "teardown":
                resource.setrlimit(resource.RLIMIT_FSIZE, (3000, -1))
        """,
        test_it=THREE.format(fixture="", test="", teardown=""),
    )
    traced = run("--lazyscope-report=report.json", "-p", "no:cacheprovider")
    traced.result.assert_outcomes(passed=3)
    assert traced.section[0].startswith("6 forces in 3 of 3 tests: ")
    assert traced.section[-1] == "report in report.json is incomplete: File too large"
    assert traced.outcomes() == {"test_first": "passed"}


@pytest.mark.parametrize("function", ["capture.session.start", "report.tests_report.part_of_test"])
def test_a_failure_of_lazyscope_costs_no_test(function: str, suite: Suite, run: Runner) -> None:
    """Whether a trace cannot be opened or not be read: the outcomes stay, and the report says why."""
    module, _, name = f"lazyscope.{function}".rpartition(".")
    suite(
        conftest=f"""
        import {module} as module

        def fail(*args, **kwargs):
            raise RuntimeError("broken [/b]")

        def pytest_runtest_logstart(nodeid):
            if nodeid.endswith("test_second"):
                module.{name} = fail
        """,
        test_it=THREE.format(fixture="", test="assert False", teardown=""),
    )
    traced = run("--lazyscope-report=report.json")
    traced.result.assert_outcomes(passed=2, failed=1)
    outcomes = {"test_first": "passed", "test_second": "failed", "test_third": "passed"}
    assert traced.outcomes() == outcomes
    third = traced.test("test_it.py::test_third")
    assert third["totals"] is None
    assert third["blind_spots"] == ["this test: lazyscope failed: RuntimeError: broken [/b]"]
    missing = sum(test["totals"] is None for test in traced.tests)
    assert f"{missing} trace{'s' * (missing > 1)} missing: see the report" in traced.section
