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
from lazyscope.analysis.holdings import best, holdings
from lazyscope.catalogue.advice import names, short
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.requests import Group, sharing_groups, waiting_groups
from lazyscope.catalogue.rewriting import present
from lazyscope.fixes.batch_compute import batched
from lazyscope.fixes.fix import Estimate, Fix
from lazyscope.fixes.persist import persist
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
    for group in waiting_groups(trace):
        found = _side_by_side(trace, group)
        if not found.match.fixes[0].is_sketch:
            yield found


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


def _side_by_side(trace: TraceData, group: Group) -> Discovery:
    """Nothing is repeated, but each result waits for the one before."""
    forces = [request.force for request in group.requests]
    first, seconds = group.requests[0], [force.self_seconds for force in forces]
    code = short(first.reading.expression or first.reading.code)
    number = figures.count(len(forces))
    stake = sum(seconds) - max(seconds)
    positions = [request.position for request in group.requests]
    fix = batched(trace, positions, _sketch(group), Estimate(seconds=(0.0, stake)))
    return Discovery(
        Match(
            why=f"`{code}` on line {first.line} computes {number} results one after the other. Nothing is "
            "repeated, but each waits for the one before, and their chunks could be computed side by side.",
            fixes=(fix,),
            title=f"`{code}` computes {number} results one after the other",
        ),
        site=first.force.begin.user_site,
        user_site=first.force.begin.user_site,
        forces=tuple(force.id for force in forces),
        at_stake=stake,
        leads_to=tuple(force.id for force in forces),
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
    together = batched(
        trace,
        [request.position for request in group.requests],
        _sketch(group),
        Estimate(tasks_repeated=(0, shared), seconds=(0.0, stake)),
    )
    own = {request.force.id for request in group.requests}
    shareable = [one for one in holdings(trace) if len(own.intersection(one.forces)) > 1]
    found = best(trace, shareable)
    return [together, *present(*(persist(trace, one.held, saving) for one, saving in found[:1]))]


def _sketch(group: Group) -> str:
    lines = sorted({request.line for request in group.requests})
    return (
        f"collect the lazy results of {_lines(lines)} and compute them together, with one call of "
        "`dask.compute`; none of them may depend on the value of another"
    )
