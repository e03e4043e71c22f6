"""HTML reports as tests look at them: parsed, with hand-made graphs where no renderer is to be asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from lazyscope.catalogue.finding import Diagnosis
from lazyscope.model.trace import TraceData
from lazyscope.report.graphs.drawing import Drawing

VOID = {"meta", "link", "input", "br", "hr", "img", "rect", "polygon", "path", "ellipse"}


@dataclass
class Element:
    """An element of a page and what is in it."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """It and all elements inside it, in the order of the text."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements of that tag; attributes must be equal, of a class it must be one."""
        return [one for one in self.walk() if one.tag == tag and one.has(**attributes)]

    def has(self, **attributes: str) -> bool:
        """Whether its attributes are these."""
        for name, value in attributes.items():
            own = self.attributes.get(name.rstrip("_")) or ""
            if value not in (own.split() if name == "class_" else [own]):
                return False
        return True

    def by_id(self, name: str) -> Element:
        """The one element of that id."""
        (found,) = [one for one in self.walk() if one.attributes.get("id") == name]
        return found

    @property
    def text(self) -> str:
        """All text in it, blanks as a browser shows them outside of `pre`."""
        return " ".join(self.raw.split())

    @property
    def raw(self) -> str:
        """All text in it as it stands."""
        return "".join(child if isinstance(child, str) else child.raw for child in self.children)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self._open[-1].tag == tag, f"</{tag}> ends <{self._open[-1].tag}> at {self.getpos()}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def parsed(text: str) -> Element:
    """The page as a tree; every element that is begun must be ended."""
    parser = _Parser()
    parser.feed(text)
    parser.close()
    assert parser._open == [parser.root]
    return parser.root


def embedded_data(page: Element) -> dict[str, Any]:
    """The figures that the script works with."""
    found = json.loads(page.by_id("data").raw)
    assert isinstance(found, dict)
    return found


def hand_drawn(
    trace: TraceData, diagnosis: Diagnosis, view: str, *, source: bool = True, force: int | None = None
) -> Drawing:
    """A box for each of the first three findings, one below the other."""
    found = diagnosis.findings[:3]
    boxes = "".join(
        f'<g id="{view}-n{number}" class="node force cost{number} finding {one.id}">'
        f'<title>{view}-n{number}</title><a xlink:href="#{one.id}" xlink:title="{one.code}">'
        f'<polygon fill="#fdd9ae" stroke="#4d4d4d" points="20,{y} 220,{y} 220,{y + 50} 20,{y + 50}"/>'
        f'<text x="40" y="{y + 30}" fill="#1a1a1a">{one.id}</text></a></g>'
        for number, one in enumerate(found, start=1)
        for y in [600 * number]
    )
    svg = (
        f'<svg viewBox="0 0 900 2100" xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink"><g id="{view}-all">{boxes}</g></svg>'
    )
    anchors = {one.id: (f"{view}-n{number}",) for number, one in enumerate(found, start=1)}
    left_out = "2 arrays are left out for want of room." if view == "dataflow" else ""
    return Drawing(view, f"{view} of it", "digraph {}", svg, "", anchors, left_out)  # type: ignore[arg-type]
