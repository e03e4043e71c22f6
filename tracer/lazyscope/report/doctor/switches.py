"""SCIPY_ARRAY_API as SciPy and scikit-learn read it.

SciPy takes any text but the empty one for on (``scipy/_lib/_array_api_override.py``); its test suite takes
1, true, all or a JSON list of namespaces that are installed (``scipy/conftest.py``); scikit-learn takes
exactly 1 (``sklearn/utils/_array_api.py``). The same in SciPy 1.16 to 1.18.
"""

from __future__ import annotations

import json
from collections.abc import Set

from lazyscope.report.doctor.checks import Check, Remedy, Status
from lazyscope.report.doctor.shell import shown

VARIABLE, DEVICE = "SCIPY_ARRAY_API", "SCIPY_DEVICE"
BACKENDS = {
    "numpy": "numpy",
    "array_api_strict": "array_api_strict",
    "torch": "torch",
    "cupy": "cupy",
    "jax.numpy": "jax",
    "dask.array": "dask",
}
"""Namespaces that SciPy's test suite knows, and the package that has to be installed."""

_MEANT_OFF = ("0", "false", "no", "off", "none")
_ON = Remedy(f"export {VARIABLE}=1", "before SciPy is imported")
_ON_FOR_ONE = Remedy("lazyscope run --array-api SCRIPT")
_ON_FOR_TESTS = Remedy(f"export {VARIABLE}='[\"dask.array\"]'", "SciPy's tests on dask arrays alone")
_OFF = Remedy(f"unset {VARIABLE}", "to switch it off")


def is_on(value: str | None) -> bool:
    """Whether SciPy supports other arrays than NumPy's: ``not SCIPY_ARRAY_API`` is all it asks."""
    return bool(value)


def tested_namespaces(value: str, available: Set[str]) -> set[str] | None:
    """The namespaces that SciPy's test suite runs on; None if it ends while it starts."""
    if value.lower() in ("1", "true", "all"):
        return set(available)
    try:
        wanted = set(json.loads(value))
    except (ValueError, TypeError, RecursionError):
        return None
    if wanted == {"all"}:
        return set(available)
    return wanted if wanted <= available else None


def scipy_switch(value: str | None, available: Set[str]) -> Check:
    """What SCIPY_ARRAY_API does to SciPy.

    Parameters
    ----------
    value : str or None
        The variable; None if it is not set.
    available : set of str
        The keys of `BACKENDS` that are installed.
    """
    if value is None or not is_on(value):
        state = "not set" if value is None else "empty, which is off"
        text = f"{state}: SciPy converts dask arrays to NumPy, which computes them"
        return Check(VARIABLE, Status.WARNING, text, (_ON, _ON_FOR_ONE))
    tested = tested_namespaces(value, available)
    if tested is None:
        return _misread(value)
    text = f"{shown(value)}: SciPy keeps dask arrays lazy where it can"
    if tested != available:
        text += f"; its own tests run {'on' if 'dask.array' in tested else 'without'} dask.array"
        text += " only" if tested == {"dask.array"} else ""
    return Check(VARIABLE, Status.OK, text)


def _misread(value: str) -> Check:
    if value.lower() in _MEANT_OFF:
        text = f"{shown(value)}: SciPy takes any text for on, this too; its own tests end while they start"
        return Check(VARIABLE, Status.PROBLEM, text, (_OFF, _ON))
    text = (
        f"{shown(value)}: on, but SciPy's own tests end while they start: they take 1, true, all or a JSON "
        "list of installed namespaces"
    )
    return Check(VARIABLE, Status.PROBLEM, text, (_ON, _ON_FOR_TESTS))


def scipy_device(value: str | None) -> Check:
    """What SCIPY_DEVICE does: nothing to dask arrays."""
    if value is None:
        return Check(DEVICE, Status.OK, "not set; only SciPy's own tests read it")
    return Check(
        DEVICE, Status.OK, f"{shown(value)}; only SciPy's own tests read it, and not for dask arrays"
    )


def sklearn_dispatch(value: str | None) -> Check:
    """What scikit-learn's ``array_api_dispatch`` is at start-up, and what SCIPY_ARRAY_API means for it.

    No variable turns it on: it is False until the program says otherwise.
    """
    name, switch = "array_api_dispatch", "sklearn.set_config(array_api_dispatch=True)"
    if is_on(value) and value != "1":
        text = f"off at start-up; turning it on raises RuntimeError unless {VARIABLE} is exactly 1"
        return Check(name, Status.WARNING, text, (_ON,))
    text = (
        "off at start-up: scikit-learn converts dask arrays to NumPy; not always safe to turn on: "
        "StandardScaler then crashes on dask arrays"
    )
    when = "in the program" if value == "1" else f"in the program, with {VARIABLE}=1"
    return Check(name, Status.NOTE, text, (Remedy(switch, when),))
