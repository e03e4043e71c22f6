"""The three pictures: what is in them is what was recorded, and everything in them is harmless."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import sample_traces
from array_traces import ArrayTraceBuilder
from golden_files import assert_golden
from lazyscope.analysis.lineage import lineage
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.errors import LazyscopeError
from lazyscope.model.events import Wanted
from lazyscope.model.trace import TraceData, load
from lazyscope.report.graphs import rendering
from lazyscope.report.graphs.dot_source import dot_source
from lazyscope.report.graphs.drawing import Drawing, anchors_of, draw, picture_of
from lazyscope.report.graphs.picture import VIEWS, Group, Node, NodeKind, Picture, View, cost_step, nodes
from lazyscope.report.graphs.shortening import MOST
from recorded_samples import RECORDED, path_of, recorded
from trace_builder import TraceBuilder

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"

needs_renderer = pytest.mark.skipif(rendering.renderer() is None, reason="no dot and no graphviz-pure")


def picture(trace: TraceData, view: View, **options: object) -> Picture:
    return picture_of(trace, diagnose(trace), view, **options)  # type: ignore[arg-type]


def texts(drawn: Picture, kind: NodeKind) -> list[list[str]]:
    """The lines of every node of a kind, in the order of the picture."""
    return [[line.text for line in node.lines] for node in nodes(drawn.content) if node.kind == kind]


def titles(drawn: Picture) -> list[list[str]]:
    """The headings of all boxes, outer ones first."""
    found, waiting = [], list(drawn.content)
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, Group):
            found.append([line.text for line in part.title])
            waiting += part.content
    return found


@pytest.fixture
def kmeans() -> TraceData:
    return recorded("kmeans")


# The program view


def test_a_loop_inside_a_library_is_one_box(kmeans: TraceData) -> None:
    """41 forces from one line: two checks, a conversion, nine turns, and what a tenth began."""
    drawn = picture(kmeans, "program")
    assert titles(drawn) == [
        ["samples/kmeans.py:42", "palette, distortion = kmeans(pixels, da.from_array(greys))"],
        ["samples/kmeans.py:44", "palette, distortion = dask.compute(palette, distortion)"],
        ["9 turns"],
    ]
    heads = [lines[0].partition("  ")[2] for lines in texts(drawn, "force")]
    turn = ["__array__ 9×", "__array__ 9×", "__array__ 9×", "__bool__ 9×"]
    assert heads == ["__bool__ 2×", "__array__", *turn, "__array__", "__array__", "compute"]
    assert [edge.label for edge in drawn.edges if edge.kind == "again"] == ["9×"]


def test_gates_say_what_forced_where_and_at_what_cost(kmeans: TraceData) -> None:
    """The conversion of the observations, in every turn: all of its tasks had run before."""
    drawn = picture(kmeans, "program")
    gate = next(
        node for node in nodes(drawn.content) if "np.asarray(c_obs)" in [line.text for line in node.lines]
    )
    forces = [f for f in kmeans.forces if f.begin.site is not None and f.begin.tasks == 7][1:10]
    head, expression, place, cost = (line.text for line in gate.lines)
    assert (expression, place) == ("np.asarray(c_obs)", "_vq_impl.py:153, in vq")
    assert cost.endswith(", 63 tasks, 63 again")
    assert gate.repeated == 1.0
    assert gate.finding == head.partition(" ")[0]
    seconds = sum(force.self_seconds for force in forces)
    forced = sum(force.self_seconds for force in kmeans.forces)
    assert gate.cost == cost_step(seconds / forced)


def test_every_force_is_counted_once_in_the_program_view(kmeans: TraceData) -> None:
    counted = [re.search(r" ([\d,]+)×$", lines[0]) for lines in texts(picture(kmeans, "program"), "force")]
    assert sum(int(found[1]) if found else 1 for found in counted) == len(kmeans.forces)


def test_the_fix_stands_beside_the_first_gate_it_is_about(kmeans: TraceData) -> None:
    drawn = picture(kmeans, "program")
    fix = next(node for node in nodes(drawn.content) if node.kind == "fix")
    assert [line.text for line in fix.lines] == [
        "F1  persist",
        "`pixels = pixels.persist()` after `pixels =",
        "da.from_array(photograph, chunks=(64 * 640,",
        "3))`, line 39",
    ]
    gates = [node.id for node in nodes(drawn.content) if node.kind == "force"]
    assert fix.beside == gates[0]


def test_unknown_shapes_lead_to_where_they_hurt() -> None:
    """Two columns of unknown length, each with a line that computes its sizes."""
    drawn = picture(load(path_of("taxi_ttest")), "program")
    kinds = {node.id: node for node in nodes(drawn.content)}
    harmed = [
        (kinds[edge.tail].kind, kinds[edge.head].lines[0].text) for edge in drawn.edges if edge.kind == "harm"
    ]
    assert [(kind, text.partition("  ")[2]) for kind, text in harmed] == [
        ("shape", "compute_chunk_sizes"),
        ("shape", "compute_chunk_sizes"),
    ]


def test_partition_reads_are_counted_at_the_gate() -> None:
    trace = load(path_of("taxi_ttest"))
    lines = [
        line for gate in texts(picture(trace, "program"), "force") for line in gate if "partition" in line
    ]
    read = [tuple(map(int, re.findall(r"\d+", line))) for line in lines]
    assert sum(counts[0] for counts in read) == sum(force.partition_reads for force in trace.forces)
    again = sum(counts[1] for counts in read if len(counts) > 1)
    assert again == sum(force.partition_reads_repeated for force in trace.forces)


def test_what_a_library_did_lazily_stands_under_the_users_line() -> None:
    stretches = texts(picture(load(path_of("taxi_ttest")), "program"), "calls")
    assert ["79 calls, lazy", "taxi_ttest.py:32  ttest_ind: 79 calls inside"] in stretches


def test_a_killed_program_shows_what_was_running() -> None:
    drawn = picture(sample_traces.killed().trace(), "program")
    assert [lines[0].partition("  ")[2] for lines in texts(drawn, "running")] == ["__array__"]
    assert texts(drawn, "program")[-1][0].startswith("was killed, or still runs")


def test_an_exception_is_drawn_where_it_passed() -> None:
    build = TraceBuilder("crash.py")
    build.source("crash.py", "y = x[x > 0]\nz = y.reshape(3, -1)\n")
    site = build.at("crash.py", "y.reshape(3, -1)")
    build.failure("ValueError", "Array chunk size or shape is unknown. Possible solution: ...", site)
    (failure,) = texts(picture(build.end("exception", "ValueError").trace(), "program"), "failure")
    assert failure[0].endswith("ValueError")
    assert failure[-2:] == ["crash.py:2", "it left the program"]


def test_nested_forces_hang_on_the_force_they_happened_in() -> None:
    build = TraceBuilder("nested.py")
    build.source("nested.py", "y = x.map_blocks(f).compute()\ndef f(b):\n    return b * float(m)\n")
    outer = build.begin(build.at("nested.py", "x.map_blocks(f).compute()"), "compute", tasks=4)
    for _ in range(4):
        build.force(build.at("nested.py", "float(m)"), "__float__", seconds=0.25, parent=outer, tasks=2)
    drawn = picture(build.finish(outer, 1.0).end().trace(), "program")
    assert [lines[0].partition("  ")[2] for lines in texts(drawn, "force")] == ["compute", "__float__ 4×"]
    assert [edge.label for edge in drawn.edges if edge.kind == "inside"] == ["inside its tasks"]


def test_what_has_no_room_is_folded_and_said() -> None:
    """A hundred lines, each forcing once, in no order that repeats."""
    build = TraceBuilder("many.py")
    build.source("many.py", "\n".join(f"a{n} = float(b{n})" for n in range(100)))
    for n in range(100):
        build.force(build.at("many.py", f"float(b{n})"), "__float__", seconds=1.0 + (n * 37) % 100, tasks=2)
    trace = build.end().trace()
    drawn = picture(trace, "program")
    seconds = sorted((1.0 + (n * 37) % 100 for n in range(100)), reverse=True)
    assert len(texts(drawn, "force")) == MOST
    folded = sum(int(re.match(r"\d+", lines[0])[0]) for lines in texts(drawn, "rest"))  # type: ignore[index]
    assert folded == 100 - MOST
    minutes, rest = divmod(round(sum(seconds[MOST:])), 60)
    assert drawn.left_out == (
        f"Folded for want of room, in dotted boxes: {100 - MOST} forces at {100 - MOST} places "
        f"({minutes} min {rest} s); of 100 forces in all."
    )
    assert "Folded for want of room" in dot_source(drawn)


def test_an_empty_trace_is_a_picture_too() -> None:
    for view in VIEWS:
        drawn = picture(TraceBuilder("empty.py").end().trace(), view)
        assert dot_source(drawn)
    assert texts(drawn, "program") == [["Nothing was forced: no graph was executed."]]


# The dataflow view


def test_arrays_say_how_often_they_were_computed(kmeans: TraceData) -> None:
    """Twelve forces asked for the chunks of `pixels`; counted here by its layer's name."""
    made = kmeans.calls[0].outputs[0][0]
    layer = next(n for n, layer in enumerate(kmeans.layers) if layer.name == made)
    forces = [force for force in kmeans.forces if layer in {wanted.layer for wanted in force.begin.wanted}]
    drawn = picture(kmeans, "dataflow")
    (pixels,) = (lines for lines in texts(drawn, "array") if lines[0] == "pixels")
    assert pixels[3] == "float64 273,280 × 3, blocks 7 × 1"
    assert pixels[4].startswith(f"computed {len(forces)}× by ")
    assert len(forces) == 12


