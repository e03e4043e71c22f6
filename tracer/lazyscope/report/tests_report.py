"""The report of a pytest run: what each test forced, as JSON and as a summary for the terminal."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from lazyscope.analysis import cost
from lazyscope.errors import TraceFileError
from lazyscope.model import journal
from lazyscope.model.trace import TraceData, assemble
from lazyscope.report import figures, json_report
from lazyscope.report.harmless import harmless
from lazyscope.report.json_report import SCHEMA_VERSION, Document

DEAREST = 10
"""Tests that the summary names."""

PHASES = ("setup", "call", "teardown")


def part_of_test(nodeid: str, content: bytes, begun: dict[str, int]) -> Document:
    """What one test has to say in the report.

    Parameters
    ----------
    nodeid : str
        The test.
    content : bytes
        Its journal.
    begun : dict of str to int
        How many forces had begun when each phase ended.
    """
    trace = assemble(journal.read_records(content, name=nodeid))
    document = json_report.to_document(trace)
    for force in document["forces"]:
        force["phase"] = _phase(force["id"], begun)
    names = ("totals", "forces", "unknown_shapes", "failures", "blind_spots")
    return {"nodeid": nodeid, **{name: document[name] for name in names}, "dearest": _dearest(trace)}


def _phase(force: int, begun: dict[str, int]) -> str:
    return next((phase for phase in PHASES if force <= begun.get(phase, 0)), "teardown")


def _dearest(trace: TraceData) -> str | None:
    """The site that cost most, for the summary."""
    site = next((site.site for site in cost.breakdown(trace).sites if site.site is not None), None)
    return None if site is None else f"{site.file}:{site.line}  {site.expression or site.code}"


def failed_part(nodeid: str, error: Exception) -> Document:
    """What is said of a test whose trace could not be read."""
    trouble = f"this test, since lazyscope failed: {type(error).__name__}: {str(error)[:200]}"
    return {
        "nodeid": nodeid, "totals": None, "forces": [], "unknown_shapes": [], "failures": [],
        "blind_spots": [trouble], "dearest": None,
    }  # fmt: skip


@dataclass(frozen=True, order=True)
class _Costs:
    """What the summary tells of a test, the dearest being the greatest."""

    seconds: float
    nodeid: str
    forces: int
    tasks: int
    repeated: int
    site: str | None


class TestsReport:
    """Takes the tests' parts as they come; keeps the sums and the dearest, and writes the rest at once.

    Parameters
    ----------
    path : Path, optional
        Of the JSON report.

    Raises
    ------
    TraceFileError
        If it cannot be written.
    """

    __test__ = False  # pytest would take the class for tests

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._tests = self._forcing = self._forces = self._tasks = self._repeated = self._unread = 0
        self._seconds = 0.0
        self._dearest: list[_Costs] = []
        if path is not None:
            try:
                self._file = path.open("w", encoding="ascii")
            except OSError as error:
                raise TraceFileError(f"cannot write {path}: {error.strerror}; give another path") from None
            self._file.write(f'{{"schema_version": {SCHEMA_VERSION}, "tests": [')

    def add(self, part: Document, outcome: str) -> None:
        """Add a test that has ended."""
        site = part.pop("dearest")
        if self._file is not None:
            self._file.write(",\n" if self._tests else "\n")
            head = {"nodeid": part["nodeid"], "outcome": outcome}
            self._file.write(json.dumps(head | part, allow_nan=False))
        self._tests += 1
        totals = part["totals"]
        if totals is None:
            self._unread += 1
        elif totals["forces"]:
            self._count(part["nodeid"], totals, site)

    def _count(self, nodeid: str, totals: Document, site: str | None) -> None:
        self._forcing += 1
        self._forces += totals["forces"]
        self._tasks += totals["tasks"]
        self._repeated += totals["tasks_repeated"]
        self._seconds += totals["forced_seconds"]
        seconds, forces = totals["forced_seconds"], totals["forces"]
        costs = _Costs(seconds, nodeid, forces, totals["tasks"], totals["tasks_repeated"], site)
        keep = heapq.heappush if len(self._dearest) < DEAREST else heapq.heappushpop
        keep(self._dearest, costs)

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.write('\n], "findings": []}\n')
            self._file.close()
            self._file = None

    def summary(self, width: int) -> Iterator[str]:
        """Lines that say what was forced, and by which tests.

        Parameters
        ----------
        width : int
            Of the terminal, in characters.
        """
        tests = figures.plural(self._tests, "test")
        if not self._tests:
            yield "no test was traced"
        elif not self._forces:
            yield f"nothing was forced by {tests}"
        else:
            repeated = figures.count(self._repeated) if self._repeated else "none"
            yield (
                f"{figures.plural(self._forces, 'force')} in {self._forcing:,} of {tests} took "
                f"{figures.duration(self._seconds)}: {figures.plural(self._tasks, 'task')}, "
                f"{repeated} of them repeated within a test"
            )
            yield from self._table(width)
        if self._unread:
            yield f"{figures.plural(self._unread, 'test')} could not be read: see blind_spots in the report"
        if self._path is not None:
            yield f"report in {harmless(_shown(self._path))}"

    def _table(self, width: int) -> Iterator[str]:
        yield f"{'seconds':>9}{'forces':>9}{'tasks':>11}{'repeated':>11}"
        for costs in sorted(self._dearest, reverse=True):
            numbers = f"{costs.seconds:>9.3f}{costs.forces:>9,}{costs.tasks:>11,}{costs.repeated:>11,}  "
            yield numbers + _end(harmless(costs.nodeid), width - len(numbers))
            if costs.site is not None:
                indent = " " * len(numbers)
                yield indent + _start(harmless(costs.site), width - len(indent))
        left_out = self._forcing - len(self._dearest)
        if left_out:
            where = "the report has" if self._path is not None else "--lazyscope-report FILE.json has"
            yield f"{figures.plural(left_out, 'more test')} forced less: {where} them"


def _end(text: str, room: int) -> str:
    return text if len(text) <= room else "…" + text[len(text) - max(room, 8) + 1 :]


def _start(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room, 8) - 1] + "…"


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


