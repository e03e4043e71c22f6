"""Writing to standard output when whoever reads it may stop."""

from __future__ import annotations

import os
import sys

from lazyscope.cli import status


def write(text: str) -> None:
    """Write `text` to standard output; if its reader has gone, end quietly.

    Characters that its encoding lacks are written out as Python would.

    Raises
    ------
    SystemExit
        With `status.PIPE_CLOSED` if the reader has gone.
    """
    try:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more when it exits; that must not fail too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(status.PIPE_CLOSED) from None
