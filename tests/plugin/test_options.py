"""What is asked for with options, and that nothing happens without them."""

from __future__ import annotations

import json

import pytest
from plugin_runs import Runner, Suite

FORCING = """
    import dask.array as da

    def test_sum():
        assert da.ones(3, chunks=2).sum() == 3

    def test_nothing():
        pass

    class TestMore:
        def test_two(self):
            x = da.arange(4, chunks=2)
            assert x.max() == 3
            assert x.min() == 0
"""


def test_without_options_nothing_is_loaded_and_nothing_patched(suite: Suite, run: Runner) -> None:
    """A user who has lazyscope installed pays for its options alone."""
    suite(
        test_it="""
        import sys

        def test_loaded():
            assert "lazyscope.pytest_plugin" in sys.modules
            loaded = {name.partition(".")[0] for name in sys.modules}
            assert not loaded & {"dask", "numpy", "msgspec", "rich", "click", "scipy"}
            assert not [name for name in sys.modules if name.startswith("lazyscope.report")]
            assert "lazyscope.capture.session" not in sys.modules

        def test_patched():
            import dask.base, dask.local
            assert dask.base.get_scheduler.__code__.co_filename == dask.base.__file__
            assert dask.local.get_async.__code__.co_filename == dask.local.__file__
        """
    )
    result = run().result
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*= lazyscope =*")


def test_tracing_imports_nothing_for_the_tests(suite: Suite, run: Runner) -> None:
    """Tests and their conftest decide what is set before dask, NumPy and SciPy are imported."""
    suite(
        test_it="""
        import sys

        def test_loaded():
            loaded = {name.partition(".")[0] for name in sys.modules}
            assert not loaded & {"dask", "numpy", "scipy", "distributed", "pandas", "rich"}
            import dask.array as da
            da.ones(3).compute()
        """
    )
    traced = run("--lazyscope-report=report.json")
    traced.result.assert_outcomes(passed=1)
    assert traced.forces("test_it.py::test_loaded") == [("call", "compute", 7)]


def test_the_plugin_can_be_switched_off(suite: Suite, run: Runner) -> None:
    """As any other; then its options are unknown."""
    suite(test_it=FORCING)
    run("-p", "no:lazyscope").result.assert_outcomes(passed=3)
    refused = run("-p", "no:lazyscope", "--lazyscope").result
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["*unrecognized arguments: --lazyscope*"])


def test_each_option_traces(suite: Suite, run: Runner) -> None:
    """With a pattern or a report nobody need say --lazyscope as well."""
    suite(test_it=FORCING)
    for options in (["--lazyscope"], ["--lazyscope-match=test"], ["--lazyscope-report=report.json"]):
        traced = run(*options)
        traced.result.assert_outcomes(passed=3)
        assert traced.section[0].startswith("3 forces in 2 of 3 tests: "), options
    assert traced.section[-1] == "report in report.json"


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("test_sum", ["test_sum"]),
        ("TestMore::", ["TestMore::test_two"]),
        ("it.py*two", ["TestMore::test_two"]),
        ("", ["test_sum", "TestMore::test_two", "test_each[a.c]", "test_each[abc]"]),
        ("[a.c]", ["test_each[a.c]"]),
        ("absent", []),
    ],
)
def test_only_tests_that_match_are_traced(pattern: str, ids: list[str], suite: Suite, run: Runner) -> None:
    """A part of the id, with * for anything and no other character of meaning."""
    suite(
        test_it="""
        import pytest

        def test_sum():
            pass

        class TestMore:
            def test_two(self):
                pass

        @pytest.mark.parametrize("name", ["a.c", "abc"])
        def test_each(name):
            pass
        """
    )
    traced = run(f"--lazyscope-match={pattern}", "--lazyscope-report=report.json")
    traced.result.assert_outcomes(passed=4)
    assert list(traced.outcomes()) == ids
    if not ids:
        assert traced.section == ["no test was traced", "report in report.json"]


def test_a_report_replaces_what_was_there(suite: Suite, run: Runner, pytester: pytest.Pytester) -> None:
    """Also if that was longer."""
    suite(test_it=FORCING)
    path = pytester.path / "report.json"
    path.write_text("x" * 1_000_000)
    assert len(run("--lazyscope-report=report.json").tests) == 3


def test_a_report_lies_where_pytest_was_started(suite: Suite, run: Runner, pytester: pytest.Pytester) -> None:
    """Wherever the tests go, and wherever the root of the project is."""
    suite(
        test_it="""
        import os
        import dask.array as da

        def test_go(tmp_path):
            os.chdir(tmp_path)
            da.ones(3).compute()

        def test_gone(tmp_path):
            os.chdir(tmp_path)
            tmp_path.rmdir()
            da.ones(3).compute()
        """
    )
    traced = run("--lazyscope-report=report.json", f"--rootdir={pytester.path.parent}")
    traced.result.assert_outcomes(passed=2)
    folder = pytester.path.name
    for test, line in (("test_go", 6), ("test_gone", 11)):
        (force,) = traced.test(f"{folder}/test_it.py::{test}")["forces"]
        assert (force["site"]["file"], force["site"]["line"]) == ("test_it.py", line)
    assert traced.section[-1] == "report in report.json"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("absent/report.json", "No such file or directory"),
        ("folder", "Is a directory"),
        ("", "Is a directory"),
        ("test_it.py/report.json", "Not a directory"),
        ("/dev/full", "No space left on device"),
    ],
)
def test_a_report_that_cannot_be_written_is_told_before_any_test(
    name: str, why: str, suite: Suite, run: Runner, pytester: pytest.Pytester
) -> None:
    """One line, and the status of wrong usage."""
    suite(test_it=FORCING)
    (pytester.path / "folder").mkdir()
    result = run(f"--lazyscope-report={name}").result
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [
        f"ERROR: --lazyscope-report: cannot write {name or pytester.path}: {why}; give another path"
    ]
    result.stdout.no_fnmatch_line("*collected*")


@pytest.mark.parametrize("option", ["--help", "--version", "--markers"])
def test_a_report_survives_what_runs_no_session(
    option: str, suite: Suite, run: Runner, pytester: pytest.Pytester
) -> None:
    """Asking for help must not cost anybody a report."""
    suite(test_it=FORCING)
    path = pytester.path / "report.json"
    path.write_text(json.dumps({"schema_version": 2, "tests": [], "findings": []}))
    result = run(option, "--lazyscope-report=report.json", "-W", "error").result
    assert result.ret == pytest.ExitCode.OK
    assert path.read_text() == '{"schema_version": 2, "tests": [], "findings": []}'
    if option == "--help":
        result.stdout.fnmatch_lines(["*--lazyscope-match=PATTERN*"])


def test_collecting_says_nothing(suite: Suite, run: Runner) -> None:
    """What reads a list of tests is not given sentences."""
    suite(test_it=FORCING)
    result = run("--collect-only", "-q", "--lazyscope").result
    result.stdout.no_fnmatch_line("*lazyscope*")
