"""``choose-parameter``: give an option by which a function need not look at the data, or leave one out."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import numpy as np

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.syntax.terms import keyword, own_nodes
from lazyscope.fixes.compute_before import told
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.written import Written, written_at

_JOINING = {
    "concat": {"coords": '"minimal"', "compat": '"override"'},
    "combine_nested": {"coords": '"minimal"', "compat": '"override"'},
    "combine_by_coords": {"coords": '"minimal"', "compat": '"override"'},
    "open_mfdataset": {"coords": '"minimal"', "compat": '"override"'},
    "merge": {"compat": '"override"'},
}
"""Functions of xarray that compare what they join, and the options with which they do not."""

_OVERRIDING = "variables that are not joined are taken from the first, unseen: they must be the same in all"


def without_keyword(evidence: Placed, written: Written, name: str) -> Fix | None:
    """Leave a keyword out of the call at a place, and of those of the function that give it as well."""
    draft, found = Draft(written.trace), False
    for statement in written.scope.statements:
        for call in own_nodes(statement):
            if (
                not isinstance(call, ast.Call)
                or keyword(call, name) is None
                or not _is_of_dask(written, call)
            ):
                continue
            kept = [written.text(one) for one in call.args]
            kept += [
                f"{word.arg}={written.text(word.value)}" if word.arg else f"**{written.text(word.value)}"
                for word in call.keywords
                if word.arg != name
            ]
            draft.replace(written.file, call, f"{written.text(call.func)}({', '.join(kept)})")
            found = True
    edit = draft.edit() if found else None
    if edit is None:
        return None
    return Fix("native-function", told(evidence, edit), "nothing changes in the values", edit=edit)


def _is_of_dask(written: Written, call: ast.Call) -> bool:
    if isinstance(call.func, ast.Attribute) and written.is_array(call.func.value):
        return True
    return any(written.is_array(argument) for argument in call.args)


def give(draft: Draft, written: Written, call: ast.Call, options: Mapping[str, str]) -> None:
    """Give options to a call, in place of what it gives for them."""
    more: list[str] = []
    for name, value in options.items():
        given = keyword(call, name)
        if given is not None:
            draft.replace(written.file, given, value)
        else:
            more.append(f"{name}={value}")
    if not more:
        return
    last = max([*call.args, *(word.value for word in call.keywords)], key=_end, default=None)
    if last is None:
        draft.replace(written.file, call, f"{written.text(call.func)}({', '.join(more)})")
    else:
        draft.append(written.file, last, "".join(f", {one}" for one in more))


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or 0


def joined_unseen(evidence: Placed) -> Fix | None:
    """Have xarray join without comparing; None where it was not joining."""
    written = written_at(evidence.trace, evidence.user_site)
    node = written.expression if written is not None else None
    if written is None or not isinstance(node, ast.Call):
        return None
    module, _, name = written.resolved(node.func).rpartition(".")
    options = _JOINING.get(name)
    if module != "xarray" or options is None or any(word.arg is None for word in node.keywords):
        return None
    if _is_given(node, "data_vars", '"different"'):
        # The data themselves are to be compared.
        return None
    if all(_is_given(node, option, value) for option, value in options.items()):
        return None
    draft = Draft(written.trace)
    give(draft, written, node, options)
    edit = draft.edit()
    sketch = "have xarray take what is not joined from the first, without comparing it"
    if edit is None:
        return Fix("choose-parameter", sketch, _OVERRIDING, sketch=sketch)
    return Fix("choose-parameter", told(evidence, edit), _OVERRIDING, edit=edit, sketch=sketch)


def _is_given(call: ast.Call, name: str, text: str) -> bool:
    given = keyword(call, name)
    return isinstance(given, ast.Constant) and given.value == text.strip('"')


def range_of_data(evidence: Placed, written: Written) -> Fix | None:
    """Give a histogram the range of its data, computed before; None where it was called otherwise."""
    node = written.expression
    if not isinstance(node, ast.Call) or not node.args or keyword(node, "range") is not None:
        return None
    if written.resolved(node.func) != "dask.array.histogram" or not written.is_array(node.args[0]):
        return None
    draft = Draft(written.trace)
    array = written.tight(node.args[0])
    dask = draft.import_of(written.file, "dask")
    give(draft, written, node, {"range": f"{dask}.compute({array}.min(), {array}.max())"})
    edit = draft.edit()
    if edit is None:
        return None
    price = "reads the data once more; known limits cost nothing"
    return Fix("choose-parameter", told(evidence, edit), price, edit=edit)


def dtype_given(evidence: Placed, written: Written, taken: AbstractSet[str]) -> Fix | None:
    """Tell dask what a function for blocks returns, that of its input; None where that is no float."""
    node = written.expression
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    arrays = [one for one in (node.func.value, *node.args) if written.is_array(one)]
    dtypes = {written.dtype(one) for one in arrays} or set(taken)
    if len(dtypes) != 1 or node.func.attr not in ("map_blocks", "map_overlap"):
        return None
    dtype = dtypes.pop()
    if dtype is None or not _is_floating(dtype) or keyword(node, "dtype") is not None:
        return None
    draft = Draft(written.trace)
    give(draft, written, node, {"dtype": "float" if dtype == "float64" else f'"{dtype}"'})
    edit = draft.edit()
    if edit is None:
        return None
    price = "it must be right: dask believes it"
    return Fix("choose-parameter", told(evidence, edit), price, edit=edit)


def _is_floating(dtype: str) -> bool:
    try:
        return np.dtype(dtype).kind == "f"
    except TypeError:
        return False


def labels_computed(evidence: Placed) -> Fix | None:
    """Compute the labels that xarray groups by, which it needs to know; None where it was not grouping."""
    written = written_at(evidence.trace, evidence.user_site)
    node = written.expression if written is not None else None
    if written is None or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr not in ("groupby", "groupby_bins", "resample") or not node.args:
        return None
    draft, labels = Draft(written.trace), node.args[0]
    done: set[int] = set()
    if isinstance(labels, ast.Name) and written.kind(labels.id) == "labelled":
        draft.insert_before(written.file, written.statement, f"{labels.id} = {labels.id}.compute()")
        done.add(id(labels))
    else:
        if not _is_variable_of_labelled(written, labels):
            return None
        for statement in written.scope.statements:
            for other in own_nodes(statement):
                if _groups_by(other, labels) and isinstance(other, ast.Call):
                    text = written.text(other.args[0])
                    draft.replace(written.file, other.args[0], f"{text}.compute()")
                    done.add(id(other))
    edit = draft.edit() if done else None
    price = "the labels are in memory; the data stay lazy"
    sketch = "compute the labels before grouping by them, or tell `UniqueGrouper` which there are"
    if edit is None:
        return Fix("compute-once", sketch, price, sketch=sketch)
    return Fix("compute-once", told(evidence, edit), price, edit=edit, sketch=sketch)


def _is_variable_of_labelled(written: Written, node: ast.expr) -> bool:
    inside = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
    return isinstance(inside, ast.Name) and written.kind(inside.id) == "labelled"


def _groups_by(node: ast.AST, labels: ast.expr) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return False
    return node.func.attr == "groupby" and ast.dump(node.args[0]) == ast.dump(labels)
