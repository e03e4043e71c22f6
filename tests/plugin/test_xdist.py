"""Under pytest-xdist: what workers find comes to the controller, whatever becomes of them."""

from __future__ import annotations

import pytest
from compare import differences, reported
from plugin_runs import Runner, Suite

MODULE = """
    import os
    import dask.array as da
    import pytest

    @pytest.fixture(scope="module")
    def of_module():
        da.ones(2).compute()
        yield
        da.ones(3).compute()

    @pytest.mark.parametrize("n", range(6))
    def test_each(n, of_module):
        for _ in range(n):
            da.ones(4).sum().compute()
        assert n != 4

    def test_worker():
        assert os.environ["PYTEST_XDIST_WORKER"] in ("gw0", "gw1")
"""


@pytest.mark.parametrize("options", [["-n2"], ["-n2", "--dist=loadfile"], ["-n0"], ["-n2", "--dist=each"]])
def test_every_part_arrives(options: list[str], suite: Suite, run: Runner) -> None:
    """Once for each time a test was run, with its forces."""
    suite(test_a=MODULE, test_b=MODULE)
    traced = run(*options, "--lazyscope-report=report.json", counting=True, xdist=True)
    times = 2 if "--dist=each" in options else 1
    assert len(traced.tests) == len({test["nodeid"] for test in traced.tests}) * times == 14 * times
    if times == 1:
        assert differences(traced.counts, traced.counts, reported(traced.path)) == []
    if "--dist=loadfile" in options:
        assert traced.forces("test_b.py::test_each[2]") == [("call", "compute", 14), ("call", "compute", 14)]
        assert traced.forces("test_b.py::test_worker") == [("teardown", "compute", 9)]
    assert f" of {14 * times} tests: " in traced.section[0]


def test_a_worker_that_crashes_costs_its_test(suite: Suite, run: Runner) -> None:
    """The others are there, and of the one it ran it is said that its trace is missing."""
    suite(
        test_it="""
        import os
        import dask.array as da
        import pytest

        @pytest.mark.parametrize("n", range(8))
        def test_each(n):
            da.ones(4).compute()
            if n == 3:
                os._exit(1)
        """
    )
    traced = run("-n2", "--lazyscope-report=report.json", xdist=True)
    traced.result.assert_outcomes(passed=7, failed=1)
    assert sorted(traced.outcomes().items()) == [
        (f"test_each[{n}]", "failed" if n == 3 else "passed") for n in range(8)
    ]
    for n in {0, 1, 2, 4, 5, 6, 7}:
        assert traced.forces(f"test_it.py::test_each[{n}]") == [("call", "compute", 7)]
    lost = traced.test("test_it.py::test_each[3]")
    assert lost["blind_spots"] == ["this test: the process that ran it has crashed"]
    assert lost["totals"] is None
    assert "1 trace missing: see the report" in traced.section


@pytest.mark.parametrize("end", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
def test_a_worker_that_is_interrupted_tells_what_it_has(end: str, suite: Suite, run: Runner) -> None:
    """Its last test is in the report."""
    suite(
        test_it=f"""
        import dask.array as da
        import pytest

        def test_first():
            da.ones(4).compute()

        def test_second():
            da.ones(4).compute()
            {end}
        """
    )
    traced = run("-n1", "--lazyscope-report=report.json", xdist=True)
    assert traced.result.ret == pytest.ExitCode.INTERRUPTED
    assert traced.outcomes() == {"test_first": "passed", "test_second": "interrupted"}
    assert len(traced.tests) == 2
    assert traced.forces("test_it.py::test_second") == [("call", "compute", 8)]


def test_only_matching_tests_are_traced(suite: Suite, run: Runner) -> None:
    """Workers are given the pattern, also of tests that crash."""
    suite(
        test_it="""
        import os
        import dask.array as da

        def test_first():
            da.ones(4).compute()

        def test_second():
            da.ones(4).compute()

        def test_crash():
            os._exit(1)
        """
    )
    traced = run("-n1", "--lazyscope-match=second", "--lazyscope-report=report.json", xdist=True)
    traced.result.assert_outcomes(passed=2, failed=1)
    assert traced.outcomes() == {"test_second": "passed"}


def test_subtests_and_reruns_in_workers(suite: Suite, run: Runner) -> None:
    """Reports of other kinds carry nothing that is not theirs."""
    suite(
        conftest="""
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            for log in False, True:
                runtestprotocol(item, nextitem=nextitem, log=log)
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            return True
        """,
        test_it="""
        import dask.array as da

        def test_subtests(subtests):
            for n in range(2):
                with subtests.test(n=n):
                    da.ones(4).compute()
        """,
    )
    traced = run("-n1", "--lazyscope-report=report.json", xdist=True)
    assert [(test["nodeid"], test["outcome"], len(test["forces"])) for test in traced.tests] == 2 * [
        ("test_it.py::test_subtests", "passed", 2)
    ]


def test_a_report_that_cannot_be_written_is_told_once(suite: Suite, run: Runner) -> None:
    """Before any worker is started."""
    suite(test_it=MODULE)
    result = run("-n2", "--lazyscope-report=absent/report.json", xdist=True).result
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [
        "ERROR: --lazyscope-report: cannot write absent/report.json: No such file or directory; "
        "give another path"
    ]
