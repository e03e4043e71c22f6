"""The calls as a tree: the user's lines, the library functions that they reached, array calls and forces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from lazyscope.analysis.cost import site_at
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.html.excerpts import place
from lazyscope.report.html.markup import cut
from lazyscope_tui.searching import Term

FIELDS = ("line", "function", "operation", "trigger", "entry")
"""What a search may name."""
CHUNK = 200
"""Children that are added at once."""

Kind: TypeAlias = Literal["line", "function", "calls", "forces", "call", "force", "more"]
Event: TypeAlias = events.Call | Force


@dataclass
class Node:
    """A row of the tree. Its children are made when it is opened."""

    kind: Kind
    label: str
    """What it is; for a line its place."""
    detail: str = ""
    """What stands there."""
    position: int | None = None
    """Number of a position that it is at."""
    events: list[Event] = field(default_factory=list)
    depth: int = 0
    is_open: bool = False
    left: list[Node] = field(default_factory=list)
    """Of ``more``: nodes that are not in the tree yet; of calls and forces it has the events."""
    words: Mapping[str, str] | None = None
    """What a search looks into; None until one does."""

    def __post_init__(self) -> None:
        forces = self.forces
        self.seconds = sum(force.self_seconds for force in forces)
        """Wall time of the forces, without that of nested ones."""
        self.tasks = sum(force.begin.tasks for force in forces)
        self.repeated = sum(force.begin.tasks_repeated for force in forces)
        self.force_count = len(forces)
        self.call_count = len(self.events) - len(forces)

    @property
    def forces(self) -> list[Force]:
        """The forces below it."""
        return [event for event in self.events if isinstance(event, Force)]

    @property
    def can_open(self) -> bool:
        return self.kind not in ("call", "force", "more")

    def first_at(self) -> float:
        """When the first of its events began."""
        return min((when(event) for event in self.events), default=0.0)


def when(event: Event) -> float:
    """When it began, in seconds from the start of the trace."""
    return event.begin.at if isinstance(event, Force) else event.at


class CallTree:
    """Nodes of a trace, made level by level.

    Parameters
    ----------
    trace
        The trace.
    """

    def __init__(self, trace: TraceData) -> None:
        self._trace = trace
        self._places: dict[int, tuple[str, str]] = {}

    def roots(self) -> list[Node]:
        """The user's lines, those whose forces cost most first, then in the order of time."""
        groups = self._grouped([*self._trace.calls, *self._trace.forces], self._user_line)
        nodes = [self._line(found) for found in groups]
        return sorted(nodes, key=lambda node: (-node.seconds, node.first_at()))

    def children(self, node: Node, terms: Sequence[Term] = ()) -> list[Node]:
        """What lies below a node, the dearest first, at most a chunk of it and a node for the rest.

        Of functions and operations only those that a search finds, if it finds any.
        """
        if node.kind not in ("line", "function"):
            return self._singles(node.events, node.depth + 1)
        made = list(self._below(node))
        made = [one for one in made if self.is_found(one, terms)] or made
        made.sort(key=lambda one: (-one.seconds, -len(one.events)))
        return _chunked(made, node.depth + 1)

    def rest(self, node: Node) -> list[Node]:
        """What stands in place of a node ``more``: the next chunk, and a node for the rest."""
        if node.left:
            return _chunked(node.left, node.depth)
        return self._singles(node.events, node.depth)

    def _singles(self, found: list[Event], depth: int) -> list[Node]:
        """Calls or forces, one by one. A node for each of 100,000 would take half a second."""
        nodes = [self._single(event) for event in found[:CHUNK]]
        rest = found[CHUNK:]
        return [*nodes, Node("more", f"{len(rest):,} more", depth=depth, events=rest)] if rest else nodes

    def is_found(self, node: Node, terms: Sequence[Term]) -> bool:
        """Whether a search finds a node, by its words or by those of what is below it."""
        return not terms or all(term.is_in(self._words(node)) for term in terms)

    def _words(self, node: Node) -> Mapping[str, str]:
        if node.words is None:
            trace, sites = self._trace, {_site(event) for event in node.events}
            codes = {trace.positions[site].code for site in sites if site is not None}
            operations = {one.operation for one in node.events if not isinstance(one, Force)}
            begins = [force.begin for force in node.forces]
            node.words = {
                "line": f"{node.label} {node.detail}".lower(),
                "function": " ".join(trace.codes[code].function for code in codes).lower(),
                "operation": " ".join(trace.texts[operation] for operation in operations).lower(),
                "trigger": " ".join({begin.trigger for begin in begins}).lower(),
                "entry": " ".join(
                    {trace.texts[one.entry] for one in begins if one.entry is not None}
                ).lower(),
            }
        return node.words

    def _below(self, node: Node) -> Iterator[Node]:
        if node.kind == "line":
            for found in self._grouped(node.events, self._function):
                yield self._function_node(found)
        else:
            for found in self._grouped(node.events, self._what):
                yield self._what_node(found)

    # Groups

    def _grouped(self, found: Iterable[Event], key: Callable[[Event], object]) -> list[list[Event]]:
        groups: dict[object, list[Event]] = {}
        for event in found:
            groups.setdefault(key(event), []).append(event)
        return list(groups.values())

    def _user_line(self, event: Event) -> object:
        user_site = event.begin.user_site if isinstance(event, Force) else event.user_site
        if user_site is None:
            return None
        here = self._trace.positions[user_site]
        return self._trace.codes[here.code].file, here.line

    def _function(self, event: Event) -> object:
        site = _site(event)
        return None if site is None else self._trace.positions[site].code

    def _what(self, event: Event) -> object:
        site = _site(event)
        line = None if site is None else self._trace.positions[site].line
        return (line, event.begin.trigger, "") if isinstance(event, Force) else (line, "", event.operation)

    # Nodes

    def _at(self, position: int | None) -> tuple[str, str]:
        if position is None:
            return "unknown line", ""
        if position not in self._places:
            site = site_at(self._trace, position)
            assert site is not None
            self._places[position] = place(site), cut(site.code, 120)
        return self._places[position]

    def _line(self, found: list[Event]) -> Node:
        first = found[0]
        position = first.begin.user_site if isinstance(first, Force) else first.user_site
        if position is None:
            return Node("line", "no line of yours", "", None, found)
        return Node("line", *self._at(position), position, found)

    def _function_node(self, found: list[Event]) -> Node:
        position = _site(found[0])
        if position is None:
            return Node("function", "unknown function", "", None, found, 1)
        code = self._trace.codes[self._trace.positions[position].code]
        file = self._trace.files[code.file]
        whose = file.distribution or ("your own code" if file.role == "user" else file.path)
        return Node("function", cut(code.function, 60), cut(whose, 60), position, found, 1)

    def _what_node(self, found: list[Event]) -> Node:
        first, position = found[0], _site(found[0])
        code = self._at(position)[1]
        if isinstance(first, Force):
            return Node("forces", f"forced by {cut(first.begin.trigger, 30)}", code, position, found, 2)
        operation = self._trace.texts[first.operation].rpartition("dask.array.")[2]
        return Node("calls", cut(operation, 50), code, position, found, 2)

    def _single(self, event: Event) -> Node:
        if isinstance(event, Force):
            label = f"force {event.id}"
            return Node("force", label, "" if event.end else "not back", _site(event), [event], 3)
        return Node("call", f"at {event.at:.3f} s", self._outputs(event), event.site, [event], 3)

    def _outputs(self, call: events.Call) -> str:
        """``float64 (100, 20)``, for each array that came back."""
        trace = self._trace
        made = [(trace.texts[dtype], trace.layouts[layout].shape) for _, dtype, layout in call.outputs]
        return cut(", ".join(f"{dtype} {_shape(shape)}" for dtype, shape in made), 80)


def _chunked(nodes: list[Node], depth: int) -> list[Node]:
    """The first nodes, and one that stands for the rest."""
    if len(nodes) <= CHUNK:
        return nodes
    rest = nodes[CHUNK:]
    return [*nodes[:CHUNK], Node("more", f"{len(rest):,} more", depth=depth, left=rest)]


def _site(event: Event) -> int | None:
    return event.begin.site if isinstance(event, Force) else event.site


def _shape(shape: list[int | None]) -> str:
    sizes = ["?" if size is None else f"{size:,}" for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
