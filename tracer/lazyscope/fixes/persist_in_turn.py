"""What a loop carries from turn to turn held in every turn, and before it what all turns read."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from lazyscope.analysis.arrays import Array
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.holdings import Held
from lazyscope.analysis.syntax.scope import Owner
from lazyscope.analysis.syntax.terms import LOOPS, own_nodes, stored_names
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.persist import summary_of
from lazyscope.fixes.placement import definition_of
from lazyscope.fixes.spot import Spot, spot_at

Loop = ast.For | ast.AsyncFor | ast.While


def hold_turns(evidence: ForceEvidence, position: int) -> tuple[Edit, str] | None:
    """Hold the state of a loop, and what it only reads; the edit and what it does in words.

    Parameters
    ----------
    evidence
        The forces in the loop.
    position
        Number of a position in the loop: of the site, or of a call on the way to it.
    """
    spot = spot_at(evidence.trace, position)
    loop = _loop_around(spot) if spot is not None else None
    if spot is None or loop is None:
        return None
    draft = Draft(evidence.trace)
    arrays = [array for one in evidence.reread for array in one.user_arrays]
    constants = _hold_before(draft, spot, loop, arrays)
    fresh = _fresh(spot, loop)
    if fresh:
        draft.insert_before(spot.file, spot.statement, _persisted(draft, spot.file, fresh))
    elif isinstance(spot.statement, ast.While) or not constants:
        state = _state(spot, loop)
        if not state:
            return None
        draft.insert_after(spot.file, loop.body[-1], _persisted(draft, spot.file, state))
    edit = draft.edit()
    return None if edit is None else (edit, summary_of(evidence.trace, edit))


def _loop_around(spot: Spot) -> Loop | None:
    if isinstance(spot.statement, ast.While):
        return spot.statement
    around = [node for node in spot.scope.around(spot.statement) if isinstance(node, LOOPS)]
    return around[-1] if around else None


def _persisted(draft: Draft, file: int, names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} = {names[0]}.persist()"
    together = ", ".join(names)
    return f"{together} = {draft.import_of(file, 'dask')}.persist({together})"


def _stored_in(loop: Loop) -> set[str]:
    return {name for node in ast.walk(loop) if isinstance(node, ast.stmt) for name in stored_names(node)}


def _hold_before(draft: Draft, spot: Spot, loop: Loop, arrays: Sequence[Array]) -> list[str]:
    """Hold what all turns read where it is made; the variables."""
    stored, found = _stored_in(loop), list[str]()
    for array in arrays:
        name = array.variable
        if not name or name in stored or name in found:
            continue
        place = definition_of(draft.trace, Held(name, array))
        if place is None or loop in _around(place.owner, place.statement, spot):
            continue
        draft.insert_after(place.file, place.statement, f"{name} = {name}.persist()")
        found.append(name)
    return found


def _around(owner: Owner, statement: ast.stmt, spot: Spot) -> tuple[ast.stmt, ...]:
    return spot.scope.around(statement) if owner is spot.owner else ()


def _fresh(spot: Spot, loop: Loop) -> list[str]:
    """Arrays that the test asks and this turn made from those of the turn before, before the test."""
    if isinstance(spot.statement, ast.While) or spot.statement not in loop.body:
        return []
    before = loop.body[: loop.body.index(spot.statement)]
    made = {name for node in before for name in stored_names(node)}
    read = dict.fromkeys(n.id for n in own_nodes(spot.statement) if isinstance(n, ast.Name))
    carried = _carried(spot, loop)
    names = [name for name in read if name in made and spot.kind(name) == "array"]
    if names and not any(name in carried or _gives_state(spot, loop, name) for name in names):
        # The test asks what is made of the state: that is to be held, the number itself is not enough.
        state = [name for name in carried if name in made and spot.kind(name) == "array"]
        return [*state, *names] if state else []
    return names


def _gives_state(spot: Spot, loop: Loop, name: str) -> bool:
    """Whether what the next turn begins with is assigned from a variable: ``x = x_new``."""
    return any(
        isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id == name
        for node in ast.walk(loop)
    )


def _carried(spot: Spot, loop: Loop) -> list[str]:
    """Variables that a turn takes over from the one before."""
    found = []
    for node in spot.scope.statements:
        if loop not in spot.scope.around(node):
            continue
        for name in dict.fromkeys(n.id for n in own_nodes(node) if isinstance(n, ast.Name)):
            sources = spot.scope.sources(name, node)
            later = [one for one in sources if loop in spot.scope.around(one.statement)]
            if any(one.statement.lineno >= node.lineno for one in later) and name not in found:
                found.append(name)
    return found


def _state(spot: Spot, loop: Loop) -> list[str]:
    """Arrays that a turn takes over from the one before."""
    return [name for name in _carried(spot, loop) if spot.kind(name) == "array"]
