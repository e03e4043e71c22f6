"""The summary in a terminal: one screen that says what was forced, where, and at what cost."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from lazyscope.analysis import cost
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.model.trace import TraceData
from lazyscope.report.events_list import notes
from lazyscope.report.findings_list import findings_section, verdict
from lazyscope.report.headline import headline
from lazyscope.report.screen import Screen, Section, arrange, harmless_line, printed
from lazyscope.report.sites_table import sites_section


def show(trace: TraceData) -> Summary:
    """The summary as something a Rich console can print; it fits the console it is printed on."""
    return Summary(trace)


def render(
    trace: TraceData, width: int = 80, height: int = 24, *, color: bool = False, ascii_only: bool = False
) -> str:
    """The summary as text.

    Parameters
    ----------
    trace : TraceData
        A trace.
    width, height : int
        The screen, in cells. The last line is left to the prompt.
    color : bool
        Whether to colour by escape sequences; if not, guillemets mark expressions.
    ascii_only : bool
        Whether other characters than ASCII are written out.
    """
    screen = Screen(width, height, color, ascii_only)
    return printed(lines(trace, screen), width, color=color, no_wrap=True, overflow="crop")


def render_for_stdout(trace: TraceData) -> str:
    """The summary as text that fits standard output: its size, its colours and its encoding."""
    console = Console()
    return render(
        trace,
        console.width,
        console.height,
        color=_colors(console),
        ascii_only=console.options.ascii_only,
    )


@dataclass(frozen=True)
class Summary:
    """A trace's summary, drawn when it is printed."""

    trace: TraceData

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        screen = Screen(options.max_width, console.height, _colors(console), options.ascii_only)
        for line in lines(self.trace, screen):
            line.no_wrap, line.overflow = True, "crop"
            yield harmless_line(line, console)


def _colors(console: Console) -> bool:
    return bool(console.color_system) and not console.no_color


def lines(trace: TraceData, screen: Screen) -> list[Text]:
    """What is on the screen, line by line."""
    totals, diagnosis = cost.totals(trace), diagnose(trace)
    sections = [_fixed(headline(screen, trace, totals)), _fixed(verdict(screen, trace, diagnosis))]
    sections.append(findings_section(screen, trace, diagnosis))
    if trace.forces:
        sites = sites_section(screen, trace, cost.breakdown(trace), totals, diagnosis)
        sections += [sites, _fixed([Text("")])]
    sections += notes(screen, trace, diagnosis)
    found = arrange(sections, screen.height - 1)
    for line in found:
        line.rstrip()
    while found and not found[-1]:
        found.pop()
    return found


def _fixed(lines: list[Text]) -> Section:
    return Section(0, lambda _: lines)
