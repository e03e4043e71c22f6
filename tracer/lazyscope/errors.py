"""The errors lazyscope raises towards its user."""

from __future__ import annotations

from typing import Any

from lazyscope.text.harmless import harmless_lines


class LazyscopeError(Exception):
    """Something the user can mend: the message says what happened and what to type next.

    Messages hold names of files and words of programs, and Python prints them as they are; so they are made
    harmless here, whoever raises.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(harmless_lines(message))


class TraceFileError(LazyscopeError):
    """A trace file that is missing, foreign, damaged at its start, or in the way of a new one."""


class ForceBudgetExceeded(LazyscopeError):  # noqa: N818  (the name is part of the contract)
    """A block made more forces than its ``max_forces``.

    Attributes
    ----------
    trace : Trace
        What was recorded.
    """

    def __init__(self, message: str, *, trace: Any = None) -> None:
        super().__init__(message)
        self.trace = trace
