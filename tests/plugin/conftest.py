"""Runs pytest on small suites, untraced and traced, each in a process of its own."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from compare import counted, differences, reported
from plugin_runs import Run, Runner, Suite, read_report, said

SUITES = Path(__file__).parents[1] / "suites"

PLUGINS_NOT_NEEDED = ("zarr", "hypothesispytest", "platformdirs", "timeout", "asyncio")
"""They take longer to import than most of these suites to run; asyncio's warns where it is not configured."""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Suite:
    """Write files of tests: ``suite(test_a=..., conftest=...)``; returns the lines of each."""

    def write(**sources: str) -> dict[str, list[str]]:
        texts = {name: textwrap.dedent(text).lstrip("\n") for name, text in sources.items()}
        pytester.makepyfile(**texts)
        return {name: text.splitlines() for name, text in texts.items()}

    return write


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Run pytest in the folder of `pytester`; what `--lazyscope-report` has written is checked and read."""
    monkeypatch.setenv("PYTHONPATH", str(SUITES))
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)

    def run_pytest(*args: str, counting: bool = False, xdist: bool = False) -> Run:
        given = list(args)
        for name in (*PLUGINS_NOT_NEEDED, *(() if xdist else ("xdist",))):
            given += ["-p", f"no:{name}"]
        counts = pytester.path / "counts.json"
        for left in pytester.path.glob("counts.json*"):
            left.unlink()
        if counting:
            monkeypatch.setenv("EXECUTION_COUNTS", str(counts))
            given += ["-p", "execution_counter"]
        result = pytester.runpytest_subprocess(*given)
        assert "Traceback" not in str(result.stderr)
        path = pytester.path / "report.json"
        report = read_report(path) if "--lazyscope-report=report.json" in args and path.exists() else None
        return Run(result, report, counted(counts), path)

    return run_pytest


@pytest.fixture
def compared(run: Runner) -> Runner:
    """Run pytest untraced and traced: nothing may differ but what is traced; returns the traced run."""

    def run_twice(*args: str, xdist: bool = False) -> Run:
        untraced = run(*args, counting=True, xdist=xdist)
        traced = run(*args, "--lazyscope-report=report.json", counting=True, xdist=xdist)
        assert traced.result.ret == untraced.result.ret
        assert traced.report is not None
        assert differences(untraced.counts, traced.counts, reported(traced.path)) == []
        assert untraced.counts
        if not xdist:
            assert said(traced) == said(untraced)
        return traced

    return run_twice
