"""How long the explorer takes to its first screen, and from a key to what it changes.

    python tests/benchmarks/explorer.py [TRACE]

Without TRACE it makes one of 100,000 calls and 10,000 forces. Targets: 1 s to the first screen, counted from
the start of a fresh interpreter; 50 ms from a key to the painted screen, while causes are being found, too.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

_FIRST_TARGET, _KEY_TARGET = 1.0, 0.050
_CALLS, _FORCES, _LINES = 100_000, 10_000, 40
_KEYS = {
    "findings": ["down"] * 10 + ["up"] * 5 + ["end", "home"],
    "forces": ["3"] + ["down"] * 10 + ["pagedown"] * 5 + ["end", "home", "d", "t", "s", "escape"],
    "search": ["slash", *"bool", "enter", "escape"],
    "calls": ["2"] + ["down"] * 5 + ["right", "down", "right", "down", "right", "left"],
}


def large_trace(path: Path) -> Path:
    """Write a trace of many calls and forces, spread over lines of a program and of a library."""
    from trace_builder import TraceBuilder

    build = TraceBuilder("pipeline.py")
    steps = [f"    step_{number} = library.step(data, {number})" for number in range(_LINES)]
    build.source("pipeline.py", "def main():\n" + "\n".join(steps))
    checks = [f"    if bool(check_{number}(array)): raise ValueError" for number in range(_LINES)]
    build.source("library/core.py", "def step(array, number):\n" + "\n".join(checks), role="library")
    users = [build.at("pipeline.py", f"library.step(data, {number})") for number in range(_LINES)]
    sites = [build.at("library/core.py", f"bool(check_{number}(array))") for number in range(_LINES)]
    for number in range(_FORCES):
        place = number * _LINES // _FORCES
        for _ in range(_CALLS // _FORCES):
            build.call("dask.array.mean", sites[place])
            build.now += 1e-5
        reached = {"user_site": users[place], "entry": "library.step"}
        build.force(sites[place], "__bool__", seconds=1e-3, tasks=20, repeated=5, **reached)
    return build.end().save(path)


_FIRST_PAINT = """
import time
started = time.time()
import asyncio, sys
from pathlib import Path
from lazyscope_tui.app import Explorer

class Watched(Explorer):
    painted = None

    def _display(self, screen, renderable):
        super()._display(screen, renderable)
        if self.painted is None and screen.query("#rows") and screen.size.width:
            self.painted = time.time() - started

async def main():
    app = Watched(Path(sys.argv[1]))
    async with app.run_test(size=(120, 40)):
        while app.painted is None:
            await asyncio.sleep(0.005)
        print(app.painted)

asyncio.run(main())
"""


def first_paint(trace: Path) -> float:
    """Seconds from the start of an interpreter's work to the first screen with the trace on it."""
    command = [sys.executable, "-c", _FIRST_PAINT, str(trace)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return float(done.stdout)


async def keys(trace: Path, *, diagnosed: bool) -> dict[str, list[tuple[float, float]]]:
    """Seconds from each key to the first and to the last paint that it leads to."""
    from lazyscope_tui.app import Explorer

    class Watched(Explorer):
        def _display(self, *arguments: Any) -> None:
            super()._display(*arguments)
            painted.append(time.perf_counter())

    painted: list[float] = []
    app = Watched(trace)
    taken: dict[str, list[tuple[float, float]]] = {}
    async with app.run_test(size=(120, 40)) as pilot:
        while not app.screen.query("#rows"):
            await asyncio.sleep(0.01)
        while diagnosed and app.session is not None and app.session.diagnosis is None:
            await asyncio.sleep(0.01)
        await pilot.pause()
        for screen, pressed in _KEYS.items():
            if screen == "findings" and not diagnosed:
                continue  # there are none yet: a key changes nothing
            for key in pressed:
                painted.clear()
                began = time.perf_counter()
                await pilot.press(key)
                if painted:
                    taken.setdefault(screen, []).append((painted[0] - began, painted[-1] - began))
    return taken


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(sys.argv[1]) if sys.argv[1:] else large_trace(Path(folder, "large.lazy"))
        times = [first_paint(trace) for _ in range(5)]
        print(f"first screen: median {statistics.median(times):.2f} s, target {_FIRST_TARGET} s")
        for diagnosed in (False, True):
            print("keys," if diagnosed else "keys while causes are looked for,", f"target {_KEY_TARGET} s:")
            for screen, taken in asyncio.run(keys(trace, diagnosed=diagnosed)).items():
                first, last = zip(*taken, strict=True)
                print(f"  {screen:<9} first paint {_figures(first)}, last paint {_figures(last)}")


def _figures(times: Sequence[float]) -> str:
    return f"median {1000 * statistics.median(times):4.0f} ms, worst {1000 * max(times):4.0f} ms"


if __name__ == "__main__":
    main()