def test_forces_hang_on_what_they_asked_for(kmeans: TraceData) -> None:
    """`np.asarray(c_obs)` takes `pixels` itself, and goes away with another finding."""
    drawn = picture(kmeans, "dataflow")
    kinds = {node.id: node for node in nodes(drawn.content)}
    (gate,) = (node for node in kinds.values() if "np.asarray(c_obs)" in [line.text for line in node.lines])
    (edge,) = (edge for edge in drawn.edges if edge.head == gate.id)
    assert (kinds[edge.tail].lines[0].text, edge.kind) == ("pixels", "follow-on")
    assert gate.follow_on


def test_calls_that_make_nothing_are_not_in_the_dataflow(kmeans: TraceData) -> None:
    """``asarray`` that hands back its input, conversions and questions connect nothing."""
    shown = " ".join(line for lines in texts(picture(kmeans, "dataflow"), "calls") for line in lines)
    assert "__array__" not in shown
    assert "result_type" not in shown


def test_many_places_are_drawn_by_line_and_then_folded() -> None:
    build = ArrayTraceBuilder("wide.py")
    build.source("wide.py", "\n".join(f"a{n} = b{n} + 1" for n in range(60)))
    for n in range(60):
        build.made("Array.__add__", build.at("wide.py", f"b{n} + 1"), f"add-{n}", takes=["b"])
    drawn = picture(build.end().trace(), "dataflow")
    # Sixty lines and the array that they take.
    assert drawn.left_out == "Folded for want of room, in dotted boxes: 41 places of 61 that made calls."
    assert texts(drawn, "rest") == [["41 more places", "40 calls"]]


