"""What exceptions and warnings of the program say, read without running code of the program."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from lazyscope.capture.redaction import message_without_secrets
from lazyscope.capture.roles import Roles

MESSAGE_CHARACTERS = 500
"""Messages of exceptions and warnings are cut at this length."""

_LONGEST = 20_000
"""Characters of a text that are looked at, so that a secret is not cut in two before it is found."""

_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})
_roles = Roles()


def message_of(error: BaseException) -> str:
    """The message of an exception or warning: cut, without secrets; empty where it cannot be had.

    ``str(error)`` formats the arguments, which may be arrays, or runs a method of the program's. So it is
    asked only where the class is Python's own or a library's and all arguments are plain; else the plain
    arguments make the message.
    """
    try:
        text = str(error) if _formats_plainly(error) else _of_arguments(error)
        return message_without_secrets(text[:_LONGEST])[:MESSAGE_CHARACTERS]
    except Exception:
        return ""


def _formats_plainly(error: BaseException) -> bool:
    return all(map(_is_plain, _arguments(error))) and not _is_formatted_by_user(type(error))


def _arguments(error: BaseException) -> tuple[Any, ...]:
    found: tuple[Any, ...] = BaseException.args.__get__(error)  # type: ignore[attr-defined]
    return found


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind in _PLAIN:
        return True
    return kind is tuple and all(type(item) in _PLAIN for item in value)


def _is_formatted_by_user(kind: type) -> bool:
    """Whether ``str`` would run a method that the program's own code defines."""
    for base in kind.__mro__:
        for name in ("__str__", "__repr__"):
            method = vars(base).get(name)
            if type(method) is FunctionType:
                return _roles.of(method.__code__.co_filename, method.__globals__) == "user"
            if method is not None and name == "__str__":
                return False
    return False


def _of_arguments(error: BaseException) -> str:
    return ", ".join(
        value if type(value) is str else repr(value) if _is_plain(value) else f"<{type(value).__name__}>"
        for value in _arguments(error)
    )
