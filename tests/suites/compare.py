"""Compares runs of one test suite: the same outcomes traced and untraced, every execution accounted for.

    python compare.py UNTRACED UNTRACED... --traced COUNTS --report REPORT.json

The counts are what the plugin `execution_counter` writes (one file, or one for each xdist worker with
``.gw0``, ``.gw1`` ... appended). Tests whose outcomes or executions differ between two untraced runs are
listed as flaky and left out; what is reported of them must be right all the same. The exit status is 1 if
anything else differs. Forces that a scheduler of
the test's own refuses, as array-api-extra's `lazy_xp_function` makes it, need not have been executed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Done(NamedTuple):
    """What a test did in one run."""

    phases: tuple[tuple[str, str], ...]
    executions: int


@dataclass(frozen=True)
class Reported:
    """What lazyscope's report says of a whole run, by test; one that was run again adds up."""

    outcomes: dict[str, str]
    forces: Counter[str]
    refused: Counter[str]
    """Forces that a scheduler of the test's own answered with an exception: it may have executed nothing."""


def counted(path: Path) -> dict[str, Done]:
    """What one run did, by node id."""
    found: dict[str, Done] = {}
    for part in (path, *path.parent.glob(f"{path.name}.gw*")):
        for line in part.read_text().splitlines() if part.exists() else ():
            test = json.loads(line)
            found[test["nodeid"]] = Done(tuple(sorted(test["phases"].items())), test["executions"])
    return found


def reported(path: Path) -> Reported:
    """What lazyscope's report says."""
    tests: list[dict[str, Any]] = json.loads(path.read_text())["tests"]
    forces: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for test in tests:
        forces[test["nodeid"]] += len(test["forces"])
        refused[test["nodeid"]] += sum(
            force["scheduler"] == "custom" and not force["completed"] for force in test["forces"]
        )
    return Reported({test["nodeid"]: test["outcome"] for test in tests}, forces, refused)


def outcome(phases: Iterable[tuple[str, str]]) -> str:
    """What a test came to, from what its phases did."""
    found = dict(phases)
    if "teardown" not in found:
        return "interrupted"
    if "failed" in (found["setup"], found["teardown"]):
        return "error"
    return next((o for o in (found.get("call"), found["setup"]) if o not in (None, "passed")), "passed")


def flaky(runs: list[dict[str, Done]]) -> set[str]:
    """Tests that two untraced runs do not agree on."""
    tests = set().union(*runs)
    return {test for test in tests if len({run.get(test) for run in runs}) > 1}


def differences(
    untraced: dict[str, Done], traced: dict[str, Done], report: Reported, left_out: Collection[str] = ()
) -> list[str]:
    """One line for every test that differs traced, or of which the report says something else."""
    found = differing(untraced, traced, report, left_out)
    return [f"{test}: {how}" for test, how in found.items()]


def differing(
    untraced: dict[str, Done], traced: dict[str, Done], report: Reported, left_out: Collection[str] = ()
) -> dict[str, str]:
    """Tests that differ traced, or of which the report says something else, and how.

    Of tests that are left out the report must be right all the same.
    """
    found = {}
    for test in sorted(untraced.keys() | traced.keys() | report.outcomes.keys()):
        before, after = untraced.get(test), traced.get(test)
        how = None if test in left_out else _changed(before, after)
        how = how or _misreported(test, after, report)
        if how is not None:
            found[test] = how
    return found


def _changed(before: Done | None, after: Done | None) -> str | None:
    if before is after is None:
        return None
    if before is None or after is None:
        return f"run {'only traced' if before is None else 'only untraced'}"
    if before.phases != after.phases:
        return f"{dict(before.phases)} untraced, {dict(after.phases)} traced"
    if before.executions != after.executions:
        return f"{before.executions} executions untraced, {after.executions} traced"
    return None


def _misreported(test: str, done: Done | None, report: Reported) -> str | None:
    said, forces = report.outcomes.get(test), report.forces[test]
    if done is None:
        return None if said is None else f"reported as {said}, not run"
    if said is None:
        return "run, but not reported"
    if not forces - report.refused[test] <= done.executions <= forces:
        return f"{done.executions} executions counted, {forces} forces reported"
    if said != outcome(done.phases):
        return f"{outcome(done.phases)}, but reported as {said}"
    return None


def variants(test: str, runs: Iterable[dict[str, Done]]) -> str:
    """What a test did in each of several runs, in short."""
    return "; ".join(
        f"{outcome(run[test].phases)}, {run[test].executions} executions" if test in run else "not run"
        for run in runs
    )


def main(arguments: list[str]) -> int:
    """Compare, print, and return the exit status."""
    kept = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=kept)
    parser.add_argument("untraced", nargs="+", type=Path, metavar="UNTRACED")
    parser.add_argument("--traced", required=True, type=Path, metavar="COUNTS")
    parser.add_argument("--report", required=True, type=Path)
    given = parser.parse_args(arguments)
    runs = [counted(path) for path in given.untraced]
    traced, report = counted(given.traced), reported(given.report)
    left_out = flaky(runs)
    lines = differences(runs[0], traced, report, left_out)
    print(
        f"{len(traced):,} tests, {sum(done.executions for done in traced.values()):,} executions, "
        f"{report.forces.total():,} forces; {len(left_out):,} flaky, {len(lines):,} differ"
    )
    for test in sorted(left_out):
        print(f"flaky: {test}: {variants(test, runs)}")
    print(*lines, sep="\n", end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
