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

from lazyscope.analysis.asked import asks
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.reading import Reading
from lazyscope.analysis.savings import if_persisted
from lazyscope.catalogue.advice import held, held_as_numpy, short
from lazyscope.catalogue.asking import asks_by_method
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.rewriting import present
from lazyscope.fixes.fix import Estimate, Fix
from lazyscope.fixes.keep_result import assigned_back, writing_put_off
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


def match_force(evidence: ForceEvidence) -> Match | None:
    """``persist`` as a statement; ``compute`` too, where the same array is computed again or written."""
    reading = evidence.reading if evidence.at_user else evidence.user_reading
    if reading is None or reading.call is None or reading.statement != "Expr":
        return None
    if evidence.trigger not in ("persist", "compute") or reading.call.name != evidence.trigger:
        return None
    if not (evidence.at_user or asks_by_method(evidence)):
        return None
    if not _is_discarded(reading) or not (_is_data(evidence) or not evidence.at_user):
        return None
    later = _computed_later(evidence)
    written = _writing(evidence)
    if evidence.trigger == "compute" and ((later is None and written is None) or _may_be_shown(evidence)):
        return None
    return Match(
        why=_why(evidence, reading, later),
        fixes=present(written, *_fixes(evidence, reading, later)),
        title=f"`{short(reading.expression or reading.code)}` is computed and thrown away",
    )


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


def _why(evidence: ForceEvidence, reading: Reading, later: int | None) -> str:
    shown = ", ".join(map(short, _receivers(reading)))
    what = "a new array, held in memory" if evidence.trigger == "persist" else "the values"
    returned = f"`{short(reading.expression or reading.code)}` returns {what}, which nothing keeps"
    first = f"{returned}; `{shown}` stays as lazy as it was"
    if later is None:
        return f"{first}."
    again = next(force for force in evidence.trace.forces if force.id == later)
    site = evidence.trace.positions[again.begin.user_site] if again.begin.user_site is not None else None
    where = "" if site is None else f" at line {site.line}"
    return f"{first}, and is computed again{where}."


def _writing(evidence: ForceEvidence) -> Fix | None:
    """To compute the writing that a statement before only built: words, since the results become others."""
    if evidence.trigger != "compute" or evidence.user_site is None:
        return None
    written = writing_put_off(evidence.trace, evidence.user_site)
    if written is None:
        return None
    return Fix(
        "reorder",
        f"compute what `{written}` returns instead: with `compute=False` nothing is written until then",
        "what is written, and all that reads it, changes: up to now nothing was written",
    )


def _fixes(evidence: ForceEvidence, reading: Reading, later: int | None) -> list[Fix]:
    out = Fix(
        "none",
        f"leave `{short(reading.expression or reading.code)}` out",
        "nothing is held; what is needed of it later is computed then",
    )
    if later is None and evidence.trigger == "compute":
        return [out]
    return [_kept(evidence), *([out] if later is None else [])]


def _kept(evidence: ForceEvidence) -> Fix:
    """Assign what comes back to what it was called of."""
    assert evidence.user_site is not None
    text, edit = assigned_back(evidence.trace, evidence.user_site)
    known = [array.bytes for array in evidence.dependencies.arrays]
    size = None if None in known else sum(one for one in known if one is not None)
    is_held = evidence.trigger == "persist"
    sketch = "keep what it returns, and go on with that"
    return Fix(
        "persist" if is_held else "compute-once",
        f"`{text}`" if edit is not None else sketch,
        held(size) if is_held else held_as_numpy(size),
        estimate=_estimate(evidence),
        edit=edit,
        sketch=sketch,
    )


def _estimate(evidence: ForceEvidence) -> Estimate:
    layers = [array.layer for array in evidence.dependencies.arrays if array.layer is not None]
    return estimate_of(if_persisted(evidence.trace, layers)) if layers else Estimate()