# The layers view


def layered(count: int, tasks: int) -> tuple[TraceBuilder, list[Wanted]]:
    """A force over parallel branches: one source, `count` slices of it, and their sum."""
    build = ArrayTraceBuilder("big.py")
    build.source("big.py", "y = x.sum().compute()\n")
    source = build.tasks("random-0", tasks=tasks)
    slices = [build.tasks(f"getitem-{n}", source, tasks=tasks) for n in range(count)]
    total = build.tasks("sum-0", *slices, tasks=1)
    return build, [Wanted(layer, tasks, 0) for layer in (source, *slices)] + [Wanted(total, 1, 0)]


def test_branches_that_are_alike_are_one_box() -> None:
    """Five hundred slices of one array, and a million tasks, in four boxes."""
    build, wanted = layered(500, 2_000)
    tasks = sum(one.tasks for one in wanted)
    build.force(build.at("big.py", "x.sum().compute()"), "compute", seconds=2.0, tasks=tasks, wanted=wanted)
    drawn = picture(build.end().trace(), "layers")
    assert texts(drawn, "layer")[0][:2] == ["getitem 500×", "1,000,000 tasks"]
    assert [lines[:2] for lines in texts(drawn, "source")] == [["random", "2,000 tasks"]]
    assert drawn.left_out == "502 layers, those that are alike drawn as one: 3 boxes."
    ends = [(edge.tail, edge.head) for edge in drawn.edges]
    assert len(ends) == 3
    assert ends[-1][1] == "layers-force"


