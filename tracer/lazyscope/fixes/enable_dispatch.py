"""``enable-dispatch``: switch SciPy to dask arrays, where it declares that the function is lazy then."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.syntax.terms import arguments_of, words
from lazyscope.fixes.check import objections
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.lazy_consumers import LazyConsumers
from lazyscope.fixes.written import Written, written_at

SKETCH = "set `SCIPY_ARRAY_API` to 1 in the environment before SciPy is imported"
_PRICE = "SciPy then refuses lists, masked arrays and mixed kinds of arrays wherever it dispatches"

_WITHOUT_SCIPY = words(
    "__future__ os sys math time re functools itertools collections warnings pathlib json random typing "
    "dataclasses numpy dask"
)
"""Modules that do not import SciPy."""


def is_lazy_then(evidence: Placed) -> bool | None:
    """Whether SciPy declares that the function computes nothing on dask arrays; None if it says nothing."""
    declared = evidence.trace.capabilities.get(evidence.entry or "")
    if declared is None:
        return None
    return False if declared.dask != "supported" else declared.lazy


def scipy_switched_on(evidence: Placed) -> Fix:
    """Switch SciPy's array API support on; as an edit where nothing else can change by it."""
    written = written_at(evidence.trace, evidence.user_site)
    edit = None
    if written is not None and is_lazy_then(evidence):
        edit = _edit(written)
    if edit is None or objections(evidence.trace, edit):
        return Fix("enable-dispatch", SKETCH, _PRICE, sketch=SKETCH)
    summary = f"`{edit.main.new[-1].strip() or edit.main.new[-2].strip()}` before SciPy is imported"
    return Fix("enable-dispatch", summary, _PRICE, edit=edit, sketch=SKETCH)


def _edit(written: Written) -> Edit | None:
    call = written.expression
    if not isinstance(call, ast.Call) or not _is_the_only_call(written, call):
        return None
    for argument in arguments_of(call):
        if not (written.is_array(argument) or isinstance(argument, ast.Constant | ast.UnaryOp)):
            return None
    if LazyConsumers(written.trace, written.file).executions(call) not in (0, 1):
        return None
    at = next((node for node in written.found.module.body if _may_import_scipy(node)), None)
    if at is None:
        return None
    draft = Draft(written.trace)
    has_os = any(
        isinstance(node, ast.Import) and any(alias.name == "os" and not alias.asname for alias in node.names)
        for node in written.found.module.body
        if node.lineno < at.lineno
    )
    first = () if has_os else ("import os", "")
    draft.insert_before(written.file, at, *first, 'os.environ["SCIPY_ARRAY_API"] = "1"', "")
    return draft.edit()


def _may_import_scipy(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.partition(".")[0] not in _WITHOUT_SCIPY for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] not in _WITHOUT_SCIPY
    return False


def _is_the_only_call(written: Written, call: ast.Call) -> bool:
    """Whether the file calls SciPy there only: with the switch on, other calls may be refused."""
    others = [
        node
        for node in ast.walk(written.found.module)
        if isinstance(node, ast.Call) and written.resolved(node.func).startswith(("scipy.", "sklearn."))
    ]
    return others == [call]
