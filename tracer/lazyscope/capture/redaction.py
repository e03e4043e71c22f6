"""What a trace must not hold of a program's words: secrets, and the home directory with the user's name.

A name is secret if it contains one of `_WORDS`. That hides too much, such as the number in
``--max-tokens 5``, which costs less than a password in a trace that is mailed around. Only for names without
dashes, as in ``compass=3``, ordinary words that happen to contain one do not count.

Every pattern begins where nothing of its kind stands before it, or at a fixed text, and what it takes it does
not give back: the time grows with the length of the text, whatever stands in it.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator

HIDDEN = "***"

_WORDS = "token|key|secret|pass|pwd|auth|credential|bearer|cookie"
_SECRET = re.compile(_WORDS, re.IGNORECASE)
_ORDINARY = re.compile(
    r"(?<![^\W_])(?:compass|bypass|encompass|pass(?:es|ed|ing|ive|age|enger)s?|monkey|donkey|turkey|hockey"
    r"|key(?:frame|board|point|note|word)s?|author(?:s|ed|ity)?|authentic|authoritative|tokeni[sz](?:e|er|ed))"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_EXPECTS_VALUE = re.compile(r"--?[\w.-]+|[\w-]+:|bearer", re.IGNORECASE)
"""Arguments whose value is the next one: options, and headers that no quotes keep together."""

_NAMED = re.compile(
    r"""(?<![\w.-])(?P<name>[\w.-]++)
    (?: (?P<equals>['"]?[ ]?=(?!=)[ ]?)      # token=abc, --token=abc
      | (?P<quoted>['"]\s?:\s?)              # {"token": "abc"}
      | (?P<colon>:\s?)                      # X-Api-Token: abc
      | (?P<space>['"]?,?\s{1,2})            # --token abc, ['--token', 'abc']
    )""",
    re.VERBOSE,
)
_VALUE = re.compile(
    r"""'(?:[^'\\\n]|\\.)*+'?
    | "(?:[^"\\\n]|\\.)*+"?
    | [(\[{][^)\]}\n]*+[)\]}]?
    | [^\s'"&,;)\]}]++""",
    re.VERBOSE,
)
_HEADER = re.compile(r"(?i)(authorization|cookie)(['\"]?\s?[:=]\s?['\"]?)[^\n'\"]++")
_BEARER = re.compile(r"(?i)(?<!\w)(bearer)\s[^\s'\"]++")
_HEADER_NAME = re.compile(r"(?i)(?:token|secret|password|passwd|pwd|(?:api|access|private)[-_]?key)$")
"""Names before a colon: sentences have colons too, as `KeyError: 'x'`."""
_USER_OF_URL = re.compile(r"://(?:[^\s/?#'\"]{0,256}@|[^\s/?#@:'\"]{0,64}:(?!\d{0,5}/)[^\s'\"]{0,256}@)")


def argv_without_secrets(argv: list[str]) -> list[str]:
    """Arguments with secret values as ``***``.

    Hidden are what follows an option with a secret name, also where it begins with a dash; the value in
    ``--token=abc`` and ``TOKEN=abc``; and in every argument what `message_without_secrets` hides.
    """
    shown: list[str] = []
    hide = False
    for argument in argv:
        shown.append(HIDDEN if hide else _argument(argument))
        # What is hidden may have been an option after all, whose value follows.
        hide = _EXPECTS_VALUE.fullmatch(argument) is not None and _is_secret(argument)
    return shown


def message_without_secrets(text: str) -> str:
    """A message of an exception or a warning with secret values as ``***`` and the home directory as ``~``.

    It takes time in proportion to the length, and raises nothing.
    """
    try:
        return text_without_home(_without_secrets(text))
    except Exception:
        return HIDDEN


def text_without_home(text: str) -> str:
    """The text with the home directory as ``~``."""
    home = _home_pattern(os.path.expanduser("~"))
    return text if home is None else home.sub("~", text)


def _argument(argument: str) -> str:
    name, equals, _ = argument.partition("=")
    if equals and not any(map(str.isspace, name)) and "://" not in name and _is_secret(_last_name(name)):
        return f"{name}={HIDDEN}"
    return _without_secrets(argument)


def _last_name(name: str) -> str:
    """Of ``{"a":"b","token`` the name that the equals sign follows."""
    return re.split(r"[^\w.-]", name)[-1]


def _without_secrets(text: str) -> str:
    if "://" in text:
        text = _USER_OF_URL.sub(f"://{HIDDEN}@", text)
    if _SECRET.search(text) is None:
        return text
    text = _HEADER.sub(rf"\1\2{HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    return "".join(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """The text, with `HIDDEN` for the values of secret names."""
    told = position = 0
    while (named := _NAMED.search(text, position)) is not None:
        # What follows a name that is not secret may be one that is.
        position = named.end()
        value = _VALUE.match(text, position) if _has_secret(named) else None
        if value is not None:
            yield text[told:position] + _hidden(value[0])
            told = position = value.end()
    yield text[told:]


def _has_secret(named: re.Match[str]) -> bool:
    name = named["name"]
    if named["space"] is not None:
        return name.startswith("-") and _is_secret(name)
    if named["colon"] is not None:
        return _HEADER_NAME.search(name) is not None
    return _is_secret(name)


def _hidden(value: str) -> str:
    """`HIDDEN` between the quotes that were there."""
    quote = value[0] if value[0] in "'\"" else ""
    return f"{quote}{HIDDEN}{quote if len(value) > 1 and value.endswith(quote) else ''}"


def _is_secret(name: str) -> bool:
    if not name.startswith("-"):
        name = _ORDINARY.sub("", name)
    return _SECRET.search(name) is not None


@functools.lru_cache(4)
def _home_pattern(home: str) -> re.Pattern[str] | None:
    """What is the home directory in a text; None where it tells nothing, as that of a service account."""
    names = {home, os.path.realpath(home)}
    names |= {name.replace("\\", "\\\\") for name in names}
    told = sorted((name for name in names if len(name) > 1 and name != "~"), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, told))})(?![\w.-])") if told else None
