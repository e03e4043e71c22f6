"""A trace or a finding in a notebook: a few lines of HTML below the cell.

Styles stand in the elements and take the colours of the page around them, so they do no harm elsewhere on it
and fit light and dark themes; there are no scripts. Text of the program's is escaped, and cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from lazyscope import figures
from lazyscope.analysis.cost import totals
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.finding import Finding
from lazyscope.model.trace import TraceData
from lazyscope.report.findings_list import cost_of, worth_a_look
from lazyscope.report.headline import cost_sentences, how_it_ended
from lazyscope.report.snippets import excerpt
from lazyscope.report.unseen import unseen
from lazyscope.text.harmless import harmless

if TYPE_CHECKING:
    from markupsafe import Markup

MOST = 5
"""Findings that are shown."""

_SIDE, _MIDDLE = 60, 120
"""Characters of a line that are shown before and after its expression, and of the expression."""
_PLACE, _NAME = 80, 80
_TITLE, _SENTENCE = 160, 400
_COLORS = {"high": "#d9482b", "medium": "#b9770e", "low": "#7a8591", "info": "#7a8591"}
"""Of the mark beside a finding: they can be told from white and from black."""


@dataclass(frozen=True)
class Line:
    """A place, and its line of source divided at the expression."""

    place: str
    before: str = ""
    expression: str = ""
    after: str = ""


@dataclass(frozen=True)
class Advice:
    """The first fix of a finding."""

    technique: str
    for_library: bool
    summary: str
    price: str


@dataclass(frozen=True)
class Card:
    """What is shown of a finding; texts as they are in the trace."""

    id: str
    severity: str
    code: str
    title: str
    cost: str
    lines: tuple[Line, ...]
    why: str
    advice: Advice | None
    followers: tuple[str, ...] = ()
    """Ids of those that go away with it."""

    @property
    def color(self) -> str:
        return _COLORS.get(self.severity, _COLORS["low"])


def trace_html(trace: TraceData, *, is_open: bool = False, name: str = "") -> str:
    """What a notebook shows of a trace: the sums and the worst findings.

    Parameters
    ----------
    trace : TraceData
        A trace.
    is_open : bool
        Whether its block is still running.
    name : str
        What it is called in the notebook, where that is known.
    """
    found = worth_a_look(diagnose(trace))
    heads = [one for one in found if one.follows is None]
    return _render(
        "trace",
        lead=_lead(trace, is_open),
        sentences=cost_sentences(trace, totals(trace)),
        clean=bool(trace.forces) and not found,
        cards=[_card(trace, one, found) for one in heads[:MOST]],
        left_out=figures.plural(len(heads) - MOST, "more finding") if heads[MOST:] else "",
        unseen=0 if is_open else len(unseen(trace, diagnose(trace))),
        name=name,
    )


def card_html(card: Card) -> str:
    """What a notebook shows of a finding."""
    return _render("finding", one=card)


def advice(technique: str, audience: str, summary: str, price: str) -> Advice:
    """The first fix of a finding."""
    return Advice(technique, audience == "library", summary, price)


def line_of(file: str, number: int | None, code: str, expression: str | None) -> Line:
    """A line whose expression is marked where it can be found in it."""
    before, middle, after = code.partition(expression) if expression else (code, "", "")
    return Line(file if number is None else f"{file}:{number}", before, middle, after)


def _lead(trace: TraceData, is_open: bool) -> str:
    program = " ".join(trace.header.argv) or "The traced block"
    if is_open:
        return f"{_cut(program, _NAME)} is being recorded, {figures.duration(trace.seconds)} so far."
    return f"{_cut(program, _NAME)} {how_it_ended(trace, lambda text: _cut(text, _NAME))}"


def _card(trace: TraceData, found: Finding, among: Iterable[Finding]) -> Card:
    fix = found.fixes[0] if found.fixes else None
    return Card(
        id=found.id,
        severity=found.severity,
        code=found.code,
        title=found.title,
        cost=cost_of(trace, found),
        lines=tuple(
            _line(trace, position)
            for position in dict.fromkeys((found.user_site, found.site))
            if position is not None
        ),
        why=found.why,
        advice=None if fix is None else advice(fix.technique, fix.audience, fix.summary, fix.price),
        followers=tuple(one.id for one in among if one.follows == found.id),
    )


def _line(trace: TraceData, position: int) -> Line:
    found = excerpt(trace, position)
    line = f":{found.site.line}" if found.site.line > 0 else ""
    return Line(f"{found.site.file}{line}", found.before, found.expression, found.after)


def _cut(text: str, longest: int) -> str:
    """The beginning of `text`, made harmless."""
    shown = harmless(text[: longest + 1])
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def _cut_start(text: str, longest: int) -> str:
    """The end of `text`, made harmless."""
    shown = harmless(text[-longest - 1 :])
    return shown if len(shown) <= longest else f"…{shown[len(shown) - longest + 1 :]}"


def _sentence(text: str, longest: int = _SENTENCE) -> Markup:
    """A sentence that has its code between backticks."""
    from lazyscope.report.html.markup import prose

    return prose(text, longest=longest)


def _render(macro: str, /, **content: Any) -> str:
    return str(getattr(_template().module, macro)(**content)).strip()


@cache
def _template() -> Any:
    # jinja2 takes a while to load, which only a notebook should pay.
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "sentence": _sentence,
        "title": lambda text: _sentence(text, _TITLE),
        "place": lambda text: _cut_start(text, _PLACE),
        "name": lambda text: _cut(text, _NAME),
        "before": lambda text: _cut_start(text, _SIDE),
        "expression": lambda text: _cut(text, _MIDDLE),
        "after": lambda text: _cut(text, _SIDE),
    }
    text = resources.files(__package__).joinpath("notebook.html.j2").read_text(encoding="utf-8")
    return environment.from_string(text)
