"""Functions that are handed to dask to be run on every block: by which call, and what they catch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from lazyscope.analysis.source import Found, found_at, unparsed
from lazyscope.analysis.syntax.terms import FUNCTIONS, arguments_of, called_name, parameters_of, words
from lazyscope.model.trace import TraceData

_TO_BLOCKS = words(
    "map_blocks map_overlap blockwise apply_gufunc as_gufunc apply_along_axis apply_over_axes reduction "
    "map_partitions map_direct from_map overlap apply_ufunc lazy_apply elemwise frompyfunc "
    "cumreduction piecewise fromfunction from_function"
)
"""Functions that run another on the blocks of arrays."""

_DELAYED = words("delayed submit map")


@dataclass(frozen=True)
class HandedOver:
    """A function around a position, and the call that hands it to dask."""

    name: str
    """``<lambda>`` for a lambda."""
    parameters: tuple[str, ...]
    call: str | None
    """As written, on one line; None where no call of the file, or more than one, hands it over."""
    short: str | None
    """The called function as written: ``x.map_blocks``."""
    line: int | None
    """Where the call's statement begins, if it stands alone on its lines."""
    indent: str
    delayed: bool
    """Whether it is run by ``dask.delayed`` or an executor rather than on blocks of an array."""


def handed_over(trace: TraceData, position: int) -> HandedOver | None:
    """The innermost function around a position that dask runs; None outside of functions.

    Parameters
    ----------
    trace
        The trace.
    position
        Number of a position in the function.
    """
    found = found_at(trace, position)
    if found is None:
        return None
    return _of_lambda(found) or _of_function(found)


def _of_lambda(found: Found) -> HandedOver | None:
    node: ast.AST | None = found.expression
    while node is not None and not isinstance(node, ast.Lambda):
        node = found.parents.get(node)
    if node is None:
        return None
    call = found.parents.get(node)
    call = found.parents.get(call) if isinstance(call, ast.keyword) else call
    taken = isinstance(call, ast.Call) and called_name(call) in _TO_BLOCKS | _DELAYED
    parameters = tuple(parameter.arg for parameter in parameters_of(node.args))
    if not isinstance(call, ast.Call) or not taken:
        return HandedOver("<lambda>", parameters, None, None, None, "", delayed=False)
    return _described("<lambda>", parameters, call, found.statement, found)


def _of_function(found: Found) -> HandedOver | None:
    around = [node for node in found.path[:-1] if isinstance(node, FUNCTIONS)]
    if not around:
        return None
    function = around[-1]
    parameters = tuple(parameter.arg for parameter in parameters_of(function.args))
    decorated = any("delayed" in unparsed(decorator) for decorator in function.decorator_list)
    calls = list(_calls_with(found.module, function.name))
    if decorated or len(calls) != 1:
        delayed = decorated or (bool(calls) and all(called_name(call) in _DELAYED for _, call in calls))
        return HandedOver(function.name, parameters, None, None, None, "", delayed=delayed)
    statement, call = calls[0]
    return _described(function.name, parameters, call, statement, found)


def _calls_with(module: ast.Module, name: str) -> Iterator[tuple[ast.stmt, ast.Call]]:
    """Calls that hand a function of this name to dask, each with its statement."""
    pending: list[tuple[ast.AST, ast.stmt | None]] = [(module, None)]
    while pending:
        node, statement = pending.pop()
        statement = node if isinstance(node, ast.stmt) else statement
        if isinstance(node, ast.Call) and statement is not None and _takes(node, name):
            yield statement, node
        pending += [(part, statement) for part in ast.iter_child_nodes(node)]


def _takes(call: ast.Call, name: str) -> bool:
    given = any(isinstance(value, ast.Name) and value.id == name for value in arguments_of(call))
    return given and called_name(call) in _TO_BLOCKS | _DELAYED


def _described(
    name: str, parameters: tuple[str, ...], call: ast.Call, statement: ast.stmt, found: Found
) -> HandedOver:
    line = found.line(statement.lineno)
    alone = not line.encode()[: statement.col_offset].strip()
    return HandedOver(
        name,
        parameters,
        call=unparsed(call),
        short=unparsed(call.func),
        line=statement.lineno if alone else None,
        indent=line[: len(line) - len(line.lstrip())],
        delayed=called_name(call) in _DELAYED,
    )
