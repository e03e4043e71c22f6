"""What recording costs in instructions: the same work traced and untraced, counted by callgrind.

    python tests/benchmarks/instructions.py [--json FILE] [--rounds N] [NAME ...]

Needs valgrind (Debian's package of that name). Instructions do not depend on what else the machine does,
so two versions can be compared to about 0.003 where clocks differ by 0.05. One process warms up, then
does each piece of work untraced and traced in turns; whoever is measured calls the C function `ctermid`
between intervals, at which callgrind writes down what it has counted. Small work is done several times in
an interval.

A traced interval has the work and the end of the trace: its flush, its tables, the texts of files. The
trace is journalled to a file and was opened before, and the sensors stay in place when it ends. Opening
an empty trace with its sensors, and closing it, are rows of their own, in thousands of instructions. The
column `sensors` has the work with the sensors in place and no trace open.

Garbage is collected between intervals, not in them: which interval a collection falls into is chance. What
lazyscope does by the clock is slowed as callgrind slows the program.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SLOWER = 50
"""How many times longer a program takes under callgrind."""

ENVIRONMENT = {
    "SCIPY_ARRAY_API": "1",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}

FIVE = ("ttest_ind", "zscore", "pearsonr", "gaussian_filter", "kmeans")
"""Calls of SciPy, whose median is the figure to keep low."""


class Work(NamedTuple):
    do: Callable[[], object]
    times: int


def works() -> dict[str, Work]:
    """The work to measure by name, smallest enough for callgrind."""
    import dask.array as da
    import scipy.cluster.vq
    import scipy.ndimage
    import scipy.stats
    from overhead import computed, kmeans, numbers

    x = da.ones(4, chunks=4)
    picture = da.ones((400, 400), chunks=(200, 200))

    def small(seed: int = 0) -> da.Array:
        # The less there is to compute, the more of it is what recording costs.
        return numbers(8, 1_000, seed)

    def additions() -> None:
        for _ in range(20):
            x + 1

    def tiny_forces() -> None:
        for _ in range(20):
            x.sum().compute()

    def ttest_ind() -> None:
        computed(scipy.stats.ttest_ind(small(), small(seed=9), equal_var=False).pvalue)

    return {
        "ttest_ind": Work(ttest_ind, 2),
        "zscore": Work(lambda: computed(scipy.stats.zscore(small())), 2),
        "pearsonr": Work(lambda: computed(scipy.stats.pearsonr(small(), small(seed=9)).statistic), 2),
        "gaussian_filter": Work(lambda: computed(scipy.ndimage.gaussian_filter(picture, 2.0)), 2),
        "kmeans": Work(lambda: kmeans(1), 1),
        "x + 1, 20 times": Work(additions, 3),
        "tiny forces, 20": Work(tiny_forces, 2),
        "loop of forces": Work(lambda: kmeans(4), 1),
    }


# In the process that is measured


def measure(names: list[str], rounds: int, labels: Path) -> None:
    """Do the work in turns, with a mark before, between and after, and write down what lay between."""
    import gc

    import dask

    from lazyscope.capture import memory, recorder, session

    dask.config.set(scheduler="sync")
    memory.FRESH *= SLOWER
    recorder.SOURCES_AFTER *= SLOWER
    intervals: list[tuple[str, str]] = []
    mark = os.ctermid
    chosen = {name: work for name, work in works().items() if not names or name in names}

    def interval(name: str, kind: str, work: Callable[[], object], times: int = 1) -> None:
        gc.collect()
        gc.disable()
        mark()
        intervals.append((name, "between"))
        for _ in range(times):
            work()
        mark()
        intervals.append((name, kind))
        gc.enable()

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "trace.lazy"

        def opened() -> session.Session:
            return session.start(path=path, overwrite=True, everywhere=True)

        def traced(work: Work) -> Callable[[], None]:
            current = opened()

            def do() -> None:
                for _ in range(work.times):
                    work.do()
                session.stop(current)

            return do

        for work in chosen.values():
            work.do()
            session.hold()
            traced(work)()
            session.release()
        # Until now the process ran five times as fast, and uncounted.
        subprocess.run(["callgrind_control", "--instr=on", str(os.getpid())], check=True, capture_output=True)
        for _ in range(rounds):
            for name, work in chosen.items():
                interval(name, "untraced", work.do, work.times)
                session.hold()
                interval(name, "sensors", work.do, work.times)
                interval(name, "traced", traced(work))
                session.release()
            current: list[session.Session] = []
            interval("an empty trace", "opening", lambda c=current: c.append(opened()))
            interval("an empty trace", "closing", lambda c=current: session.stop(c.pop()))
    labels.write_text(json.dumps(intervals))


# In the process that reads what callgrind has written


def counted(names: list[str], rounds: int) -> dict[str, dict[str, list[int]]]:
    """Instructions of each interval by the name of the work and what was measured of it."""
    with tempfile.TemporaryDirectory() as directory:
        labels, dumps = Path(directory) / "labels", Path(directory) / "dump"
        subprocess.run(
            [
                "valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--dump-before=ctermid",
                f"--callgrind-out-file={dumps}", sys.executable, __file__, *names,
                "--rounds", str(rounds), "--inside", str(labels),
            ],
            check=True,
            env=os.environ | ENVIRONMENT,
        )  # fmt: skip
        found: dict[str, dict[str, list[int]]] = {}
        for number, (name, kind) in enumerate(json.loads(labels.read_text()), start=1):
            if kind != "between":
                totals = _total(dumps.with_name(f"dump.{number}"))
                found.setdefault(name, {}).setdefault(kind, []).append(totals)
    return found


def _total(dump: Path) -> int:
    with dump.open() as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("summary:"))


def ratios(counts: dict[str, list[int]]) -> dict[str, float]:
    """Of each kind, what its median is of the untraced one."""
    bare = statistics.median(counts["untraced"])
    return {kind: statistics.median(counts[kind]) / bare for kind in ("sensors", "traced")}


def table(counts: dict[str, dict[str, list[int]]]) -> str:
    lines = [f"{'':18}{'traced':>8}{'sensors':>9}{'untraced':>17}"]
    for name, kinds in counts.items():
        if "untraced" in kinds:
            found = ratios(kinds)
            bare = statistics.median(kinds["untraced"]) / 1e6
            lines.append(f"{name:18}{found['traced']:8.3f}{found['sensors']:9.3f}{bare:15.1f} M")
    five = [ratios(counts[name])["traced"] for name in FIVE if name in counts]
    if len(five) == len(FIVE):
        lines.append(f"{'median of five':18}{statistics.median(five):8.3f}")
    lines += [
        f"{name}, {kind}: {statistics.median(found) / 1e3:,.0f} k"
        for name, kinds in counts.items()
        for kind, found in kinds.items()
        if "untraced" not in kinds
    ]
    return "\n".join(lines)


def _versions() -> str:
    from importlib.metadata import version

    return f"python {sys.version.split()[0]}, dask {version('dask')}, scipy {version('scipy')}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="work to measure; all of it by default")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write the counts and ratios to this file")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        measure(options.names, options.rounds, options.inside)
        return
    counts = counted(options.names, options.rounds)
    print(_versions())
    print(table(counts))
    if options.json:
        found = {name: ratios(kinds) for name, kinds in counts.items() if "untraced" in kinds}
        options.json.write_text(
            json.dumps({"versions": _versions(), "instructions": counts, "ratios": found}, indent=1)
        )


if __name__ == "__main__":
    main()
