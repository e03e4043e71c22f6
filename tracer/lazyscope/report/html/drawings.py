"""The graphs of a trace, ready to be put into the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from markupsafe import Markup

from lazyscope.catalogue.finding import Diagnosis
from lazyscope.model.trace import TraceData
from lazyscope.report.graphs.drawing import draw
from lazyscope.report.graphs.picture import View
from lazyscope.report.graphs.rendering import NotDrawnError
from lazyscope.report.html.markup import cut

Anchors: TypeAlias = dict[str, dict[str, Sequence[str]]]
"""For each view, by id of a finding, the ids of the elements that show it."""

_OWN_IDS = re.compile(r'<g id="(?:graph|clust)\d+"')
"""Ids that graphviz gives by itself: they would be the same in every picture of the page."""

_VIEWS: dict[View, str] = {"program": "Program", "dataflow": "Dataflow", "layers": "Layers"}


@dataclass(frozen=True)
class Graph:
    """One picture."""

    view: str
    name: str
    svg: Markup | None
    why_not: str
    left_out: str


def graphs(trace: TraceData, diagnosis: Diagnosis, *, source: bool) -> tuple[list[Graph], Anchors]:
    """The three pictures, and for each view the elements that show a finding."""
    found: list[Graph] = []
    anchors: Anchors = {}
    for view, name in _VIEWS.items():
        try:
            drawing = draw(trace, diagnosis, view, source=source)
        except NotDrawnError as error:
            found.append(Graph(view, name, None, cut(str(error), 500), ""))
            continue
        svg = None if drawing.svg is None else Markup(_OWN_IDS.sub("<g", drawing.svg))
        found.append(Graph(view, name, svg, cut(drawing.why_not, 500), drawing.left_out))
        anchors[view] = dict(drawing.anchors) if svg is not None else {}
    return found, anchors
