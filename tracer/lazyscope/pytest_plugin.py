"""The pytest plugin: ``--lazyscope`` traces tests, ``--lazyscope-report FILE.json`` keeps what was found.

Each test is a trace of its own, from its first fixture to its last, so a task is repeated if an earlier
force of the same test had asked for it. The process that runs a test makes its part of the report and
hands it on with the test's last phase report; under pytest-xdist it comes to the controller that way.

pytest loads this module in every run where lazyscope is installed, so what is heavy is imported once
tracing was asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lazyscope.capture.roles import Roles
    from lazyscope.capture.session import Session

ATTRIBUTE = "lazyscope"
"""Of the report of a test's last phase: its part of the JSON report, as text."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("lazyscope", "dask graphs that tests execute (lazyscope)")
    group.addoption("--lazyscope", action="store_true", help="trace tests and sum up what they force")
    group.addoption(
        "--lazyscope-match",
        metavar="PATTERN",
        help="trace only tests whose id contains PATTERN, in which * stands for anything",
    )
    group.addoption(
        "--lazyscope-report",
        metavar="FILE.json",
        help="trace tests and write what each forced to FILE.json; an existing file is replaced",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Trace from here on, if asked to."""
    report, pattern = config.getoption("--lazyscope-report"), config.getoption("--lazyscope-match")
    if not (config.getoption("--lazyscope") or report or pattern):
        return
    tracer = Tracer(pattern)
    config.pluginmanager.register(tracer, "lazyscope-tracer")
    config.add_cleanup(tracer.close)
    if not hasattr(config, "workerinput"):
        from lazyscope.report.tests_report import TestsReport

        gatherer = Gatherer(config, TestsReport(_writable(report) if report else None))
        config.pluginmanager.register(gatherer, "lazyscope-gatherer")


def _writable(name: str) -> Path:
    path = Path(name).absolute()
    if path.is_dir() or not path.parent.is_dir():
        raise pytest.UsageError(
            f"--lazyscope-report cannot write {name}: give the path of a file in a directory that exists"
        )
    return path


class Tracer:
    """Opens a trace before a test's first fixture and closes it after its last.

    Parameters
    ----------
    pattern : str, optional
        Tests whose ids do not contain it are left alone.
    """

    def __init__(self, pattern: str | None = None) -> None:
        self._matches = _matcher(pattern)
        self._session: Session | None = None
        self._nodeid = ""
        self._begun: dict[str, int] = {}
        self._shared: Roles | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Open the trace."""
        if self._matches(item.nodeid):
            self._open(item)
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note where a phase ended; after the last one close the trace and hand it on."""
        session = self._session
        report: pytest.TestReport = yield
        if session is None:
            return report
        if call.excinfo is not None and report.failed:
            from lazyscope.capture.escaped import note_escaped

            note_escaped(session, call.excinfo.value)
        self._begun[call.when] = session.forces
        if call.when == "teardown":
            setattr(report, ATTRIBUTE, self._close("ok"))
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Keep what a test has done that is broken off."""
        try:
            return (yield)
        finally:
            if self._session is not None:
                part = self._close("exception")
                gatherer: Any = item.config.pluginmanager.get_plugin("lazyscope-gatherer")
                if gatherer is not None:
                    gatherer.add(part, "interrupted")

    def close(self) -> None:
        """Take the sensors away."""
        if self._shared is not None:
            from lazyscope.capture import session

            session.release()
            self._shared = None

    def _open(self, item: pytest.Item) -> None:
        from lazyscope.capture import session

        roles = self._roles()
        roles.take_as_user(_test_files(item.path))
        self._nodeid, self._begun = item.nodeid, {}
        self._session = session.start(everywhere=True, roles=roles)

    def _roles(self) -> Roles:
        """Whose file a frame's is, found out once for all tests."""
        if self._shared is None:
            from lazyscope.capture import session
            from lazyscope.capture.roles import Roles

            session.hold()
            self._shared = Roles()
        return self._shared

    def _close(self, ended: str) -> str:
        """The test's part of the report."""
        from lazyscope.capture import session as sessions
        from lazyscope.model import events

        session, self._session = self._session, None
        assert session is not None
        sessions.stop(session, events.End(seconds=session.now(), ended=ended))
        return _part(self._nodeid, session.recorder.journal.content(), self._begun)


def _matcher(pattern: str | None) -> Any:
    if pattern is None:
        return lambda nodeid: True
    parts = ".*".join(map(re.escape, pattern.split("*")))
    return re.compile(parts, re.DOTALL).search


def _test_files(path: Path) -> list[str]:
    """The module of a test and what lies beside it in its folder of tests."""
    if path.parent.name not in ("tests", "test"):
        return [str(path)]
    return [str(path), *map(str, path.parent.glob("*.py"))]


def _part(nodeid: str, content: bytes, begun: dict[str, int]) -> str:
    from lazyscope.report.tests_report import failed_part, part_of_test

    try:
        return json.dumps(part_of_test(nodeid, content, begun), allow_nan=False)
    except Exception as error:
        # A test's outcome never depends on lazyscope.
        return json.dumps(failed_part(nodeid, error))


class Gatherer:
    """Puts the parts of all tests together, in the process that prints the summary.

    Parameters
    ----------
    config : pytest.Config
    report : TestsReport
    """

    def __init__(self, config: pytest.Config, report: Any) -> None:
        self._config = config
        self._report = report
        self._categories: dict[tuple[str, Any], list[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a test's part from the report of its last phase."""
        test = report.nodeid, getattr(report, "node", None)
        category, *_ = self._config.hook.pytest_report_teststatus(report=report, config=self._config)
        self._categories.setdefault(test, []).append(category)
        if report.when == "teardown":
            categories = self._categories.pop(test)
            part = vars(report).pop(ATTRIBUTE, None)
            if part is not None:
                self.add(part, _outcome(categories))

    def add(self, part: str, outcome: str) -> None:
        """Add a test."""
        self._report.add(json.loads(part), outcome)

    def pytest_sessionfinish(self) -> None:
        """End the JSON report."""
        self._report.close()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was forced, and by which tests."""
        terminalreporter.section("lazyscope")
        width = terminalreporter._tw.fullwidth
        for line in self._report.summary(width):
            terminalreporter.write_line(line)


def _outcome(categories: list[str]) -> str:
    """What a test came to, from what its phases did: pytest's own words."""
    for category in ("error", "failed", "xpassed", "xfailed", "skipped", "passed"):
        if category in categories:
            return category
    return next(filter(None, categories), "passed")
