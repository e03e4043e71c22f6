"""The pytest plugin: ``--lazyscope`` traces tests, ``--lazyscope-report FILE.json`` keeps what was found.

Each test is a trace of its own, from its first fixture to its last, so a task is repeated if an earlier
force of the same test had asked for it. The process that runs a test makes its part of the report; a
worker of pytest-xdist hands it to the controller with a report of the test's.

pytest loads this module in every run where lazyscope is installed, so what is heavy is imported once
tracing was asked for. A test's outcome never depends on lazyscope: what fails here is said in the report.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lazyscope.errors import TraceFileError

if TYPE_CHECKING:
    from lazyscope.capture.session import Session
    from lazyscope.report.tests_report import TestsReport

Wrapper = Generator[None, pytest.TestReport, pytest.TestReport]

Part = dict[str, Any]
"""What the report says of one test."""

ATTRIBUTE = "lazyscope"
"""Of a report, or of a worker's output: parts that come from a worker of pytest-xdist, as text."""


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
    if not config.getoption("--lazyscope") and report is None and pattern is None:
        return
    matches = _matcher(pattern)
    gatherer = None
    if not hasattr(config, "workerinput"):
        gatherer = Gatherer(config, report, matches)
        config.pluginmanager.register(gatherer, "lazyscope-gatherer")
    tracer = Tracer(config, matches, gatherer)
    config.pluginmanager.register(tracer, "lazyscope-tracer")
    config.add_cleanup(tracer.close)


def _matcher(pattern: str | None) -> Callable[[str], object]:
    parts = ".*".join(map(re.escape, (pattern or "").split("*")))
    return re.compile(parts, re.DOTALL).search


@dataclass
class TracedTest:
    """A test that is running, or one that has ended and is not in the report yet."""

    nodeid: str
    began: dict[str, int] = field(default_factory=dict)
    """How many forces had begun when each phase began."""
    phases: list[pytest.TestReport] = field(default_factory=list)
    """Read only when the test is handed on: other plugins still change them."""
    session: Session | None = None
    part: Part | None = None
    interrupted: bool = False

    def document(self) -> Part:
        """Its part of the report."""
        assert self.part is not None
        return self.part | {"outcome": "interrupted" if self.interrupted else outcome(self.phases)}


class Tracer:
    """Opens a trace before a test's first fixture and closes it after its last.

    Parameters
    ----------
    config : pytest.Config
    matches : callable
        Tells from a test's id whether it is traced.
    gatherer : Gatherer, optional
        Where the parts go; None in a worker of pytest-xdist.
    """

    def __init__(
        self, config: pytest.Config, matches: Callable[[str], object], gatherer: Gatherer | None
    ) -> None:
        from lazyscope.capture.roles import Roles

        self._config = config
        self._matches = matches
        self._gatherer = gatherer
        # The summary has no findings.
        self._explain = config.getoption("--lazyscope-report") is not None
        # One for all tests: whose file a frame's is need be found out only once.
        self._roles = Roles()
        self._test_files: set[Path] = set()
        self._holding = False
        self._test: TracedTest | None = None
        self._ended: list[TracedTest] = []

    # While a test runs

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Open the trace; keep what a test has done that is broken off."""
        self._open(item)
        try:
            return (yield)
        finally:
            self._break_off()

    # No wrappers, whose frames would show in the tracebacks of items that are no functions.

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Open another trace for a test that is run again."""
        if self._test is None or self._test.began:
            self._break_off()
            self._open(item)
        self._begin("setup")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """Note how far it is."""
        self._begin("call")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Note how far it is."""
        self._begin("teardown")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[Any]) -> Wrapper:
        """Note how a phase went; after the last one close the trace."""
        test = self._test
        report = yield
        if test is not None:
            test.phases.append(report)
            if test.session is not None and call.excinfo is not None:
                _note_failure(test.session, call.excinfo, report)
            if call.when == "teardown":
                self._close(test, "ok")
        return report

    def _begin(self, phase: str) -> None:
        test = self._test
        if test is not None:
            test.began[phase] = test.session.forces if test.session is not None else 0

    def _break_off(self) -> None:
        if self._test is not None:
            self._test.interrupted = True
            self._close(self._test, "exception")

    def _open(self, item: pytest.Item) -> None:
        if not self._matches(item.nodeid):
            return
        test = self._test = TracedTest(item.nodeid)
        try:
            from lazyscope.capture import session

            if not self._holding:
                session.hold()
                self._holding = True
            if isinstance(item, pytest.Function):
                self._take_as_user(item.path)
            test.session = session.start(everywhere=True, roles=self._roles)
        except Exception as error:
            test.part = _failed_part(item.nodeid, error)

    def _take_as_user(self, path: Path) -> None:
        """A test's module is the user's, and so is what lies beside it in a folder of tests."""
        if path not in self._test_files:
            self._test_files.add(path)
            beside = path.parent.glob("*.py") if path.parent.name in ("tests", "test") else ()
            self._roles.take_as_user(map(str, (path, *beside)))

    def _close(self, test: TracedTest, ended: str) -> None:
        self._test = None
        self._ended.append(test)
        try:
            if test.session is not None:
                test.part = _part(test, test.session, ended, explain=self._explain)
        except Exception as error:
            test.part = _failed_part(test.nodeid, error)
        test.session = None

    # When it has ended

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand on the tests that have ended, be they this report's or run again before it."""
        if self._ended:
            self._hand_on(report.__dict__)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Hand on a test that was broken off."""
        if self._ended:
            self._hand_on(getattr(self._config, "workeroutput", {}))

    def _hand_on(self, carrier: dict[str, Any]) -> None:
        ended, self._ended = self._ended, []
        parts = [test.document() for test in ended]
        if self._gatherer is None:
            carrier[ATTRIBUTE] = json.dumps(parts, allow_nan=False)
        else:
            self._gatherer.add(parts)

    def close(self) -> None:
        """Take the sensors away."""
        if self._holding:
            from lazyscope.capture import session

            session.release()
            self._holding = False


def _note_failure(
    session: Session, raised: pytest.ExceptionInfo[BaseException], report: pytest.TestReport
) -> None:
    """Record an exception that ended a phase, unless it is pytest's own to skip the test."""
    expected = hasattr(report, "wasxfail") and not raised.errisinstance(pytest.xfail.Exception)
    if report.failed or expected:
        from lazyscope.capture.escaped import note_escaped

        note_escaped(session, raised.value)


