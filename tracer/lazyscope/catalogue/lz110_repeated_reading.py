"""The same data is read and computed again and again.

When it occurs
    Several forces depend on the same dask array. dask keeps nothing between two of them: each computes the
    array anew, from reading the data on. What repeats may be a loop inside one call of a library, checks and
    conversions of one function, or questions that the program asks one after the other. Of dataframes it is
    partitions of files that are read again, even where no task of the graphs is the same.

Fixes
    ``persist``: ``x = x.persist()`` once, before the first of them: the array is computed once and stays in
    memory as long as the program holds on to it.
    ``compute-once``: ``x = x.compute()``, where the library converts the whole array to NumPy anyway, or the
    array is small: the same memory; what follows is no longer lazy.
    ``batch-compute``: ask for several results together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from lazyscope import figures
from lazyscope.analysis.arrays import Array, array_of
from lazyscope.analysis.asked import force_of
from lazyscope.analysis.cost import site_at
from lazyscope.analysis.holdings import (
    CONSTANT_BYTES,
    Held,
    Holding,
    best,
    common_line,
    holdings,
)
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.loops import loops
from lazyscope.analysis.places import Place, place_of
from lazyscope.analysis.reading import Reading, assigned_before, read
from lazyscope.analysis.rereading import PartitionRereading, partition_rereading
from lazyscope.analysis.savings import Saving, if_persisted
from lazyscope.catalogue.advice import (
    names,
    short,
    times,
)
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.requests import sharing_groups
from lazyscope.fixes.batch_compute import batched
from lazyscope.fixes.fix import Estimate, Fix
from lazyscope.fixes.persist import persist, persist_variable, summary_of
from lazyscope.fixes.store import store
from lazyscope.model.trace import TraceData

CODE = "LZ110"
TITLE = "The same data is read again and again"

EXAMPLE = """
import dask.array as da

x = (da.arange(1200, chunks=400) % 7 + 1) / 2
largest = x.max().compute()
print((x / largest).mean().compute())
"""

REPAIRED = """
import dask.array as da

x = (da.arange(1200, chunks=400) % 7 + 1) / 2
x = x.persist()
largest = x.max().compute()
print((x / largest).mean().compute())
"""

_FEWEST = 2
"""Forces that have to do with an array for it to be worth holding."""


def find(trace: TraceData) -> Iterator[Discovery]:
    """Arrays that are worth holding, and dataframes whose partitions are read again."""
    partitions = partition_rereading(trace)
    if partitions is not None:
        found = _of_partitions(trace, partitions)
        if found is not None:
            yield found
    reported = set(partitions.again) if partitions is not None else set()
    own = [kept for one in holdings(trace) if (kept := _own(trace, one)) is not None]
    for one, saving in best(trace, own):
        if saving.tasks[1] > 0 and not reported.issuperset(one.forces[1:]):
            yield _of_array(trace, one, saving)


def _own(trace: TraceData, one: Holding) -> Holding | None:
    """What of it neither LZ111 nor, for what a loop makes anew in every turn, LZ106 speaks of."""
    if any(group.ids.issuperset(one.forces) for group in sharing_groups(trace)):
        return None
    if len(_after_making(trace, one)) < _FEWEST:
        return None
    growing = {number for loop in loops(trace) if loop.grows for number in loop.forces}
    if len(growing.intersection(one.forces)) < len(one.forces) - 1:
        return one
    outside = [found for found in one.held if not _is_made_in_loop(trace, found.array)]
    kept = tuple(found for found in outside if (found.array.bytes or CONSTANT_BYTES + 1) > CONSTANT_BYTES)
    return replace(one, held=kept) if kept else None


def _after_making(trace: TraceData, one: Holding) -> list[int]:
    """Forces that held arrays would serve: not those in a line that makes all of them itself.

    A name says what is computed. Two lines that make the same of the same data make arrays of one name, and
    what the first of them holds is unknown to the second.
    """
    made = [_makings(trace).get(array.text, set()) for array in one.arrays]
    everywhere = set.intersection(*made) if made else set()
    places = [(number, force_of(trace, number).begin.user_site) for number in one.forces]
    return [n for n, site in places if site is None or place_of(trace, site) not in everywhere]


def _makings(trace: TraceData) -> dict[int, set[Place]]:
    """The user's places at which arrays of a name were made."""
    known: dict[int, set[Place]] | None = vars(trace).get("_makings")
    if known is None:
        known = vars(trace)["_makings"] = {}
        for call in trace.calls:
            if call.user_site is not None:
                place = place_of(trace, call.user_site)
                for name in {output[0] for output in call.outputs}.difference(call.inputs):
                    known.setdefault(name, set()).add(place)
    return known


