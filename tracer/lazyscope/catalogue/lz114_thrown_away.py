"""What was computed is thrown away.

When it occurs
    ``x.persist()`` stands on a line of its own. ``persist`` returns a new array whose blocks are in memory
    and leaves ``x`` as it was: whatever uses ``x`` afterwards computes it again. The same is true of
    ``x.compute()`` where ``x`` is computed again later; neither changes its object, unlike ``load`` in
    xarray.

Fixes
    ``persist``: ``x = x.persist()``: the blocks stay in memory as long as ``x`` does.
    ``compute-once``: ``x = x.compute()``: memory for all of it, as NumPy.
    ``none``: leave the line out, if nothing needs what it computes.
"""

from __future__ import annotations

import re

from lazyscope.analysis.asked import asks
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.reading import Reading
from lazyscope.analysis.savings import if_persisted
from lazyscope.catalogue.advice import changed_line, held, held_as_numpy, short
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.edit import Edit
from lazyscope.fixes.fix import Estimate, Fix
from lazyscope.fixes.persist import estimate_of

CODE = "LZ114"
TITLE = "What was computed is thrown away"

EXAMPLE = """
import dask.array as da

x = da.arange(12, chunks=4) + 1
x.persist()
print(x.shape)
"""

REPAIRED = """
import dask.array as da

x = da.arange(12, chunks=4) + 1
x = x.persist()
print(x.shape)
"""

_WAITING = ("wait", "progress")
"""Functions of distributed that are given what was persisted, and return nothing of it."""

_VARIABLE = re.compile(r"[^\W\d]\w*")


def match_force(evidence: ForceEvidence) -> Match | None:
    """``persist`` as a statement; ``compute`` too, where the same array is computed again."""
    reading = evidence.reading
    if not evidence.at_user or reading is None or reading.call is None or reading.statement != "Expr":
        return None
    if evidence.trigger not in ("persist", "compute") or reading.call.name != evidence.trigger:
        return None
    if not _is_discarded(reading) or not _is_data(evidence):
        return None
    later = _computed_later(evidence)
    if evidence.trigger == "compute" and (later is None or _may_be_shown(evidence)):
        return None
    return Match(why=_why(evidence, later), fixes=tuple(_fixes(evidence, reading, later)))


def _is_discarded(reading: Reading) -> bool:
    if reading.outcome == "discarded":
        return True
    names = [callee.function.rpartition(".")[2] for callee in reading.passed_to]
    return reading.outcome == "argument" and len(names) == 1 and names[0] in _WAITING


def _is_data(evidence: ForceEvidence) -> bool:
    """Whether it was an array or a dataframe rather than the writing of one, or anything delayed."""
    if evidence.dependencies.arrays:
        operations = {evidence.trace.texts[step.call.operation] for step in evidence.dependencies.calls.shown}
        made = [array.made_by is not None for array in evidence.dependencies.arrays]
        writes = any(name.rpartition(".")[2].startswith(("store", "to_")) for name in operations)
        return any(made) and not writes
    return False


def _may_be_shown(evidence: ForceEvidence) -> bool:
    """Whether it stands in a cell of a notebook, which shows the value of its last line."""
    return evidence.where is not None and evidence.where.file.startswith("<")


def _computed_later(evidence: ForceEvidence) -> int | None:
    """A later force that computed the same array, by its id."""
    last = evidence.forces[-1].id
    for array in evidence.dependencies.arrays:
        for force, wanted in asks(evidence.trace, array.layer) if array.layer is not None else ():
            if force.id > last and wanted.repeated:
                return force.id
    return None


def _receivers(reading: Reading) -> tuple[str, ...]:
    call = reading.call
    assert call is not None
    if call.receiver is not None and not call.positional:
        return (call.receiver,)
    return call.positional


def _why(evidence: ForceEvidence, later: int | None) -> str:
    reading = evidence.reading
    assert reading is not None
    shown = ", ".join(map(short, _receivers(reading)))
    what = "a new array, held in memory" if evidence.trigger == "persist" else "a NumPy array"
    returned = f"`{short(evidence.expression)}` returns {what}, which nothing keeps"
    first = f"{returned}; `{shown}` stays as lazy as it was"
    if later is None:
        return f"{first}."
    again = next(force for force in evidence.trace.forces if force.id == later)
    site = evidence.trace.positions[again.begin.user_site] if again.begin.user_site is not None else None
    where = "" if site is None else f" at line {site.line}"
    return f"{first}, and is computed again{where}."


def _fixes(evidence: ForceEvidence, reading: Reading, later: int | None) -> list[Fix]:
    holding, computing = _kept(evidence, reading, "persist"), _kept(evidence, reading, "compute")
    out = Fix(
        "none",
        f"leave `{short(evidence.expression)}` out",
        "nothing is held; what is needed of it later is computed then",
    )
    if evidence.trigger == "compute":
        return [computing, holding]
    return [holding, *([out] if later is None else [computing])]


def _kept(evidence: ForceEvidence, reading: Reading, method: str) -> Fix:
    """Assign what comes back: to the variable itself, else to a new one."""
    call, receivers = reading.call, _receivers(reading)
    assert call is not None
    text = " ".join((reading.expression or evidence.expression).split())
    variables = [name for name in receivers if _VARIABLE.fullmatch(name)]
    target = ", ".join(receivers) if receivers and len(variables) == len(receivers) else "kept"
    done = f"{target} = {_called(text, call.name, method)}"
    alike = method == evidence.trigger and reading.outcome == "discarded"
    known = [array.bytes for array in evidence.dependencies.arrays]
    size = None if None in known else sum(one for one in known if one is not None)
    return Fix(
        "persist" if method == "persist" else "compute-once",
        f"`{done}`",
        held(size) if method == "persist" else held_as_numpy(size),
        estimate=_estimate(evidence),
        edit=_replaced(evidence, text, done) if alike and target != "kept" else None,
    )


def _called(text: str, written: str, method: str) -> str:
    head, _, tail = text.rpartition(f"{written}(")
    return f"{head}{method}({tail}"


def _replaced(evidence: ForceEvidence, old: str, new: str) -> Edit | None:
    assert evidence.site is not None
    return changed_line(evidence.trace, evidence.site, evidence.where, old, new)


def _estimate(evidence: ForceEvidence) -> Estimate:
    layers = [array.layer for array in evidence.dependencies.arrays if array.layer is not None]
    return estimate_of(if_persisted(evidence.trace, layers)) if layers else Estimate()
