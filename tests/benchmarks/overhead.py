"""What recording costs: the same work traced and untraced, in turns, in one process.

    python tests/benchmarks/overhead.py [--rounds N] [NAME ...]

Each row gives the median over rounds of traced / untraced wall time and its quartiles; opening and
closing a trace is a row of its own. The last rows are a loop of about 2,000 forces and a graph of a
million tasks. Ratios are comparable within one run on a quiet machine, nowhere else.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("SCIPY_ARRAY_API", "1")

import dask
import dask.array as da
import numpy as np
import scipy.cluster.vq
import scipy.fft
import scipy.ndimage
import scipy.signal
import scipy.special
import scipy.stats

from lazyscope.capture import session


def numbers(blocks: int = 8, length: int = 20_000, seed: int = 0) -> da.Array:
    def block(block_id: tuple[int, ...]) -> np.ndarray:
        return np.random.default_rng(seed + block_id[0]).normal(1.0, 0.5, size=length)

    return da.map_blocks(block, chunks=((length,) * blocks,), dtype=float, meta=np.empty(0))


def computed(*results: object) -> None:
    dask.compute(*results)


def kmeans(rounds: int) -> None:
    points = numbers(10, 2_000).reshape(-1, 2).rechunk((1_000, 2))
    for seed in range(rounds):
        guess = da.from_array(np.random.default_rng(seed).normal(1.0, 0.5, size=(3, 2)))
        scipy.cluster.vq.kmeans(points, guess, iter=1)


FUNCTIONS: dict[str, Callable[[], None]] = {
    "stats.ttest_ind": lambda: computed(
        scipy.stats.ttest_ind(numbers(), numbers(seed=9), equal_var=False).pvalue
    ),
    "stats.pearsonr": lambda: computed(scipy.stats.pearsonr(numbers(), numbers(seed=9)).statistic),
    "stats.skew": lambda: computed(scipy.stats.skew(numbers())),
    "stats.kurtosis": lambda: computed(scipy.stats.kurtosis(numbers())),
    "stats.zscore": lambda: computed(scipy.stats.zscore(numbers())),
    "stats.gmean": lambda: computed(scipy.stats.gmean(abs(numbers()))),
    "special.expit": lambda: computed(scipy.special.expit(numbers())),
    "special.logsumexp": lambda: computed(scipy.special.logsumexp(numbers())),
    "signal.detrend": lambda: computed(scipy.signal.detrend(numbers(1, 160_000))),
    "cluster.vq.whiten": lambda: computed(scipy.cluster.vq.whiten(numbers().reshape(-1, 2))),
    "cluster.vq.kmeans": lambda: kmeans(2),
}


def timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def repeated(work: Callable[[], None], least: float = 0.2) -> Callable[[], None]:
    """The work as often as it takes to run for `least` seconds."""
    times = max(1, round(least / timed(work)))

    def many() -> None:
        for _ in range(times):
            work()

    return many


def traced(work: Callable[[], None]) -> tuple[float, float, int, int]:
    """Seconds of the work inside a journalled trace, seconds to open and close, forces, calls."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "t.lazy"
        began = time.perf_counter()
        opened = session.start(path=path, everywhere=True)
        opening = time.perf_counter() - began
        seconds = timed(work)
        began = time.perf_counter()
        session.stop(opened)
        return seconds, opening + time.perf_counter() - began, opened.forces, path.stat().st_size


def compare(name: str, work: Callable[[], None], rounds: int) -> tuple[float, list[float]]:
    """Traced and untraced in turns, the order swapped each time; print and return the median ratio."""
    work()
    ratios, plain, openings = [], [], []
    forces = size = 0
    for number in range(rounds):
        if number % 2:
            bare = timed(work)
            seconds, opening, forces, size = traced(work)
        else:
            seconds, opening, forces, size = traced(work)
            bare = timed(work)
        ratios.append(seconds / bare)
        plain.append(bare)
        openings.append(opening)
    median = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4)
    print(
        f"{name:22} {median:6.3f}  [{low:.3f}, {high:.3f}]  {statistics.median(plain) * 1e3:9.1f} ms"
        f"  {forces:6,} forces  {size:10,} bytes",
        flush=True,
    )
    return median, openings


def million_tasks(rounds: int) -> None:
    """A force over a graph of about a million tasks, with the highest resident size before and after."""
    import resource

    array = da.ones((1000, 500), chunks=1) + 1

    def work() -> None:
        array.sum().compute(scheduler="sync", optimize_graph=False)

    bare = timed(work)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, *_ = traced(work)
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    name = "a million tasks"
    print(f"{name:22} {seconds / bare:6.3f}  {bare:.1f} s untraced, {more / 1024:.0f} MiB higher peak")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--large", action="store_true", help="also the graph of a million tasks")
    options = parser.parse_args()
    print(f"python {sys.version.split()[0]}, dask {dask.__version__}, scipy {scipy.__version__}")
    chosen = {n: f for n, f in FUNCTIONS.items() if not options.names or n in options.names}
    rows = {}
    openings: list[float] = []
    for name, work in chosen.items():
        rows[name], some = compare(name, repeated(work), options.rounds)
        openings += some
    if not options.names or "loop" in options.names:
        rows["loop"], some = compare("loop of 2,000 forces", lambda: kmeans(40), max(3, options.rounds // 3))
    single = [ratio for name, ratio in rows.items() if name != "loop"]
    if single:
        print(f"median {statistics.median(single):.3f}, worst {max(single):.3f}")
    if openings:
        print(f"opening and closing a trace: {statistics.median(openings) * 1e3:.1f} ms")
    if options.large:
        million_tasks(options.rounds)


if __name__ == "__main__":
    main()
