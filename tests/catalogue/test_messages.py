"""Each text of the table of messages is raised by dask, or by what works on its arrays."""

from __future__ import annotations

from collections.abc import Callable

import array_api_compat.dask.array as xp
import dask
import dask.array as da
import numpy as np
import pytest
from array_api_compat import array_namespace

from lazyscope.catalogue.messages import MESSAGES, Meaning, said

x = da.arange(12.0, chunks=4)
m = da.ones((6, 6), chunks=(3, 3))
kept = x[x > 2]
rows = m[m[:, 0] > 0]
nothing = float("nan")


def unlike(block: np.ndarray) -> np.ndarray:
    raise RuntimeError("not with one element")


def stored() -> None:
    target = m.copy()
    target[[0, 1], [0, 1]] = 1


RAISING: list[tuple[Meaning, Callable[[], object]]] = [
    ("length unknown", lambda: len(kept)),
    ("length unknown", lambda: kept.rechunk("auto")),
    ("chunks unknown", lambda: kept[:3]),
    ("chunks unknown", lambda: kept.rechunk(2)),
    ("number expected", lambda: kept.reshape(2, -1)),
    ("chunks unknown", lambda: kept.argmax()),
    ("chunks unknown", lambda: da.fft.fft(kept)),
    ("chunks unknown", lambda: da.stack([kept, x])),
    ("number expected", lambda: int(kept.shape[0])),
    ("number expected", lambda: range(kept.shape[0])),  # type: ignore[call-overload]
    ("number expected", lambda: [1, 2][: kept.shape[0]]),
    ("number expected", lambda: [0] * kept.shape[0]),
    ("number expected", lambda: np.arange(kept.shape[0])),
    ("number expected", lambda: np.zeros(kept.shape[0])),
    ("number expected", lambda: [1, 2][kept.shape[0]]),
    ("axis in one chunk", lambda: da.fft.fft(x)),
    ("axis in one chunk", lambda: da.apply_gufunc(np.median, "(i)->()", x)),
    ("chunk layout", lambda: da.linalg.qr(m)),
    ("chunk layout", lambda: da.linalg.svd(m)),
    ("chunk layout", lambda: da.linalg.tsqr(m)),
    ("chunk layout", lambda: da.linalg.sfqr(m)),
    ("chunk layout", lambda: da.linalg.lu(m.rechunk((2, 3)))),
    ("chunk layout", lambda: da.gradient(x.rechunk(1))),
    ("one axis only", lambda: da.median(m)),
    ("several indices", lambda: m[[0, 1], [1, 2]]),
    ("several indices", stored),
    ("deep index", lambda: x[da.ones((2, 2), dtype=int)]),
    ("partial mask", lambda: da.ones((4, 6, 6))[:, m > 0]),
    ("lazy vindex", lambda: m.vindex[x[:2].astype(int), [0, 1]]),
    ("lazy vindex", lambda: m.vindex[np.ones(6, dtype=bool), [0, 1]]),
    ("nested index", lambda: x[[[0, 1], [2, 3]]]),
    ("missing function", lambda: xp.take_along_axis(m, m, axis=0)),  # type: ignore[attr-defined]
    ("unsupported option", lambda: xp.linalg.svd(m, full_matrices=True)),
    ("mixed namespaces", lambda: array_namespace(x, np.ones(3))),
    ("inference failed", lambda: x.map_blocks(unlike)),
    ("no attribute", lambda: x.tolist()),
    ("no keyword", lambda: x.sum(where=x > 2)),
    ("no argument", lambda: x.cumsum()),
    ("ufunc method", lambda: np.add.reduce(x)),
    ("no memory", lambda: memoryview(x)),
    ("needs range", lambda: da.histogram(x, bins=3)),
    ("reshape", lambda: da.ones((4, 6, 6), chunks=(2, 3, 3)).reshape(6, 4, 6)),
]


def message(raising: Callable[[], object]) -> str:
    """What an expression says, without computing anything."""
    with dask.config.set(scheduler="synchronous"), pytest.raises(Exception) as raised:  # noqa: PT011
        raising()
    return str(raised.value)


@pytest.mark.parametrize("number", range(len(RAISING)))
def test_what_is_raised_has_its_meaning(number: int) -> None:
    meaning, raising = RAISING[number]
    text = message(raising)
    assert said(text, meaning), text


def test_every_meaning_is_provoked() -> None:
    provoked = {meaning for meaning, _ in RAISING}
    others: set[Meaning] = {"single boolean", "lazy labels", "no out"}
    assert {row.meaning for row in MESSAGES} == provoked | others


def test_what_numpy_says_as_well_has_no_meaning() -> None:
    everything = {row.meaning for row in MESSAGES}
    assert said("index 20 is out of bounds for axis 0 with size 12", *everything) is None
