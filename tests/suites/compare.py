"""Compares runs of one test suite: the same outcomes traced and untraced, every execution accounted for.

    python compare.py UNTRACED UNTRACED... --traced COUNTS --report REPORT.json

The counts are what the plugin `execution_counter` writes (one file, or one for each xdist worker with
``.gw0``, ``.gw1`` ... appended). Tests whose outcomes or executions differ between two untraced runs are
listed as flaky and left out. The exit status is 1 if anything else differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

_AS_WRITTEN = argparse.RawDescriptionHelpFormatter

Outcome = tuple[tuple[tuple[str, str], ...], int]
"""((phase, outcome), ...) and executions of a test."""


def counted(path: Path) -> dict[str, Outcome]:
    """What one run did, by node id."""
    found: dict[str, Outcome] = {}
    for part in (path, *path.parent.glob(f"{path.name}.gw*")):
        for line in part.read_text().splitlines() if part.exists() else ():
            test = json.loads(line)
            found[test["nodeid"]] = (tuple(sorted(test["phases"].items())), test["executions"])
    return found


def flaky(runs: list[dict[str, Outcome]]) -> set[str]:
    """Tests that two untraced runs do not agree on."""
    tests = set().union(*runs)
    return {test for test in tests if len({run.get(test) for run in runs}) > 1}


def differences(
    untraced: dict[str, Outcome], traced: dict[str, Outcome], forces: dict[str, int], left_out: set[str]
) -> list[str]:
    """One line for every test whose outcome or executions differ, or whose forces are not its executions."""
    lines = []
    for test in sorted((untraced.keys() | traced.keys()) - left_out):
        before, after = untraced.get(test), traced.get(test)
        if before is None or after is None:
            lines.append(f"{test}: run only {'traced' if before is None else 'untraced'}")
        elif before[0] != after[0]:
            lines.append(f"{test}: outcome {dict(before[0])} untraced, {dict(after[0])} traced")
        elif before[1] != after[1]:
            lines.append(f"{test}: {before[1]} executions untraced, {after[1]} traced")
        elif forces.get(test) != after[1]:
            lines.append(f"{test}: {after[1]} executions counted, {forces.get(test)} forces reported")
    return lines


def main(arguments: list[str]) -> int:
    """Compare, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_AS_WRITTEN)
    parser.add_argument("untraced", nargs="+", type=Path, metavar="UNTRACED")
    parser.add_argument("--traced", required=True, type=Path, metavar="COUNTS")
    parser.add_argument("--report", required=True, type=Path)
    given = parser.parse_args(arguments)
    runs = [counted(path) for path in given.untraced]
    traced = counted(given.traced)
    report: dict[str, Any] = json.loads(given.report.read_text())
    forces = {test["nodeid"]: len(test["forces"]) for test in report["tests"]}
    left_out = flaky(runs)
    lines = differences(runs[0], traced, forces, left_out)
    print(
        f"{len(traced):,} tests, {sum(count for _, count in traced.values()):,} executions, "
        f"{sum(forces.values()):,} forces; {len(left_out):,} flaky, {len(lines):,} differ"
    )
    for test in sorted(left_out):
        print(f"flaky: {test}: {[run.get(test) for run in runs]}")
    print(*lines, sep="\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
