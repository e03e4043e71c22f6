"""Installed as others install it: pytest rewrites the assertions of a plugin's whole distribution."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from plugin_runs import Runner, Suite

import lazyscope


@pytest.fixture
def installed(pytester: pytest.Pytester, run: Runner, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site directory with a copy of lazyscope, as a wheel makes it."""
    site = pytester.mkdir("site")
    package = Path(lazyscope.__file__).parent
    shutil.copytree(package, site / "lazyscope", ignore=shutil.ignore_patterns("__pycache__"))
    info = site / f"lazyscope-{lazyscope.__version__}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: lazyscope\nVersion: {lazyscope.__version__}\n"
    )
    (info / "entry_points.txt").write_text("[pytest11]\nlazyscope = lazyscope.pytest_plugin\n")
    files = [path.relative_to(site).as_posix() for path in site.rglob("*.py")]
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    monkeypatch.setenv("PYTHONPATH", str(site))
    return site


@pytest.mark.parametrize("options", [[], ["--lazyscope-report=report.json"]])
def test_nothing_is_warned_of_and_all_is_found(
    options: list[str], suite: Suite, run: Runner, installed: Path
) -> None:
    """The modules are rewritten, and still what they were."""
    suite(
        test_it="""
        import lazyscope
        import dask.array as da

        def test_where():
            assert "/site/lazyscope/" in lazyscope.__file__

        def test_forces():
            with lazyscope.trace() as trace:
                da.ones(3, chunks=2).sum().compute()
            assert [force.user_site.line for force in trace.forces] == [9]
        """
    )
    traced = run("-W", "error", *options)
    traced.result.assert_outcomes(passed=2)
    assert traced.result.errlines == []
    if options:
        assert traced.forces("test_it.py::test_forces") == [("call", "compute", 9)]
