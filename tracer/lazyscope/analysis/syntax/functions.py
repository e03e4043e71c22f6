"""The function that a position lies in, its options and its ways with lazy arrays."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from lazyscope.analysis.syntax.conditions import defaults_of, lazy_branches
from lazyscope.analysis.syntax.place import Place
from lazyscope.analysis.syntax.terms import (
    FUNCTIONS,
    own_nodes,
    parameters_of,
    words,
)

OPTIONS = words(
    "check_finite validate check assume_finite force_all_finite ensure_all_finite allow_nan allow_inf "
    "nan_policy keepdims axis out output overwrite overwrite_x overwrite_a overwrite_b copy order dtype "
    "method mode sample_weight weights bins n_clusters n_components ddof bias"
)
"""Names of parameters that say how to work rather than what on."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function."""

    name: str
    default: str | None
    """As written; None if it must be given."""
    option: bool
    """Whether it has a default and a name of `OPTIONS`."""
    derived: bool
    """Whether the function itself makes it when it is None."""


@dataclass(frozen=True)
class Function:
    """The innermost function around a position."""

    name: str
    """``<lambda>`` for a lambda."""
    line: int
    parameters: tuple[Parameter, ...]
    decorators: tuple[str, ...]
    """As written, without ``@``."""
    lazy_branches: tuple[str, ...]
    """Calls in it, or in functions inside, that treat lazy arrays in a way of their own:
    ``is_lazy_array(x)``, ``xpx.lazy_apply(...)``. Empty if the function has no lazy variant."""
    returns_value: bool
    """Whether any ``return`` gives back more than None."""

    @property
    def options(self) -> tuple[Parameter, ...]:
        """Parameters that say how to work rather than what on."""
        return tuple(parameter for parameter in self.parameters if parameter.option)


def function_of(place: Place) -> Function | None:
    """Describe the function around a place, None in a module or class body."""
    if place.lambda_ is not None:
        return _lambda(place, place.lambda_)
    owner = place.scope.owner
    if not isinstance(owner, FUNCTIONS):
        return None
    return Function(
        name=owner.name,
        line=owner.lineno,
        parameters=_parameters(place, owner.args, _derived(place)),
        decorators=tuple(place.text(decorator) for decorator in owner.decorator_list),
        lazy_branches=tuple(lazy_branches(place, owner)),
        returns_value=any(_gives_back(node) for node in place.scope.statements),
    )


def _lambda(place: Place, node: ast.Lambda) -> Function:
    return Function(
        name="<lambda>",
        line=node.lineno,
        parameters=_parameters(place, node.args, frozenset()),
        decorators=(),
        lazy_branches=tuple(lazy_branches(place, node.body)),
        returns_value=True,
    )


def _parameters(place: Place, arguments: ast.arguments, derived: frozenset[str]) -> tuple[Parameter, ...]:
    defaults = defaults_of(arguments)
    return tuple(
        Parameter(
            name=parameter.arg,
            default=place.text(defaults[parameter.arg]) if parameter.arg in defaults else None,
            option=parameter.arg in OPTIONS and parameter.arg in defaults,
            derived=parameter.arg in derived,
        )
        for parameter in parameters_of(arguments)
    )


def _derived(place: Place) -> frozenset[str]:
    """Parameters that are asked for None and assigned to."""
    parameters = set(place.scope.parameters)
    asked = {name for node in place.scope.statements for name in none_asked(node)}
    return frozenset(parameters & asked & set(place.scope.bindings))


def none_asked(node: ast.AST) -> list[str]:
    """Variables of which a node asks whether they are None."""
    asking = [n.left for n in own_nodes(node) if isinstance(n, ast.Compare) and _asks_none(n)]
    return [asked.id for asked in asking if isinstance(asked, ast.Name)]


def _asks_none(node: ast.Compare) -> bool:
    none = isinstance(node.comparators[0], ast.Constant) and node.comparators[0].value is None
    return none and isinstance(node.ops[0], ast.Is)


def _gives_back(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Return) or node.value is None:
        return any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in own_nodes(node))
    return not (isinstance(node.value, ast.Constant) and node.value.value is None)
