"""Writing to standard output when whoever reads it may stop, or it may be full."""

from __future__ import annotations

import os
import sys

from lazyscope.cli import status
from lazyscope.errors import LazyscopeError


def write(text: str) -> None:
    """Write `text` to standard output; if its reader has gone, end quietly.

    Characters that its encoding lacks are written out as Python would.

    Raises
    ------
    LazyscopeError
        If it is closed or full.
    SystemExit
        With `status.PIPE_CLOSED` if the reader has gone.
    """
    if sys.stdout is None:
        raise LazyscopeError("cannot write to standard output: it is closed; name a file with -o")
    try:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        give_up()
        raise SystemExit(status.PIPE_CLOSED) from None
    except OSError as error:
        give_up()
        raise LazyscopeError(f"cannot write to standard output: {error.strerror}") from None


def give_up() -> None:
    """Python flushes once more when it exits; that must not fail too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
