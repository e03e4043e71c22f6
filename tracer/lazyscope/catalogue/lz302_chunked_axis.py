"""An operation needs an axis in one chunk, or chunks of a certain form.

When it occurs
    An FFT runs along an axis that is cut into several chunks: ``da.fft``, ``scipy.fft``, and what is built
    on them, like ``scipy.signal.hilbert``, ``fftconvolve``, ``resample``. ``qr`` and ``svd`` take matrices
    in one column or one row of chunks, ``lu``, ``cholesky`` and ``solve`` square chunks, ``apply_gufunc``
    core dimensions in one chunk, ``median`` and ``quantile`` one axis.

Fixes
    ``rechunk``: put the axis into one chunk, ``x = x.rechunk({-1: -1})``. One chunk along that axis must
    then fit in memory; cut other axes finer in exchange.

    ``native-function``: for singular values of a matrix that is chunked both ways,
    ``da.linalg.svd_compressed``, which is approximate.

    ``map-blocks``: ``map_overlap`` computes it on windows, with errors near their edges.

    ``compute-once``: where the whole array fits in memory anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lazyscope import figures
from lazyscope.analysis.evidence import FailureEvidence
from lazyscope.catalogue.advice import author, line_of
from lazyscope.catalogue.failing import (
    Shaped,
    arrays_taken,
    failing_name,
    lazy_twin,
    told_again,
    written,
)
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.messages import said
from lazyscope.catalogue.unknown_lengths import about
from lazyscope.fixes.compute_before import compute_first
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.native_function import equivalent_fix
from lazyscope.fixes.rechunk import rechunk_argument
from lazyscope.fixes.written import written_at

CODE = "LZ302"
TITLE = "An axis that must be in one chunk is in several"

EXAMPLE = """
import dask.array as da

wave = da.arange(64.0, chunks=16)
spectrum = da.fft.rfft(wave)
"""

REPAIRED = """
import dask.array as da

wave = da.arange(64.0, chunks=16)
wave = wave.rechunk(-1)
spectrum = da.fft.rfft(wave)
"""


@dataclass(frozen=True)
class _Need:
    """What an operation asks of the chunks."""

    says: str
    """For the sentence: ``an FFT needs axis -1 in one chunk``."""
    axes: tuple[int, ...]
    """Axes that must be in one chunk; empty for all."""
    blocks: int | None = None
    """Into how many chunks the axis is cut, as the message says."""


def _fft(found: re.Match[str]) -> _Need:
    blocks = len([part for part in found[2].split(",") if part.strip()])
    return _Need(f"an FFT along axis {found[1]} needs that axis in one chunk", (int(found[1]),), blocks)


def _core(found: re.Match[str]) -> _Need:
    return _Need(f"its core dimension `{found[1]}` must be in one chunk", (-1,))


_LAYOUTS: dict[str, _Need] = {
    "qr currently supports only tall-and-skinny": _Need("qr needs one column or one row of chunks", (1,)),
    "Array must be chunked in one dimension only": _Need("svd needs one column or one row of chunks", (1,)),
    "Have only one column of blocks": _Need("tsqr needs one column of chunks", (1,)),
    "Have only one row of blocks": _Need("sfqr needs one row of chunks", (0,)),
    "All chunks must be a square matrix": _Need("it needs square chunks", ()),
    "a.chunks[1] and b.chunks[0] must be equal": _Need("both need the same chunks", ()),
    "can only be chunked along the 0th axis": _Need("it can be cut along axis 0 only", (1,)),
    "Overlap depth is larger than smallest chunksize": _Need("its chunks are smaller than the overlap", ()),
    "Chunk size must be larger than edge_order": _Need("its chunks are too small", ()),
}
"""What is asked of chunks, by what the message says."""


def match_failure(evidence: FailureEvidence) -> Match | None:
    """Messages of dask about axes in several chunks."""
    if about(evidence) is not None or told_again(evidence):
        return None
    found = said(evidence.message, "axis in one chunk")
    if found is not None:
        return _match(evidence, _core(found) if found[0].startswith("Core") else _fft(found))
    found = said(evidence.message, "chunk layout")
    if found is not None:
        return _match(evidence, _LAYOUTS[found[0]])
    found = said(evidence.message, "one axis only")
    return _along_an_axis(evidence, found[1]) if found is not None else None


def _match(evidence: FailureEvidence, need: _Need) -> Match:
    name, shaped = failing_name(evidence)
    cut = _cut(evidence, need, name)
    where = "" if evidence.at_user else f" at {line_of(evidence.where)}"
    why = f"`{written(evidence)}` fails{where}: {need.says}, {cut}."
    if need.axes and shaped is not None:
        axes = _axes(need, shaped)
        price = _one_chunk(shaped, axes or tuple(range(shaped.ndim)))
    else:
        axes, price = (), _one_chunk(shaped, ()) if shaped is None else _one_chunk(shaped, range(shaped.ndim))
    return Match(why=why, fixes=tuple(_fixes(evidence, need, name, axes, shaped, price)))


def _cut(evidence: FailureEvidence, need: _Need, name: str | None) -> str:
    taken = arrays_taken(evidence)
    blocks = [tuple(one.layout.numblocks) for one in taken[:1]]
    grid = need.blocks if need.blocks is not None else (blocks[0] if blocks else None)
    what = f"`{name}`" if name else "the array"
    if isinstance(grid, int):
        return f"and the array is cut into {grid} chunks along it"
    if grid is None:
        return f"and the chunks of {what} are not so"
    return f"and {what} is cut into {' by '.join(map(str, grid))} chunks"


def _axes(need: _Need, shaped: Shaped) -> tuple[int, ...]:
    """The axes of the user's array that must be in one chunk; empty where that cannot be told."""
    grid = shaped.layout.numblocks
    inside = [axis for axis in need.axes if -shaped.ndim <= axis < shaped.ndim]
    if need.blocks is None:
        return tuple(inside)
    if inside and grid[inside[0]] == need.blocks:
        return tuple(inside)
    same = [axis for axis, number in enumerate(grid) if number == need.blocks]
    return tuple(same) if len(same) == 1 else ()


