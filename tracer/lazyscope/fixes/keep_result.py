"""What ``compute`` or ``persist`` returns is kept: assigned back to what it was called of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lazyscope.analysis.known_names import kind_of_name
from lazyscope.analysis.source import Found, found_at
from lazyscope.analysis.syntax.scope import scope_of
from lazyscope.analysis.syntax.terms import FUNCTIONS, keyword, path_of
from lazyscope.fixes.consumers import Consumers
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.placement import file_at, owner_of
from lazyscope.model.trace import TraceData


def assigned_back(trace: TraceData, position: int) -> tuple[str, Edit | None]:
    """Assign what an expression statement returns to the variables that it computes.

    Parameters
    ----------
    trace
        The trace.
    position
        Number of the position of the statement.

    Returns
    -------
    str, Edit or None
        The statement as it is to be, empty if that is not known; and the edit, None where later lines would
        fail with it.
    """
    found = found_at(trace, position)
    call = _discarded(found)
    if found is None or call is None:
        return "", None
    targets = list(_computed(call))
    if not targets:
        return "", None
    draft, file = Draft(trace), file_at(trace, position)
    text = f"{', '.join(targets)} = "
    draft.prepend(file, call, text)
    owner = owner_of(found)
    method = path_of(call.func)[-1]
    for name in targets if method == "compute" else ():
        function = owner.name if isinstance(owner, FUNCTIONS) else None
        if kind_of_name(trace, file, function, name) != "labelled" and not Consumers(draft, file).adapt_name(
            owner, found.statement, name
        ):
            return f"{text}{ast.unparse(call)}", None
    return f"{text}{ast.unparse(call)}", draft.edit()


def writing_put_off(trace: TraceData, position: int) -> str | None:
    """The statement before one at a position that builds the writing of a file, which nothing computes.

    Returns
    -------
    str or None
        Its call, as written: ``ds.to_zarr(target, compute=False)``.
    """
    found = found_at(trace, position)
    if found is None or _discarded(found) is None:
        return None
    block = scope_of(owner_of(found)).block_of(found.statement)
    for statement in reversed(block[: block.index(found.statement)]):
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and _is_put_off(call):
            return ast.unparse(call)
    return None


def _is_put_off(call: ast.Call) -> bool:
    given = keyword(call, "compute")
    return isinstance(given, ast.Constant) and given.value is False


def _discarded(found: Found | None) -> ast.Call | None:
    """The call of a statement that is nothing but a call."""
    if found is None or not isinstance(found.statement, ast.Expr):
        return None
    return found.statement.value if isinstance(found.statement.value, ast.Call) else None


def _computed(call: ast.Call) -> Iterator[str]:
    """The variables that a call of ``compute`` or ``persist`` is about; none if it is about anything else."""
    path = path_of(call.func)
    if path[-1:] not in (("compute",), ("persist",)) or call.keywords:
        return
    if len(path) == 2 and not call.args:
        yield path[0]
    elif call.args and all(isinstance(one, ast.Name) for one in call.args):
        yield from (one.id for one in call.args if isinstance(one, ast.Name))
