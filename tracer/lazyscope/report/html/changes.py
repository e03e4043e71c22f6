"""The fixes of a finding: what to do, what it costs, what it saves, and the lines to put in."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from lazyscope import figures
from lazyscope.fixes.edit import Change
from lazyscope.fixes.fix import Fix
from lazyscope.model.trace import TraceData
from lazyscope.report.fix_words import lines_of, saving
from lazyscope.report.html.markup import capitalised, cut_path, plain, prose
from lazyscope.text.harmless import harmless

_MOST_LINES, _WIDEST = 40, 240
"""Lines of a change, and characters of a line, that are shown."""


@dataclass(frozen=True)
class ShownChange:
    """Lines of a file and what to put in their place."""

    heading: Markup
    removed: tuple[str, ...]
    added: tuple[str, ...]
    after: tuple[str, ...]
    """The line before which something is put in."""
    left_out: str = ""
    """What is not shown of it, in words."""


@dataclass(frozen=True)
class ShownFix:
    """One way to mend a finding."""

    technique: str
    is_advice: bool
    """Whether there is something to do; if not, the summary says why."""
    for_library: bool
    summary: Markup
    price: Markup
    saving: str
    changes: tuple[ShownChange, ...]
    """All of them belong together; none for a sketch."""
    copied: str
    """What the button copies."""


def shown_fix(trace: TraceData, fix: Fix, *, source: bool) -> ShownFix:
    """A fix as it is shown; without `source` there is no code in it."""
    changes = tuple(_shown(trace, change) for change in fix.edit.changes) if fix.edit and source else ()
    return ShownFix(
        technique=fix.technique,
        is_advice=fix.technique != "none",
        for_library=fix.audience == "library",
        summary=prose(capitalised(fix.summary), source=source),
        price=prose(capitalised(fix.price), source=source),
        saving=saving(fix.estimate),
        changes=changes,
        copied=_copied(fix, changes, source),
    )


def _copied(fix: Fix, changes: tuple[ShownChange, ...], source: bool) -> str:
    added = [line for change in changes for line in change.added]
    if added and not any(change.left_out for change in changes):
        return "\n".join(added) + "\n"
    return plain(f"{fix.technique}: {fix.summary} ({fix.price})", source=source)


def _shown(trace: TraceData, found: Change) -> ShownChange:
    lines = trace.source_lines(found.file)
    old = lines[found.line - 1 : found.end_line]
    after = [] if old else lines[found.end_line :][:1]
    removed, added = old[:_MOST_LINES], found.new[:_MOST_LINES]
    drawn = [*removed, *added, *after]
    notes = []
    if missing := len(old) + len(found.new) - len(removed) - len(added):
        notes.append(f"{figures.plural(missing, 'more line')} left out")
    if any(len(line) > _WIDEST for line in drawn):
        notes.append("long lines cut")
    return ShownChange(
        heading=_heading(found, trace.files[found.file].path),
        removed=tuple(map(_line, removed)),
        added=tuple(map(_line, added)),
        after=tuple(map(_line, after)),
        left_out=", ".join(notes) + ("; the JSON report has all of it" if notes else ""),
    )


def _heading(found: Change, path: str) -> Markup:
    what = f"{'Insert' if found.is_insertion else 'Replace'} {lines_of(found)} of"
    return Markup("{} <code>{}</code>:").format(what, cut_path(path))


def _line(text: str) -> str:
    found = harmless(text[: _WIDEST + 1].replace("\t", "    "))
    return found if len(text) <= _WIDEST else f"{found[: _WIDEST - 1]}…"
