"""Searches: words and filters, all of which must be met."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_TERM = re.compile(r'(?:(\w+):)?(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True)
class Term:
    """A word that must be there, in one field or in any."""

    word: str
    """In lower case."""
    field: str | None = None

    def is_in(self, texts: Mapping[str, str]) -> bool:
        """Whether it is in the texts, which are in lower case, by their fields."""
        if self.field is not None:
            return _holds(texts.get(self.field, ""), self.word)
        return any(self.word in text for text in texts.values())

    def __str__(self) -> str:
        word = f'"{self.word}"' if " " in self.word or not self.word else self.word
        return word if self.field is None else f"{self.field}:{word}"


def _holds(text: str, word: str) -> bool:
    """Whether the word is in a text, a number at its end as a whole: ``F1`` is not in ``F12`` or ``F1a``."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not (word[-1:].isdigit() and text[end : end + 1].isalnum()):
            return True
        start = text.find(word, start + 1)
    return False


def parsed(search: str, fields: Sequence[str]) -> list[Term]:
    """The terms of a search such as ``trigger:__bool__ kmeans``; unknown fields are part of the word."""
    terms = []
    for found in _TERM.finditer(search.lower()):
        field, quoted, bare = found.groups()
        word = bare if quoted is None else quoted
        if field in fields:
            terms.append(Term(word, field))
        elif field is not None or word:
            terms.append(Term(word if field is None else f"{field}:{word}"))
    return [term for term in terms if term.word]


def toggled(search: str, field: str, word: str, fields: Sequence[str]) -> str:
    """The search with a filter more, in place of another on that field; without it if it has it."""
    terms, wanted = parsed(search, fields), Term(word.lower(), field)
    others = [term for term in terms if term.field != field]
    return " ".join(map(str, others if wanted in terms else [*others, wanted]))
