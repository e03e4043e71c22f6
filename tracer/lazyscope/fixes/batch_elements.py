"""``batch-compute`` for a list of dask arrays that NumPy makes an array of: computed together."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import Placed
from lazyscope.fixes.batch_compute import computing
from lazyscope.fixes.check import objections
from lazyscope.fixes.compute_before import told
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.written import Written, written_at

_SKETCH = "compute the elements of the list together: one execution for all"
_PRICE = "the graph is still executed, once"


def elements_at_once(evidence: Placed) -> Fix:
    """Hand the elements of a list to one ``dask.compute`` before NumPy makes an array of them.

    Parameters
    ----------
    evidence
        The forces of a call that was given the list.
    """
    written = written_at(evidence.trace, evidence.site) if evidence.at_user else None
    edit = _edit(written) if written is not None else None
    if edit is None or objections(evidence.trace, edit):
        audience = "caller" if evidence.at_user else "library"
        return Fix("batch-compute", _SKETCH, _PRICE, audience, sketch=_SKETCH)  # type: ignore[arg-type]
    return Fix("batch-compute", told(evidence, edit), _PRICE, edit=edit, sketch=_SKETCH)


def _edit(written: Written) -> Edit | None:
    """``np.array(da.compute(a, b))`` for ``np.array([a, b])``; what is no dask array stays what it is."""
    call = written.expression
    if not isinstance(call, ast.Call) or not written.resolved(call.func).startswith("numpy."):
        return None
    listed = call.args[0] if call.args else None
    if not isinstance(listed, ast.List) or not listed.elts:
        return None
    draft = Draft(written.trace)
    elements = ", ".join(written.text(one) for one in listed.elts)
    draft.replace(written.file, listed, f"{computing(draft, written.file)}({elements})")
    return draft.edit()
