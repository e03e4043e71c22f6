"""The errors lazyscope raises towards its user."""

from __future__ import annotations


class LazyscopeError(Exception):
    """Something the user can mend: the message says what happened and what to type next."""


class TraceFileError(LazyscopeError):
    """A trace file that is missing, foreign, damaged at its start, or in the way of a new one."""
