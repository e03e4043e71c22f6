"""Sizes of chunks are computed because they are unknown.

When it occurs
    A mask, ``unique`` or a dataframe makes an array of unknown length. ``compute_chunk_sizes()``,
    ``to_dask_array(lengths=True)`` and ``len`` of a dataframe find the lengths out: everything behind the
    array is computed for them and forgotten, and computed again for what the array was wanted for.

Fixes
    ``persist``: hold the array in memory before its sizes are computed: nothing is computed twice.
    ``compute-chunk-sizes``: give the lengths, ``to_dask_array(lengths=[...])``, where they are known.
    ``where``: ``xp.where(mask, x, nan)`` where the selection is made: the shape stays known. What follows
    has to ignore the missing values: ``nanmean`` and the like.
"""

from __future__ import annotations

from dataclasses import replace

from lazyscope import figures
from lazyscope.analysis.arrays import Array
from lazyscope.analysis.asked import asks
from lazyscope.analysis.cost import site_at
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.holdings import with_layer
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.reading import Reading, assigned_before, read
from lazyscope.analysis.rereading import partition_rereading
from lazyscope.analysis.savings import if_persisted
from lazyscope.analysis.unknown_shapes import origins_of_force
from lazyscope.catalogue.advice import (
    author,
    caller_fixes,
    held,
    line_of,
    lines_before,
    persist_lines,
    short,
)
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.persist import estimate_of
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData

CODE = "LZ109"
TITLE = "Sizes of chunks are computed because they are unknown"

EXAMPLE = """
import dask.array as da

x = da.arange(12, chunks=4) % 5
kept = x[x > 2]
kept.compute_chunk_sizes()
print(kept.reshape(-1, 1).sum(axis=0).compute())
"""

REPAIRED = """
import dask.array as da

x = da.arange(12, chunks=4) % 5
kept = da.where(x > 2, x, 0)
print(kept.reshape(-1, 1).sum(axis=0).compute())
"""

_SELECTING = ("__getitem__", "compress", "extract", "take")


def match_force(evidence: ForceEvidence) -> Match | None:
    """Forces that ask for nothing but lengths."""
    if not _asks_lengths(evidence):
        return None
    if evidence.trigger == "compute_chunk_sizes" and _are_known(evidence):
        return _for_nothing(evidence)
    again = _used_again(evidence)
    if evidence.trigger == "__len__" and evidence.at_user and not again:
        return None
    return Match(
        why=_why(evidence, again),
        fixes=tuple(_fixes(evidence, again)),
        expected=not again and evidence.at_user,
        actionability=None if again or not evidence.at_user else "inherent",
    )


def _asks_lengths(evidence: ForceEvidence) -> bool:
    if evidence.trigger in ("compute_chunk_sizes", "__len__"):
        return True
    reading = evidence.reading
    call = reading.call if reading is not None and evidence.trigger == "other" else None
    return call is not None and ("lengths", "True") in call.keywords


def _are_known(evidence: ForceEvidence) -> bool:
    """Whether the shape of what was asked for was known before."""
    trace, asked = evidence.trace, lineage(evidence.trace).asked.get(evidence.forces[0].id, ())
    return bool(asked) and all(maker is not None and _has_shape(trace, name, maker) for name, maker in asked)


def _has_shape(trace: TraceData, name: int, maker: int) -> bool:
    layouts = [layout for output, _, layout in trace.calls[maker].outputs if output == name]
    found = [trace.layouts[number] for number in layouts]
    return bool(found) and all(None not in (*layout.shape, *layout.chunk) for layout in found)


def _for_nothing(evidence: ForceEvidence) -> Match:
    array = _subject(evidence.reading) or "x"
    guarded = f"`if np.isnan({array}.shape).any(): {array}.compute_chunk_sizes()`"
    return Match(
        why=f"`{short(evidence.expression)}` executes the graph, {figures.plural(evidence.tasks, 'task')}, "
        "although the sizes were known already.",
        fixes=(
            Fix("compute-chunk-sizes", f"only if they are unknown: {guarded}", "nothing", author(evidence)),
        ),
        title="Sizes of chunks are computed although they are known",
    )


# What happened


def _used_again(evidence: ForceEvidence) -> list[Force]:
    """Other forces that compute what this one had computed, or read the partitions that it had read."""
    first, own = evidence.forces[0].id, set(evidence.ids)
    found = {
        force.id: force
        for array in _asked_about(evidence)
        if array.layer is not None
        for force, later in asks(evidence.trace, array.layer)
        if force.id not in own and force.id > first and later.repeated
    }
    partitions = partition_rereading(evidence.trace)
    unseen = not any(array.layer is not None for array in _asked_about(evidence))
    if partitions is not None and unseen and any(force.partition_reads for force in evidence.forces):
        again = set(partitions.again) - own
        found |= {
            force.id: force for force in evidence.trace.forces if force.id in again and force.id > first
        }
    return [found[number] for number in sorted(found)]


def _asked_about(evidence: ForceEvidence) -> list[Array]:
    return [with_layer(evidence.trace, array) for array in evidence.dependencies.arrays]


def _why(evidence: ForceEvidence, again: list[Force]) -> str:
    ran = figures.plural(evidence.tasks, "task")
    reads = sum(force.partition_reads for force in evidence.forces)
    if reads:
        ran += f" and {figures.plural(reads, 'partition read')}"
    expression = f"`{short(evidence.expression)}`" if evidence.expression else "A line"
    why = f"{expression} computes lengths that are unknown: {ran}.{_because(evidence)}"
    if not again:
        return f"{why} Nothing of that is computed a second time."
    lines = sorted(
        {evidence.trace.positions[f.begin.user_site].line for f in again if f.begin.user_site is not None}
    )
    where = f" (line {lines[0]})" if lines else ""
    return f"{why} What is behind them is computed again later{where}."


