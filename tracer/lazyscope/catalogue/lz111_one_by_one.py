"""Several results are computed one by one, and share work.

When it occurs
    The program asks for one number after the other, ``x.mean().compute()``, ``float(x.std())``, or for one
    in every turn of a loop. Each request is a force of its own, so what the results have in common, from
    reading the data on, is done for each of them.

Fixes
    ``batch-compute``: ask for all of them in one ``dask.compute(a, b, ...)``: what they share is computed
    once. Only where none of them needs the value of another.
    ``persist``: hold what they share before: memory.
"""

from __future__ import annotations

from collections.abc import Iterator

from lazyscope import figures
from lazyscope.analysis.reading import Reading
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import names, short
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.holding import best, holdings, persisted
from lazyscope.catalogue.requests import Group, sharing_groups
from lazyscope.fixes.fix import Estimate, Fix
from lazyscope.model.trace import TraceData

CODE = "LZ111"
TITLE = "Results that share work are computed one by one"

EXAMPLE = """
import dask.array as da

x = (da.arange(1200, chunks=400) % 7 + 1) / 2
print(x.mean().compute())
print(x.std().compute())
"""

REPAIRED = """
import dask
import dask.array as da

x = (da.arange(1200, chunks=400) % 7 + 1) / 2
mean, std = dask.compute(x.mean(), x.std())
print(mean)
print(std)
"""


def find(trace: TraceData) -> Iterator[Discovery]:
    """Runs of requests that could be one."""
    for group in sharing_groups(trace):
        yield _discovery(trace, group)


# What is said


def _discovery(trace: TraceData, group: Group) -> Discovery:
    requests = group.requests
    first, ids = requests[0].force.begin, tuple(request.force.id for request in requests)
    seconds = sum(
        request.force.self_seconds * min(request.shared / request.force.begin.tasks, 1.0)
        for request in requests
        if request.force.begin.tasks
    )
    reads = [request.force for request in requests[1:] if request.force.partition_reads]
    by_reads = sum(
        force.self_seconds * force.partition_reads_repeated / force.partition_reads for force in reads
    )
    stake = max(seconds, by_reads)
    return Discovery(
        Match(why=_why(group), fixes=tuple(_fixes(trace, group, stake))),
        site=first.user_site,
        user_site=first.user_site,
        forces=ids,
        at_stake=stake,
        tasks=sum(request.force.begin.tasks for request in requests),
        tasks_repeated=sum(request.shared for request in requests),
        leads_to=ids,
    )


def _why(group: Group) -> str:
    requests = group.requests
    lines = sorted({request.line for request in requests})
    shared = sum(request.shared for request in requests)
    tasks = sum(request.force.begin.tasks for request in requests)
    reads = group.partition_reads_repeated
    what = f"{figures.count(shared)} of their {figures.count(tasks)} tasks"
    if reads > 0 and not shared:
        what = figures.plural(reads, "partition read")
    elif reads > 0:
        what += f" and {figures.plural(reads, 'partition read')}"
    number = figures.count(len(requests))
    if len({(request.line, request.reading.expression) for request in requests}) == 1:
        expression = short(requests[0].reading.expression or requests[0].reading.code)
        return (
            f"`{expression}` on line {lines[0]} asks for {number} results one by one: {what} were repeated."
        )
    return f"{number} results are computed one by one, on {_lines(lines)}: {what} were repeated."


_NAMED = 5


def _lines(lines: list[int]) -> str:
    if len(lines) == 1:
        return f"line {lines[0]}"
    if len(lines) > _NAMED:
        return f"{len(lines)} lines from {lines[0]} to {lines[-1]}"
    return f"lines {names([str(line) for line in lines])}"


def _fixes(trace: TraceData, group: Group, stake: float) -> list[Fix]:
    shared = sum(request.shared for request in group.requests)
    batch = Fix(
        "batch-compute",
        _together(group),
        "all of them must be built before the first is computed, so none may depend on the value of another; "
        "their results are in memory together",
        estimate=Estimate(tasks_repeated=(0, shared), seconds=(0.0, stake)),
    )
    own = {request.force.id for request in group.requests}
    shareable = [one for one in holdings(trace) if len(own.intersection(one.forces)) > 1]
    found = best(trace, shareable)
    return [batch, *(persisted(trace, one, saving) for one, saving in found[:1])]


def _together(group: Group) -> str:
    unlike = {
        (request.reading.line, request.reading.expression): request.reading for request in group.requests
    }
    readings = list(unlike.values())
    looped = any(reading.loops for reading in readings)
    asked = [_unasked(reading) for reading in readings]
    if looped or len(readings) == 1:
        number = next((n for n, reading in enumerate(readings) if reading.loops), 0)
        inside = f" of `{short(asked[number] or '')}`" if asked[number] else ""
        numbers = sorted({line for line, _ in unlike})
        where = f"line {numbers[0]}" if len(numbers) == 1 else _lines(numbers)
        return f"collect the lazy results{inside} on {where} in a list, and one `dask.compute(*results)`"
    if len(readings) > _NAMED or None in asked:
        lines = _lines(sorted({line for line, _ in unlike}))
        return f"one `dask.compute(...)` for the {len(readings)} results of {lines}"
    targets = _targets(readings)
    given = ", ".join(text for text in asked if text)
    return f"`{', '.join(targets)} = dask.compute({given})`"


def _unasked(reading: Reading) -> str | None:
    """The lazy result, without what asks for it."""
    return reading.converted[0] if len(reading.converted) == 1 else None


_REDUCTIONS = words("mean std var sum min max median prod any all argmin argmax count size nunique")


def _targets(readings: list[Reading]) -> list[str]:
    """Names for results, no two alike."""
    found = [_target(reading) for reading in readings]
    return [
        name if name and found.count(name) == 1 else f"result_{number}"
        for number, name in enumerate(found, start=1)
    ]


def _target(reading: Reading) -> str | None:
    """A name for a result: the variable it is assigned to, else one after what it is."""
    if len(reading.targets) == 1 and reading.targets[0].isidentifier():
        return reading.targets[0]
    owner, _, method = (_unasked(reading) or "").partition("(")[0].rpartition(".")
    if method not in _REDUCTIONS:
        return None
    return f"{owner}_{method}" if owner.isidentifier() else None
