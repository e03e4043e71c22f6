"""``compute-once`` where a line raises because it works on dask arrays: it gets NumPy arrays instead.

The arrays are computed in the failing expression, or before its statement where they are needed again; in
code that works for any namespace, where the user's program calls it.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from lazyscope import figures
from lazyscope.analysis.arrays import in_bytes, itemsize
from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.syntax.terms import LOOPS, arguments_of
from lazyscope.fixes.check import objections
from lazyscope.fixes.consumers import Consumers
from lazyscope.fixes.edit import Change, Draft, Edit
from lazyscope.fixes.equivalents import numpy_has
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.written import Written, user_frames

_SKETCH = "compute the dask arrays once, before this line gets them, and go on with NumPy"


def compute_first(evidence: Placed, *, sketch: str = _SKETCH) -> Fix:
    """Compute the dask arrays that a failing line works on, once.

    Parameters
    ----------
    evidence
        The exception.
    sketch
        What is said where there is no edit.
    """
    for written in user_frames(evidence):
        at_site = written.position == evidence.site
        parts = _parts(written, at_site=at_site)
        edit = _edit(written, parts, at_site=at_site) if parts else None
        if edit is not None and not objections(evidence.trace, edit):
            return Fix("compute-once", told(evidence, edit), _price(written, parts), edit=edit, sketch=sketch)
    price = "the whole array is in memory, as NumPy; what follows is no longer lazy"
    return Fix("compute-once", sketch, price, sketch=sketch)


def told(evidence: Placed, edit: Edit) -> str:
    """What an edit writes, for its summary."""
    changes = [one for one in edit.changes if one == edit.main or not _is_import(one)]
    new = [line.strip() for one in changes for line in one.new]
    if len(changes) == 1 and len(new) <= 2 and len("; ".join(new)) <= _SHOWN:
        where = "before" if changes[0].is_insertion else "on"
        return f"`{'; '.join(new)}` {where} line {changes[0].line}"
    if len(new) == len(changes) and len("".join(new)) <= _SHOWN:
        written = [f"`{text}` on line {one.line}" for text, one in zip(new, changes, strict=True)]
        return f"{', '.join(written[:-1])} and {written[-1]}"
    lines = sorted({one.line for one in changes})
    return f"change line{'s' if len(lines) > 1 else ''} {' and '.join(map(str, lines))} as shown"


def _is_import(change: Change) -> bool:
    return all(not line.strip() or line.startswith(("import ", "from ")) for line in change.new)


_SHOWN = 120


def _parts(written: Written, *, at_site: bool) -> list[ast.expr]:
    """What to compute: of the failing expression, or of the arguments of the call that led to it."""
    node = written.expression
    if at_site:
        # Others of the statement may be as unknown: it raises at the first.
        return written.lazy_parts(written.statement)
    if not isinstance(node, ast.Call):
        return []
    given = [part for argument in arguments_of(node) for part in _listed(argument)]
    chosen = [part for part in given if written.is_lazy(part)]
    if isinstance(node.func, ast.Attribute) and written.is_lazy(node.func.value):
        chosen.insert(0, node.func.value)
    return chosen


def _listed(argument: ast.expr) -> list[ast.expr]:
    return argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]


def _edit(written: Written, parts: Sequence[ast.expr], *, at_site: bool) -> Edit | None:
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    again = {name for name in names if len(list(written.uses(name))) > 1}
    changes_it = isinstance(written.statement, ast.Expr | ast.AugAssign)
    before = sorted(names, key=[getattr(part, "id", "") for part in parts].index)
    if not (at_site and (again or changes_it) and len(names) == len({_key(part) for part in parts})):
        return _in_place(written, parts)
    return _before(written, before)


def _key(node: ast.expr) -> str:
    return ast.dump(node)


def _before(written: Written, names: Sequence[str]) -> Edit | None:
    """Compute variables in a line before the statement; what reads them later is adapted."""
    draft, file = Draft(written.trace), written.file
    loops = [node for node in written.scope.around(written.statement) if isinstance(node, LOOPS)]
    at = loops[0] if loops else written.statement
    if loops and any(_assigns(loops[0], name) for name in names):
        return None
    if len(names) > 1:
        dask = draft.import_of(file, "dask")
        together = ", ".join(names)
        draft.insert_before(file, at, f"{together} = {dask}.compute({together})")
    else:
        draft.insert_before(file, at, f"{names[0]} = {names[0]}.compute()")
    consumers = Consumers(draft, file)
    if not consumers.adapt(*(node for name in names for node in written.uses(name))):
        return None
    return draft.edit()


def _assigns(loop: ast.stmt, name: str) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for node in ast.walk(loop)
    )


def _in_place(written: Written, parts: Sequence[ast.expr]) -> Edit | None:
    """Compute them in the expression itself."""
    draft, file = Draft(written.trace), written.file
    switched = _with_numpy(written, draft)
    for part in parts:
        draft.replace(file, part, f"{written.tight(part)}.compute()")
    consumers = Consumers(draft, file)
    inside = {node for call in switched for node in ast.walk(call)}
    outer = [*switched, *(part for part in parts if part not in inside)]
    if not consumers.adapt(*outer):
        return None
    return draft.edit()


def _with_numpy(written: Written, draft: Draft) -> list[ast.Call]:
    """NumPy's function in place of dask's of the same name, which fails on what is no dask array."""
    node: ast.AST | None = written.expression
    if isinstance(node, ast.Attribute):
        node = written.parents.get(node)
    if not isinstance(node, ast.Call):
        return []
    path = written.resolved(node.func)
    name = path.removeprefix("dask.array.")
    if not path.startswith("dask.array.") or not numpy_has(name):
        return []
    draft.replace(written.file, node.func, f"{draft.import_of(written.file, 'numpy')}.{name}")
    return [node]


def _price(written: Written, parts: Sequence[ast.expr]) -> str:
    sizes = [_bytes(written, part) for part in parts]
    total = sum(size for size in sizes if size is not None)
    known = bool(sizes) and None not in sizes
    held = f"holds {figures.size(total)} in memory" if known else "the array is in memory"
    return f"{held}, as NumPy; what follows is no longer lazy"


def _bytes(written: Written, part: ast.expr) -> int | None:
    layout, dtype = written.layout(part), written.dtype(part)
    one = itemsize(dtype) if dtype is not None else None
    if layout is None or one is None or None in layout.shape:
        return None
    return in_bytes(one, [length or 0 for length in layout.shape])
