"""An edit as a unified diff, as `patch` takes it."""

from __future__ import annotations

from difflib import unified_diff as lines_of_diff

from lazyscope.analysis.source import source_file
from lazyscope.fixes.edit import Edit
from lazyscope.model.trace import TraceData


def unified_diff(trace: TraceData, edit: Edit) -> str:
    """What an edit changes, with three lines around each change.

    Returns
    -------
    str
        One text for all files, each under its path as reports give it; ends with a line break.
    """
    parts: list[str] = []
    for file in edit.files:
        path, old = trace.files[file].path, source_file(trace, file).lines
        new = edit.lines(trace, file)
        parts += lines_of_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")
    return "".join(f"{line}\n" for line in parts)
