"""The entries of the catalogue, in the order in which they are asked."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

from lazyscope.analysis.evidence import FailureEvidence, ForceEvidence
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.errors import LazyscopeError
from lazyscope.model.trace import TraceData


@dataclass(frozen=True)
class Entry:
    """A kind of finding. It has one of the three matchers."""

    code: str
    title: str
    page: str
    """When it occurs, its fixes in order of preference, what these cost."""
    example: str
    """A program that has this finding."""
    repaired: str
    """The same program without it."""
    match_force: Callable[[ForceEvidence], Match | None] | None
    match_failure: Callable[[FailureEvidence], Match | None] | None
    find: Callable[[TraceData], Iterable[Discovery]] | None


_FORCES = (
    "lz121_allowed",
    "lz118_no_room",
    "lz122_compared_when_joined",
    "lz112_while_inferring",
    "lz113_inside_task",
    "lz114_thrown_away",
    "lz115_dispatch_off",
    "lz109_chunk_sizes",
    "lz105_numpy_function",
    "lz116_derived_parameter",
    "lz117_small_constants",
    "lz106_convergence_loop",
    "lz107_python_loop",
    "lz102_value_check",
    "lz101_truth_value",
    "lz103_numpy_conversion",
    "lz104_scalar_conversion",
    "lz108_compute_in_library",
    "lz120_computing_function",
    "lz119_result_wanted",
    "lz199_unexplained",
)
"""A force belongs to the first of these that says it matches; the last matches all."""

_FAILURES = (
    "lz307_inference_failed",
    "lz301_unknown_chunks",
    "lz308_unknown_length",
    "lz302_chunked_axis",
    "lz304_mixed_namespaces",
    "lz309_numpy_only",
    "lz303_missing_function",
    "lz306_unsupported_index",
    "lz305_refuses_lazy",
    "lz310_lazy_arrays_raise",
)
"""A failure belongs to the first of these that says it matches. What none of them knows is no finding:
programs raise for many reasons."""

_TRACE = (
    "lz205_masked_assignment",
    "lz201_boolean_selection",
    "lz202_unique",
    "lz203_nonzero",
    "lz204_dataframe_to_array",
    "lz110_repeated_reading",
    "lz111_one_by_one",
    "lz401_one_chunk",
    "lz402_small_chunks",
    "lz403_rechunk",
    "lz404_same_conversion",
    "lz123_dask_in_blocks",
    "lz501_check_skipped",
    "lz502_unknown_comparison",
    "lz503_lost_write",
    "lz504_chunk_warning",
    "lz505_differs_from_numpy",
)
"""Asked once for each trace. What the first explain, the later ones and those for failures do not see."""


def entry_of(module: ModuleType) -> Entry:
    """The entry that a module describes."""
    return Entry(
        code=module.CODE,
        title=module.TITLE,
        page=inspect.cleandoc(module.__doc__ or ""),
        example=module.EXAMPLE,
        repaired=module.REPAIRED,
        match_force=getattr(module, "match_force", None),
        match_failure=getattr(module, "match_failure", None),
        find=getattr(module, "find", None),
    )


def _load(names: Iterable[str]) -> tuple[Entry, ...]:
    return tuple(entry_of(import_module(f"lazyscope.catalogue.{name}")) for name in names)


@cache
def for_forces() -> tuple[Entry, ...]:
    """What a force is shown to, in this order."""
    return _load(_FORCES)


@cache
def for_failures() -> tuple[Entry, ...]:
    """What a failure is shown to, in this order."""
    return _load(_FAILURES)


@cache
def for_traces() -> tuple[Entry, ...]:
    """What a trace is shown to, in this order."""
    return _load(_TRACE)


def all_entries() -> tuple[Entry, ...]:
    """Every entry, by code."""
    entries = (*for_forces(), *for_failures(), *for_traces())
    return tuple(sorted(entries, key=lambda entry: entry.code))


def entry_for(code: str) -> Entry:
    """The entry of a code, whatever its case.

    Raises
    ------
    LazyscopeError
        If there is no such entry.
    """
    wanted = code.strip().upper()
    for entry in all_entries():
        if entry.code == wanted:
            return entry
    known = ", ".join(entry.code for entry in all_entries())
    raise LazyscopeError(f"{code} is no code of the catalogue; there are {known}")