def test_steps_of_a_long_chain_are_one_box() -> None:
    """``x = x + 1``, three hundred times: the first reads what the others do not."""
    build = ArrayTraceBuilder("chain.py")
    build.source("chain.py", "y = x.compute()\n")
    layers = [build.tasks("ones-0")]
    for n in range(300):
        layers.append(build.tasks(f"add-{n}", layers[-1]))
    wanted = [Wanted(layer, 4, 0) for layer in layers]
    build.force(build.at("chain.py", "x.compute()"), "compute", seconds=1.0, tasks=1204, wanted=wanted)
    drawn = picture(build.end().trace(), "layers")
    assert [lines[:2] for lines in texts(drawn, "layer")] == [["add 299×", "1,196 tasks"], ["add", "4 tasks"]]


def test_layers_that_had_run_before_are_hatched() -> None:
    """Of the second force of the same result everything is repeated, of the first nothing."""
    build, wanted = layered(2, 5)
    site = build.at("big.py", "x.sum().compute()")
    build.force(site, "compute", seconds=1.0, tasks=16, wanted=wanted)
    again = [Wanted(one.layer, one.tasks, one.tasks, last=1) for one in wanted]
    build.force(site, "compute", seconds=1.0, tasks=16, repeated=16, wanted=again)
    trace = build.end().trace()
    first, second = (picture(trace, "layers", force=number) for number in (1, 2))
    assert {node.repeated for node in nodes(first.content)} == {None}
    assert {node.repeated for node in nodes(second.content)} == {1.0}
    assert texts(second, "source")[0][-1] == "5 had run before, last in force 1"


def test_a_force_that_is_not_there_is_one_line(kmeans: TraceData) -> None:
    with pytest.raises(LazyscopeError, match=r"no force 99: its forces are 1 to 42"):
        picture(kmeans, "layers", force=99)


# Source and markup


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", RECORDED)
def test_recorded_samples_look_as_reviewed(name: str, view: View) -> None:
    trace = recorded(name)
    drawn = draw(trace, diagnose(trace), view)
    assert_golden(f"samples/{name}.{view}.dot", drawn.dot)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", RECORDED)
def test_without_source_no_code_is_shown(name: str, view: View) -> None:
    """No line of the user's program that has more than a name is in the picture."""
    trace = load(path_of(name))
    dot = dot_source(picture(trace, view, source=False))
    user = next(n for n, file in enumerate(trace.files) if file.role == "user")
    code = [line.strip() for line in trace.source_lines(user) if re.search(r"[=(]", line) and len(line) > 12]
    assert code
    assert not [line for line in code if line[:30] in dot]
    assert '<FONT FACE="Courier" POINT-SIZE="10" COLOR="#1a1a1a">np.' not in dot


@needs_renderer
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", ["hostile", "crowded", "killed", "clean"])
def test_pictures_of_anything_are_harmless(name: str, view: View) -> None:
    """Well-formed, of bounded size, no script, no links but to findings, no control characters."""
    trace = getattr(sample_traces, name)().trace()
    drawn = draw(trace, diagnose(trace), view)
    assert drawn.svg is not None
    assert len(drawn.svg) < 300_000
    assert all(character.isprintable() or character == "\n" for character in drawn.svg)
    root = ElementTree.fromstring(drawn.svg)
    names = {element.tag for element in root.iter()}
    assert names <= {
        SVG + tag for tag in ("svg", "g", "title", "polygon", "path", "text", "a", "polyline", "ellipse")
    }
    links = [element.get(XLINK + "href") for element in root.iter(SVG + "a")]
    assert all(link is None or re.fullmatch(r"#F\d+", link) for link in links)
    assert not [name for element in root.iter() for name in element.attrib if name.lower().startswith("on")]


@needs_renderer
@pytest.mark.parametrize("view", VIEWS)
def test_findings_are_found_by_their_anchors(kmeans: TraceData, view: View) -> None:
    drawn = draw(kmeans, diagnose(kmeans), view)
    ids = element_ids(drawn)
    assert drawn.anchors
    for finding, elements in drawn.anchors.items():
        for element in elements:
            assert finding in ids[element].split()


def element_ids(drawn: Drawing) -> dict[str, str]:
    """Classes of every element that has an id."""
    assert drawn.svg is not None
    root = ElementTree.fromstring(drawn.svg)
    return {element.get("id", ""): element.get("class", "") for element in root.iter(SVG + "g")}


