"""The graph in the terminal: where things lie, what is drawn, and the keys."""

from __future__ import annotations

import itertools
import shutil
import sysconfig
import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest
from explored import NARROW, WIDE, after, explored, pressed, said, shown, words

import sample_traces
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.model.trace import TraceData, load
from lazyscope.report.graphs import rendering
from lazyscope.report.graphs.drawing import picture_of
from lazyscope.report.graphs.picture import Picture, nodes
from lazyscope_tui.app import DARK, LIGHT, Explorer
from lazyscope_tui.box_drawing import drawn
from lazyscope_tui.cells import Box
from lazyscope_tui.plain_layout import DETAILS, Detail, Layout, groups, label, laid_out, source
from lazyscope_tui.widgets.graph_canvas import GraphCanvas
from recorded_samples import path_of
from trace_builder import TraceBuilder

KMEANS = path_of("kmeans")
SAMPLES = ("kmeans", "own_code", "labels", "scaler", "image_filter")


def picture(trace: TraceData) -> Picture:
    return picture_of(trace, diagnose(trace), "program")


def recorded(name: str) -> TraceData:
    return load(path_of(name)) if name in SAMPLES else getattr(sample_traces, name)().trace()


@pytest.fixture(params=["renderer", "no renderer"])
def renderer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """With graphviz, and where there is none."""
    if request.param == "no renderer":
        monkeypatch.setattr(rendering, "renderer", lambda kind="svg": None)
    return request.param == "renderer"


def lines_of(layout: Layout) -> list[str]:
    return ["".join(row).rstrip() for row in drawn(layout).characters]


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("name", [*SAMPLES, "crowded", "hostile", "killed", "clean"])
def test_everything_has_a_place_of_its_own(name: str, detail: Detail, renderer: bool) -> None:
    """No two nodes meet, boxes hold what is in them, and siblings that are boxes do not meet either."""
    layout = laid_out(picture(recorded(name)), detail)
    assert bool(layout.why_stacked) is not renderer
    boxes = layout.boxes
    all_nodes = list(nodes(layout.picture.content))
    for one, other in itertools.combinations(all_nodes, 2):
        assert not boxes[one.id].meets(boxes[other.id]), (one, other)
    for group in groups(layout.picture.content):
        inner = [boxes[one.id] for one in group.content]
        assert Box.around([boxes[group.id], *(box.grown(1, 0) for box in inner)]) == boxes[group.id]
        inside = {id(one) for one in nodes(group.content)}
        for node in all_nodes:
            if id(node) not in inside:
                assert not boxes[group.id].meets(boxes[node.id])


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("name", [*SAMPLES, "crowded", "killed"])
def test_every_edge_is_led_from_node_to_node(name: str, detail: Detail, renderer: bool) -> None:
    """Cell by cell, beside its tail at one end and its head at the other, and through no node."""
    layout = laid_out(picture(recorded(name)), detail)
    assert [edge for edge, _ in layout.paths] == list(layout.picture.edges)
    taken = [layout.boxes[node.id] for node in nodes(layout.picture.content)]
    for edge, path in layout.paths:
        assert path
        assert layout.boxes[edge.tail].grown(1, 1).holds(*path[0])
        assert layout.boxes[edge.head].grown(1, 1).holds(*path[-1])
        for (x, y), (to_x, to_y) in itertools.pairwise(path):
            assert abs(x - to_x) + abs(y - to_y) == 1
        for x, y in path:
            assert not any(box.holds(x, y) for box in taken)


@pytest.mark.parametrize("name", [*SAMPLES, "crowded", "killed", "clean"])
def test_every_line_of_a_label_is_drawn(name: str, renderer: bool) -> None:
    """Nothing is cut, and nothing drawn over it."""
    layout = laid_out(picture(recorded(name)), "full")
    rows = lines_of(layout)
    for node in nodes(layout.picture.content):
        box = layout.boxes[node.id]
        for number, line in enumerate(label(node, "full")):
            assert line.text in rows[box.top + 1 + number]


def test_kinds_are_told_apart_without_colour() -> None:
    """Frames differ; cost is counted, and what had run before is hatched."""
    text = "\n".join(lines_of(laid_out(picture(recorded("kmeans")), "full")))
    assert "╭─────────" in text
    assert "│ 45 calls, lazy" in text
    assert "┃ F2  __bool__ 9×             ┃" in text
    assert "▮▮▮▯▯━┓" in text
    assert "╱╱╱········· had run before" in text
    assert "━ 9 turns ━" in text
    assert "9×" in text
    assert "┈┈┈│ `pixels = pixels.persist()` after" in text
    assert "✗ " in "\n".join(lines_of(laid_out(picture(recorded("crowded")), "full")))
    killed = "\n".join(lines_of(laid_out(picture(recorded("killed")), "full")))
    assert "║ ▶ " in killed


def test_graphviz_is_given_no_text_of_others() -> None:
    """Only sizes and ids of ours."""
    found = picture(recorded("hostile"))
    dot = source(found, {node.id: (11, 3) for node in nodes(found.content)}, "full")
    assert "evil" not in dot
    assert "script" not in dot