def _is_made_in_loop(trace: TraceData, array: Array) -> bool:
    reading = read(trace, array.position) if array.position is not None else None
    return reading is not None and bool(reading.loops)


# Arrays


def _of_array(trace: TraceData, one: Holding, saving: Saving) -> Discovery:
    line = common_line(trace, one.forces)
    made = next((array.position for array in one.arrays if array.position is not None), None)
    at = line if line is not None else made
    if at is None:
        at = force_of(trace, one.forces[0]).begin.user_site
    entry = force_of(trace, one.forces[0]).begin.entry if line is not None else None
    return Discovery(
        Match(why=_why(trace, one, line), fixes=tuple(_fixes(trace, one, saving)), title=_title(one)),
        site=at,
        user_site=at,
        entry=entry,
        forces=one.forces,
        occurrences=len(one.forces),
        at_stake=max(saving.seconds[1], 0.0),
        tasks=one.rereading.tasks,
        tasks_repeated=one.rereading.tasks_repeated,
        bytes=saving.bytes_held,
    )


def _title(one: Holding) -> str:
    return f"{_shown(one)} {'is' if len(one.variables) == 1 else 'are'} computed again and again"


def _shown(one: Holding) -> str:
    return names([f"`{variable}`" for variable in one.variables])


def _why(trace: TraceData, one: Holding, line: int | None) -> str:
    reread = one.rereading
    verb = "is" if len(one.variables) == 1 else "are"
    by = f"by `{short(text_at(trace, line))}`" if line is not None else f"by {_lines(trace, one)}"
    tasks = figures.plural(reread.tasks, "task")
    return (
        f"{_shown(one)} {verb} computed {_how_often(one)} {by}: "
        f"{tasks}, {figures.count(reread.tasks_repeated)} of them again."
    )


def text_at(trace: TraceData, position: int) -> str:
    """What is written at a position."""
    found = site_at(trace, position)
    return "" if found is None else found.expression or found.code


def _how_often(one: Holding) -> str:
    least, most = one.rereading.asked_least, one.rereading.asked_most
    if least is None or most is None:
        return f"in {figures.plural(len(one.forces), 'force')}"
    if least == most:
        return times(most)
    return "once or twice" if most == _TWICE else f"{figures.count(least)} to {times(most)}"


_LINES_NAMED = 4
_TWICE = 2


def _lines(trace: TraceData, one: Holding) -> str:
    sites = [force_of(trace, number).begin.user_site for number in one.forces]
    lines = sorted({trace.positions[site].line for site in sites if site is not None})
    if not lines:
        return figures.plural(len(one.forces), "force")
    if len(lines) == 1:
        return f"line {lines[0]}"
    if len(lines) > _LINES_NAMED:
        return f"{len(lines)} lines from {lines[0]} to {lines[-1]}"
    return f"lines {names([str(line) for line in lines])}"


def _fixes(trace: TraceData, one: Holding, saving: Saving) -> list[Fix]:
    held_there = persist(trace, one.held, saving)
    return [held_there] if held_there is not None else [store(trace, one.held, saving)]


# Partitions of files


def _of_partitions(trace: TraceData, found: PartitionRereading) -> Discovery | None:
    if found.reads_repeated <= _read_to_learn(trace, found):
        return None
    arrays = _from_dataframes(trace, found)
    saving = if_persisted(trace, [array.layer for array in arrays if array.layer is not None])
    if 2 * saving.partition_reads[1] >= found.reads_repeated:
        fix, at = _hold_arrays(trace, arrays, saving)
    else:
        fix, at = _hold_dataframe(trace, found)
    if at is None:
        return None
    return Discovery(
        Match(why=_why_partitions(trace, found), fixes=(fix, *_batch(trace, found)), title=_PARTITIONS_TITLE),
        site=at,
        user_site=at,
        forces=found.forces,
        occurrences=len(found.forces),
        at_stake=found.seconds,
    )


def _read_to_learn(trace: TraceData, found: PartitionRereading) -> int:
    """Partition reads by which dask only learned what a dataframe looks like, as in ``from_map``."""
    forces = [force_of(trace, number) for number in found.forces]
    learning = [force for force in forces if force.begin.trigger == "other" and force.partition_reads == 1]
    return sum(force.partition_reads for force in learning)


