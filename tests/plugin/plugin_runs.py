"""A run of pytest on a small suite, and what can be asked of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from compare import Done
from referencing import Registry, Resource

AFTERWARDS = r"[=!]|\d+ (passed|failed)"
"""How a line begins that comes after lazyscope's section."""


@dataclass(frozen=True)
class Run:
    """One run of pytest, and what it left."""

    result: pytest.RunResult
    report: dict[str, Any] | None
    counts: dict[str, Done]
    path: Path
    """Of the report."""

    @property
    def out(self) -> str:
        """What it printed."""
        return str(self.result.stdout)

    @property
    def section(self) -> list[str]:
        """What lazyscope said at the end."""
        lines = self.out.splitlines()
        first = next(n for n, line in enumerate(lines) if re.fullmatch("=+ lazyscope =+", line)) + 1
        last = next((n for n in range(first, len(lines)) if re.match(AFTERWARDS, lines[n])), None)
        return lines[first:last]

    @property
    def tests(self) -> list[dict[str, Any]]:
        """The tests of the report."""
        assert self.report is not None, self.out + str(self.result.stderr)
        tests: list[dict[str, Any]] = self.report["tests"]
        return tests

    def test(self, nodeid: str) -> dict[str, Any]:
        """The only entry of a test."""
        (test,) = (test for test in self.tests if test["nodeid"] == nodeid)
        return test

    def outcomes(self) -> dict[str, str]:
        """Outcome by what follows the file in the node id."""
        return {test["nodeid"].partition("::")[2]: test["outcome"] for test in self.tests}

    def forces(self, nodeid: str) -> list[tuple[str, str, int | None]]:
        """Phase, trigger and line of what a test forced."""
        return [
            (force["phase"], force["trigger"], force["site"] and force["site"]["line"])
            for force in self.test(nodeid)["forces"]
        ]


Runner = Callable[..., Run]
Suite = Callable[..., dict[str, list[str]]]


def said(run: Run) -> str:
    """What pytest printed, without lazyscope's section and what is new each time."""
    text = re.sub(rf"\n=+ lazyscope =+\n(?s:.*?)(?=\n({AFTERWARDS}))", "", run.out)
    new = r"0x[0-9a-f]+|[0-9a-f]{32}|\d+\.\d+s( \(\d+:\d+:\d+\))?|runpytest-\d+|id='?\d+"
    return re.sub("==+", "==", re.sub(new, "~", text))


def read_report(path: Path) -> dict[str, Any]:
    """A report, which must be as published."""
    report: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
    validator().validate(report)
    return report


def validator() -> Any:
    """What tells whether a report is as published."""
    folder = files("lazyscope.report")
    names = "report.schema.json", "pytest_report.schema.json"
    one, whole = (json.loads(folder.joinpath(name).read_text(encoding="utf-8")) for name in names)
    registry: Registry[Any] = Registry().with_resource(names[0], Resource.from_contents(one))
    jsonschema.Draft202012Validator.check_schema(whole)
    return jsonschema.Draft202012Validator(whole, registry=registry)