def _part(test: TracedTest, session: Session, ended: str, *, explain: bool) -> Part:
    from lazyscope.capture import session as sessions
    from lazyscope.model import events
    from lazyscope.report.tests_report import part_of_test

    sessions.stop(session, events.End(seconds=session.now(), ended=ended))
    return part_of_test(test.nodeid, session.recorder.journal.content(), test.began, explain=explain)


def _failed_part(nodeid: str, error: Exception) -> Part:
    from lazyscope.report.tests_report import missing_part

    return missing_part(nodeid, f"lazyscope failed: {type(error).__name__}: {str(error)[:200]}")


def outcome(phases: list[pytest.TestReport]) -> str:
    """What a test came to, from the reports of its phases: pytest's own words."""
    found = [_category(report) for report in phases]
    for category in ("error", "failed", "rerun", "xpassed", "xfailed"):
        if category in found:
            return category
    # A skipped subtest comes before the report of its test.
    last = {report.when: category for report, category in zip(phases, found, strict=True)}
    return "skipped" if "skipped" in last.values() else "passed"


def _category(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return {"skipped": "xfailed", "passed": "xpassed"}.get(report.outcome, report.outcome)
    return "error" if report.failed and report.when in ("setup", "teardown") else report.outcome


class Gatherer:
    """Puts the parts of all tests together, in the process that prints the summary.

    Parameters
    ----------
    config : pytest.Config
    path : str, optional
        Of the JSON report.
    matches : callable
        Tells from a test's id whether it is traced.
    """

    def __init__(self, config: pytest.Config, path: str | None, matches: Callable[[str], object]) -> None:
        from lazyscope.report.tests_report import TestsReport

        self._config = config
        self._matches = matches
        self._interrupted: set[str] = set()
        directory = config.invocation_params.dir
        self._report: TestsReport = TestsReport(None if path is None else directory / path, shown=path)

    def pytest_sessionstart(self) -> None:
        """Begin the JSON report: not earlier, for ``--help`` and the like start no session."""
        try:
            self._report.open()
        except TraceFileError as error:
            raise pytest.UsageError(f"--lazyscope-report: {error}") from None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a worker sent, before others write down all that a report holds."""
        self.add(_sent(vars(report)))
        if report.when not in ("setup", "call", "teardown"):
            self._add_lost(report)

    def _add_lost(self, report: pytest.TestReport) -> None:
        """Add a test of which pytest-xdist says that its worker is gone."""
        if self._matches(report.nodeid) and report.nodeid not in self._interrupted:
            from lazyscope.report.tests_report import missing_part

            part = missing_part(report.nodeid, "the process that ran it has crashed")
            self.add([part | {"outcome": report.outcome}])

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker has sent as its last."""
        parts = _sent(getattr(node, "workeroutput", {}))
        self._interrupted.update(part["nodeid"] for part in parts)
        self.add(parts)

    def add(self, parts: list[Part]) -> None:
        """Add tests."""
        for part in parts:
            self._report.add(part)

    def pytest_sessionfinish(self) -> None:
        """End the JSON report."""
        self._report.finish()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was forced, and by which tests."""
        if self._config.option.collectonly:
            return
        terminalreporter.write_sep("=", "lazyscope")
        for line in self._report.summary(self._config.get_terminal_writer().fullwidth):
            terminalreporter.write_line(line)


def _sent(carrier: dict[str, Any]) -> list[Part]:
    parts: list[Part] = json.loads(carrier.pop(ATTRIBUTE, "[]"))
    return parts
