"""Whether libraries are switched to work on other arrays than NumPy's, as they took it themselves."""

from __future__ import annotations

import sys


def switches() -> dict[str, bool]:
    """The switches of the libraries that are loaded, by name.

    `SCIPY_ARRAY_API` is read by SciPy once, from the environment, when it is imported;
    ``array_api_dispatch`` of scikit-learn can be another in each context.
    """
    found = {}
    scipy = sys.modules.get("scipy._lib._array_api_override")
    if scipy is not None and hasattr(scipy, "SCIPY_ARRAY_API"):
        found["SCIPY_ARRAY_API"] = bool(scipy.SCIPY_ARRAY_API)
    sklearn = sys.modules.get("sklearn._config")
    if sklearn is not None and hasattr(sklearn, "get_config"):
        found["array_api_dispatch"] = bool(sklearn.get_config().get("array_api_dispatch"))
    return found
