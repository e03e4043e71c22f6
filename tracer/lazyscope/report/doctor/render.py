"""What `lazyscope doctor` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from rich.cells import chop_cells
from rich.console import Console
from rich.text import Text

from lazyscope.report.doctor.checks import Check, Group, Remedy, Status, of_status, verdict
from lazyscope.report.screen import ALARM, MARK, PLACE, QUIET, STRONG, Screen, capturing_console
from lazyscope.text.harmless import harmless

SCHEMA_VERSION = 1
MARKS = {Status.OK: "ok", Status.NOTE: "-", Status.WARNING: "!", Status.PROBLEM: "x"}
_STYLES = {Status.OK: "green", Status.NOTE: QUIET, Status.WARNING: MARK, Status.PROBLEM: ALARM}
_MARK, _NAME, _REMEDY = 4, 20, 6
"""Cells: before a name, before a text, before a remedy."""
_NARROWEST = 24


def render(groups: Sequence[Group], width: int = 80, *, color: bool = False, ascii_only: bool = False) -> str:
    """All checks as text, the verdict first.

    Parameters
    ----------
    groups : sequence of Group
        What was checked.
    width : int
        Of the screen, in cells. Commands are never broken: the terminal does that, and they can be copied.
    color : bool
        Whether to colour by escape sequences.
    ascii_only : bool
        Whether other characters than ASCII are written out.
    """
    console = capturing_console(width, color=color)
    screen = Screen(width, color=color, ascii_only=ascii_only)
    with console.capture() as capture:
        for line in lines(groups, screen):
            console.print(line, soft_wrap=True)
    return capture.get()


def render_for_stdout(groups: Sequence[Group]) -> str:
    """All checks as text that fits standard output: its width, its colours and its encoding."""
    console = Console()
    color = bool(console.color_system) and not console.no_color
    return render(groups, console.width, color=color, ascii_only=console.options.ascii_only)


def lines(groups: Sequence[Group], screen: Screen) -> list[Text]:
    """What is on the screen, line by line."""
    found = _folded(verdict(groups), screen, max(screen.width, 2))
    for line in found:
        line.stylize(ALARM if of_status(groups, Status.PROBLEM) else STRONG)
    for group in groups:
        if group.checks:
            found += [Text(""), Text(group.title, STRONG)]
            found += [line for check in group.checks for line in _check(check, screen)]
    return found


def _check(check: Check, screen: Screen) -> list[Text]:
    """Mark, name and fact on one line if they fit, then what to type."""
    mark = (MARKS[check.status].ljust(_MARK), _STYLES[check.status])
    name = _harmless(check.name, screen)
    wide = screen.width >= _MARK + _NAME + _NARROWEST
    margin = _MARK + _NAME if wide else _MARK
    text = _folded(check.text, screen, max(screen.width - margin, 2))
    head = Text.assemble(mark, name)
    if wide and head.cell_len < margin:
        head = Text.assemble(head, " " * (margin - head.cell_len), text.pop(0))
    found = [head, *(Text.assemble(" " * margin, line) for line in text)]
    return found + _remedies(check.remedies, screen)


def _folded(text: str, screen: Screen, width: int) -> list[Text]:
    """A text in lines broken at spaces, and where there are none, as in a path, anywhere."""
    broken = replace(screen, width=width).paragraph(_harmless(text, screen))
    return [Text(part) for line in broken for part in chop_cells(line.plain, width) or [""]]


def _remedies(remedies: Sequence[Remedy], screen: Screen) -> list[Text]:
    found = []
    widest = max((len(remedy.command) for remedy in remedies), default=0)
    for number, remedy in enumerate(remedies):
        line = Text.assemble(
            " " * _REMEDY,
            ("or    " if number else "type  ", QUIET),
            (_harmless(remedy.command, screen), PLACE),
        )
        if not remedy.when:
            found.append(line)
            continue
        when = Text(f"({_harmless(remedy.when, screen)})", QUIET)
        gap = " " * (2 + widest - len(remedy.command))
        beside = Text.assemble(line, gap, when)
        if beside.cell_len > screen.width:
            beside = Text.assemble(line, "  ", when)
        if beside.cell_len <= screen.width:
            found.append(beside)
        else:
            found += [line, Text.assemble(" " * (_REMEDY + 6), when)]
    return found


def _harmless(text: str, screen: Screen) -> str:
    return harmless(text, ascii_only=screen.ascii_only)


def render_json(groups: Sequence[Group]) -> str:
    """All checks for other programs: plain ASCII."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "verdict": verdict(groups),
        "checks": [_document(group, check) for group in groups for check in group.checks],
    }
    return json.dumps(document, indent=1) + "\n"


def _document(group: Group, check: Check) -> dict[str, object]:
    return {
        "group": group.title,
        "name": check.name,
        "status": check.status.value,
        "text": check.text,
        "remedies": [{"command": remedy.command, "when": remedy.when} for remedy in check.remedies],
    }
