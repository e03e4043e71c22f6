"""Names of files that the reader types, or that are made up from the name of a trace."""

from __future__ import annotations

import os
from pathlib import Path

from lazyscope.errors import LazyscopeError

_ANOTHER = "give another name"


def typed_path(name: str) -> Path:
    """The path that a name means, with ``~`` as the home directory; the file need not exist.

    Raises
    ------
    LazyscopeError
        If no file can have that name.
    """
    path = Path(os.path.expanduser(name))
    if path.parts and path.parts[0].startswith("~") and not os.path.lexists(path.parts[0]):
        # Else a directory of that name would be missed, which says nothing about the user.
        raise LazyscopeError(f"there is no home directory of {path.parts[0]}: {_ANOTHER}")
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return path
    except OSError as error:
        raise LazyscopeError(f"{_short(name)} cannot be a file here: {error.strerror}; {_ANOTHER}") from None
    except ValueError:
        # NUL, or what the file system cannot encode.
        raise LazyscopeError(f"{_short(name)} is no name of a file: {_ANOTHER}") from None
    return path


def _short(name: str) -> str:
    return name if len(name) <= 80 else f"{name[:40]}...{name[-37:]}"
