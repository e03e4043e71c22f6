"""Functions of NumPy that dask lacks, or that compute their arguments, and what does the same lazily.

One table, whoever asks: each row is a template whose holes are arguments of the call. ``{0}`` is the first
argument, ``{axis}`` a keyword, ``{0!}`` the first argument so that an operator or method may follow it,
``{xp}`` the namespace. A row is used only where its holes and nothing else were given. Every row is tested
to give NumPy's result and to stay lazy.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Equivalent:
    """A lazy expression of the same value."""

    template: str
    """Python, with holes."""
    ndim: tuple[int, ...] = ()
    """Dimensions that the first array may have; any if empty."""
    price: str = "nothing changes"
    given: dict[str, str] = field(default_factory=dict)
    """Keywords that must be given as this text."""
    each: int | None = None
    """Dimensions of each array, where the first argument is a list of arrays."""


def numpy_has(name: str) -> bool:
    """Whether NumPy has a function of this name: ``linalg.det``."""
    import numpy as np

    found: object = np
    for part in name.split("."):
        found = getattr(found, part, None)
    return not name.startswith("_") and callable(found)


_ONE_CHUNK = "the axis comes into one chunk, which must fit in memory"
EQUIVALENTS: dict[str, tuple[Equivalent, ...]] = {
    "sort": (
        Equivalent("{0!}.rechunk({{-1: -1}}).map_blocks({np}.sort, dtype={0!}.dtype)", price=_ONE_CHUNK),
        Equivalent(
            "{0!}.rechunk({{{axis}: -1}}).map_blocks({np}.sort, axis={axis}, dtype={0!}.dtype)",
            price=_ONE_CHUNK,
        ),
    ),
    "argsort": (
        Equivalent("{0!}.rechunk({{-1: -1}}).map_blocks({np}.argsort, dtype={np}.intp)", price=_ONE_CHUNK),
        Equivalent(
            "{0!}.rechunk({{{axis}: -1}}).map_blocks({np}.argsort, axis={axis}, dtype={np}.intp)",
            price=_ONE_CHUNK,
        ),
    ),
    "partition": (
        Equivalent(
            "{0!}.rechunk({{-1: -1}}).map_blocks({np}.partition, {1}, dtype={0!}.dtype)", price=_ONE_CHUNK
        ),
    ),
    "unwrap": (
        Equivalent("{0!}.rechunk({{-1: -1}}).map_blocks({np}.unwrap, dtype={0!}.dtype)", price=_ONE_CHUNK),
    ),
    "interp": (Equivalent("{0!}.map_blocks({np}.interp, {1}, {2}, dtype=float)"),),
    "trapezoid": (
        Equivalent("(({0!}[1:] + {0!}[:-1]) / 2).sum()", ndim=(1,)),
        Equivalent("(({0!}[1:] + {0!}[:-1]) / 2 * {xp}.diff({1})).sum()", ndim=(1,)),
    ),
    "amax": (Equivalent("{0!}.max()"), Equivalent("{0!}.max(axis={axis})"), Equivalent("{0!}.max({1})")),
    "amin": (Equivalent("{0!}.min()"), Equivalent("{0!}.min(axis={axis})"), Equivalent("{0!}.min({1})")),
    "concat": (
        Equivalent("{xp}.concatenate({0})"),
        Equivalent("{xp}.concatenate({0}, axis={axis})"),
    ),
    "permute_dims": (Equivalent("{xp}.transpose({0}, {1})"),),
    "matrix_transpose": (Equivalent("{xp}.swapaxes({0}, -1, -2)"),),
    "linalg.matrix_transpose": (Equivalent("{xp}.swapaxes({0}, -1, -2)"),),
    "pow": (Equivalent("{xp}.power({0}, {1})"),),
    "bitwise_invert": (Equivalent("{xp}.invert({0})"),),
    "unique_values": (Equivalent("{xp}.unique({0})", price="its length is not known"),),
    "vecdot": (Equivalent("({0!}.conj() * {1!}).sum(axis=-1)"),),
    "linalg.vecdot": (Equivalent("({0!}.conj() * {1!}).sum(axis=-1)"),),
    "astype": (Equivalent("{0!}.astype({1})"),),
    "column_stack": (Equivalent("{xp}.stack({0}, axis=1)", each=1),),
    "row_stack": (Equivalent("{xp}.vstack({0})"),),
    "inner": (Equivalent("{xp}.tensordot({0}, {1}, axes=(-1, -1))"),),
    "linalg.matmul": (Equivalent("{0!} @ {1!}"),),
    "linalg.outer": (Equivalent("{xp}.outer({0}, {1})"),),
    "linalg.tensordot": (Equivalent("{xp}.tensordot({0}, {1}, axes={axes})"),),
    "linalg.trace": (Equivalent("{xp}.diagonal({0}).sum()", ndim=(2,)),),
    "linalg.diagonal": (Equivalent("{xp}.diagonal({0})", ndim=(2,)),),
    "linalg.vector_norm": (Equivalent("{xp}.linalg.norm({0!}.ravel())"),),
    "linalg.matrix_norm": (Equivalent("{xp}.linalg.norm({0})", ndim=(2,)),),
    "linalg.svdvals": (
        Equivalent("{xp}.linalg.svd({0!}.rechunk({{1: -1}}))[1]", ndim=(2,), price=_ONE_CHUNK),
    ),
    "cumulative_sum": (
        Equivalent("{xp}.cumsum({0}, axis=0)", ndim=(1,)),
        Equivalent("{xp}.cumsum({0}, axis={axis})"),
    ),
    "cumulative_prod": (
        Equivalent("{xp}.cumprod({0}, axis=0)", ndim=(1,)),
        Equivalent("{xp}.cumprod({0}, axis={axis})"),
    ),
    "copy": (Equivalent("{0!}.copy()"),),
    "size": (Equivalent("{0!}.size"),),
    "diagflat": (Equivalent("{xp}.diag({0!}.ravel())"),),
    "median": (
        Equivalent("{xp}.median({0!}.ravel(), axis=0)", price=_ONE_CHUNK),
        Equivalent("{xp}.median({0}, axis={axis})", price=_ONE_CHUNK),
    ),
    "nanmedian": (Equivalent("{xp}.nanmedian({0!}.ravel(), axis=0)", price=_ONE_CHUNK),),
    "intersect1d": (
        Equivalent("{xp}.unique({0!}[{xp}.isin({0}, {1})])", ndim=(1,), price="its length is not known"),
    ),
    "setdiff1d": (
        Equivalent("{xp}.unique({0!}[~{xp}.isin({0}, {1})])", ndim=(1,), price="its length is not known"),
    ),
    "vander": (Equivalent("{0!}[:, None] ** {np}.arange({1})[::-1]", ndim=(1,)),),
    "broadcast_shapes": (Equivalent("{np}.broadcast_shapes({*})"),),
    "issubdtype": (Equivalent("{np}.issubdtype({*})"),),
    "result_type": (Equivalent("{np}.result_type({*})"),),
}
"""By the name below ``numpy`` or ``dask.array``."""

METHODS: dict[str, tuple[Equivalent, ...]] = {
    "take": (
        Equivalent("{xp}.take({self}, {0}, axis={axis})"),
        Equivalent("{xp}.take({self!}.ravel(), {0})"),
    ),
    "searchsorted": (Equivalent("{xp}.searchsorted({self}, {0})", ndim=(1,)),),
    "compress": (Equivalent("{xp}.compress({0}, {self})", ndim=(1,), price="its length is not known"),),
    "diagonal": (Equivalent("{xp}.diagonal({self})"),),
    "ptp": (
        Equivalent("({self!}.max() - {self!}.min())"),
        Equivalent("({self!}.max(axis={axis}) - {self!}.min(axis={axis}))"),
        Equivalent("({self!}.max({0}) - {self!}.min({0}))"),
    ),
    "conjugate": (Equivalent("{self!}.conj()"),),
    "argsort": (
        Equivalent("{self!}.rechunk({{-1: -1}}).map_blocks({np}.argsort, dtype={np}.intp)", price=_ONE_CHUNK),
        Equivalent(
            "{self!}.rechunk({{{axis}: -1}}).map_blocks({np}.argsort, axis={axis}, dtype={np}.intp)",
            price=_ONE_CHUNK,
        ),
    ),
    "sum": (
        Equivalent("{xp}.where({where}, {self}, 0).sum()", given={}),
        Equivalent("{xp}.where({where}, {self}, 0).sum(axis={axis})"),
    ),
    "prod": (
        Equivalent("{xp}.where({where}, {self}, 1).prod()"),
        Equivalent("{xp}.where({where}, {self}, 1).prod(axis={axis})"),
    ),
    "any": (Equivalent("({self!} & {where!}).any()"),),
    "all": (Equivalent("({self!} | ~{where!}).all()"),),
    "mean": (
        Equivalent("({xp}.where({where}, {self}, 0).sum() / {where!}.sum())"),
        Equivalent("({xp}.where({where}, {self}, 0).sum(axis={axis}) / {where!}.sum(axis={axis}))"),
    ),
    "ravel": (
        Equivalent("{self!}.T.ravel()", given={"order": "F"}),
        Equivalent("{self!}.ravel()", given={"order": "C"}),
    ),
    "flatten": (
        Equivalent("{self!}.T.ravel()", given={"order": "F"}),
        Equivalent("{self!}.ravel()", given={"order": "C"}),
    ),
}
"""Methods of NumPy arrays, or keywords of methods, that dask arrays have not."""

ATTRIBUTES: dict[str, Equivalent] = {
    "mT": Equivalent("{xp}.swapaxes({self}, -1, -2)"),
    "flat": Equivalent("{self!}.ravel()"),
}
"""Attributes of NumPy arrays that dask arrays have not."""

UFUNC_METHODS: Mapping[str, tuple[Equivalent, ...]] = {
    f"{ufunc}.reduce": (
        Equivalent(f"{{0!}}.{method}(axis=0)"),
        Equivalent(f"{{0!}}.{method}(axis={{axis}})"),
        Equivalent(f"{{0!}}.{method}(axis={{1}})"),
    )
    for ufunc, method in {
        "add": "sum",
        "multiply": "prod",
        "maximum": "max",
        "minimum": "min",
        "logical_and": "all",
        "logical_or": "any",
    }.items()
} | {
    f"{ufunc}.accumulate": (
        Equivalent(f"{{0!}}.{method}(axis=0)"),
        Equivalent(f"{{0!}}.{method}(axis={{axis}})"),
        Equivalent(f"{{0!}}.{method}(axis={{1}})"),
    )
    for ufunc, method in {"add": "cumsum", "multiply": "cumprod"}.items()
}
"""Methods of ufuncs."""

_HOLE = re.compile(r"\{\{|\}\}|\{(?P<name>[\w*]+)(?P<tight>!?)\}")


def filled(
    equivalent: Equivalent,
    arguments: dict[str, ast.expr],
    text: Callable[[ast.expr, bool], str],
    modules: Callable[[str], str],
) -> str | None:
    """The expression with the arguments of a call in its holes; None where these do not fit.

    Parameters
    ----------
    equivalent
        A row of the table.
    arguments
        Positional arguments by their number as text, those by keyword by their name, the object of a method
        as ``self``.
    text
        Gives an argument as written, and so that a method may follow it.
    modules
        Gives the name under which the file knows a module.
    """
    used = set(_holes(equivalent.template))
    if "*" in used:
        return _all(equivalent, arguments, text, modules)
    wanted = {name for name in used if name not in ("xp", "np")} | set(equivalent.given)
    if wanted != set(arguments):
        return None
    for name, value in equivalent.given.items():
        found = arguments[name]
        if not (isinstance(found, ast.Constant) and found.value == value):
            return None

    def hole(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0][0]
        if name in ("xp", "np"):
            return modules("dask.array" if name == "xp" else "numpy")
        return text(arguments[name], bool(match["tight"]))

    return _HOLE.sub(hole, equivalent.template)


def _all(
    equivalent: Equivalent,
    arguments: dict[str, ast.expr],
    text: Callable[[ast.expr, bool], str],
    modules: Callable[[str], str],
) -> str:
    given = [text(n, False) if k.isdigit() else f"{k}={text(n, False)}" for k, n in arguments.items()]
    return equivalent.template.replace("{np}", modules("numpy")).replace("{*}", ", ".join(given))


def _holes(template: str) -> Iterator[str]:
    return (found["name"] for found in _HOLE.finditer(template) if found["name"])