_PARTITIONS_TITLE = "The same partitions of files are read again and again"


def _why_partitions(trace: TraceData, found: PartitionRereading) -> str:
    again = figures.count(found.reads_repeated)
    least = found.reads - found.reads_repeated
    return (
        f"{figures.plural(len(found.forces), 'force')} read partitions of files {figures.count(found.reads)} "
        f"times, {again} of these again: {figures.plural(least, 'partition')} would do. "
        "Each question that is asked of the dataframe, also for sizes of chunks, reads what it needs anew."
    )


def _from_dataframes(trace: TraceData, found: PartitionRereading) -> list[Array]:
    """Arrays with a name that dataframes were turned into, and that the forces read."""
    makers = lineage(trace).makers
    wanted = {one.layer for number in found.forces for one in force_of(trace, number).begin.wanted}
    arrays = [array_of(trace, shape.array, makers.get(shape.array)) for shape in trace.unknown_shapes]
    arrays += [
        array_of(trace, name, makers.get(name))
        for call in trace.calls
        if trace.texts[call.operation].rpartition(".")[2] in ("to_dask_array", "values")
        for name, _, _ in call.outputs
    ]
    named = {
        array.text: array
        for array in arrays
        if array.variable is not None and array.layer in wanted and not _is_array_made(trace, array)
    }
    return list({array.variable: array for array in named.values()}.values())


def _is_array_made(trace: TraceData, array: Array) -> bool:
    """Whether it was made from another dask array rather than a dataframe."""
    return array.made_by is not None and bool(array.made_by.inputs)


_Placed = tuple[Fix, int | None]


def _hold_arrays(trace: TraceData, arrays: list[Array], saving: Saving) -> _Placed:
    fix = persist(trace, [Held(array.variable or "", array) for array in arrays], saving)
    last = max(arrays, key=lambda array: array.made_by.at if array.made_by else 0.0)
    if fix is None:
        return store(trace, [Held(array.variable or "", array) for array in arrays], saving), last.position
    least, most = saving.partition_reads
    reads = figures.count(most) if least == most else f"{figures.count(least)} to {figures.count(most)}"
    return replace(fix, price=f"{fix.price}; saves {reads} partition reads"), last.position


def _hold_dataframe(trace: TraceData, found: PartitionRereading) -> _Placed:
    first = force_of(trace, found.forces[0]).begin
    variable = _common_dataframe(trace, found)
    shown = f"`{variable}`" if variable is not None else "the dataframe"
    sketch = f"hold {shown} in memory once, with `persist`, before it is used"
    edit = None
    if first.user_site is not None and variable is not None:
        edit = persist_variable(trace, first.user_site, variable)
    fix = Fix(
        "persist",
        summary_of(trace, edit) if edit is not None else sketch,
        "holds the partitions in memory, with all columns that it has by then; their size is not known",
        estimate=Estimate(seconds=(0.0, found.seconds)),
        edit=edit,
        sketch=sketch,
    )
    return fix, first.user_site


def _batch(trace: TraceData, found: PartitionRereading) -> tuple[Fix, ...]:
    together = len(found.forces)
    sites = [force_of(trace, number).begin.user_site for number in found.forces]
    whole = [site for site in sites if site is not None]
    sketch = f"ask for the {together} results together, with one call of `dask.compute`"
    estimate = Estimate(seconds=(0.0, found.seconds))
    return (batched(trace, whole if len(whole) == len(sites) else [], sketch, estimate),)


def _common_dataframe(trace: TraceData, found: PartitionRereading) -> str | None:
    """The variable that most lines which read partitions have in common, assigned before them."""
    roots: Counter[str] = Counter()
    for number in found.forces[:_LOOKED_AT]:
        site = force_of(trace, number).begin.user_site
        reading = None if site is None else read(trace, site)
        if reading is not None and site is not None:
            roots.update(_roots(trace, site, reading))
    ((variable, lines),) = roots.most_common(1) or [("", 0)]
    return variable if 2 * lines > min(len(found.forces), _LOOKED_AT) else None


_LOOKED_AT = 50


def _roots(trace: TraceData, position: int, reading: Reading) -> set[str]:
    """Variables of an expression that were assigned before."""
    inner = {variable for loop in reading.loops for variable in loop.variables}
    kept = [name for name in reading.names if name not in inner]
    return {name for name in kept if assigned_before(trace, position, name) is not None}
