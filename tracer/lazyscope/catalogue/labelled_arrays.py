"""Objects of xarray that hold dask arrays: what to write where NumPy or Python asks them for values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.reading import Reading
from lazyscope.catalogue.advice import short
from lazyscope.fixes.fix import Fix

_INSTEAD = {
    "where": "xr.where(cond, a, b)",
    "concatenate": "xr.concat([a, b], dim=...)",
    "stack": "xr.concat([a, b], dim=...)",
    "dot": "xr.dot(a, b)",
    "einsum": "xr.dot(a, b, dim=...)",
    "polyval": "xr.polyval(x, coefficients)",
    "cov": "xr.cov(a, b)",
    "corrcoef": "xr.corr(a, b)",
    "median": "{0}.median()",
    "percentile": "{0}.quantile(q)",
    "quantile": "{0}.quantile(q)",
    "nanmean": "{0}.mean()",
    "nansum": "{0}.sum()",
    "nanstd": "{0}.std()",
    "nanvar": "{0}.var()",
    "nanmin": "{0}.min()",
    "nanmax": "{0}.max()",
    "nanmedian": "{0}.median()",
    "nanpercentile": "{0}.quantile(q)",
    "nanquantile": "{0}.quantile(q)",
    "nan_to_num": "{0}.fillna(0)",
    "diff": "{0}.diff(dim)",
    "gradient": "{0}.differentiate(coord)",
    "trapezoid": "{0}.integrate(coord)",
    "interp": "{0}.interp(coord=...)",
    "roll": "{0}.roll(dim=...)",
    "pad": "{0}.pad(dim=...)",
    "isin": "{0}.isin(values)",
    "transpose": "{0}.transpose()",
}
"""What xarray has for functions of NumPy that make NumPy arrays of its objects."""


def is_of_xarray(placed: Placed) -> bool:
    """Whether an object of xarray was asked, whose answer the user's line wanted."""
    if placed.passed_on is None:
        return False
    files = [placed.trace.file_of(position) for position in placed.way]
    return any((file.distribution or "").startswith("xarray ") for file in files)


def instead_of_numpy(placed: Placed, reading: Reading) -> tuple[Fix, ...]:
    """What to write where a function of NumPy was given such objects; none where it was no such function."""
    call = reading.call
    if call is None or not (call.resolved or "").startswith("numpy.") or not is_of_xarray(placed):
        return ()
    variable = next((name for name in call.argument_names), None) or "x"
    native = _INSTEAD.get(call.name)
    inside = Fix(
        "convert-input",
        f"hand over the dask arrays inside, `{variable}.data`: `{call.function}` of these stays lazy where "
        "dask has it",
        "the result has no labels",
    )
    blocks = Fix(
        "map-blocks",
        f'`xr.apply_ufunc({call.function}, {variable}, ..., dask="parallelized", output_dtypes=[...])` '
        "if each element is worked on by itself",
        "wrong where an element depends on others",
    )
    if native is None:
        return inside, blocks
    written = native.format(variable)
    return (
        Fix("native-function", f"`{written}` instead of `{short(call.function)}`", "nothing changes"),
        inside,
        blocks,
    )


def with_labels(placed: Placed, fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """The same fixes for objects of xarray: dask's ``where`` would compute them."""
    if not is_of_xarray(placed):
        return tuple(fixes)
    return tuple(map(_with_labels, fixes))


def _with_labels(fix: Fix) -> Fix:
    edit = fix.edit.with_text(_labelled) if fix.edit is not None else None
    return replace(fix, summary=_labelled(fix.summary), edit=edit)


def _labelled(text: str) -> str:
    return text.replace("da.where(", "xr.where(").replace("xp.where(", "xr.where(")
