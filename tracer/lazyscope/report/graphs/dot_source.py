"""A picture as graphviz source: shapes, colours, fonts, and the legend that explains them.

Shape is kind, fill is cost on a scale of one hue, and what had been computed before is hatched: so nothing
depends on telling hues apart, nor on colour at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from lazyscope.report.graphs.picture import (
    DARKEST,
    Content,
    Edge,
    Group,
    Line,
    Node,
    NodeKind,
    Picture,
    nodes,
)
from lazyscope.text.harmless import harmless

if TYPE_CHECKING:
    import graphviz

SANS, MONO = "Helvetica", "Courier"
"""Fonts whose widths every renderer knows; on a screen others of the same widths may stand in."""
INK, QUIET, PAPER = "#1a1a1a", "#5c5c5c", "#ffffff"
FILLS = ("#ffffff", "#fff1e0", "#fdd9ae", "#fdb062", "#ec7a1c", "#a34a00")
_BAR_CELLS, _BAR_CELL, _NOT_HATCHED = 24, 5, "#b5b5b5"
_TOOLTIP = 600

_SHAPES: dict[NodeKind, dict[str, str]] = {
    "program": {"shape": "box", "style": "filled", "fillcolor": "#ececec", "color": "#ececec"},
    "calls": {"shape": "box", "style": "rounded,filled", "fillcolor": "#eef4fa", "color": "#7d9bb8"},
    "force": {"shape": "octagon", "style": "filled", "margin": "0,0"},
    "running": {"shape": "doubleoctagon", "style": "filled", "margin": "0,0", "penwidth": "2"},
    "shape": {"shape": "tab", "style": "filled", "fillcolor": "#f3effa", "color": "#6b4fa0"},
    "failure": {
        "shape": "box",
        "peripheries": "2",
        "style": "filled",
        "fillcolor": "#ffffff",
        "penwidth": "2",
    },
    "fix": {"shape": "note", "style": "filled", "fillcolor": "#eef6ec", "color": "#5d8a54"},
    "array": {"shape": "box", "style": "rounded,filled", "penwidth": "2"},
    "input": {"shape": "cylinder", "style": "filled"},
    "layer": {"shape": "box", "style": "filled"},
    "source": {"shape": "cylinder", "style": "filled"},
    "rest": {"shape": "box", "style": "dotted,filled", "fillcolor": "#fafafa"},
}
_EDGES = {
    "order": {"color": "#4d4d4d"},
    "again": {"color": "#4d4d4d", "style": "bold", "constraint": "false"},
    "data": {"color": "#4d4d4d"},
    "fix": {"color": "#5d8a54", "style": "dotted", "dir": "none", "constraint": "false"},
    "inside": {"color": "#4d4d4d", "style": "dashed", "arrowhead": "odot"},
    "harm": {"color": "#6b4fa0", "style": "dashed", "constraint": "false"},
    "forced": {"color": "#a34a00", "style": "bold"},
    "follow-on": {"color": "#a34a00", "style": "dashed"},
}
_GROUPS = {
    "line": {"style": "rounded", "color": "#8a8a8a"},
    "loop": {"style": "rounded,bold", "color": "#4d4d4d"},
    "thread": {"style": "dashed", "color": "#b0b0b0"},
    "function": {"style": "rounded", "color": "#b0b0b0"},
}
_MEANINGS: dict[NodeKind, str] = {
    "program": "the program",
    "calls": "array calls, lazy",
    "force": "a force: the graph is executed",
    "running": "was running when the program was killed",
    "shape": "a length becomes unknown",
    "failure": "an exception",
    "fix": "what to do",
    "array": "an array",
    "input": "an array from outside the calls seen",
    "layer": "a layer of the graph",
    "source": "a layer that reads or creates data",
    "rest": "what was folded",
}


def dot_source(picture: Picture) -> str:
    """The graphviz source of a picture."""
    # Only pictures need it.
    import graphviz

    graph = graphviz.Digraph(f"lazyscope-{picture.view}", graph_attr=_graph_attributes(picture))
    graph.attr("node", fontname=SANS, fontsize="11", fontcolor=INK, color="#4d4d4d")
    graph.attr("edge", fontname=SANS, fontsize="10", fontcolor=QUIET, arrowsize="0.7")
    _add(graph, picture.content)
    for number, edge in enumerate(picture.edges):
        graph.edge(edge.tail, edge.head, **_edge_attributes(picture, number, edge))
    _add_legend(graph, picture)
    return str(graph.source)


def _graph_attributes(picture: Picture) -> dict[str, str]:
    lines = [Line(picture.title, "strong"), Line(picture.subtitle, "quiet")]
    lines += [Line(picture.left_out)] if picture.left_out else []
    return {
        "id": f"{picture.view}-graph",
        "label": _table(lines),
        "labelloc": "t",
        "labeljust": "l",
        "fontname": SANS,
        "fontsize": "13",
        "fontcolor": INK,
        "bgcolor": PAPER,
        "pad": "0.2",
        "nodesep": "0.25",
        "ranksep": "0.35",
        "compound": "true",
    }


def _add(graph: graphviz.Digraph, content: tuple[Content, ...]) -> None:
    """Add nodes and boxes; loops are folded a few times at most, so boxes are never deep."""
    for part in content:
        if isinstance(part, Node):
            graph.node(part.id, **_node_attributes(part))
            if part.beside is not None:
                with graph.subgraph(graph_attr={"rank": "same"}) as level:
                    level.node(part.beside)
                    level.node(part.id)
        else:
            with graph.subgraph(name=f"cluster_{part.id}", graph_attr=_group_attributes(part)) as box:
                _add(box, part.content)


def _group_attributes(group: Group) -> dict[str, str]:
    looks = {"label": _table(group.title), "labeljust": "l", "margin": "10"} | _GROUPS[group.kind]
    return looks | {"id": group.id, "class": group.kind, "fontsize": "11"}


def _node_attributes(node: Node) -> dict[str, str]:
    shape = _SHAPES[node.kind]
    label = _table(node.lines, node.repeated, node.cost, below_cap=shape["shape"] == "cylinder")
    looks = {"label": label, "id": node.id} | shape
    if node.cost is not None:
        looks["fillcolor"] = FILLS[node.cost]
    if node.follow_on:
        looks["style"] += ",dashed"
    looks["class"] = _classes(node)
    if node.finding is not None:
        looks["URL"] = f"#{node.finding}"
    if node.tooltip or node.finding:
        looks["tooltip"] = _tooltip(node.tooltip)
    return looks


def _classes(node: Node) -> str:
    classes: list[str] = [node.kind]
    classes += [f"cost{node.cost}"] if node.cost is not None else []
    classes += ["repeated"] if node.repeated else []
    classes += ["follow-on"] if node.follow_on else []
    classes += [f"finding {node.finding}"] if node.finding else []
    return " ".join(classes)


def _edge_attributes(picture: Picture, number: int, edge: Edge) -> dict[str, str]:
    looks = _EDGES[edge.kind] | {"id": f"{picture.view}-e{number}", "class": edge.kind}
    if edge.label:
        looks["label"] = _table([Line(edge.label)])
    if edge.tail_box:
        looks["ltail"] = f"cluster_{edge.tail_box}"
    if edge.head_box:
        looks["lhead"] = f"cluster_{edge.head_box}"
    if edge.tooltip:
        looks["tooltip"] = looks["labeltooltip"] = _tooltip(edge.tooltip)
    return looks


def _tooltip(text: str) -> str:
    """Lines of a tooltip, none of them read as an escape by graphviz."""
    lines = [harmless(line) for line in text[:_TOOLTIP].split("\n")]
    return "\n".join(lines).replace("\\", "\\\\") or " "


# Labels


def _table(
    lines: Sequence[Line], repeated: float | None = None, cost: int | None = None, *, below_cap: bool = False
) -> str:
    """A label of lines below each other, in the HTML that graphviz knows."""
    rows = ["<TR><TD></TD></TR>"] if below_cap else []
    rows += [
        f'<TR><TD ALIGN="LEFT">{_markup(line, dark=cost == DARKEST, tinted=bool(cost))}</TD></TR>'
        for line in lines
    ]
    if repeated is not None:
        rows.append(f'<TR><TD ALIGN="LEFT">{_bar(repeated)}</TD></TR>')
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{"".join(rows)}</TABLE>>'


def _markup(line: Line, *, dark: bool, tinted: bool) -> str:
    text = escape(harmless(line.text)) or " "
    colour = PAPER if dark else QUIET if line.kind == "quiet" and not tinted else INK
    if line.kind == "code":
        return f'<FONT FACE="{MONO}" POINT-SIZE="10" COLOR="{colour}">{text}</FONT>'
    if line.kind == "strong":
        return f'<FONT COLOR="{colour}"><B>{text}</B></FONT>'
    return f'<FONT COLOR="{colour}">{text}</FONT>'


def _bar(share: float) -> str:
    """A bar whose hatched part is `share` of it: never none or all of it unless that is so."""
    hatched = min(max(round(share * _BAR_CELLS), share > 0), _BAR_CELLS - (share < 1))
    cells = [(INK if number % 2 == 0 else PAPER, 1) for number in range(hatched)]
    cells += [(_NOT_HATCHED, _BAR_CELLS - hatched)] if hatched < _BAR_CELLS else []
    drawn = "".join(
        f'<TD WIDTH="{width * _BAR_CELL}" HEIGHT="7" FIXEDSIZE="TRUE" BGCOLOR="{fill}"></TD>'
        for fill, width in cells
    )
    # Of a fixed size, or a wide label would stretch some cells more than others; and without a border, which
    # graphviz draws around the first cell of a table of fixed size.
    looks = f'WIDTH="{_BAR_CELLS * _BAR_CELL}" HEIGHT="7" FIXEDSIZE="TRUE" ALIGN="LEFT"'
    return (
        f'<TABLE {looks} BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>{drawn}</TR></TABLE>'
    )


# The legend


def _add_legend(graph: graphviz.Digraph, picture: Picture) -> None:
    """A box that shows each kind that is in the picture, the scale, and what hatched and dashed mean."""
    drawn = list(nodes(picture.content))
    samples = list(_samples(picture, drawn))
    looks = {
        "id": f"{picture.view}-legend-box",
        "label": "legend",
        "style": "rounded",
        "color": "#d0d0d0",
        "fontsize": "10",
        "labeljust": "l",
    }
    with graph.subgraph(name="cluster_legend", graph_attr=looks) as box:
        for sample in samples:
            attributes = _node_attributes(sample) | {"fontsize": "9", "class": "legend"}
            box.node(sample.id, **attributes)
        box.node(
            f"{picture.view}-legend",
            shape="plain",
            label=_explanations(picture, drawn),
            **{"class": "legend"},
        )
        chain = [sample.id for sample in samples] + [f"{picture.view}-legend"]
        for tail, head in pairwise(chain):
            box.edge(tail, head, style="invis")


def _samples(picture: Picture, drawn: Sequence[Node]) -> Iterator[Node]:
    """A node of each kind in the picture; white where the fill means a cost."""
    kinds = {node.kind: node.cost is not None for node in drawn}
    for kind, meaning in _MEANINGS.items():
        if kind in kinds:
            yield Node(f"{picture.view}-legend-{kind}", kind, (Line(meaning),), 0 if kinds[kind] else None)


def _explanations(picture: Picture, drawn: Sequence[Node]) -> str:
    rows = list(_explained(picture, drawn))
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">{"".join(rows)}</TABLE>>'


def _explained(picture: Picture, drawn: Sequence[Node]) -> Iterator[str]:
    if any(node.cost is not None for node in drawn):
        cells = "".join(map(_step, FILLS, picture.scale))
        yield _row(f'<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="3"><TR>{cells}</TR></TABLE>')
        yield _row(picture.measure)
    if any(node.repeated is not None for node in drawn):
        yield _row(_bar(0.6))
        yield _row("hatched: tasks that had run before")
    if any(node.follow_on for node in drawn):
        yield _row("dashed outline: goes away with another finding")


def _step(fill: str, limit: str) -> str:
    """A cell of the scale."""
    colour = PAPER if fill == FILLS[DARKEST] else INK
    text = f'<FONT COLOR="{colour}" POINT-SIZE="8">{limit}</FONT>'
    return f'<TD BGCOLOR="{fill}" BORDER="1" COLOR="#8a8a8a">{text}</TD>'


def _row(cell: str) -> str:
    inner = cell if cell.startswith("<TABLE") else f'<FONT POINT-SIZE="9">{cell}</FONT>'
    return f'<TR><TD ALIGN="LEFT">{inner}</TD></TR>'
