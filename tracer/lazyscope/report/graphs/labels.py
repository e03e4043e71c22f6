"""Words on the picture: places, code, calls, cut to the room that a node has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from lazyscope import figures
from lazyscope.analysis.cost import site_at
from lazyscope.analysis.source import SourceSite
from lazyscope.model.trace import TraceData
from lazyscope.report.graphs.picture import Line
from lazyscope.report.without_source import without_code
from lazyscope.text.harmless import harmless

CODE = 44
"""Characters of a line of code."""
_TEXT = 48
_NAME = 28


def shortened(text: str, room: int) -> str:
    """`text` on one line in at most `room` characters, an ellipsis for the rest."""
    # What is invisible takes up to ten characters when it is written out.
    shown = harmless(" ".join(text[: 4 * room].split()))
    whole = len(shown) <= room and len(text) <= 4 * room
    return shown if whole else shown[: room - 1].rstrip() + "…"


def shortened_at_start(text: str, room: int) -> str:
    """The same with the end of `text` kept, as of a path."""
    shown = harmless(text[-4 * room :])
    return shown if len(shown) <= room and len(text) <= 4 * room else "…" + shown[1 - room :]


def wrapped(text: str, most: int, width: int = _TEXT) -> list[str]:
    """A sentence in at most `most` lines."""
    lines = wrap(shortened(text, width * most), width, break_on_hyphens=False)
    return [*lines[: most - 1], shortened(" ".join(lines[most - 1 :]), width)] if len(lines) > most else lines


def operation(name: str) -> str:
    """``dask.array.linalg.norm`` as ``norm``, ``Array.__add__`` as ``__add__``."""
    return shortened(name.rpartition(".")[2], _NAME)


@dataclass(frozen=True)
class Labels:
    """Words for the places and calls of a trace; without `source` none that stands in a program's text."""

    trace: TraceData
    source: bool = True

    def site(self, position: int | None) -> SourceSite | None:
        return site_at(self.trace, position)

    def place(self, position: int | None) -> str:
        """``_vq_impl.py:153``."""
        site = self.site(position)
        if site is None:
            return "line unknown"
        return shortened_at_start(site.file.rpartition("/")[2], _NAME) + (
            f":{site.line}" if site.line > 0 else ""
        )

    def whole_place(self, position: int | None) -> str:
        """``scipy/cluster/vq/_vq_impl.py:153``."""
        site = self.site(position)
        if site is None:
            return "line unknown"
        return shortened_at_start(site.file, 60) + (f":{site.line}" if site.line > 0 else "")

    def code(self, position: int | None, room: int = CODE) -> str:
        """The line of source; empty without."""
        site = self.site(position)
        return shortened(site.code, room) if site is not None and self.source else ""

    def expression(self, position: int | None, room: int = CODE) -> str:
        """The expression, else the line; empty without source."""
        site = self.site(position)
        return shortened(site.expression or site.code, room) if site is not None and self.source else ""

    def function(self, position: int | None) -> str:
        """The function that a place is in; empty for a module."""
        site = self.site(position)
        name = "" if site is None else site.function
        return "" if name in ("", "<module>") else shortened(name, _NAME)

    def sentence(self, text: str) -> str:
        return text if self.source else without_code(text)

    def operations(self, counted: Mapping[int, int], room: int = CODE) -> str:
        """``isfinite, all 3×``: what was called most first."""
        named: dict[str, int] = {}
        for text, times in counted.items():
            name = operation(self.trace.texts[text])
            named[name] = named.get(name, 0) + times
        parts = [
            name if times == 1 else f"{name} {figures.count(times)}×" for name, times in most_first(named)
        ]
        return listed(parts, room)

    def tooltip(self, position: int | None, user_site: int | None) -> str:
        """Place and code of the site and of the user's line."""
        lines = []
        for number in dict.fromkeys((position, user_site)):
            if number is not None:
                lines += [self.whole_place(number), self.code(number, 200)]
        return "\n".join(line for line in lines if line)


def most_first(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    """What was counted, the most frequent first."""
    return sorted(counted.items(), key=lambda item: -item[1])


def listed(parts: Iterable[str], room: int) -> str:
    """As many of `parts` as fit, and how many more there are."""
    names = list(parts)
    for shown in range(len(names), 0, -1):
        rest = f" +{len(names) - shown}" if shown < len(names) else ""
        text = ", ".join(names[:shown]) + rest
        if len(text) <= room:
            return text
    return shortened(names[0], room - 5) + (f" +{len(names) - 1}" if len(names) > 1 else "") if names else ""


def layout_of(lengths: Sequence[int | None]) -> str:
    """``1,000 × 3``, a question mark for an unknown length."""
    shown = ["?" if length is None else figures.count(length) for length in lengths[:6]]
    return " × ".join(shown) + (" × …" if lengths[6:] else "") if shown else "()"


def title(first: str, code: str) -> tuple[Line, ...]:
    """The heading of a box: a place and its code."""
    return (Line(first, "strong"), Line(code, "code")) if code else (Line(first, "strong"),)
