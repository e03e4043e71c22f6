"""The report of a pytest run: what each test forced, as JSON and as a summary for the terminal.

The form of the JSON is published as ``pytest_report.schema.json`` beside this module.
"""

from __future__ import annotations

import heapq
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from lazyscope import figures
from lazyscope.analysis import cost
from lazyscope.errors import TraceFileError
from lazyscope.model import journal
from lazyscope.model.trace import TraceData, assemble
from lazyscope.report import json_report
from lazyscope.report.gathered_findings import GatheredFindings
from lazyscope.report.json_report import SCHEMA_VERSION, Document
from lazyscope.text.harmless import harmless

if TYPE_CHECKING:
    from lazyscope.report.screen import Screen

DEAREST = 10
"""Tests that the summary names."""
UNSEEN = 3
"""Things not seen that the summary names."""
SITE_CELLS = 24
"""A site gets a line of its own where fewer cells than these are left beside the figures."""

PHASES = ("setup", "call", "teardown")

_FOUND = ("totals", "forces", "unknown_shapes", "failures", "blind_spots")
_IN_REPORT = ("nodeid", "outcome", *_FOUND)
_HEAD = f'{{"schema_version": {SCHEMA_VERSION}, "tests": ['
_TAIL = '\n], "findings": []}\n'
"""What follows the tests while they run; the findings are written when all have ended."""


def part_of_test(nodeid: str, content: bytes, began: dict[str, int], *, explain: bool = True) -> Document:
    """What one test has to say in the report.

    ``findings``, ``dearest`` and ``unseen`` are for the whole and do not get into the test's part of the
    report.

    Parameters
    ----------
    nodeid : str
        The test.
    content : bytes
        Its journal.
    began : dict of str to int
        How many forces had begun when each phase began.
    explain : bool
        Whether to look for findings.
    """
    trace = assemble(journal.read_records(content, name=nodeid))
    document = json_report.to_document(trace, explain=explain)
    for force in document["forces"]:
        force["phase"] = _phase(force["id"], began)
    return {
        "nodeid": nodeid,
        **{name: document[name] for name in _FOUND},
        "findings": document["findings"],
        "dearest": _dearest(trace),
        "unseen": list(trace.blind_spots),
    }


def _phase(force: int, began: dict[str, int]) -> str:
    """The phase that had begun last; what comes before all of them belongs to the first."""
    return next((phase for phase in reversed(PHASES) if began.get(phase, force) < force), "setup")


def _dearest(trace: TraceData) -> str | None:
    """The site that cost most; its file by the last two parts, which say most in little room."""
    site = next((site.site for site in cost.breakdown(trace).sites if site.site is not None), None)
    if site is None:
        return None
    text = f"{'/'.join(site.file.split('/')[-2:])}:{site.line}  {site.expression or site.code}"
    return text.rstrip()


def missing_part(nodeid: str, reason: str) -> Document:
    """What is said of a test whose trace is missing."""
    return {
        "nodeid": nodeid, "totals": None, "forces": [], "unknown_shapes": [], "failures": [],
        "blind_spots": [f"this test: {reason}"], "findings": [], "dearest": None, "unseen": [],
    }  # fmt: skip


@dataclass(frozen=True, order=True)
class _Costs:
    """What the summary tells of a test, the dearest being the greatest."""

    seconds: float
    forces: int
    tasks: int
    repeated: int
    nodeid: str
    site: str


