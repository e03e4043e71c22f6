"""What the catalogue says of tests, in the plugin's report."""

from __future__ import annotations

from plugin_runs import Runner, Suite

BRANCHING = """
    import dask.array as da
    import pytest

    @pytest.mark.parametrize("n", [4, 8])
    def test_branch(n):
        x = da.ones(n, chunks=2)
        if x.sum() > 2:
            x = x + 1

    def test_result():
        assert da.ones(3).sum().compute() == 3
"""


def test_a_finding_of_several_tests_is_one(suite: Suite, run: Runner) -> None:
    """Every force refers to it, also where pytest-xdist has spread the tests."""
    suite(test_it=BRANCHING)
    for options in ([], ["-n", "2"]):
        traced = run("--lazyscope-report=report.json", *options, xdist=bool(options))
        report = traced.report
        assert report is not None
        shared = [found for found in report["findings"] if found["tests"] == 2]
        assert len(shared) == 1
        # How urgent it is, milliseconds decide.
        assert shared[0]["severity"] != "info"
        assert sorted(shared[0]["nodeids"]) == ["test_it.py::test_branch[4]", "test_it.py::test_branch[8]"]
        branching = [test for test in report["tests"] if "test_branch" in test["nodeid"]]
        assert [force["finding"] for test in branching for force in test["forces"]] == [shared[0]["id"]] * 2
