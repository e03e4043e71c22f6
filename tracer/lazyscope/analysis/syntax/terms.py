"""Names and paths in expressions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from lazyscope.analysis.parsing import blocks

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
LOOPS = (ast.For, ast.AsyncFor, ast.While)


def words(text: str) -> frozenset[str]:
    """A set of names, written as one text."""
    return frozenset(text.split())


def own_nodes(root: ast.AST) -> Iterator[ast.AST]:
    """A node and what is in it in the order of the text, without the statements inside."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        inner = [part for part in ast.iter_child_nodes(node) if not isinstance(part, ast.stmt)]
        pending += reversed(inner)


def path_of(node: ast.AST) -> tuple[str, ...]:
    """``a.b.c`` as its parts, empty for anything but attributes of a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else ()


def last_name(node: ast.AST) -> str:
    """The last part of a path or of an attribute: ``asarray`` of ``np.asarray``; else empty."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def called_name(node: ast.AST) -> str:
    """The last part of what a call calls, empty for other nodes."""
    return last_name(node.func) if isinstance(node, ast.Call) else ""


def arguments_of(call: ast.Call) -> list[ast.expr]:
    """The values of all arguments, those by keyword last."""
    return [*call.args, *(word.value for word in call.keywords)]


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument."""
    return next((word.value for word in call.keywords if word.arg == name), None)


def stored_names(target: ast.AST) -> list[str]:
    """Variables that a target assigns to; those of ``y[m]`` and ``y.a`` are none."""
    return [n.id for n in own_nodes(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def targets_of(statement: ast.stmt) -> list[ast.expr]:
    """The targets of an assignment of whatever kind, none for other statements."""
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, (ast.AnnAssign, ast.AugAssign)) else []


def without_tuples(target: ast.expr) -> list[ast.expr]:
    """The single targets of ``a, (b, *c)``."""
    found, pending = [], [target]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Tuple, ast.List)):
            pending += reversed(node.elts)
        elif isinstance(node, ast.Starred):
            pending.append(node.value)
        else:
            found.append(node)
    return found


def loaded_paths(root: ast.AST) -> Iterator[tuple[str, ...]]:
    """What an expression reads, in the order of the text: ``x`` of ``x.max()``, ``a.b`` of ``a.b + f(1)``.

    Names of functions that are called, and variables of comprehensions and lambdas inside, are left out.
    """
    own = _own_variables(root)
    pending = [(root, False)]
    while pending:
        node, called = pending.pop()
        path = path_of(node)
        if path:
            path = path[:-1] if called else path
            if path and path[0] not in own and not isinstance(getattr(node, "ctx", None), ast.Store):
                yield path
        elif isinstance(node, ast.Call):
            pending += [(part, False) for part in reversed(arguments_of(node))]
            pending.append((node.func, True))
        else:
            inner = [part for part in ast.iter_child_nodes(node) if not isinstance(part, ast.stmt)]
            pending += [(part, False) for part in reversed(inner)]


def _own_variables(root: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in own_nodes(root):
        if isinstance(node, ast.comprehension):
            found.update(stored_names(node.target))
        elif isinstance(node, ast.Lambda):
            found.update(parameter.arg for parameter in parameters_of(node.args))
    return found


def parameters_of(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters in the order of the text."""
    found = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs]
    return [parameter for parameter in [*found, arguments.kwarg] if parameter is not None]


XP = re.compile(r"([a-z_]*_)?m?xp(_[a-z]+)?|xpx")
"""Names that only array namespaces have."""

MODULES = words("np numpy da jnp cp torch")
"""Names that namespaces have by custom, but variables may have as well: ``da`` is xarray's too."""


@lru_cache(maxsize=64)
def imports_of(module: ast.Module) -> dict[str, str]:
    """The full name of whatever a file imports anywhere, by the name it has in the file.

    Those of relative imports begin with their dots.
    """
    found: dict[str, str] = {}
    for statement in _statements(module):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                name = alias.asname or alias.name.partition(".")[0]
                found[name] = alias.name if alias.asname else name
        elif isinstance(statement, ast.ImportFrom):
            source = "." * statement.level + (f"{statement.module}." if statement.module else "")
            found.update((alias.asname or alias.name, source + alias.name) for alias in statement.names)
    return found


@lru_cache(maxsize=64)
def functions_of(module: ast.Module) -> frozenset[str]:
    """Names of the functions and classes that a file defines outside of others."""
    return frozenset(node.name for node in module.body if isinstance(node, (*FUNCTIONS, ast.ClassDef)))


def _statements(module: ast.Module) -> Iterator[ast.stmt]:
    pending: list[ast.AST] = [module]
    while pending:
        for block in blocks(pending.pop()):
            pending += block
            yield from block
