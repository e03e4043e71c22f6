"""Show traces in every way there is, in processes of their own, and tell what went wrong.

One process shows many traces, one after the other, as starting one costs more than most traces do. What
a trace needed is measured for each: seconds of the processor, and the peak of resident memory, which
Linux can be told to forget. A process that dies is replaced, and its trace has failed.
"""

from __future__ import annotations

import heapq
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

FORMATS = ("terminal", "json", "html", "md", "sarif", "trace")
MOST_SECONDS = 20
MOST_BYTES = 1_000_000_000
_MOST_ADDRESSES = 4_000_000_000
"""What no trace may ask of the machine that the others run on."""
_MOST_KEPT = 250_000_000
_MOST_WAIT = 200
"""Seconds of the clock, for what waits and computes nothing."""


@dataclass
class Outcome:
    """What became of one trace."""

    name: str
    faults: list[str] = field(default_factory=list)
    """Tracebacks, and outputs that are not what they should be."""
    refused: str | None = None
    """What was said where the trace was not read."""
    seconds: float = 0.0
    bytes: int = 0
    """Peak of resident memory."""

    def __post_init__(self) -> None:
        if self.seconds > MOST_SECONDS:
            self.faults.append(f"took {self.seconds:.1f} s")
        if self.bytes > MOST_BYTES:
            self.faults.append(f"took {self.bytes / 1e6:,.0f} MB")


# The process that shows


def show_all() -> None:
    """Show the traces that standard input names, one a line; write an outcome for each."""
    import faulthandler
    import signal

    resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESSES, _MOST_ADDRESSES))
    # A process that is out of time says where it was.
    faulthandler.register(signal.SIGXCPU, chain=True)
    outcomes = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            outcome = _shown(json.loads(line), Path(folder, "trace.lazy"))
            print(json.dumps(asdict(outcome)), file=outcomes, flush=True)


def _shown(case: list[Any], path: Path) -> Outcome:
    from lazyscope.errors import TraceFileError

    outcome = Outcome(name_of(case))
    try:
        path.write_bytes(content_of(case))
    except OverflowError:
        outcome.refused = "no trace can hold what the mutation made of a number"
        return outcome
    _forget_peak()
    began = time.process_time()
    limit = int(began) + MOST_SECONDS + 5
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    try:
        outcome.faults += _render(path)
    except TraceFileError as error:
        outcome.refused = str(error)
        if "\n" in str(error):
            outcome.faults.append("refused in more than one line")
    except BaseException:
        outcome.faults.append(traceback.format_exc())
    outcome.seconds, outcome.bytes = time.process_time() - began, _peak()
    return outcome


def content_of(case: list[Any]) -> bytes:
    """The bytes of a trace: of a mutation, or made by hand."""
    kind, *rest = case
    if kind == "mutation":
        import mutated_traces

        return mutated_traces.content(*rest)
    import hostile_traces

    return hostile_traces.TRACES[rest[0]]()


def name_of(case: list[Any]) -> str:
    return " ".join(map(str, case))


def _render(path: Path) -> list[str]:
    from lazyscope.cli.report import renderer_of
    from lazyscope.model.trace import load
    from lazyscope.report import terminal

    trace, faults = load(path), []
    for form in FORMATS:
        try:
            if form == "terminal":
                text = terminal.render_for_stdout(trace)
            else:
                text = renderer_of(form)(trace, source=True)
            text.encode()
            if form in ("json", "sarif", "trace"):
                json.loads(text, parse_constant=_refuse)
            faults += [f"{form}: {fault}" for fault in _own_faults(form, text)]
        except Exception:
            faults.append(f"{form}: {traceback.format_exc()}")
    return faults


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _own_faults(form: str, text: str) -> Iterator[str]:
    if form == "json":
        yield from (spot for spot in json.loads(text)["blind_spots"] if "a fault of lazyscope" in spot)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


# The processes from outside


def outcomes_of(
    cases: Iterable[list[Any]], *, processes: int = 2, told: Callable[[Outcome], None] = lambda _: None
) -> list[Outcome]:
    """Show all traces in a few processes; in no particular order."""
    waiting: SimpleQueue[list[Any]] = SimpleQueue()
    for case in cases:
        waiting.put(case)
    found: list[Outcome] = []

    def work() -> None:
        with tempfile.TemporaryFile("w+") as errors:
            process = _Process(errors)
            while not waiting.empty():
                outcome = process.outcome(waiting.get())
                found.append(outcome)
                told(outcome)
                if outcome.bytes > _MOST_KEPT:
                    # What one trace left behind must not be put down to the next.
                    process.end()
                    process = _Process(errors)
            process.end()

    threads = [threading.Thread(target=work) for _ in range(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class _Process:
    """A process that shows traces, begun anew when it has died."""

    def __init__(self, errors: Any) -> None:
        self._errors = errors
        self._begin()

    def _begin(self) -> None:
        self._errors.seek(0)
        self._errors.truncate()
        here = Path(__file__).parent
        paths = [str(here), str(here.parent), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-c", "import trials; trials.show_all()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        )

    def outcome(self, case: list[Any]) -> Outcome:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watch = threading.Timer(_MOST_WAIT, self._process.kill)
        watch.start()
        try:
            print(json.dumps(case), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watch.cancel()
        if line:
            return Outcome(**json.loads(line))
        status = self._process.wait()
        self._errors.seek(0)
        outcome = Outcome(name_of(case), [f"the process died ({status}): {self._errors.read()[-3000:]}"])
        self._begin()
        return outcome

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


# What is said of it all


def summary(outcomes: list[Outcome]) -> str:
    """The figures in a few lines, and every fault."""
    lines = [
        f"{len(outcomes):,} traces: {sum(o.refused is None for o in outcomes):,} shown, "
        f"{sum(o.refused is not None for o in outcomes):,} refused, "
        f"{sum(bool(o.faults) for o in outcomes):,} with faults"
    ]
    if outcomes:
        slowest = heapq.nlargest(5, outcomes, key=lambda o: o.seconds)
        largest = heapq.nlargest(5, outcomes, key=lambda o: o.bytes)
        lines += [f"slowest: {outcome.seconds:.1f} s ({outcome.name})" for outcome in slowest]
        lines += [f"largest: {outcome.bytes / 1e6:,.0f} MB ({outcome.name})" for outcome in largest]
    for outcome in outcomes:
        lines += [f"{outcome.name}: {fault}" for fault in outcome.faults]
    return "\n".join(lines)
