"""What the whole suite says at its end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CASES_RUN = pytest.StashKey[set[str]]()
"""The shared cases that were compared in this run."""


def shared_cases() -> Path | None:
    """The folder of programs with verified truth, where there is one: ../shared or LAZYSCOPE_SHARED."""
    given = os.environ.get("LAZYSCOPE_SHARED")
    root = Path(given) if given else Path(__file__).resolve().parents[2] / "shared"
    folder = root / "cases"
    return folder if (folder / "verify.py").exists() else None


def pytest_configure(config: pytest.Config) -> None:
    config.stash[CASES_RUN] = set()


@pytest.fixture
def case_was_run(request: pytest.FixtureRequest) -> None:
    """Count this case in the summary."""
    request.config.stash[CASES_RUN].add(request.node.name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say whether the shared cases were there, whatever else was run."""
    run = len(config.stash[CASES_RUN])
    if shared_cases() is None:
        terminalreporter.write_line("shared cases: absent")
    elif run:
        terminalreporter.write_line(f"shared cases: {run} run")
