"""Counts, for every test, the executions of a graph at dask's lowest level; knows nothing of lazyscope.

A plugin for pytest: ``-p execution_counter``, with EXECUTION_COUNTS naming a file that gets one line of
JSON for each test: its outcome by phase, and how many graphs were executed from its setup to its
teardown. Every local scheduler ends in `dask.local.get_async`, which makes its state once for each
execution in `start_state_from_dask`; that call is what is counted, in every thread.

Each test begins with the same state of the global random generators, so that runs can be compared.
"""

from __future__ import annotations

import functools
import json
import os
import random
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


class ExecutionCounter:
    """Counts executions between the begin and the end of each test."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0
        self._lock = threading.Lock()
        self._phases: dict[str, str] = {}

    def watch(self) -> None:
        """Count calls of `dask.local.start_state_from_dask` from now on."""
        import dask.local

        original = dask.local.start_state_from_dask

        @functools.wraps(original)
        def counted(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                self._count += 1
            return original(*args, **kwargs)

        dask.local.start_state_from_dask = counted

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Write a line for each test, be it broken off."""
        self._count = 0
        self._phases = {}
        random.seed(0)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(0)
        try:
            return (yield)
        finally:
            line = {"nodeid": item.nodeid, "phases": self._phases, "executions": self._count}
            with self._path.open("a") as file:
                file.write(json.dumps(line) + "\n")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Iterator[Any]:
        """Keep the outcome of each phase, as pytest's own plugins leave it."""
        report = yield
        outcome = report.outcome
        if hasattr(report, "wasxfail"):
            outcome = {"passed": "xpassed", "skipped": "xfailed"}.get(outcome, outcome)
        if report.when == "setup":
            # Of a test that is run again the last run counts.
            self._phases.clear()
        if self._phases.get(report.when) != "failed":
            # Subtests have reports of their own before their test's.
            self._phases[report.when] = outcome
        return report


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count, in the process that runs tests."""
    path = os.environ.get("EXECUTION_COUNTS")
    if path is None:
        raise pytest.UsageError("EXECUTION_COUNTS must name a file: one line of JSON for each test")
    if hasattr(config, "workerinput"):
        path += "." + config.workerinput["workerid"]
    counter = ExecutionCounter(Path(path))
    config.pluginmanager.register(counter)
    counter.watch()