class TestsReport:
    """Takes the tests' parts as they come; keeps the sums and the dearest, and writes the rest at once.

    The file is whole after each test, whatever becomes of the process then.

    Parameters
    ----------
    path : Path, optional
        Of the JSON report.
    shown : str, optional
        How the summary names it.
    """

    __test__ = False  # pytest would take the class for tests

    def __init__(self, path: Path | None = None, *, shown: str | None = None) -> None:
        self._path = path
        self._shown = shown or str(path)
        self._file: FileIO | None = None
        self._trouble: str | None = None
        self._end = 0
        self._tests = self._forcing = self._forces = self._tasks = self._repeated = self._missing = 0
        self._seconds = 0.0
        self._dearest: list[_Costs] = []
        self._unseen: Counter[str] = Counter()
        self._findings = GatheredFindings()

    def open(self) -> None:
        """Begin the file, if there is to be one; what it held is gone.

        Raises
        ------
        TraceFileError
            If it cannot be written.
        """
        if self._path is None:
            return
        try:
            self._file = self._path.open("wb", buffering=0)
            self._append(_HEAD)
        except OSError as error:
            self.close()
            raise TraceFileError(f"cannot write {self._shown}: {_reason(error)}; give another path") from None

    def add(self, part: Document) -> None:
        """Add a test that has ended."""
        self._unseen.update(part["unseen"])
        self._findings.add(part)
        self._write({name: part[name] for name in _IN_REPORT})
        self._tests += 1
        totals = part["totals"]
        if totals is None:
            self._missing += 1
        elif totals["forces"]:
            self._count(part["nodeid"], totals, part["dearest"] or "line unknown")

    def _write(self, part: Document) -> None:
        if self._file is None:
            return
        try:
            self._append((",\n" if self._tests else "\n") + json.dumps(part, allow_nan=False))
        except OSError as error:
            # The tests go on; the summary says that something is missing.
            self._trouble = _reason(error)
            self._give_up()

    def _give_up(self) -> None:
        """Put back the tail that was half overwritten."""
        assert self._file is not None
        with suppress(OSError):
            self._append("")
            self._file.truncate()
        self.close()

    def _append(self, text: str) -> None:
        """Write `text` over the document's tail, and the tail again behind it."""
        assert self._file is not None
        rest = (text + _TAIL).encode("ascii")
        self._file.seek(self._end)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._end += len(text)

    def _count(self, nodeid: str, totals: Document, site: str) -> None:
        forces, tasks, repeated = totals["forces"], totals["tasks"], totals["tasks_repeated"]
        self._forcing += 1
        self._forces += forces
        self._tasks += tasks
        self._repeated += repeated
        self._seconds += totals["forced_seconds"]
        costs = _Costs(totals["forced_seconds"], forces, tasks, repeated, nodeid, site)
        keep = heapq.heappush if len(self._dearest) < DEAREST else heapq.heappushpop
        keep(self._dearest, costs)

    def finish(self) -> None:
        """Write the findings of all tests and close the file."""
        if self._file is None:
            return
        try:
            self._file.seek(self._end)
            rest = f'\n], "findings": {json.dumps(self._findings.documents(), allow_nan=False)}}}\n'.encode()
            while rest:
                rest = rest[self._file.write(rest) :]
            self._file.truncate()
        except OSError as error:
            self._trouble = _reason(error)
            self._give_up()
        self.close()

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def summary(self, width: int) -> Iterator[str]:
        """Lines that say what was forced, and by which tests.

        Parameters
        ----------
        width : int
            Of the terminal, in cells.
        """
        from lazyscope.report.screen import Screen  # 50 ms of Rich, needed once tests have run

        screen = Screen(width)
        yield from _paragraph(screen, self._headline())
        if self._forces:
            yield from self._table(screen)
        for sentence in self._remarks():
            yield from _paragraph(screen, sentence)

    def _headline(self) -> str:
        tests = figures.plural(self._tests, "test")
        if not self._tests:
            return "no test was traced"
        if not self._forces:
            return f"nothing was forced in {tests}"
        return (
            f"{figures.plural(self._forces, 'force')} in {self._forcing:,} of {tests}: "
            f"{figures.duration(self._seconds)}, {figures.plural(self._tasks, 'task')}, "
            f"{figures.count(self._repeated) if self._repeated else 'none'} repeated within a test"
        )

    def _table(self, screen: Screen) -> Iterator[str]:
        yield "".join(f"{name:>{cells}}" for name, cells in _COLUMNS)
        for costs in sorted(self._dearest, reverse=True):
            yield screen.end(costs.nodeid, screen.width)
            texts = (f"{costs.seconds:,.3f}", f"{costs.forces:,}", f"{costs.tasks:,}", f"{costs.repeated:,}")
            line = "".join(f"{text:>{cells}}" for text, (_, cells) in zip(texts, _COLUMNS, strict=True))
            room = screen.width - len(line) - 2
            if room >= SITE_CELLS:
                yield f"{line}  {screen.start(costs.site, room)}"
            else:
                yield line
                yield f"    {screen.start(costs.site, screen.width - 4)}"

    def _remarks(self) -> Iterator[str]:
        """What is not in the table."""
        if left_out := self._forcing - len(self._dearest):
            yield f"{figures.plural(left_out, 'more test')} forced: {self._where()}"
        for text, tests in self._unseen.most_common(UNSEEN):
            yield f"not seen in {figures.plural(tests, 'test')}: {harmless(text)}"
        if (more := len(self._unseen) - UNSEEN) > 0:
            yield f"not seen: {figures.plural(more, 'more thing')}: {self._where()}"
        if self._missing:
            yield f"{figures.plural(self._missing, 'trace')} missing: {self._where()}"
        if self._trouble is not None:
            yield f"report in {harmless(self._shown)} is incomplete: {self._trouble}"
        elif self._path is not None:
            yield f"report in {harmless(self._shown)}"

    def _where(self) -> str:
        return "see the report" if self._path is not None else "see --lazyscope-report FILE.json"


_COLUMNS = (("seconds", 9), ("forces", 8), ("tasks", 10), ("repeated", 10))


def _paragraph(screen: Screen, text: str) -> list[str]:
    return [line.plain for line in screen.paragraph(text)]


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
