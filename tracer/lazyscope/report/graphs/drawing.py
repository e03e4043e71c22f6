"""Draws a trace: the three views as graphviz source, as files, and as SVG for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lazyscope.catalogue.finding import Diagnosis
from lazyscope.model.trace import TraceData
from lazyscope.report.graphs import rendering
from lazyscope.report.graphs.dot_source import dot_source
from lazyscope.report.graphs.labels import Labels
from lazyscope.report.graphs.picture import Picture, View, nodes


@dataclass(frozen=True)
class Drawing:
    """A view of a trace, ready to be put into a page."""

    view: View
    title: str
    dot: str
    """The graphviz source."""
    svg: str | None
    """The ``<svg>`` element without a size of its own; None where there is no renderer."""
    why_not: str
    """Then: why, and how to get one."""
    anchors: Mapping[str, tuple[str, ...]]
    """By id of a finding, the ids of the elements that show it."""
    left_out: str
    """What was folded for want of room, in one sentence; also written on the picture."""


def picture_of(
    trace: TraceData, diagnosis: Diagnosis, view: View, *, source: bool = True, force: int | None = None
) -> Picture:
    """What a view shows. Parameters as for `draw`."""
    labels = Labels(trace, source)
    if view == "program":
        from lazyscope.report.graphs.program_view import program_view

        return program_view(trace, diagnosis, labels)
    if view == "dataflow":
        from lazyscope.report.graphs.dataflow_view import dataflow_view

        return dataflow_view(trace, diagnosis, labels)
    from lazyscope.report.graphs.layers_view import layers_view

    return layers_view(trace, diagnosis, labels, force)


def draw(
    trace: TraceData, diagnosis: Diagnosis, view: View, *, source: bool = True, force: int | None = None
) -> Drawing:
    """Draw a view for a page.

    Parameters
    ----------
    trace, diagnosis
        A trace and its findings.
    view
        One of `picture.VIEWS`.
    source
        Whether lines of source text are shown.
    force
        Id of the force whose layers are drawn; None for the dearest. Other views ignore it.

    Raises
    ------
    LazyscopeError
        If there is no force of that id.
    """
    picture = picture_of(trace, diagnosis, view, source=source, force=force)
    dot = dot_source(picture)
    svg, why_not = None, ""
    try:
        svg = rendering.for_inlining(rendering.rendered(dot, "svg"))
    except rendering.NotDrawnError as error:
        why_not = str(error)
    return Drawing(view, picture.title, dot, svg, why_not, anchors_of(picture), picture.left_out)


def anchors_of(picture: Picture) -> dict[str, tuple[str, ...]]:
    """By id of a finding, the ids of the nodes that show it."""
    found: dict[str, tuple[str, ...]] = {}
    for node in nodes(picture.content):
        if node.finding is not None:
            found[node.finding] = (*found.get(node.finding, ()), node.id)
    return found