@needs_renderer
def test_ids_are_unique_in_a_page_with_all_views(kmeans: TraceData) -> None:
    every = [name for view in VIEWS for name in element_ids(draw(kmeans, diagnose(kmeans), view))]
    ours = [name for name in every if re.match(r"program|dataflow|layers", name)]
    assert len(ours) == len(set(ours)) > 60


# Who draws


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the PATH, also for what is installed beside this interpreter."""
    rendering.renderer.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(rendering, "_beside_python", lambda: [str(tmp_path)])
    yield tmp_path
    rendering.renderer.cache_clear()


def test_graphviz_itself_is_preferred(only: Path) -> None:
    pure = script(only / "graphviz-pure", "echo pure")
    assert rendering.renderer() == str(pure)
    rendering.renderer.cache_clear()
    dot = script(only / "dot", "echo dot")
    assert rendering.renderer() == str(dot)


def test_only_graphviz_itself_draws_pdf(only: Path) -> None:
    script(only / "graphviz-pure", "echo pure")
    assert rendering.renderer("pdf") is None
    with pytest.raises(rendering.NotDrawnError, match=r"only Graphviz itself draws PDF"):
        rendering.rendered("digraph {}", "pdf")


def test_without_a_renderer_it_is_said_how_to_get_one(only: Path, kmeans: TraceData) -> None:
    drawn = draw(kmeans, diagnose(kmeans), "program")
    assert drawn.svg is None
    assert drawn.why_not == rendering.HOW_TO_GET_ONE
    assert "python -m pip install graphviz-pure" in drawn.why_not
    assert drawn.anchors["F1"]


def test_a_renderer_that_fails_is_one_line(only: Path) -> None:
    script(only / "dot", "echo 'Error: syntax error in line 7' >&2; exit 1")
    with pytest.raises(
        rendering.NotDrawnError, match=r"could not draw the graph \(Error: syntax error in line 7\)"
    ):
        rendering.rendered("digraph {}", "svg")


def test_a_graph_that_cannot_be_drawn_leaves_the_page_whole(only: Path, kmeans: TraceData) -> None:
    """A report has much else in it."""
    script(only / "dot", "exit 3")
    drawn = draw(kmeans, diagnose(kmeans), "program")
    assert drawn.svg is None
    assert "could not draw the graph (status 3)" in drawn.why_not


def test_anchors_name_nodes_of_the_picture(kmeans: TraceData) -> None:
    drawn = picture(kmeans, "program")
    ids = {node.id: node for node in nodes(drawn.content)}
    for finding, elements in anchors_of(drawn).items():
        assert {ids[element].finding for element in elements} == {finding}


def test_the_legend_has_just_the_kinds_that_are_drawn(kmeans: TraceData) -> None:
    drawn = picture(kmeans, "program")
    shown = set(re.findall(r'"program-legend-(\w+)" \[', dot_source(drawn)))
    assert shown == {node.kind for node in nodes(drawn.content) if isinstance(node, Node)}


@pytest.mark.parametrize("name", RECORDED)
def test_every_lazy_call_is_counted_once_in_the_program_view(name: str) -> None:
    """The figures in the boxes add up to the calls that neither forced nor made a length unknown."""
    trace = recorded(name)
    shown = [lines[0].partition(" ")[0] for lines in texts(picture(trace, "program"), "calls")]
    told = set(lineage(trace).around.values())
    told |= {lineage(trace).makers[shape.array] for shape in trace.unknown_shapes}
    lazy = sum(call.force is None and number not in told for number, call in enumerate(trace.calls))
    assert sum(int(count.replace(",", "")) for count in shown) == lazy


def test_calls_of_other_lines_between_two_forces_of_one_line_are_shown() -> None:
    """The line is then drawn as two boxes, with the calls between them."""
    build = ArrayTraceBuilder("between.py")
    build.source("between.py", "def f(x): return bool(x) + int(x)\ny = x + 1\nz = x + 2\n")
    test, number = build.at("between.py", "bool(x)"), build.at("between.py", "int(x)")
    build.force(test, "__bool__", seconds=1.0)
    build.made("Array.__add__", build.at("between.py", "x + 1"), "add-0", takes=["x"])
    build.force(number, "__int__", seconds=1.0)
    drawn = picture(build.end().trace(), "program")
    assert texts(drawn, "calls") == [["1 call, lazy", "between.py:2  __add__"]]
    assert [heading[0] for heading in titles(drawn)] == ["between.py:1", "between.py:1"]
