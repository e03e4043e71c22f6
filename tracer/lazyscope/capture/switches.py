"""Whether libraries are switched to work on other arrays than NumPy's, as they took it themselves."""

from __future__ import annotations

import sys
from typing import Any


def switches() -> dict[str, bool]:
    """The switches of the libraries that are loaded, by name.

    `SCIPY_ARRAY_API` is read by SciPy once, from the environment, when it is imported;
    ``array_api_dispatch`` of scikit-learn can be another in each context.
    """
    found: dict[str, bool] = {}
    scipy = sys.modules.get("scipy._lib._array_api_override")
    if scipy is not None:
        _note(found, "SCIPY_ARRAY_API", vars(scipy).get("SCIPY_ARRAY_API"))
    sklearn = sys.modules.get("sklearn._config")
    if sklearn is not None and "get_config" in vars(sklearn):
        _note(found, "array_api_dispatch", sklearn.get_config().get("array_api_dispatch", False))
    return found


def _note(found: dict[str, bool], name: str, value: Any) -> None:
    # A program may set them to anything, and anything may answer when it is asked for its truth.
    if type(value) in (bool, int, str):
        found[name] = bool(value)