def _one_chunk(shaped: Shaped | None, axes: Iterator[int] | tuple[int, ...] | range) -> str:
    size = shaped.chunk_bytes(axes) if shaped is not None else None
    each = f"{figures.size(size)} in each chunk" if size is not None else "larger chunks"
    return f"{each}, which must fit in memory several times over; chunks are moved between tasks"


def _fixes(
    evidence: FailureEvidence,
    need: _Need,
    name: str | None,
    axes: tuple[int, ...],
    shaped: Shaped | None,
    price: str,
) -> Iterator[Fix]:
    yield rechunk_argument(evidence, need.axes, price, numblocks=need.blocks)
    twin = None if evidence.at_user else lazy_twin(evidence)
    if twin is not None:
        yield twin
    if "svd" in need.says:
        yield Fix(
            "native-function",
            "`svd_compressed` of `dask.array.linalg`, for the largest singular values only",
            "approximate; it gives no full decomposition",
            author(evidence),
        )
    elif "core dimension" in need.says:
        yield Fix(
            "choose-parameter",
            "let `apply_gufunc` rechunk by itself, with its option `allow_rechunk`",
            "the same rechunking, unseen: one chunk along the axis must fit in memory",
        )
    elif "FFT" in need.says:
        yield Fix(
            "map-blocks",
            "transform overlapping windows with `map_overlap`, where an approximation will do",
            "wrong near the edges of the windows; low frequencies are lost",
        )
    yield compute_first(evidence)


def _along_an_axis(evidence: FailureEvidence, function: str) -> Match:
    name, shaped = failing_name(evidence)
    name = name or "x"
    asked = (evidence.operation or function).rpartition(".")[2]
    why = (
        f"`{written(evidence)}` wants the {asked} of a whole array. dask computes it along an axis only, "
        "which it puts into one chunk."
    )
    size = shaped.bytes if shaped is not None else None
    held = f"{figures.size(size)} in one chunk" if size is not None else "the whole array in one chunk"
    written_ = written_at(evidence.trace, evidence.site)
    flat = None if written_ is None else equivalent_fix(evidence, written_, technique="rechunk")
    return Match(
        why=why,
        fixes=(
            *([flat] if flat is not None else [_flattened(held)]),
            compute_first(evidence),
        ),
    )


def _flattened(held: str) -> Fix:
    return Fix(
        "rechunk",
        "flatten the array and bring it into one chunk first",
        f"{held}, which must fit in memory several times over",
    )
