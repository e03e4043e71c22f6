"""Which files of a traceback are lazyscope's, wherever it and the program are."""

from __future__ import annotations

from pathlib import Path

import lazyscope
from lazyscope.capture.wrapping import FILENAME

_DIRECTORY = Path(lazyscope.__file__).parent


def is_own(filename: str) -> bool:
    """Whether code with this ``co_filename`` belongs to lazyscope."""
    return filename == FILENAME or Path(filename).is_relative_to(_DIRECTORY)
