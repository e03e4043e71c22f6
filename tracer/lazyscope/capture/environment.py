"""What the header of a trace says about where the program ran. No environment variables, no names."""

from __future__ import annotations

import functools
import platform
import sys

from lazyscope.capture.redaction import argv_without_secrets, text_without_home

WATCHED = (
    "dask", "distributed", "numpy", "scipy", "sklearn", "xarray", "pandas", "pyarrow",
    "array_api_compat", "array_api_extra",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Version of Python and of the packages that matter and can be imported, by import name."""
    found = {"python": platform.python_version()}
    for name in WATCHED:
        version = _version(name)
        if version is not None:
            found[name] = version
    return found


def _version(name: str) -> str | None:
    module = sys.modules.get(name)
    version = getattr(module, "__version__", None)
    if isinstance(version, str):
        return version
    return _installed_version({"sklearn": "scikit-learn"}.get(name, name))


@functools.cache
def _installed_version(distribution: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def without_home(argv: list[str]) -> list[str]:
    """Arguments with the home directory, which tells the user's name, as ``~``."""
    return list(map(text_without_home, argv))


def without_secrets(argv: list[str]) -> list[str]:
    """Arguments with every value after an option named like a key, token, secret or password as ``***``."""
    return argv_without_secrets(argv)
