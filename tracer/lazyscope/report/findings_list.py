"""The findings in the terminal summary: what is wrong, where, why, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from lazyscope import figures
from lazyscope.analysis.arrays import Array
from lazyscope.analysis.cost import site_at
from lazyscope.analysis.provenance import Step
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.fixes.fix import Fix
from lazyscope.model.trace import TraceData
from lazyscope.report.screen import ALARM, MARK, QUIET, STRONG, Screen, Section
from lazyscope.report.snippets import excerpt, place_and_code
from lazyscope.text.harmless import harmless

_MARGIN = 3
_FIXES = 2
_WHY_LINES = 3
_FIX_LINES = 2

_STYLES = {"high": ALARM, "medium": MARK, "low": "", "info": QUIET}


def worth_a_look(diagnosis: Diagnosis) -> list[Finding]:
    """The findings that a reader is shown.

    Of those that are ``info`` only what may give another result: not forces that are as they should be, nor
    what another finding says already.
    """
    return [one for one in diagnosis.findings if one.severity != "info" or one.code.startswith("LZ5")]


def findings_section(screen: Screen, trace: TraceData, diagnosis: Diagnosis) -> Section:
    """The findings as a section of the screen, the dearest first; what follows from another is named there.

    Each is two items of the section: the first has its place and best fix, the second all the rest.
    """
    found = worth_a_look(diagnosis)
    heads = [one for one in found if one.follows is None]
    following = [one for one in found if one.follows is not None]
    items = [_Item(screen, trace, one, _followers(one, following)) for one in heads]

    def lines(shown: int) -> list[Text]:
        whole, begun = shown // 2, shown % 2
        drawn = [item.lines() for item in items[:whole]]
        drawn += [item.first_lines() for item in items[whole : whole + begun]]
        found = [line for item_lines in drawn for line in (*item_lines, Text(""))]
        if left := len(items) - whole - begun:
            found[-1:] = [Text(f"and {figures.plural(left, 'more finding')}, less dear", QUIET), Text("")]
        return found

    return Section(2 * len(items), lines, eager=2)


def _followers(head: Finding, following: list[Finding]) -> list[Finding]:
    return [one for one in following if one.follows == head.id]


@dataclass(frozen=True)
class _Item:
    screen: Screen
    trace: TraceData
    finding: Finding
    followers: list[Finding]

    def first_lines(self) -> list[Text]:
        """What it is, where, and what to do, in few lines."""
        inner = self.screen.narrower(_MARGIN)
        fixes = [line for fix in self.finding.fixes[:1] for line in fix_lines(inner, fix, 1)]
        return self._under_head([*self._where(inner)[-1:], *fixes])

    def lines(self) -> list[Text]:
        """The same with the user's line, the reason and a second fix."""
        inner = self.screen.narrower(_MARGIN)
        fixes = [line for fix in self.finding.fixes[:_FIXES] for line in fix_lines(inner, fix, _FIX_LINES)]
        told = [*self._why(inner), *self._depends_on(inner)]
        return self._under_head([*self._where(inner), *told, *fixes, *self._follows(inner)])

    def _under_head(self, body: list[Text]) -> list[Text]:
        return [self._head(), *(Text.assemble(" " * _MARGIN, line) for line in body)]

    def _head(self) -> Text:
        found, screen = self.finding, self.screen
        cost = Text(screen.start(cost_of(self.trace, found), screen.width // 3), QUIET)
        label = Text.assemble(
            (found.id, STRONG), " ", (found.severity, _STYLES[found.severity]), " ", found.code, "  "
        )
        room = screen.width - label.cell_len - cost.cell_len - 2
        return screen.spread(Text.assemble(label, (screen.start(found.title, room), STRONG)), cost)

    def _where(self, screen: Screen) -> list[Text]:
        """The user's line and, below it, the library's."""
        found, lines = self.finding, []
        direct = found.site == found.user_site
        if found.user_site is not None and not direct:
            line = excerpt(self.trace, found.user_site)
            lines.append(place_and_code(screen, line, screen.width, mark=found.site is None))
        if found.site is not None:
            lines.append(place_and_code(screen, excerpt(self.trace, found.site), screen.width))
        return lines

    def _why(self, screen: Screen) -> list[Text]:
        return _paragraph(screen, self.finding.why, _WHY_LINES)

    def _depends_on(self, screen: Screen) -> list[Text]:
        """The user's arrays behind a value that a library forced, and the calls between."""
        arrays, calls = dependence(self.trace, self.finding)
        text = " through ".join(", ".join(part) for part in (arrays, calls) if part)
        return [Text(screen.start(f"depends on {text}", screen.width), QUIET)] if arrays else []

    def _follows(self, screen: Screen) -> list[Text]:
        if not self.followers:
            return []
        named = ", ".join(f"{one.id} ({one.code})" for one in self.followers)
        verb = "goes" if len(self.followers) == 1 else "go"
        return [Text(screen.start(f"with it {verb} {named}", screen.width), QUIET)]


def dependence(trace: TraceData, finding: Finding) -> tuple[list[str], list[str]]:
    """The user's arrays behind a value that a library forced, and the library's calls between."""
    found = finding.depends_on
    if found is None or finding.site == finding.user_site:
        return [], []
    arrays = [_array(trace, array) for array in found.arrays if array.variable is not None]
    calls = [_operation(trace, step) for step in found.calls.shown if not step.at_user]
    return list(dict.fromkeys(arrays)), list(dict.fromkeys(reversed(calls)))


def _array(trace: TraceData, array: Array) -> str:
    """``obs (line 72)``."""
    site = site_at(trace, array.position)
    return f"{array.variable} (line {site.line})" if site is not None else str(array.variable)


def _operation(trace: TraceData, step: Step) -> str:
    """``isfinite``; with how often it was called, if that is more than once."""
    name = trace.texts[step.call.operation].rpartition(".")[2]
    return f"{name} {step.times}x" if step.times > 1 else name


def cost_of(trace: TraceData, found: Finding) -> str:
    """What a finding cost, or could save, in few words; empty where neither is known."""
    if found.failures:
        types = dict.fromkeys(failure.type for failure in trace.failures if failure.id in found.failures)
        return ", ".join(types)
    if found.owns_forces:
        seconds = figures.duration(found.cost.self_seconds)
        return f"{seconds}, {figures.plural(found.occurrences, 'force')}"
    if found.at_stake > 0:
        return f"up to {figures.duration(found.at_stake)} less"
    return ""


def fix_lines(screen: Screen, fix: Fix, most: int) -> list[Text]:
    """``persist: `x = x.persist()` before `f(x)`; holds 80 MB in memory``."""
    whose = "for the library: " if fix.audience == "library" else ""
    text = f"{whose}{fix.summary}; {fix.price}" if fix.technique != "none" else fix.summary
    lines = _paragraph(screen, f"{fix.technique}: {text}" if fix.technique != "none" else text, most)
    if lines and fix.technique != "none":
        lines[0].stylize(STRONG, 0, len(fix.technique) + 1)
    return lines


def _paragraph(screen: Screen, text: str, most: int) -> list[Text]:
    """A text in so many lines at most; the last one then ends in an ellipsis."""
    lines = screen.paragraph(harmless(text, ascii_only=screen.ascii_only))
    if len(lines) > most:
        rest = " ".join(line.plain for line in lines[most - 1 :])
        lines = [*lines[: most - 1], Text(screen.start(rest, screen.width))]
    return [Text(screen.start(line.plain, screen.width)) for line in lines]


def verdict(screen: Screen, trace: TraceData, diagnosis: Diagnosis) -> list[Text]:
    """The sentence for a trace in which nothing has to be mended; none if something has."""
    if worth_a_look(diagnosis) or not trace.forces:
        return []
    return [*screen.paragraph("Nothing to mend: what was forced is what the program asked for."), Text("")]
