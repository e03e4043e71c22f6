"""``persist``: hold arrays in memory, from where they are made.

The statement goes after the one that made the array, so that everything derived from it, in whatever
function, reads what is held; the promised saving is that of holding it from there on.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from lazyscope import figures
from lazyscope.analysis.arrays import Array
from lazyscope.analysis.asked import force_of
from lazyscope.analysis.holdings import Held, is_made_again
from lazyscope.analysis.savings import Saving
from lazyscope.analysis.source import found_at, source_file
from lazyscope.analysis.syntax.scope import scope_of
from lazyscope.fixes.edit import SINGLE, Draft, Edit
from lazyscope.fixes.fix import Estimate, Fix
from lazyscope.fixes.placement import Definition, before_first_use, definition_of, file_at, owner_of
from lazyscope.model.trace import TraceData

_CLOSING = (")", "]", "}")


def persist(trace: TraceData, held: Sequence[Held], saving: Saving) -> Fix | None:
    """Hold arrays in memory; None if they do not fit into it.

    Parameters
    ----------
    trace
        The trace.
    held
        The arrays, by the names that the program has for them.
    saving
        What that saves.
    """
    if not fits(trace, saving):
        return None
    variables = tuple(dict.fromkeys(one.variable for one in held))
    edit = _edit(trace, held, saving)
    shown = ", ".join(f"`{name}`" for name in variables)
    return Fix(
        "persist",
        summary_of(trace, edit, is_before=_were_given(held)) if edit else _sketch(shown),
        price_of(trace, saving),
        estimate=estimate_of(saving),
        edit=edit,
        sketch=_sketch(shown),
    )


def _sketch(shown: str) -> str:
    return f"hold {shown} in memory once, where it is made, before it is needed several times"


def _edit(trace: TraceData, held: Sequence[Held], saving: Saving) -> Edit | None:
    draft = Draft(trace)
    if _were_given(held):
        return _before_use(draft, [one.array for one in held], saving)
    places: list[Definition] = []
    for one in _distinct(held):
        place = definition_of(trace, one) if one.is_named else None
        if place is not None:
            places.append(place)
        elif not _append(draft, one.array):
            return None
    if together(places):
        names = ", ".join(place.variable for place in places)
        last = max(places, key=lambda place: place.statement.lineno)
        dask = draft.import_of(last.file, "dask")
        draft.insert_after(last.file, last.statement, f"{names} = {dask}.persist({names})")
    else:
        for place in places:
            draft.insert_after(place.file, place.statement, f"{place.variable} = {place.variable}.persist()")
    return draft.edit()


def _were_given(held: Sequence[Held]) -> bool:
    """Whether the arrays were made before the trace began."""
    return all(one.array.bound_at is not None for one in held)


def _before_use(draft: Draft, arrays: Sequence[Array], saving: Saving) -> Edit | None:
    """Hold arrays that were made before the trace began, where they are first needed."""
    begins = [force_of(draft.trace, number).begin for number in saving.forces]
    first = min(begins, key=lambda begin: begin.at, default=None)
    place = before_first_use(draft.trace, arrays, first) if first is not None else None
    variables = list(dict.fromkeys(array.variable for array in arrays if array.variable))
    if place is None or not variables:
        return None
    names = ", ".join(variables)
    if len(variables) == 1:
        line = f"{names} = {names}.persist()"
    else:
        line = f"{names} = {draft.import_of(place.file, 'dask')}.persist({names})"
    draft.insert_before(place.file, place.statement, line)
    return draft.edit()


def _distinct(held: Sequence[Held]) -> list[Held]:
    """One for each variable: the last array that it stood for."""
    return list({one.variable: one for one in held}.values())


def together(places: Sequence[Definition]) -> bool:
    """Whether several variables can be held by one statement: nothing reads one before all are there."""
    if len(places) < 2 or any(place.block is not places[0].block for place in places):
        return False
    order = sorted(places, key=lambda place: place.statement.lineno)
    variables = {place.variable for place in places}
    scope = order[0].scope
    for place in order[:-1]:
        for statement, _ in scope.followers(place.statement, variables):
            if statement.lineno <= order[-1].statement.lineno and statement is not order[-1].statement:
                return False
            if statement is order[-1].statement:
                return False
    return len({place.variable for place in places}) == len(places)


def persist_variable(trace: TraceData, position: int, variable: str) -> Edit | None:
    """Hold what a variable stands for at a position, from where it got that; None if that is not sure."""
    found = found_at(trace, position)
    scope = scope_of(owner_of(found)) if found is not None else None
    if found is None or scope is None or found.statement not in scope.statements:
        return None
    reaching = scope.reaching(variable, found.statement)
    if reaching is None or not reaching[1] or not isinstance(reaching[0].statement, ast.Assign):
        return None
    draft = Draft(trace)
    draft.insert_after(file_at(trace, position), reaching[0].statement, f"{variable} = {variable}.persist()")
    return draft.edit()


def _append(draft: Draft, array: Array) -> bool:
    """Hold an array that has no name, where it is made; whether that can be done."""
    trace, position, call = draft.trace, array.position, array.made_by
    if position is None or call is None or call.site != call.user_site or is_made_again(trace, array):
        return False
    found = found_at(trace, position)
    if found is None or not isinstance(found.expression, ast.expr) or found.link is not None:
        return False
    node, file = found.expression, file_at(trace, position)
    if not isinstance(node, SINGLE):
        draft.prepend(file, node, "(")
    draft.append(file, node, ".persist()" if isinstance(node, SINGLE) else ").persist()")
    return True


# What is said


def summary_of(trace: TraceData, edit: Edit, *, is_before: bool = False) -> str:
    """```x = x.persist()` after `x = load()`, line 12``: what an edit puts in, or appends to a line."""
    said = []
    for change in edit.changes:
        new = [line.strip() for line in change.new if line.strip()]
        if change.is_insertion and not new[0].startswith(("import ", "from ")):
            beside = change.line if is_before else change.line - 1
            text = source_file(trace, change.file).line(beside).strip()
            where = "before" if is_before else "after"
            # The last line of several says nothing of the statement.
            shown = f"`{text}`, line {beside}" if text[:1] not in _CLOSING else f"line {beside}"
            said.append(f"`{'; '.join(new)}` {where} {shown}")
        elif not change.is_insertion:
            said.append(f"`{new[0]}` on line {change.line}" if len(new) == 1 else f"at line {change.line}")
    return "; ".join(said)


def price_of(trace: TraceData, saving: Saving) -> str:
    """What holding arrays costs, against what was free."""
    size, free = saving.bytes_held, free_bytes(trace, saving)
    if size is None:
        return "holds it in memory; its size is not known"
    of_free = f" of the {figures.size(free)} that were free" if free is not None else ""
    return f"holds {figures.size(size)} in memory{of_free}"


def fits(trace: TraceData, saving: Saving) -> bool:
    """Whether what is to be held was free when it was needed; True where either is unknown."""
    size, free = saving.bytes_held, free_bytes(trace, saving)
    return size is None or free is None or size < free


def free_bytes(trace: TraceData, saving: Saving) -> int | None:
    """The least memory that was free when one of the forces began that holding arrays helps."""
    known = [force_of(trace, number).begin.free_bytes for number in saving.forces]
    return min((size for size in known if size is not None), default=None)


def estimate_of(saving: Saving) -> Estimate:
    """What holding arrays saves, as an estimate of a fix."""
    least, most = saving.tasks
    shortest, longest = saving.seconds
    return Estimate(
        tasks_repeated=(max(least, 0), max(most, 0)),
        seconds=(max(shortest, 0.0), max(longest, 0.0)),
    )
