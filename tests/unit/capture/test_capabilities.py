"""What SciPy declares of the functions that a program reached with dask arrays."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import lazyscope
from lazyscope.capture.capabilities import declared

scipy_integrate = pytest.importorskip("scipy.integrate")
scipy_interpolate = pytest.importorskip("scipy.interpolate")
scipy_ndimage = pytest.importorskip("scipy.ndimage")
scipy_signal = pytest.importorskip("scipy.signal")
scipy_stats = pytest.importorskip("scipy.stats")

SUPPORTED = ("supported", True, "allow_dask_compute=False")
CONVERTS = ("converts", False, "allow_dask_compute=True, cpu_only")


@pytest.fixture(autouse=True)
def sync() -> Iterator[None]:
    with dask.config.set(scheduler="sync"):
        yield


@pytest.fixture
def x() -> da.Array:
    return da.random.default_rng(1).random(40, chunks=10)


def found(trace: lazyscope.Trace) -> dict[str, tuple[str, bool | None, str]]:
    return {entry: (one.dask, one.lazy, one.source) for entry, one in trace.data.capabilities.items()}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("scipy.stats.zscore", SUPPORTED),
        ("scipy.integrate.cumulative_trapezoid", SUPPORTED),
        ("scipy.signal.detrend", CONVERTS),
        ("scipy.ndimage.gaussian_filter", CONVERTS),
    ],
)
def test_what_a_function_is_declared_to_do(path: str, expected: Any) -> None:
    assert declared(path) == expected


def test_a_function_that_its_tests_skip_for_dask_refuses_it() -> None:
    """One version of SciPy says so by the back end, another takes NumPy arrays only."""
    one = declared("scipy.stats.ks_2samp")
    assert one is not None
    assert (one.dask, one.lazy) == ("unsupported", None)
    assert one.source in ("skip_backends: dask.array (no rankdata)", "np_only")


@pytest.mark.parametrize("method", ["", ".__init__", ".__call__"])
def test_a_class_that_takes_numpy_arrays_only_refuses_dask(method: str) -> None:
    one = declared(f"scipy.interpolate.PchipInterpolator{method}")
    assert one is not None
    assert (one.dask, one.lazy) == ("unsupported", None)


@pytest.mark.parametrize("path", ["", "scipy", "scipy.stats.nothing", "nowhere.zscore", "numpy.mean", "a..b"])
def test_what_is_not_declared_is_not_known(path: str) -> None:
    assert declared(path) is None


def test_functions_that_forced_have_their_declarations(x: da.Array) -> None:
    """Also where SciPy's array API support is switched off; others that are loaded have none."""
    with lazyscope.trace() as trace:
        scipy_stats.zscore(x)
        scipy_signal.detrend(x)
    entries = {"scipy.stats.zscore", "scipy.signal.detrend"}
    assert {force.entry for force in trace.forces} == entries
    assert found(trace) == {"scipy.stats.zscore": SUPPORTED, "scipy.signal.detrend": CONVERTS}


def test_a_function_that_refused_dask_has_its_declaration(x: da.Array) -> None:
    """From what it raised."""
    program = """
        import dask.array as da, lazyscope, scipy.stats
        x = da.random.default_rng(1).random(40, chunks=10)
        try:
            with lazyscope.trace() as trace:
                scipy.stats.ks_2samp(x, x + 1)
        except Exception as error:
            pass
        for entry, one in trace.data.capabilities.items():
            print(entry, one.dask, one.lazy)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "scipy.stats.ks_2samp unsupported None\n"


def test_a_program_without_scipy_s_functions_has_none(x: da.Array) -> None:
    with lazyscope.trace() as trace:
        np.asarray(x)
    assert found(trace) == {}


def test_nothing_is_imported_for_it() -> None:
    program = """
        import sys
        import dask.array as da, lazyscope
        bool(da.ones(3).any())
        before = set(sys.modules)
        with lazyscope.trace() as trace:
            bool(da.ones(3).any())
        print(sorted(name for name in {*sys.modules} - before if name.partition(".")[0] == "scipy"))
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"


def test_strange_declarations_do_no_harm(x: da.Array, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever another version of SciPy, or a program, has put there."""

    class Strange:
        def __bool__(self) -> bool:
            raise AssertionError

        __len__ = __iter__ = __eq__ = __bool__  # type: ignore[assignment]

    module = sys.modules["scipy._lib._array_api"]
    strange: dict[str, Any] = {
        "skip_backends": Strange(),
        "allow_dask_compute": Strange(),
        "np_only": Strange(),
    }
    monkeypatch.setattr(module, "xp_capabilities_table", {scipy_stats.zscore: strange})
    with lazyscope.trace() as trace:
        scipy_stats.zscore(x)
    assert found(trace) == {"scipy.stats.zscore": ("supported", None, "")}
    assert trace.data.blind_spots == {}
