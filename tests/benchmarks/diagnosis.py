"""How long the catalogue takes for a large trace.

    python tests/benchmarks/diagnosis.py [--calls 100000] [--forces 10000]

records a program of many different lines that branch on lazy arrays, convert them and loop over them, then
times reading the trace, the diagnosis and the reports made of it; seconds of one process, in order.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import runpy
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dask

import lazyscope

LINES = (
    "    if da.any(x > {n}): y = y + 1",
    "    if not da.all(da.isfinite(x)): raise ValueError('not finite')",
    "    total += float(y.sum())",
    "    y = y + np.asarray(x)",
    "    k = x[x > {n}]; k.compute_chunk_sizes()",
    "    while y.max() > 1e9: y = y / 2",
    "    total += (y + x).mean().compute()",
    "    for row in range(3): total += int(x[row])",
    "    y = da.where(x > {n}, x, y) if x.min() < 0 else y",
    "    y = y + np.nanmedian(np.trapezoid(x))",
)
"""What functions of the program do besides calling, one of it each."""


def program(functions: int, turns: int, calls: int) -> str:
    """A program whose functions are called in turns; each makes some calls and then forces.

    Parameters
    ----------
    functions
        How many different ones.
    turns
        How often each is called.
    calls
        Array-API calls that each makes before it forces.
    """
    parts = ["import numpy as np", "import dask.array as da", ""]
    for number in range(functions):
        parts += [f"def step_{number}(x, y, total):", *["    y = y + 1"] * calls]
        parts += [LINES[number % len(LINES)].format(n=number), "    return y, total", ""]
    parts += [
        "x = da.from_array(np.arange(8.0), chunks=4)",
        "total = 0.0",
        f"for turn in range({turns}):",
        f"    for step in ({', '.join(f'step_{number}' for number in range(functions))},):",
        "        _, total = step(x, x * 1.0, total)",
    ]
    return "\n".join(parts)


def timed(name: str, work: Callable[[], object]) -> None:
    """Print how long something takes."""
    began = time.perf_counter()
    work()
    print(f"{name:28}{time.perf_counter() - began:8.2f} s")


def main() -> None:
    """Record, then time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--forces", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="where to leave the trace")
    chosen = parser.parse_args()
    functions = 200
    turns = max(chosen.forces // int(functions * 1.2), 1)
    calls = max(chosen.calls // (functions * turns) - 2, 1)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "program.py")
        source.write_text(program(functions, turns, calls))
        path = chosen.keep or Path(folder, "trace.lazy")
        quiet, sync = contextlib.redirect_stderr(io.StringIO()), dask.config.set(scheduler="sync")
        with quiet, sync, lazyscope.trace(path) as trace:
            runpy.run_path(str(source))
        print(f"{len(trace.data.calls):,} calls, {len(trace.data.forces):,} forces")
        measure(path)


def measure(path: Path) -> None:
    """Time what is done with a trace."""
    from lazyscope.catalogue import entries
    from lazyscope.catalogue.diagnose import diagnose
    from lazyscope.model.trace import load
    from lazyscope.report import json_report, terminal

    entries.all_entries()
    data = load(path)
    timed("read the trace", lambda: load(path))
    timed("diagnose", lambda: diagnose(data))
    timed("show, after that", lambda: terminal.render(data))
    timed("JSON report, after that", lambda: json_report.render(data))
    found = diagnose(data)
    print(f"{len(found.findings)} findings", *(f"broken: {text}" for text in found.broken))


if __name__ == "__main__":
    main()
