"""Pages of the catalogue as text: what a finding means, when it occurs, and how to mend it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from lazyscope.catalogue import entries

_GROUPS = {
    "LZ1": "Forces: a graph is executed",
    "LZ2": "Unknown shapes: a length that only the data know",
    "LZ3": "Crashes because arrays are lazy",
    "LZ4": "Efficiency: more work than needed",
    "LZ5": "Meaning: lazy arrays may give other results",
}


def page(code: str) -> str:
    """The page of a code: its text, a program that has the finding, and the same program mended.

    Raises
    ------
    LazyscopeError
        If the catalogue has no such code.
    """
    entry = entries.entry_for(code)
    return "\n".join([
        f"{entry.code}  {entry.title}",
        "",
        *_wrapped(entry.page.replace("``", "`")),
        "",
        "Example",
        _indented(entry.example),
        "",
        "Mended",
        _indented(entry.repaired),
        "",
    ])  # fmt: skip


def contents() -> str:
    """All codes and their titles, by group."""
    lines = []
    for prefix, title in _GROUPS.items():
        lines += [title, ""]
        lines += [f"    {e.code}  {e.title}" for e in entries.all_entries() if e.code.startswith(prefix)]
        lines.append("")
    return "\n".join([*lines, "`lazyscope explain CODE` says when it occurs and what to do.", ""])


WIDTH = 80

_ITEM = re.compile(r"([-*]|\d+\.) ")
_TECHNIQUE = re.compile(r"`[a-z0-9-]+`:")
"""What every fix of a page begins with."""


def _wrapped(text: str) -> Iterator[str]:
    """Paragraphs and items of lists in lines of at most `WIDTH` cells; what is indented stays so."""
    paragraphs: list[list[str]] = []
    for line in text.splitlines():
        indent, above = _indent(line), paragraphs[-1][-1] if paragraphs else ""
        begins = _ITEM.match(line.strip()) or _TECHNIQUE.match(line.strip())
        goes_on = line.strip() and above.strip() and not begins
        if goes_on and indent == _indent(above) + _hang(above if len(paragraphs[-1]) == 1 else ""):
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    for lines in paragraphs:
        yield from _paragraph(lines)


def _paragraph(lines: list[str]) -> list[str]:
    first = " " * _indent(lines[0])
    rest = " " * (_indent(lines[0]) + _hang(lines[0]))
    text = " ".join(line.strip() for line in lines)
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _hang(line: str) -> int:
    """How much further the lines of an item that follow its first are indented."""
    item = _ITEM.match(line.strip())
    return item.end() if item else 0


def _indented(program: str) -> str:
    return textwrap.indent(textwrap.dedent(program).strip("\n"), "    ")
