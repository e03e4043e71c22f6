"""The sentences the terminal summary begins with."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text

from lazyscope import figures
from lazyscope.analysis.cost import Totals
from lazyscope.model.trace import TraceData
from lazyscope.report.killed import running_force
from lazyscope.report.screen import ALARM, STRONG, Screen


def headline(screen: Screen, trace: TraceData, totals: Totals) -> list[Text]:
    """How the program ended and what its forces cost; for a killed one first what was running."""
    program, ended, sums = _program(screen, trace), _ended(screen, trace), cost_sentences(trace, totals)
    if trace.running is None:
        lines = screen.paragraph(" ".join([program, ended, *sums]))
    else:
        lines = screen.paragraph(f"{program} {ended}")
        lines += running_force(screen, trace, trace.running)
        lines.append(Text(""))
        lines += screen.paragraph(" ".join(sums))
    lines[0].stylize(STRONG, 0, len(program))
    if trace.ended != "ok":
        lines[0].stylize(ALARM, len(program) + 1, len(program) + 1 + len(ended))
    return [*lines, Text("")]


def _program(screen: Screen, trace: TraceData) -> str:
    """The program and as many of its arguments as fit into half a line."""
    words = " ".join(trace.header.argv) or "The traced block"
    process = trace.header.process
    return screen.start(words, screen.width // 2) + (f" ({process} child)" if process != "main" else "")


def _ended(screen: Screen, trace: TraceData) -> str:
    return how_it_ended(trace, lambda exception: screen.start(exception, screen.width // 3))


def how_it_ended(trace: TraceData, shown: Callable[[str], str]) -> str:
    """The rest of a sentence that begins with the program.

    Parameters
    ----------
    trace : TraceData
        A trace.
    shown : callable
        How the name of an exception, which may be anything, is shown.
    """
    after = figures.duration(trace.seconds)
    if trace.write_error is not None:
        return f"was recorded for {after} only: the trace could not be written ({trace.write_error})."
    if trace.end is None:
        running = f"force {trace.running.id} was running" if trace.running else "no force was running"
        return f"was killed, or still runs, {after} in: {running}."
    if trace.end.ended == "ok":
        return f"ended normally after {after}."
    exception = (trace.end.exception or "an exception").split(":")[0]
    return f"ended with {shown(exception)} after {after}."


def cost_sentences(trace: TraceData, totals: Totals) -> list[str]:
    """What all forces cost together."""
    calls = figures.plural(totals.calls, "call")
    if not totals.forces:
        return [f"Nothing was forced: {calls} recorded, no graph executed."]
    size = None if totals.bytes is None else figures.size(totals.bytes)
    if size is not None and any(f.completed and f.end and f.end.bytes is None for f in trace.forces):
        size = f"At least {size}"
    return [
        _time(trace, totals),
        _repeats(trace, totals),
        *_partitions(trace),
        f"{size or 'An unknown number of bytes'} came back; {calls} recorded.",
    ]


def _time(trace: TraceData, totals: Totals) -> str:
    forces = figures.plural(totals.forces, "force")
    share = totals.forced_seconds / trace.seconds if trace.seconds else None
    of_it = f", {figures.percent(share)} of the time" if share is not None else ""
    return f"{forces} took {figures.duration(totals.forced_seconds)}{of_it}."


def _repeats(trace: TraceData, totals: Totals) -> str:
    exact = all(force.begin.tasks_exact for force in trace.forces)
    tasks = figures.plural(totals.tasks, "task")
    if not totals.tasks_repeated:
        return f"None of {'' if exact else 'at most '}{tasks} had already been computed."
    at_most = "" if exact else "At most "
    return f"{at_most}{figures.count(totals.tasks_repeated)} of {tasks} had already been computed."


def _partitions(trace: TraceData) -> list[str]:
    reads = sum(force.partition_reads for force in trace.forces)
    again = sum(force.partition_reads_repeated for force in trace.forces)
    return [f"{again:,} of {figures.plural(reads, 'partition read')} had been made before."] if reads else []
