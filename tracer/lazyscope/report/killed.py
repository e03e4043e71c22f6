"""What a killed program was doing: the force that was running and what it wanted."""

from __future__ import annotations

from rich.text import Text

from lazyscope import figures
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.screen import QUIET, STRONG, Screen
from lazyscope.report.snippets import excerpt, place_and_code

_MARGIN = "  "
_RESULTS = 2
_ROOMY = 30
"""Lines of a screen that has room for the results wanted, too."""


def running_force(screen: Screen, trace: TraceData, force: Force) -> list[Text]:
    """The lines that name `force`: where it began, what it wanted, and for which results."""
    inner = screen.narrower(len(_MARGIN))
    begin = force.begin
    sentences = wanted_sentences(trace, begin)
    wanted = inner.paragraph(" ".join(sentences))
    wanted[0].stylize(STRONG, 0, len(sentences[0]))
    shown = _results(trace, begin) if screen.height >= _ROOMY else []
    results = [Text(inner.start(line, inner.width), QUIET) for line in shown]
    return [Text.assemble(_MARGIN, line) for line in (*_where(inner, trace, begin), *wanted, *results)]


def wanted_sentences(trace: TraceData, begin: events.ForceBegin) -> list[str]:
    """What a force wanted of memory and of the scheduler."""
    return [*_memory(trace, begin), _tasks(begin)]


def _where(screen: Screen, trace: TraceData, begin: events.ForceBegin) -> list[Text]:
    lines = []
    if begin.user_site is not None and begin.user_site != begin.site:
        found = excerpt(trace, begin.user_site)
        lines.append(place_and_code(screen, found, screen.width, mark=False))
    if begin.site is not None:
        lines.append(place_and_code(screen, excerpt(trace, begin.site), screen.width))
    entry = "" if begin.entry is None else f" in {trace.texts[begin.entry]}"
    around = "" if begin.parent is None else f", inside force {begin.parent}"
    lines.append(Text(screen.start(f"by {begin.trigger}{entry}{around}", screen.width), QUIET))
    return lines


def _memory(trace: TraceData, begin: events.ForceBegin) -> list[str]:
    sentences = ["It wanted a result of unknown size."]
    if begin.expected_bytes is not None:
        free = "" if begin.free_bytes is None else f"; {figures.size(begin.free_bytes)} were free"
        sentences = [f"It wanted {figures.size(begin.expected_bytes)}{free}."]
    if begin.resident_bytes is not None:
        limit = trace.header.memory_limit
        of = "" if limit is None else f" of {figures.size(limit)}"
        sentences.append(f"The process held {figures.size(begin.resident_bytes)}{of}.")
    if begin.largest_chunk_bytes is not None:
        sentences.append(f"Its largest chunk has {figures.size(begin.largest_chunk_bytes)}.")
    return sentences


def _tasks(begin: events.ForceBegin) -> str:
    bound = "" if begin.tasks_exact else "at most "
    repeated = bound + figures.count(begin.tasks_repeated) if begin.tasks_repeated else "none"
    tasks = figures.plural(begin.tasks, "task")
    return f"It needed {bound}{tasks}, of which {repeated} had already been computed."


def _results(trace: TraceData, begin: events.ForceBegin) -> list[str]:
    lines = [f"for {_result(trace, name)}" for name in begin.results[:_RESULTS]]
    if begin.results[_RESULTS:]:
        lines.append(f"and {figures.plural(len(begin.results) - _RESULTS, 'more result')}")
    return lines


def _result(trace: TraceData, name: int) -> str:
    """``astype-8d3f0a: float64 (100, 20)``, as far as the call that made it was recorded."""
    for call in reversed(trace.calls):
        for output, dtype, layout in call.outputs:
            if output == name:
                return f"{trace.texts[name]}: {trace.texts[dtype]} {_shape(trace.layouts[layout])}"
    return trace.texts[name]


def _shape(layout: events.Layout) -> str:
    sizes = ["?" if size is None else figures.count(size) for size in layout.shape]
    return "(" + ", ".join(sizes) + ("," if len(sizes) == 1 else "") + ")"
