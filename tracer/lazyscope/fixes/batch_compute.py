"""``batch-compute``: ask for several results at once, so that what they share is computed once.

In a row of statements the results are computed together before the first of them that needs one; in a loop
before the loop, from which each turn then takes its own; in a comprehension around it. Nothing may stand
between that gives a name in the lazy expressions another value, changes an array, or leaves the loop.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from keyword import iskeyword

from lazyscope.analysis.source import Found, found_at, source_file
from lazyscope.analysis.syntax.scope import Owner, Scope, scope_of
from lazyscope.analysis.syntax.terms import (
    COMPREHENSIONS,
    FUNCTIONS,
    imports_of,
    path_of,
    stored_names,
    targets_of,
    words,
)
from lazyscope.fixes.consumers import parents_in
from lazyscope.fixes.edit import Draft, Edit, begins_line, ends_line, indent_of, is_bound, known_as
from lazyscope.fixes.fix import Audience, Estimate, Fix
from lazyscope.fixes.placement import file_at, owner_of
from lazyscope.model.trace import TraceData

_NUMBERS = words("float int bool complex round")
_WIDEST = 100
_REDUCTIONS = words(
    "mean std var sum min max median prod any all argmin argmax count size nunique nanmean nanstd nansum "
    "nanmin nanmax percentile quantile"
)


@dataclass(frozen=True)
class _Request:
    """An expression by which a program asks for the value of a dask array."""

    file: int
    owner: Owner
    statement: ast.stmt
    node: ast.expr
    """What gives way to the value."""
    asked: ast.expr
    """What is computed."""

    @property
    def scope(self) -> Scope:
        return scope_of(self.owner)


@dataclass(frozen=True)
class Batch:
    """Results computed together."""

    edit: Edit
    statement: str
    """The statement or expression that computes them, on one line."""


def batch(trace: TraceData, positions: Iterable[int]) -> Batch | None:
    """Compute the results asked for at these positions of the user's together.

    Parameters
    ----------
    trace
        The trace.
    positions
        Numbers of positions; those of one place count once.

    Returns
    -------
    Batch or None
        None where it cannot be written so that every result stays what it is.
    """
    found = [_request(trace, position) for position in positions]
    requests = list({id(one.node): one for one in found if one is not None}.values())
    if not requests or None in found or len({id(one.owner) for one in requests}) > 1:
        return None
    draft = Draft(trace)
    tree = source_file(trace, requests[0].file).tree
    if tree is None or not all(_is_plain(tree, one.asked) for one in requests):
        return None
    if len(requests) == 1:
        done = _in_comprehension(draft, tree, requests[0]) or _in_loop(draft, tree, requests[0])
    else:
        done = _in_a_row(draft, tree, requests)
    edit = draft.edit() if done is not None else None
    return Batch(edit, done) if edit is not None and done is not None else None


def batched(
    trace: TraceData, positions: Iterable[int], sketch: str, estimate: Estimate, audience: Audience = "caller"
) -> Fix:
    """Compute the results asked for at these positions together, as a fix.

    Parameters
    ----------
    trace, positions
        As for `batch`.
    sketch
        What is said where there is no edit.
    estimate
        What it saves.
    audience
        Whose lines these are.
    """
    found = batch(trace, positions) if audience == "caller" else None
    summary = sketch
    if found is not None:
        where = found.edit.main
        summary = f"`{found.statement}`, {'before' if where.is_insertion else 'on'} line {where.line}"
    return Fix(
        "batch-compute",
        summary,
        "the results are in memory together",
        audience,
        estimate=estimate,
        edit=found.edit if found is not None else None,
        sketch=sketch,
    )


def _request(trace: TraceData, position: int) -> _Request | None:
    found = found_at(trace, position)
    node = found.expression if found is not None else None
    if found is None or node is None or found.link is not None or not found.path:
        return None
    asked = _asked(node, found)
    if asked is None or any(isinstance(part, ast.JoinedStr) for part in ast.walk(found.statement)):
        return None
    return _Request(file_at(trace, position), owner_of(found), found.statement, *asked)


def _asked(node: ast.expr, found: Found) -> tuple[ast.expr, ast.expr] | None:
    """What gives way, and what is computed."""
    if not isinstance(node, ast.Call):
        return None
    method = node.func
    if isinstance(method, ast.Attribute) and method.attr == "compute" and not node.args and not node.keywords:
        path = path_of(method.value)
        is_module = bool(path) and path[0] in imports_of(found.module)
        return None if is_module else (node, method.value)
    name = path_of(method)
    if len(name) == 1 and name[0] in _NUMBERS and node.args:
        return node.args[0], node.args[0]
    root = imports_of(found.module).get(name[0]) if name else None
    if root == "numpy" and name[1:] in (("asarray",), ("array",)) and len(node.args) == 1:
        return node.args[0], node.args[0]
    return None


# What may be built earlier


def _is_plain(tree: ast.Module, asked: ast.expr) -> bool:
    """Whether building an expression earlier changes nothing: it calls methods and functions of dask only."""
    for node in ast.walk(asked):
        if isinstance(node, ast.Call):
            path = path_of(node.func)
            root = imports_of(tree).get(path[0], "").partition(".")[0] if path else ""
            is_method = isinstance(node.func, ast.Attribute) and (not path or path[0] not in imports_of(tree))
            if not is_method and root not in ("dask", "numpy") and path not in (("slice",), ("len",)):
                return False
            if any("random" in part or "rng" in part for part in path):
                return False
        elif isinstance(node, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom | ast.Lambda):
            return False
    return True


def _loaded(node: ast.AST) -> set[str]:
    """What an expression reads: ``x``, ``self.data.min``."""
    return {".".join(path) for path in _paths(node) if path}


def _paths(node: ast.AST) -> Iterator[tuple[str, ...]]:
    pending = [node]
    while pending:
        part = pending.pop()
        path = path_of(part)
        if path:
            if isinstance(getattr(part, "ctx", None), ast.Load):
                yield path
        else:
            pending += ast.iter_child_nodes(part)


def _changed_by(statement: ast.stmt) -> set[str]:
    """What a statement, or one inside it, assigns, or whose elements it changes: ``x``, ``self.lowest``."""
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            root: ast.expr = node
            while isinstance(root, ast.Subscript):
                root = root.value
            found.add(".".join(path_of(root)) or "*")
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
    return found


def _meet(changed: set[str], loaded: set[str]) -> bool:
    """Whether anything that is read may have been changed."""
    return "*" in changed or any(
        one == other or other.startswith(f"{one}.") or one.startswith(f"{other}.")
        for one in changed
        for other in loaded
    )


# In a row


def _in_a_row(draft: Draft, tree: ast.Module, requests: list[_Request]) -> str | None:
    order = sorted(requests, key=lambda one: (one.node.lineno, one.node.col_offset))
    file, scope = order[0].file, order[0].scope
    blocks = {id(scope.block_of(one.statement)) for one in order}
    if len(blocks) > 1:
        return None
    block = scope.block_of(order[0].statement)
    first, last = block.index(order[0].statement), block.index(order[-1].statement)
    if not any(isinstance(one.statement, _SIMPLE) for one in order):
        return None
    names = _names(tree, order)
    if names is None:
        return None
    at = next(
        (place for place in range(first, last + 1) if _can_stand(block, place, order, names)),
        None,
    )
    if at is None:
        return None
    source = source_file(draft.trace, file)
    indent = indent_of(source, block[at].lineno)
    texts = [_text(source.lines, one.asked) for one in order]
    call = _call(computing(draft, file), texts, indent, f"{', '.join(names)} = ")
    draft.insert_before(file, block[at], *call)
    for one, name in zip(order, names, strict=True):
        if _is_whole(one, name):
            if not begins_line(source, one.statement) or not ends_line(source, one.statement):
                return None
            draft.remove(file, one.statement)
        else:
            draft.replace(file, one.node, name)
    return f"{', '.join(names)} = {computing(draft, file)}({', '.join(texts)})"


_SIMPLE = (ast.Assign, ast.AnnAssign, ast.Expr, ast.Return, ast.AugAssign)


def _can_stand(block: list[ast.stmt], place: int, order: list[_Request], names: list[str]) -> bool:
    """Whether all results can be computed before a statement: all is there, and none was needed earlier."""
    for one, name in zip(order, names, strict=True):
        own = block.index(one.statement)
        between = block[min(place, own) : max(place, own)]
        changed = {name for node in between for name in _changed_by(node)}
        if _meet(changed, _loaded(one.asked)):
            return False
        if _is_whole(one, name):
            # Its variable gets the value earlier, or later, than it did.
            others = [node for node in between if node is not one.statement]
            if any(_meet(_changed_by(node) | _loaded(node), {name}) for node in others):
                return False
        elif own < place:
            return False
    return True


def _is_whole(one: _Request, name: str) -> bool:
    """Whether the statement does nothing but give the value to a variable of this name."""
    statement = one.statement
    return (
        isinstance(statement, ast.Assign)
        and statement.value is one.node
        and one.node is not one.asked
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
        and statement.targets[0].id == name
    )


def _names(tree: ast.Module, order: Sequence[_Request]) -> list[str] | None:
    """A variable for each result: its own, or one after what it is; None where there is no good one."""
    found: list[str] = []
    for one in order:
        wanted = [_own_name(one), _read_only_here(one, order), _name_after(one.asked), _target_name(one)]
        free = [
            name
            for name in wanted
            if name
            and name not in found
            and (_is_whole(one, name) or name == wanted[1] or not is_bound(tree, name))
        ]
        if not free:
            return None
        found.append(free[0])
    return found


def _own_name(one: _Request) -> str | None:
    statement = one.statement
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and statement.value is one.node:
        target = statement.targets[0]
        if isinstance(target, ast.Name) and one.node is not one.asked:
            return target.id
    return None


def _read_only_here(one: _Request, order: Sequence[_Request]) -> str | None:
    """The variable that is asked for its value, if only these requests read it: it can get the value."""
    if not isinstance(one.asked, ast.Name) or isinstance(one.owner, ast.Module | ast.ClassDef):
        return None
    name, here = one.asked.id, {id(request.statement) for request in order}
    readers = [statement for statement in one.scope.statements if name in _loaded_names(statement)]
    return name if all(id(statement) in here for statement in readers) else None


def _loaded_names(statement: ast.stmt) -> set[str]:
    return {path.partition(".")[0] for path in _loaded(statement)}


def _target_name(one: _Request) -> str | None:
    """After what the statement assigns to: ``lowest`` of ``self.lowest`` and of ``found["lowest"]``."""
    targets = targets_of(one.statement)
    if len(targets) != 1:
        return None
    target = targets[0]
    if isinstance(target, ast.Attribute):
        name = target.attr
    elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        name = str(target.slice.value)
    else:
        return None
    return name if name.isidentifier() and not iskeyword(name) else None


def _name_after(asked: ast.expr) -> str | None:
    """``x_mean`` of ``x.mean()`` and ``da.mean(x)``."""
    if isinstance(asked, ast.Name):
        return f"{asked.id}_value"
    if not isinstance(asked, ast.Call) or not isinstance(asked.func, ast.Attribute):
        return None
    method, receiver = asked.func.attr, asked.func.value
    given = asked.args[0] if asked.args else None
    parts = [path_of(part)[-1].strip("_") for part in (receiver, given) if part is not None and path_of(part)]
    of = next((part for part in parts if part and part not in _MODULES), None)
    return f"{of}_{method}" if of is not None and method in _REDUCTIONS else None


_MODULES = words("da dask np numpy xp")


# In a loop


def _in_loop(draft: Draft, tree: ast.Module, one: _Request) -> str | None:
    around = [node for node in one.scope.around(one.statement) if isinstance(node, ast.For)]
    levels = one.scope.around(one.statement)
    if not around or levels[-len(around) :] != tuple(around) or any(node.orelse for node in around):
        return None
    outer = around[0]
    leaves = (ast.Break, ast.Continue, ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.Await, ast.Try)
    if any(isinstance(node, leaves) for node in ast.walk(outer)):
        return None
    inlined = _inlined(draft, one, around)
    if inlined is None:
        return None
    variables = {name for loop in around for name in stored_names(loop.target)}
    changed = {name for node in outer.body for name in _changed_by(node)} - variables
    outside = {name for loop in around for name in _loaded(loop.iter)} | inlined.names
    if _meet(changed, outside) or not all(_can_be_repeated(one.scope, loop) for loop in around):
        return None
    source = source_file(draft.trace, one.file)
    headers = [
        f"for {_text(source.lines, loop.target)} in {_text(source.lines, loop.iter)}" for loop in around
    ]
    name = _plural(tree, one)
    if name is None or "\n" in inlined.text:
        return None
    compute = computing(draft, one.file)
    indent = indent_of(source, outer.lineno)
    line = f"{name} = iter({compute}(*[{inlined.text} {' '.join(headers)}]))"
    lines = [line]
    if len(indent) + len(line) > _WIDEST:
        inside = [f"            {part}" for part in (inlined.text, *headers)]
        lines = [f"{name} = iter(", f"    {compute}(", "        *[", *inside, "        ]", "    )", ")"]
    draft.insert_before(one.file, outer, *lines)
    draft.replace(one.file, one.node, f"next({name})")
    return line


@dataclass(frozen=True)
class _Inlined:
    text: str
    names: set[str]


def _inlined(draft: Draft, one: _Request, around: Sequence[ast.For]) -> _Inlined | None:
    """What is computed, with what variables of the same turn stand for in their places."""
    source = source_file(draft.trace, one.file)
    text, names = _text(source.lines, one.asked), _loaded(one.asked)
    block = one.scope.block_of(one.statement)
    before = block[: block.index(one.statement)]
    variables = {name for loop in around for name in stored_names(loop.target)}
    for statement in reversed(before):
        if not _meet(_changed_by(statement), names):
            continue
        given = _single_value(statement)
        if given is None or not _is_plain_value(draft, one, given.value):
            return None
        name, value = ast.unparse(given.targets[0]), given.value
        if name in variables:
            return None
        text = re.sub(rf"(?<![\w.]){re.escape(name)}\b(?!\s*=[^=])", f"({_text(source.lines, value)})", text)
        names = {n for n in names if not _meet({name}, {n})} | _loaded(value)
    return _Inlined(text, names)


def _single_value(statement: ast.stmt) -> ast.Assign | None:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    return statement if isinstance(statement.targets[0], ast.Name) else None


def _is_plain_value(draft: Draft, one: _Request, value: ast.expr) -> bool:
    tree = source_file(draft.trace, one.file).tree
    return tree is not None and _is_plain(tree, value)


def _can_be_repeated(scope: Scope, loop: ast.For) -> bool:
    """Whether what a loop goes over can be gone over twice."""
    pending = [loop.iter]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call):
            if path_of(node.func) not in (
                ("range",),
                ("enumerate",),
                ("zip",),
                ("list",),
                ("sorted",),
                ("reversed",),
            ):
                return False
            if path_of(node.func) != ("range",):
                pending += node.args
        elif isinstance(node, ast.Name):
            value = scope.reaching(node.id, loop)
            if value is None or not value[1] or not isinstance(value[0].value, _LISTS):
                return False
        elif not isinstance(node, (*_LISTS, ast.Attribute, ast.Subscript, ast.Constant)):
            return False
    return True


_LISTS = (ast.List, ast.Tuple, ast.ListComp, ast.Dict, ast.Constant)


def _plural(tree: ast.Module, one: _Request) -> str | None:
    own = _own_name(one)
    statement = one.statement
    if own is None and isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        own = statement.targets[0].id
    wanted = [f"{own}s" if own and not own.endswith("s") else None, "computed", "computed_values"]
    return next((name for name in wanted if name and not is_bound(tree, name)), None)


# In a comprehension


def _in_comprehension(draft: Draft, tree: ast.Module, one: _Request) -> str | None:
    parents = parents_in(tree)
    whole: ast.AST | None = one.node
    while whole is not None and not isinstance(whole, (*COMPREHENSIONS, ast.stmt, ast.Lambda)):
        whole = parents.get(whole)
    if not isinstance(whole, ast.ListComp | ast.GeneratorExp) or not _is_inside(one.node, whole.elt):
        return None
    if any(generator.is_async for generator in whole.generators):
        return None
    source = source_file(draft.trace, one.file)
    variables = {name for generator in whole.generators for name in stored_names(generator.target)}
    asked = _text(source.lines, one.asked)
    header = _between(source.lines, whole.elt, whole)
    compute = f"{computing(draft, one.file)}(*[{asked}{header}])"
    is_list = isinstance(whole, ast.ListComp)
    if whole.elt is one.node and one.node is not one.asked:
        draft.replace(one.file, whole, f"list({compute})" if is_list else f"({compute})")
        return compute
    left = {n.id for n in _without(whole.elt, one.node) if isinstance(n, ast.Name)}
    name = next((n for n in ("value", "computed") if not is_bound(tree, n)), None)
    if left & variables or name is None:
        return None
    element = _with(source.lines, whole.elt, one.node, name)
    start, end = ("[", "]") if is_list else ("(", ")")
    done = f"{start}{element} for {name} in {compute}{end}"
    draft.replace(one.file, whole, done)
    return done


def _is_inside(node: ast.AST, whole: ast.AST) -> bool:
    return any(part is node for part in ast.walk(whole))


def _without(whole: ast.AST, left_out: ast.AST) -> Iterator[ast.AST]:
    pending = [whole]
    while pending:
        node = pending.pop()
        if node is not left_out:
            yield node
            pending += ast.iter_child_nodes(node)


# Text


def computing(draft: Draft, file: int) -> str:
    """``dask.compute``, or ``da.compute`` where only the array module is imported."""
    tree = source_file(draft.trace, file).tree
    if tree is not None and known_as(tree, "dask") is None:
        array = known_as(tree, "dask.array")
        if array is not None:
            return f"{array}.compute"
    return f"{draft.import_of(file, 'dask')}.compute"


def _call(function: str, arguments: Sequence[str], indent: str, before: str) -> list[str]:
    line = f"{before}{function}({', '.join(arguments)})"
    if len(indent) + len(line) <= _WIDEST and "\n" not in line:
        return [line]
    return [f"{before}{function}(", *(f"    {one}," for one in arguments), ")"]


def _offset(lines: list[str], line: int, column: int) -> tuple[int, int]:
    text = lines[line - 1]
    return line - 1, column if text.isascii() else len(text.encode()[:column].decode(errors="ignore"))


def _slice(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    found = lines[start[0] : end[0] + 1]
    found[-1] = found[-1][: end[1]]
    found[0] = found[0][start[1] :]
    return "\n".join(found)


def _span(lines: list[str], node: ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
    end = _offset(lines, node.end_lineno or node.lineno, node.end_col_offset or 0)
    return _offset(lines, node.lineno, node.col_offset), end


def _text(lines: list[str], node: ast.expr) -> str:
    """An expression as written; on one line as Python writes it where it has several."""
    found = _slice(lines, *_span(lines, node))
    return found if "\n" not in found else ast.unparse(node)


def _between(lines: list[str], first: ast.expr, whole: ast.expr) -> str:
    """The rest of a comprehension behind its element, without the bracket; on one line."""
    start, end = _span(lines, first)[1], _span(lines, whole)[1]
    found = _slice(lines, start, (end[0], end[1] - 1))
    return " " + " ".join(found.split())


def _with(lines: list[str], whole: ast.expr, part: ast.expr, text: str) -> str:
    """An expression with a text in place of a part."""
    (start, end), (first, last) = _span(lines, whole), _span(lines, part)
    return " ".join(f"{_slice(lines, start, first)}{text}{_slice(lines, last, end)}".split())
