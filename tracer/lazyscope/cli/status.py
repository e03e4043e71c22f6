"""Every exit status that lazyscope has of its own."""

from __future__ import annotations

OK = 0
WORSE = 1
"""A budget was broken, a comparison found something worse, or `doctor` something to mend."""
USAGE = 2
"""The command line is wrong, or its input cannot be read."""
PIPE_CLOSED = 141
"""Whoever read our output stopped reading: what a shell reports for SIGPIPE, 128 + 13."""