def _because(evidence: ForceEvidence) -> str:
    origin = _origin(evidence)
    if origin is None or origin.site is None:
        return ""
    where = site_at(evidence.trace, origin.site)
    written = short(where.expression or where.code) if where is not None else origin.operation
    return f" They are unknown since `{written}` at {line_of(where)}."


def _origin(evidence: ForceEvidence) -> events.UnknownShape | None:
    origins = origins_of_force(evidence.trace, evidence.forces[0].id)
    return origins[0] if origins else None


# What to do


def _fixes(evidence: ForceEvidence, again: list[Force]) -> list[Fix]:
    if not evidence.at_user:
        fixes = caller_fixes(evidence)
    else:
        fixes = [_persisted(evidence)] if again else []
    fixes += _by_origin(evidence)
    if not again and evidence.at_user:
        fixes.insert(0, Fix("none", "leave it: it is computed once", "nothing changes"))
    return fixes or [_persisted(evidence)]


def _persisted(evidence: ForceEvidence) -> Fix:
    """Hold the array before; and with it those whose sizes are computed next."""
    reading = evidence.reading
    variables = _variables(evidence, reading)
    arrays = [array for array in _asked_about(evidence) if array.variable in variables]
    layers = [array.layer for array in arrays if array.layer is not None]
    saving = if_persisted(evidence.trace, layers)
    where = f"before `{short(evidence.expression)}`"
    replacement = None
    if reading is not None and evidence.site is not None and variables and not reading.loops:
        lines = persist_lines(variables)
        replacement = lines_before(evidence.trace, evidence.site, reading.insertion, *lines)
    named = [replace(array, variable=array.variable) for array in arrays] or [
        _unnamed(name) for name in variables
    ]
    if not named:
        receiver = reading.call.receiver if reading is not None and reading.call is not None else None
        what = f"`{short(receiver)}`" if receiver else "the data"
        return Fix(
            "persist", f"hold {what} in memory by `persist()` {where}, and go on with that", held(None)
        )
    named += [_unnamed(name) for name in variables if name not in {array.variable for array in named}]
    done = "; ".join(persist_lines(dict.fromkeys(array.variable for array in named if array.variable)))
    price = held(saving.bytes_held if layers else None)
    return Fix("persist", f"`{done}` {where}", price, estimate=estimate_of(saving), edit=replacement)


def _unnamed(variable: str) -> Array:
    return Array("", -1, None, None, True, None, variable, None)


def _variables(evidence: ForceEvidence, reading: Reading | None) -> tuple[str, ...]:
    own = _subject(reading)
    if own is None:
        return ()
    later = [_subject(found) for found in _next_like_it(evidence)]
    shared = [name for name in later if name is not None and name != own and _is_made(evidence, name)]
    return tuple(dict.fromkeys((own, *shared)))


def _is_made(evidence: ForceEvidence, name: str) -> bool:
    """Whether a variable has its value where these lengths are computed."""
    return evidence.site is not None and assigned_before(evidence.trace, evidence.site, name) is not None


def _next_like_it(evidence: ForceEvidence) -> list[Reading]:
    """Readings of later forces in the same function that ask for sizes, and read the same again."""
    trace, site = evidence.trace, evidence.site
    if site is None:
        return []
    code, found = trace.positions[site].code, []
    for force in trace.forces:
        begin = force.begin
        if force.id <= evidence.forces[-1].id or begin.trigger != "compute_chunk_sizes" or begin.site is None:
            continue
        again = begin.tasks_repeated or force.partition_reads_repeated
        reading = read(trace, begin.site) if trace.positions[begin.site].code == code and again else None
        if reading is not None and reading.line > (evidence.reading.line if evidence.reading else 0):
            found.append(reading)
    return found


def _subject(reading: Reading | None) -> str | None:
    if reading is None or not reading.converted or not reading.converted[0].isidentifier():
        return None
    return reading.converted[0]


def _by_origin(evidence: ForceEvidence) -> list[Fix]:
    """Give the lengths where a dataframe is the origin, or keep the shape where a selection is."""
    origin = _origin(evidence)
    call = evidence.reading.call if evidence.reading is not None else None
    if (call is not None and call.name == "to_dask_array") or (
        origin is not None and origin.operation in ("to_dask_array", "values")
    ):
        return [
            Fix(
                "compute-chunk-sizes",
                "give the lengths of the partitions, if they are known: `to_dask_array(lengths=[...])`",
                "they must be right",
                audience=author(evidence),
            )
        ]
    if origin is None or origin.operation.rpartition(".")[2] not in _SELECTING:
        return []
    return [_shape_kept(evidence, origin)]


def _shape_kept(evidence: ForceEvidence, origin: events.UnknownShape) -> Fix:
    trace = evidence.trace
    reading = read(trace, origin.site) if origin.site is not None else None
    selected = reading.subscript if reading is not None else None
    where = line_of(site_at(trace, origin.site))
    done = "`da.where(mask, x, np.nan)` instead of the selection"
    if selected is not None:
        done = f"`da.where({selected.index}, {selected.base}, np.nan)` instead of `{short(selected.text)}`"
    own = origin.site is not None and trace.file_of(origin.site).role == "user"
    return Fix(
        "where",
        f"{done} at {where}: the shape stays known",
        "what follows must ignore the missing values (`nanmean`, `nansum`); nothing is left out, so later "
        "steps that count elements change",
        audience="caller" if own else "library",
    )
