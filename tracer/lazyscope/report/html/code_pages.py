"""The pages of the catalogue as blocks: what a finding's code means."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from lazyscope.catalogue import entries
from lazyscope.report.html.excerpts import highlighted_program
from lazyscope.report.html.markup import prose


@dataclass(frozen=True)
class Block:
    """A part of a page."""

    kind: str
    """``heading``, ``paragraph`` or ``code``."""
    content: Markup


@dataclass(frozen=True)
class CodePage:
    """The page of a code."""

    code: str
    title: str
    blocks: tuple[Block, ...]
    example: Markup
    mended: Markup


def code_pages(codes: Iterable[str]) -> list[CodePage]:
    """A page for each of the codes, in their order."""
    found = [entries.entry_for(code) for code in sorted(set(codes))]
    return [
        CodePage(
            entry.code,
            entry.title,
            tuple(_blocks(entry.page)),
            highlighted_program(entry.example),
            highlighted_program(entry.repaired),
        )
        for entry in found
    ]


def _blocks(page: str) -> Iterator[Block]:
    for part in page.replace("``", "`").strip("\n").split("\n\n"):
        lines = part.strip("\n").splitlines()
        if not lines:
            continue
        if not lines[0].startswith(" ") and len(lines) > 1 and lines[1].startswith("    "):
            yield Block("heading", prose(lines.pop(0)))
        elif len(lines) == 1 and lines[0] in ("Fixes", "When it occurs"):
            yield Block("heading", prose(lines.pop()))
        yield from _text(lines)


def _text(lines: list[str]) -> Iterator[Block]:
    """A paragraph; what is indented further than the text of a page is a program."""
    if lines and all(line.startswith("        ") for line in lines):
        yield Block("code", highlighted_program("\n".join(lines)))
    elif lines:
        yield Block("paragraph", prose(" ".join(textwrap.dedent("\n".join(lines)).split()), longest=5_000))
