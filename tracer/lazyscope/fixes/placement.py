"""Where an edit goes: after the statement that gave a variable its array, in the scope where it lives."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from lazyscope.analysis.arrays import Array
from lazyscope.analysis.bindings import is_bound_at
from lazyscope.analysis.holdings import Held, is_made_again
from lazyscope.analysis.source import Found, found_at, source_file
from lazyscope.analysis.syntax.scope import Owner, Scope, scope_of
from lazyscope.analysis.syntax.terms import FUNCTIONS, LOOPS, path_of, targets_of, without_tuples
from lazyscope.fixes.edit import begins_line, ends_line
from lazyscope.model import events
from lazyscope.model.trace import TraceData


@dataclass(frozen=True)
class Definition:
    """The statement by which a variable got an array."""

    variable: str
    file: int
    statement: ast.stmt
    owner: Owner
    """The function, class or module whose statement it is."""

    @property
    def scope(self) -> Scope:
        return scope_of(self.owner)

    @property
    def block(self) -> list[ast.stmt]:
        """The statements beside it."""
        return self.scope.block_of(self.statement)


def owner_of(found: Found) -> Owner:
    """The innermost function, class or module around a statement."""
    around = [node for node in found.path[:-1] if isinstance(node, (*FUNCTIONS, ast.ClassDef))]
    return around[-1] if around else found.module


def file_at(trace: TraceData, position: int) -> int:
    """Number of the file that a position lies in."""
    return trace.codes[trace.positions[position].code].file


def definition_of(trace: TraceData, held: Held) -> Definition | None:
    """Where a variable got the array that is to be held, so that a statement after it sees this array.

    None where nothing is to be put there: the statement makes the same array again and again, as in a helper
    that is called for each step; it shares its line with others; or it assigns something else too.
    """
    array = held.array
    position = held.assigned.position if held.assigned else array.position
    if position is None or is_made_again(trace, array):
        return None
    found = found_at(trace, position)
    if found is None:
        return None
    owner, file = owner_of(found), file_at(trace, position)
    statement: ast.stmt | None = found.statement
    if held.assigned is not None:
        statement = _assignment_on(scope_of(owner), held.variable, held.assigned.line)
    if statement is None or not _gives(statement, held.variable):
        return None
    source = source_file(trace, file)
    if not begins_line(source, statement) or not ends_line(source, statement):
        return None
    return Definition(held.variable, file, statement, owner)


def _assignment_on(scope: Scope, variable: str, line: int) -> ast.stmt | None:
    same = [one.statement for one in scope.bindings.get(variable, ()) if one.statement.lineno == line]
    return same[0] if len(same) == 1 else None


def _gives(statement: ast.stmt, variable: str) -> bool:
    """Whether a simple statement assigns the variable, or the attribute of one."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return False
    targets = [part for target in targets_of(statement) for part in without_tuples(target)]
    return variable in [".".join(path_of(part)) for part in targets]


def before_first_use(
    trace: TraceData, arrays: Sequence[Array], begin: events.ForceBegin
) -> Definition | None:
    """The statement before which arrays can be held that existed before the trace: the first that needs them.

    That is the first in whose function all their variables stand, of those that led to a force; before the
    loops around it.
    """
    stack = trace.stacks[begin.stack].positions if begin.stack is not None else ()
    led = [one for one in stack if trace.file_of(one).role == "user"]
    led += [begin.user_site] if not led and begin.user_site is not None else []
    for position in led:
        if all(is_bound_at(trace, one.text, one.variable or "", position) for one in arrays):
            return _first_statement(trace, position, {one.variable or "" for one in arrays})
    return None


def _first_statement(trace: TraceData, position: int, variables: set[str]) -> Definition | None:
    found = found_at(trace, position)
    if found is None:
        return None
    owner = owner_of(found)
    inside = [node for node in found.path if node in scope_of(owner).statements]
    loops = [node for node in inside if isinstance(node, LOOPS)]
    statement = loops[0] if loops else found.statement
    assigned = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if loops and assigned & variables:
        return None
    return Definition("", file_at(trace, position), statement, owner)
