"""The findings as SARIF 2.1.0: for code scanning, editors and other viewers of what analyses find.

One run; a rule for each code of the catalogue; a result for each finding, but for those that say that the
program asked for a force or allows it (LZ119, LZ121).

Locations
    A result lies where it can be mended: in the user's line, or, if only the library's authors can do
    something, in the library's. The other line is a related location. Files of the program are relative to
    ``%SRCROOT%``, the directory that it was started in; those of installed packages to ``SITE``, the
    directory that they are installed in; those below the home directory to ``HOME``. None of these is
    given: a report tells nothing of the machine.

Levels
    ``high`` is ``error``, ``medium`` is ``warning``, ``low`` is ``note``; ``info`` is ``note`` where it is
    worth a look, and else of the kind ``informational``, which has no level.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lazyscope._version import __version__
from lazyscope.analysis import cost
from lazyscope.analysis.source import SourceSite, locate
from lazyscope.catalogue import entries
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.entries import Entry
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.fixes.edit import Change, Edit
from lazyscope.fixes.fix import Fix
from lazyscope.model import events
from lazyscope.model.trace import TraceData
from lazyscope.report.findings_list import worth_a_look
from lazyscope.report.pages import page
from lazyscope.report.unseen import unseen
from lazyscope.report.without_source import without_code
from lazyscope.text.harmless import harmless

Document = dict[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS = {"high": "error", "medium": "warning", "low": "note", "info": "note"}
_AS_MEANT = ("LZ119", "LZ121")
_BASES = {
    "%SRCROOT%": "The directory in which the program was started.",
    "SITE": "The directory in which packages are installed.",
    "HOME": "The home directory of who ran the program.",
}
_LONGEST_TEXT = 2_000
_LONGEST_SNIPPET = 1_000
"""Characters of a sentence, and of a piece of source; longer pieces are left out, as they must be exact."""


def render(trace: TraceData, *, source: bool = True) -> str:
    """The report as text, in ASCII.

    Parameters
    ----------
    trace : TraceData
        A trace.
    source : bool
        Whether source text is included; if not, there are no snippets, no code in sentences, no fixes.
    """
    return json.dumps(to_document(trace, source=source), indent=1, allow_nan=False) + "\n"


def to_document(trace: TraceData, *, source: bool = True) -> Document:
    """The report as plain Python data. Parameters as for `render`."""
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [_Writer(trace, source, diagnose(trace)).run()]}


@dataclass(frozen=True)
class _Writer:
    trace: TraceData
    source: bool
    diagnosis: Diagnosis

    def run(self) -> Document:
        trace = self.trace
        driver = {
            "name": "lazyscope",
            "version": __version__,
            "semanticVersion": __version__,
            "rules": [_rule(entry) for entry in entries.all_entries()],
        }
        unseen_events = unseen(trace, self.diagnosis)
        invocation = {
            "executionSuccessful": not self.diagnosis.broken,
            "toolExecutionNotifications": [
                {"level": "note", "message": _message(f"Not seen: {line}")} for line in unseen_events
            ],
        }
        totals = cost.totals(trace)
        found = [one for one in self.diagnosis.findings if one.code not in _AS_MEANT]
        indices = {entry.code: number for number, entry in enumerate(entries.all_entries())}
        return {
            "tool": {"driver": driver},
            "invocations": [invocation],
            "originalUriBaseIds": {name: {"description": _message(text)} for name, text in _BASES.items()},
            "columnKind": "unicodeCodePoints",
            "defaultSourceLanguage": "python",
            "results": [self.result(one, indices[one.code]) for one in found],
            "properties": {
                "program": [harmless(word[:_LONGEST_TEXT]) for word in trace.header.argv],
                "ended": trace.ended,
                "seconds": _number(trace.seconds),
                "calls": totals.calls,
                "forces": totals.forces,
                "forcedSeconds": _number(totals.forced_seconds),
                "tasks": totals.tasks,
                "tasksRepeated": totals.tasks_repeated,
                "bytes": totals.bytes,
                "leftOut": len(self.diagnosis.findings) - len(found),
            },
        }

    # Results

    def result(self, found: Finding, rule: int) -> Document:
        is_note = found.severity == "info" and found not in worth_a_look(self.diagnosis)
        place, other = self.places(found)
        fixes = [self.fix(fix, fix.edit) for fix in found.fixes if fix.edit is not None]
        related = self.related(found, other)
        known = {
            "occurrenceCount": found.occurrences or None,
            "locations": [self.location(place)] if place is not None else None,
            "relatedLocations": related or None,
            "fixes": [fix for fix in fixes if fix is not None] or None,
        }
        return {
            "ruleId": found.code,
            "ruleIndex": rule,
            "kind": "informational" if is_note else "fail",
            "level": "none" if is_note else _LEVELS[found.severity],
            "message": _message(self.told(found)),
            **{name: value for name, value in known.items() if value is not None},
            "partialFingerprints": {"lazyscopeFinding/v1": found.fingerprint},
            "properties": self.properties(found),
        }

    def told(self, found: Finding) -> str:
        """What it is, why, and the best fix."""
        advice = f" {_advice(found.fixes[0])}." if found.fixes else ""
        return self.sentence(f"{found.title}. {found.why}{advice}")

    def sentence(self, text: str) -> str:
        return _cut(text if self.source else without_code(text))

    def places(self, found: Finding) -> tuple[int | None, int | None]:
        """Where it can be mended, and the other line if there is one."""
        if found.user_site is None or found.site is None or found.site == found.user_site:
            return (found.site if found.user_site is None else found.user_site), None
        if found.actionability == "library":
            return found.site, found.user_site
        return found.user_site, found.site

    def related(self, found: Finding, other: int | None) -> list[Document]:
        """The other line, and where the arrays come from that it depends on."""
        told = [] if other is None else [(other, self.role(found, other))]
        arrays = found.depends_on.arrays if found.depends_on else ()
        for array in arrays:
            if array.position is not None and array.position not in {n for n, _ in told}:
                name = f"`{array.variable}`" if array.variable and self.source else "an array"
                told.append((array.position, f"{name} that it depends on"))
        return [
            {"id": number, **self.location(position), "message": _message(text)}
            for number, (position, text) in enumerate(told, start=1)
        ]

    def role(self, found: Finding, position: int) -> str:
        if position == found.user_site:
            return "The line of the program that led there"
        verb = "forced" if found.owns_forces else "is concerned"
        return f"The line of the library that {verb}"

    def properties(self, found: Finding) -> Document:
        """What SARIF has no words for: costs, and all fixes with their price."""
        return {
            "id": found.id,
            "severity": found.severity,
            "actionability": found.actionability,
            "follows": found.follows,
            "entry": None if found.entry is None else _cut(self.trace.texts[found.entry]),
            "cost": {
                "seconds": _number(found.cost.seconds),
                "selfSeconds": _number(found.cost.self_seconds),
                "share": _number(found.cost.share),
                "tasks": found.cost.tasks,
                "tasksRepeated": found.cost.tasks_repeated,
                "bytes": found.cost.bytes,
            },
            "atStakeSeconds": _number(found.at_stake),
            "advice": [
                {
                    "technique": fix.technique,
                    "audience": fix.audience,
                    "summary": self.sentence(fix.summary),
                    "price": self.sentence(fix.price),
                }
                for fix in found.fixes
            ],
        }

    # Locations

    def location(self, position: int) -> Document:
        site = locate(self.trace, position)
        file = self.trace.codes[self.trace.positions[position].code].file
        physical: Document = {"artifactLocation": _artifact(self.trace.files[file])}
        if site.line > 0:
            physical |= self.regions(site, self.trace.source_lines(file))
        kind = "module" if site.function == "<module>" else "function"
        name = {"name": _cut(site.function), "kind": kind}
        return {"physicalLocation": physical, "logicalLocations": [name]}

    def regions(self, site: SourceSite, lines: list[str]) -> Document:
        """The expression as a region, in the lines around it as context; else the line."""
        if site.column is None or site.end_column is None or not 0 < site.line <= len(lines):
            return {"region": self.region({"startLine": site.line}, lines, site.line)}
        last = min(max(site.end_line or site.line, site.line), len(lines))
        region = {
            "startLine": site.line,
            "startColumn": site.column + 1,
            "endLine": last,
            "endColumn": site.end_column + 1,
        }
        exact = self.region(region, lines, last, site.column, site.end_column)
        if site.column == 0 and site.end_column == _width(lines[last - 1]):
            return {"region": exact}
        context = {"startLine": site.line, "endLine": last}
        return {"region": exact, "contextRegion": self.region(context, lines, last)}

    def region(
        self, region: Document, lines: list[str], last: int, start: int = 0, end: int | None = None
    ) -> Document:
        """A region with its text, if that is wanted, known and not too long."""
        chosen = [line.removeprefix("\ufeff") for line in lines[region["startLine"] - 1 : last]]
        if not chosen or not self.source:
            return region
        chosen[-1] = chosen[-1][:end]
        chosen[0] = chosen[0][start:]
        text = "\n".join(chosen)
        return region if len(text) > _LONGEST_SNIPPET else {**region, "snippet": {"text": text}}

    # Fixes

    def fix(self, fix: Fix, edit: Edit) -> Document | None:
        """The edit of a fix; None where its lines are not known."""
        if not self.source or not all(map(self.is_in_file, edit.changes)):
            return None
        return {
            "description": _message(self.sentence(_advice(fix))),
            "artifactChanges": [self.artifact_change(edit, file) for file in edit.files],
        }

    def is_in_file(self, change: Change) -> bool:
        """Whether the lines that it is about are there."""
        lines = len(self.trace.source_lines(change.file))
        return 0 < change.line <= lines + 1 and change.end_line <= lines

    def artifact_change(self, edit: Edit, file: int) -> Document:
        """What an edit changes in one file."""
        lines = self.trace.source_lines(file)
        return {
            "artifactLocation": _artifact(self.trace.files[file]),
            "replacements": [_replacement(one, lines) for one in edit.changes if one.file == file],
        }


def _advice(fix: Fix) -> str:
    if fix.technique == "none":
        return f"{fix.summary[:1].upper()}{fix.summary[1:]}"
    whose = "for the library: " if fix.audience == "library" else ""
    return f"{fix.technique}: {whose}{fix.summary}; {fix.price}"


def _replacement(change: Change, lines: list[str]) -> Document:
    """Whole lines put in, taken out or exchanged. The text may end without a line break."""
    text = "\n".join(change.new)
    if change.end_line < change.line <= len(lines):
        return {
            "deletedRegion": _between((change.line, 1), (change.line, 1)),
            "insertedContent": {"text": f"{text}\n"},
        }
    if change.end_line < change.line:
        end = (len(lines), _width(lines[-1]) + 1) if lines else (1, 1)
        return {
            "deletedRegion": _between(end, end),
            "insertedContent": {"text": f"\n{text}" if lines else text},
        }
    if not change.new:
        return {"deletedRegion": _between((change.line, 1), (change.end_line + 1, 1))}
    end = (change.end_line, _width(lines[change.end_line - 1]) + 1)
    return {"deletedRegion": _between((change.line, 1), end), "insertedContent": {"text": text}}


def _width(line: str) -> int:
    return len(line.removeprefix("\ufeff"))


def _between(start: tuple[int, int], end: tuple[int, int]) -> Document:
    return {"startLine": start[0], "startColumn": start[1], "endLine": end[0], "endColumn": end[1]}


def _artifact(file: events.File) -> Document:
    """Where a file is, as a URI: percent-encoded, and relative to a base unless its path is absolute."""
    path = file.path
    if path.startswith("/") or re.match(r"[A-Za-z]:/", path):
        return {"uri": f"file:///{_encoded(path.lstrip('/'), safe='/:')}"}
    if path.startswith("~/"):
        return {"uri": _encoded(path[2:]), "uriBaseId": "HOME"}
    return {"uri": _encoded(path), "uriBaseId": "%SRCROOT%" if file.role == "user" else "SITE"}


def _encoded(path: str, *, safe: str = "/") -> str:
    return quote(path.encode("utf-8", "surrogatepass"), safe=safe)


# Rules


def _rule(entry: Entry) -> Document:
    """An entry of the catalogue with its whole page."""
    words = re.findall(r"[A-Za-z0-9]+", entry.title)
    return {
        "id": entry.code,
        "name": "".join(word[:1].upper() + word[1:] for word in words),
        "shortDescription": {"text": f"{entry.title}."},
        "fullDescription": {"text": entry.page.partition("\n")[0]},
        "help": {"text": page(entry.code)},
        "defaultConfiguration": {"level": "note" if entry.code in _AS_MEANT else "warning"},
        "properties": {"tags": ["dask", "performance"]},
    }


# Text


def _message(text: str) -> Document:
    """A message in which nothing stands for something else: braces are doubled, and no link is made."""
    shown = _cut(text).replace("{", "{{").replace("}", "}}")
    return {"text": shown.replace("](", "] (")}


def _cut(text: str) -> str:
    found = harmless(text[: _LONGEST_TEXT + 1])
    return found if len(found) <= _LONGEST_TEXT else f"{found[: _LONGEST_TEXT - 3]}..."


def _number(value: float | None) -> float | None:
    """To the microsecond; what no clock can have shown is unknown."""
    return None if value is None or not math.isfinite(value) else round(value, 6)