def test_wide_characters_take_two_cells() -> None:
    """Rows stay as wide as they are, and frames closed."""
    drawing = drawn(laid_out(picture(recorded("hostile")), "full"))
    row = next(row for row in drawing.characters if "像" in row)
    assert row[row.index("像") + 1] == ""
    assert {len(row) for row in drawing.characters} == {drawing.width}


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_opens_at_the_selected_finding(size: tuple[int, int]) -> None:
    """In the middle, pointed at, with its words below."""
    async with explored(KMEANS, size) as pilot:
        screen = await pressed(pilot, "down", "down", "4")
        assert "F2  __bool__ 9×" in screen
        canvas = pilot.app.screen.query_one(GraphCanvas)
        assert canvas.node is not None
        assert canvas.node.finding == "F2"
        row = next(n for n, line in enumerate(screen.splitlines()) if "▶ F2" in line)
        assert abs(row - size[1] // 2) < 7


async def test_findings_are_visited_in_order_and_lead_back() -> None:
    """n, N and Enter; the way back shows the graph as it was left."""
    async with explored(KMEANS) as pilot:
        canvas = (await pressed(pilot, "4"), pilot.app.screen.query_one(GraphCanvas))[1]
        seen = []
        for _ in range(4):
            await pressed(pilot, "n")
            assert canvas.node is not None
            seen.append(canvas.node.finding)
        assert seen == ["F2b", "F2a", "F2e", "F2d"]
        await pressed(pilot, "N")
        assert canvas.node.finding == "F2e"
        assert "F2e " in await pressed(pilot, "enter")
        assert pilot.app.session.selected == "F2e"
        assert "▶ F2e" in await pressed(pilot, "left_square_bracket")


async def test_zooming_keeps_what_is_selected() -> None:
    """Three steps; the farthest shows more nodes than the nearest."""
    async with explored(KMEANS) as pilot:
        near = await pressed(pilot, "4", "n", "n")
        assert "▶ F2a  __array__ 9×" in near
        heads = await pressed(pilot, "minus")
        assert "▶ F2a  __array__ 9×" in heads
        overview = await pressed(pilot, "minus", "minus")
        assert "▶F2a __array__ 9×" in overview
        assert overview.count("__") > heads.count("__") > 0
        assert await pressed(pilot, "plus", "plus", "plus") == near


async def test_moves_with_arrows_letters_and_pages() -> None:
    """Every way of moving has its way back."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "4", "home")
        canvas = pilot.app.screen.query_one(GraphCanvas)
        assert "start" in words(pilot)
        for there, back in (
            ("down", "up"),
            ("j", "k"),
            ("right", "left"),
            ("l", "h"),
            ("pagedown", "pageup"),
        ):
            before = canvas.scroll_offset
            await pressed(pilot, there)
            assert canvas.scroll_offset != before, there
            await pressed(pilot, back)
            assert canvas.scroll_offset == before, back
        assert "ended normally" in await pressed(pilot, "end")
        await pressed(pilot, "home", "tab")
        assert canvas.node is not None
        assert canvas.node.lines[0].text == "1 call, lazy"
        await pressed(pilot, "shift+tab")
        assert canvas.node.kind == "program"


async def test_mouse_drags_and_chooses() -> None:
    """What is held moves along; a click selects, a double click goes to the finding."""
    async with explored(KMEANS, WIDE) as pilot:
        await pressed(pilot, "4", "home")
        canvas = pilot.app.screen.query_one(GraphCanvas)
        y = canvas.scroll_offset.y
        await pilot.mouse_down(canvas, offset=(5, 30))
        await pilot.hover(canvas, offset=(5, 20))
        await pilot.mouse_up(canvas, offset=(5, 20))
        await pilot.pause()
        assert canvas.scroll_offset.y == y + 10
        screen = shown(pilot).splitlines()
        row = next(n for n, line in enumerate(screen) if "F2b  __array__" in line)
        await pilot.click(offset=(screen[row].index("F2b"), row), times=2)
        await pilot.pause()
        assert pilot.app.session.selected == "F2b"


async def test_svg_is_written_and_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its path is told; a browser inside the terminal is not started."""
    opened: list[str] = []

    class Browser:
        def open(self, url: str) -> bool:
            opened.append(url)
            return True

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(webbrowser, "get", Browser)
    async with explored(KMEANS) as pilot:
        assert "opened: kmeans.svg" in await said(pilot, "4", "g")
        monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("w3m"))
        assert "written: kmeans-2.svg" in await said(pilot, "g")
    assert opened == [(tmp_path / "kmeans.svg").as_uri()]
    assert b"<svg" in (tmp_path / "kmeans-2.svg").read_bytes()


async def test_without_renderer_it_is_stacked_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and a picture all the same."""
    monkeypatch.setattr(rendering, "renderer", lambda kind="svg": None)
    async with explored(KMEANS, WIDE) as pilot:
        screen = await pressed(pilot, "4")
        assert "no renderer for graphs was found" in screen
        assert "F1  persist" in screen
        assert "no renderer for graphs was found" in await said(pilot, "g")


async def test_hostile_names_are_text() -> None:
    """Markup, escapes and direction marks do nothing."""
    async with explored(sample_traces.hostile().trace(), WIDE) as pilot:
        screens = [await pressed(pilot, "4"), await pressed(pilot, "home"), await pressed(pilot, "end")]
        everything = "\n".join(screens)
        assert "[bold]evil[/b].py" in everything
        assert "\x1b" not in everything
        assert "\u202e" not in everything


async def test_lazy_program_is_drawn() -> None:
    """Start and end, and no finding to go to."""
    async with explored(TraceBuilder("lazy.py").end().trace()) as pilot:
        assert "start" in await pressed(pilot, "4")
        assert "no finding is in the graph" in await said(pilot, "n")
        assert "no finding here" in await said(pilot, "enter")


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x50"])
@pytest.mark.parametrize("keys", [("4", "n"), ("4", "minus", "minus")], ids=["near", "overview"])
def test_looks(
    keys: tuple[str, ...],
    size: tuple[int, int],
    theme: str,
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Callable[..., bool],
) -> None:
    """Laid out by graphviz-pure, as versions of Graphviz differ."""
    program = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    monkeypatch.setattr(rendering, "renderer", lambda kind="svg": program)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    assert snap_compare(Explorer(KMEANS), terminal_size=size, run_before=after(theme, keys))
