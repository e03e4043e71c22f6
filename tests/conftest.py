"""What the whole suite says at its end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
"""For tests/plugin; pytest takes it from here only."""


def shared_cases() -> Path | None:
    """The folder of programs with verified truth, where there is one: ../shared or LAZYSCOPE_SHARED."""
    given = os.environ.get("LAZYSCOPE_SHARED")
    root = Path(given) if given else Path(__file__).resolve().parents[2] / "shared"
    folder = root / "cases"
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
