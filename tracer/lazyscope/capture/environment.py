"""What the header of a trace says about where the program ran. No environment variables, no names."""

from __future__ import annotations

import functools
import os
import platform
import re
import sys

WATCHED = (
    "dask", "distributed", "numpy", "scipy", "sklearn", "xarray", "pandas", "pyarrow",
    "array_api_compat", "array_api_extra",
)  # fmt: skip

_SECRET = re.compile(r"(key|token|secret|passw(or)?d)", re.IGNORECASE)


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
    home = os.path.expanduser("~")
    if len(home) < 2:
        return argv
    return [argument.replace(home + os.sep, "~" + os.sep) for argument in argv]


def without_secrets(argv: list[str]) -> list[str]:
    """Arguments with every value after an option named like a key, token, secret or password as ``***``."""
    shown: list[str] = []
    hide = False
    for argument in argv:
        name, equals, _ = argument.partition("=")
        secret = argument.startswith("-") and _SECRET.search(name) is not None
        if hide and not argument.startswith("-"):
            shown.append("***")
        elif secret and equals:
            shown.append(f"{name}=***")
        else:
            shown.append(argument)
        hide = secret and not equals
    return shown
