"""What holds for the whole suite: its environment, and what it says at its end."""

from __future__ import annotations

import os
import shutil
import site
import tempfile
from pathlib import Path

import pytest

from shared_folder import SHARED

pytest_plugins = ["pytester"]
"""For tests/plugin; pytest takes it from here only."""


ALTERING = (
    "CLICOLOR", "COLORFGBG", "COLORTERM", "COLUMNS", "DASK_", "DISTRIBUTED_", "EDITOR", "EXECUTION_COUNTS",
    "FORCE_COLOR", "IPYTHONDIR", "JPY_", "JUPYTER_", "LINES", "NO_COLOR", "PYTEST_ADDOPTS", "PYTEST_PLUGINS",
    "PYTHON", "PY_COLORS", "SCIPY_", "TERM", "TEXTUAL", "TTY_", "VISUAL",
)  # fmt: skip
"""Beginnings of the names of variables that change what the libraries, our commands or pytest itself do."""

NEEDED = ("PYTHONHOME", "PYTHONPATH", "PYTHONUTF8")
"""Where Python finds its modules, and how it reads them."""


def _leave_the_user_s_settings() -> str:
    """Take away settings of the shell and of the home directory before dask reads them; the new home.

    Programs that tests start, and workers of pytest-xdist, inherit what is left.
    """
    for name in list(os.environ):
        if name.startswith(ALTERING) and name not in NEEDED:
            del os.environ[name]
    os.umask(0o022)
    # Packages installed with `pip install --user` are found as before.
    os.environ["PYTHONUSERBASE"] = site.getuserbase()
    os.environ["HOME"] = tempfile.mkdtemp(prefix="lazyscope-home-")
    return os.environ["HOME"]


HOME = None if "PYTEST_XDIST_WORKER" in os.environ else _leave_the_user_s_settings()


def pytest_unconfigure() -> None:
    """Remove the home of this run."""
    if HOME is not None:
        shutil.rmtree(HOME, ignore_errors=True)


def shared_cases() -> Path | None:
    """The folder of programs with verified truth, where there is one."""
    folder = SHARED / "cases"
    return folder if (folder / "verify.py").exists() else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say whether the shared cases were there and how many were compared, in whichever process."""
    if shared_cases() is None:
        terminalreporter.write_line("shared cases: absent")
        return
    compared = {
        report.nodeid
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call" and "test_shared_cases.py::test_case[" in report.nodeid
    }
    if compared:
        terminalreporter.write_line(f"shared cases: {len(compared)} run")
