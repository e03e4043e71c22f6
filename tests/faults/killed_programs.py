"""Kills `lazyscope run` at random moments and reads what is left of the trace.

    python tests/faults/killed_programs.py --kills 200 --seed 0

The program forces again and again. The task that each force begins with writes the force's number to a pipe
that lazyscope knows nothing of. By then the record that the force has begun must be in the file: every
number that came out of the pipe must be a force in the trace, and those without an end must be running.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import lazyscope
from lazyscope.errors import LazyscopeError

SOURCE = """
import os, sys, time
import dask, dask.array as da
import numpy as np

pipe, kind = int(sys.argv[1]), sys.argv[2]
dask.config.set(scheduler="threads" if kind == "nested" else "sync")

def said(block, number, nap):
    os.write(pipe, b"%d\\n" % number)
    time.sleep(nap)
    return block + number

def within(block, number):
    said(block, number, 0)
    ones = da.from_array(np.ones(2), chunks=2)
    return block + float(ones.map_blocks(said, number + 1, 0, dtype=float, meta=np.ones(0)).sum())

def many_calls(x):
    for _ in range(300):
        x = x + 1
    return x

number = 0
while True:
    x = da.from_array(np.arange(4.0), chunks=4)
    meta = np.ones(0)
    if kind == "nested":
        y = x.map_blocks(within, number, dtype=float, meta=meta)
        number += 2
    else:
        nap = {"short": 0, "long": 30 if number == 3 else 0, "calls": 0.001}[kind]
        y = (many_calls(x) if kind == "calls" else x).map_blocks(said, number, nap, dtype=float, meta=meta)
        number += 1
    np.asarray(y) if number % 3 else float(y.sum())
"""
"""Numbers are written in the order in which forces begin, so a force's number is its place in the trace."""

KINDS = ("short", "short", "long", "calls", "nested")


class Kill(NamedTuple):
    """What came of one kill."""

    kind: str
    after: float
    """Seconds from the moment the first force had begun, or from the start if `early`."""
    early: bool
    said: int
    """Forces that said they had begun."""
    recorded: int
    """Forces in the trace."""
    running: int
    wrong: list[str]

    @property
    def left(self) -> str:
        """What was left, in a word or two."""
        if self.recorded:
            return "a force was running" if self.running else "between forces"
        return "no force"


def kill(seed: str, folder: Path) -> Kill:
    """Run the program, kill it at a random moment and check what is left."""
    rng = random.Random(seed)
    kind, early = rng.choice(KINDS), rng.random() < 0.25
    after = rng.uniform(0.0, 2.5) if early else rng.expovariate(5)
    script, trace = folder / "program.py", folder / f"{seed}.lazy"
    script.write_text(SOURCE)
    numbers = _run_and_kill(script, trace, kind, early, after)
    forces, running, wrong = _read(trace, numbers)
    return Kill(kind, after, early, len(numbers), forces, running, wrong)


def _run_and_kill(script: Path, trace: Path, kind: str, early: bool, after: float) -> list[int]:
    """What the program said before it was killed."""
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "lazyscope", "run", "-o", str(trace), str(script), str(writing), kind]
    with subprocess.Popen(command, pass_fds=[writing], cwd=script.parent, stderr=subprocess.DEVNULL) as child:
        os.close(writing)
        begun = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            said = pool.submit(_drained, reading, begun)
            if not early:
                begun.wait(60)
            time.sleep(after)
            child.send_signal(signal.SIGKILL)
            child.wait()
            return [int(line) for line in said.result().splitlines()]


def _drained(reading: int, begun: threading.Event) -> bytes:
    """Everything that is written to a pipe until its other end is closed."""
    with open(reading, "rb") as pipe:
        first = pipe.readline()
        begun.set()
        return first + pipe.read()


def _read(trace: Path, numbers: list[int]) -> tuple[int, int, list[str]]:
    """How many forces the trace has and how many of them ran, and what is wrong with it."""
    shown = _shown(trace)
    wrong = []
    if "Traceback" in shown.stdout + shown.stderr:
        wrong.append(f"show: a traceback: {shown.stderr[-300:]}")
    try:
        data = lazyscope.load(trace).data
    except (LazyscopeError, FileNotFoundError) as error:
        return 0, 0, [*wrong, *_without_header(shown, numbers, str(error))]
    if shown.returncode != 0:
        wrong.append(f"show: status {shown.returncode}: {shown.stdout[-200:]} {shown.stderr[-200:]}")
    running = [force.id for force in data.forces if force.end is None]
    wrong += _compared(numbers, len(data.forces), running, shown.stdout)
    if (data.running.id if data.running else None) != (running[-1] if running else None):
        wrong.append(f"running is {data.running}, not the last of {running}")
    return len(data.forces), len(running), wrong


def _without_header(shown: subprocess.CompletedProcess[str], numbers: list[int], error: str) -> Iterable[str]:
    """What is wrong where nothing can be read: status 2 and one line, and no force had begun."""
    if shown.returncode != 2 or len(shown.stderr.strip().splitlines()) != 1:
        yield f"show: status {shown.returncode}, stderr {shown.stderr!r}"
    if numbers:
        yield f"{len(numbers)} forces had begun, but: {error}"


def _compared(numbers: list[int], forces: int, running: list[int], shown: str) -> Iterable[str]:
    """What is wrong with a trace that can be read."""
    if numbers != list(range(len(numbers))):
        yield f"the program said {numbers[-5:]}"
    if forces < len(numbers):
        yield f"{len(numbers)} forces had begun, {forces} are in the trace"
    said = f"force {running[-1]} was running" if running else "no force was running"
    if said not in " ".join(shown.split()):
        yield f"show does not say that {said}: {shown[:300]}"
    # The program may have been killed after the end of its last force, or before its next one said so.
    if forces > len(numbers) + 2:
        yield f"{forces} forces in the trace, {len(numbers)} had begun"


def _shown(trace: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lazyscope", "show", str(trace)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main() -> int:
    """Kill again and again and report; the status is 1 if something was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="killed") as folder, ThreadPoolExecutor(2) as pool:
        seeds = [f"{chosen.seed}-{number}" for number in range(chosen.kills)]
        kills = list(pool.map(lambda seed: kill(seed, Path(folder)), seeds))
    for seed, one in zip(seeds, kills, strict=True):
        for text in one.wrong:
            since = " from the start" if one.early else ""
            print(f"{seed} {one.kind} after {one.after:.3f} s{since}: {text}")
    lost = sum(bool(one.wrong) for one in kills)
    took = time.perf_counter() - began
    print(f"{len(kills)} kills, seed {chosen.seed}, {took:.0f} s: {lost} with something wrong")
    for left, count in Counter(f"{one.left} ({one.kind})" for one in kills).most_common():
        print(f"  {count:4} {left}")
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
