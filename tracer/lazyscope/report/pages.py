"""Pages of the catalogue as text: what a finding means, when it occurs, and how to mend it."""

from __future__ import annotations

import textwrap

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
        entry.page.replace("``", "`"),
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


def _indented(program: str) -> str:
    return textwrap.indent(textwrap.dedent(program).strip("\n"), "    ")
