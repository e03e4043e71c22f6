"""The HTML report: complete, harmless, bounded, and in need of nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sample_traces
from golden_files import assert_golden
from html_pages import Element, embedded_data, hand_drawn, parsed
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.model.events import Call, Wanted
from lazyscope.model.trace import TraceData
from lazyscope.report.graphs.dot_source import dot_source
from lazyscope.report.graphs.drawing import Drawing, picture_of
from lazyscope.report.graphs.picture import VIEWS
from lazyscope.report.graphs.rendering import NotDrawnError, renderer
from lazyscope.report.html import drawings, finding_cards, force_rows, html_report
from trace_builder import TraceBuilder

SAMPLES = ["clean", "kmeans", "killed", "hostile", "crowded"]
KNOWN_TAGS = {
    "a", "article", "aside", "b", "body", "button", "canvas", "code", "dd", "defs", "del", "details",
    "div", "dl", "document", "dt", "figcaption", "figure", "footer", "g", "h1", "h2", "h3", "h4", "head",
    "header", "html", "i", "input", "ins", "label", "li", "link", "main", "mark", "meta", "nav",
    "noscript", "ol", "option", "p", "pattern", "polygon", "pre", "rect", "script", "section", "select",
    "span", "strong", "style", "summary", "svg", "table", "tbody", "td", "text", "th", "thead", "title",
    "tr", "ul",
}  # fmt: skip
"""What reports are made of; nothing else comes in by a trace."""


@pytest.fixture(autouse=True)
def _graphs_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a renderer is installed does not matter here."""
    monkeypatch.setattr(drawings, "draw", hand_drawn)


def render(name: str, *, source: bool = True) -> str:
    return html_report.render(sample(name), source=source)


def sample(name: str) -> TraceData:
    trace: TraceData = getattr(sample_traces, name)().trace()
    return trace


def page(build: TraceBuilder, *, source: bool = True) -> Element:
    return parsed(html_report.render(build.trace(), source=source))


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", "def main():\n    y = f(x)\n    z = float(y)\n")
    build.source("library.py", "def f(x):\n    return bool(x.any())\n", role="library")
    return build


# The file


@pytest.mark.parametrize("name", ["clean", "killed"])
def test_reports_are_those_reviewed(name: str) -> None:
    """To the letter, without style and script, which are files of their own."""
    text = re.sub(r"(<style>|<script>).*?(</style>|</script>)", r"\1\2", render(name), flags=re.DOTALL)
    text = re.sub(r"'sha256-[^']*'", "'sha256-'", text)
    text = re.sub(r"Made by lazyscope [^ ]*\. ", "Made by lazyscope. ", text)
    assert_golden(f"{name}.html", text)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("source", [True, False])
def test_a_page_is_well_formed_and_made_of_known_elements(name: str, source: bool) -> None:
    """Every element ends, ids are unique, and every link within the page leads somewhere."""
    root = parsed(render(name, source=source))
    assert {element.tag for element in root.walk()} <= KNOWN_TAGS
    ids = [element.attributes["id"] for element in root.walk() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for link in root.all("a"):
        target = link.attributes.get("href") or link.attributes["xlink:href"]
        assert target is not None
        assert target.startswith("#")
        assert target[1:] in ids


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_loaded_and_only_our_script_may_run(name: str) -> None:
    """The policy forbids everything but a style and a script, by what they are; no attribute is code."""
    root = parsed(render(name))
    (policy,) = [m.attributes["content"] for m in root.all("meta") if "http-equiv" in m.attributes]
    (style,), (data, script) = root.all("style"), root.all("script")
    assert policy == (
        f"default-src 'none'; style-src '{digest(style.raw)}'; script-src '{digest(script.raw)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert data.attributes == {"type": "application/json", "id": "data"}
    for element in root.walk():
        assert not {"style", "src", "srcset", "action"} & element.attributes.keys()
        assert not any(attribute.startswith("on") for attribute in element.attributes)
    assert "url(" not in style.raw.replace("url(#hatch)", "")
    forbidden = r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|fetch\(|XMLHttp|localStorage"
    assert not re.search(forbidden, script.raw)


def digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_is_plain_ascii(name: str) -> None:
    """No control character, no override of the direction, nothing an encoding could spoil."""
    text = render(name)
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)
    assert all(character.isprintable() or character in "\n\u00a0" for character in parsed(text).raw)


def test_a_report_needs_no_dask(tmp_path: Path) -> None:
    """And `import lazyscope` loads none of it."""
    trace = sample_traces.clean().save(tmp_path / "clean.lazy")
    program = (
        "import sys, lazyscope\n"
        "assert not {'jinja2', 'pygments', 'lazyscope.report'} & set(sys.modules)\n"
        "from lazyscope.report.html import html_report\n"
        "html_report.render(__import__('lazyscope.model.trace').model.trace.load(sys.argv[1]))\n"
        "print(*sorted({'dask', 'scipy'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program, str(trace)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# What others have written


def test_what_a_trace_holds_does_nothing() -> None:
    """Scripts, escapes and overrides are text that can be read."""
    text = render("hostile")
    root = parsed(text)
    assert root.all("h1")[0].text == r"[/b]<script>alert(1)</script>.py \x1b[2J --name=\u202egnp.exe"
    assert len(root.all("script")) == 2
    assert r"in <script>" in root.by_id("F1").text
    assert "<script>alert" not in text
    assert r"Evil\x1b[5mError" in root.by_id("details").text


def test_a_report_stays_small_whatever_lines_are_like() -> None:
    """Lines of a million characters, thousands of exceptions and of versions."""
    build = sample_traces.hostile()
    for number in range(2_000):
        build.failure("ValueError", f"{number} " + "long " * 90, None)
    content = html_report.render(build.trace())
    style_and_script = sum(len(one.raw) for tag in ("style", "script") for one in parsed(content).all(tag))
    assert len(content) - style_and_script < 300_000
    assert "1,801 more are in the JSON report." in content


def test_data_cannot_end_their_script(build: TraceBuilder) -> None:
    """Neither by a tag nor by a comment."""
    evil = "</script><!--<script>\u2028"
    build.force(build.at("program.py", "f(x)"), evil, entry="a&b" + evil, seconds=1)
    root = page(build.end())
    texts = embedded_data(root)["texts"]
    assert r"</script><!--<script>\u2028" in texts
    assert "<" not in root.by_id("data").raw
    assert "&" not in root.by_id("data").raw


def test_without_source_there_are_places_only() -> None:
    """Neither lines nor expressions nor changes, nor the names of arrays."""
    text = render("kmeans", source=False)
    assert "samples/kmeans.py:2" in text
    assert "Source text was left out" in text
    body = text[text.index('<section class="summary"') : text.index('<h2 id="codes"')]
    rest = text[text.index('<section id="graphs"') : text.index("<script>")]
    for secret in ("np.asarray", "diff &gt; thresh", "xp.all", "kmeans(obs", "guess", "c_obs", "<mark>"):
        assert secret not in body + rest


# The summary


@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        (
            "kmeans",
            "The program ended normally after 7.70 s. It made dask compute 17 times, from 6 lines of code, "
            "and waited 7.24 s for that: 94 % of the time. "
            "52 % of the work had been done before (148 of 282 tasks).",
        ),
        (
            "clean",
            "The program ended normally after 0.633 s. It made dask compute once, from 1 line of code, "
            "and waited 0.213 s for that: 34 % of the time. None of that work had been done before. "
            "There is nothing to mend: what was computed is what the program asked for.",
        ),
        (
            "killed",
            "The program was killed, or still runs, 46.4 s in: force 2 was running. "
            "It made dask compute 2 times, from 2 lines of code, and waited 45.2 s for that: "
            "97 % of the time. 14 % of the work had been done before (1,000 of 7,003 tasks).",
        ),
    ],
)
def test_the_summary_says_what_happened_in_sentences(name: str, sentences: str) -> None:
    """How it ended, how long it waited, what was done again."""
    lead = parsed(render(name)).all("div", class_="lead")[0]
    told = lead.children[1]
    assert isinstance(told, Element)
    assert told.text == sentences


def test_a_program_that_stayed_lazy_is_told_so(build: TraceBuilder) -> None:
    """There is nothing to count."""
    build.call("dask.array.mean", build.at("program.py", "f(x)"))
    root = page(build.wait(1).end())
    assert "It stayed lazy all the time: 1 array call recorded, no graph was executed." in root.text
    assert root.by_id("forces").text == "Forces No graph was executed."
    assert "Nothing was forced, and nothing went wrong." in root.by_id("findings").text


def test_the_worst_finding_is_named_with_its_fix() -> None:
    """With a link to it."""
    (worst,) = parsed(render("kmeans")).all("div", class_="worst")
    assert worst.text == (
        "The worst finding F1 A truth value computes the array at samples/kmeans.py:2 . What to do: "
        "compute the dask arrays that kmeans gets, once, before it gets them. The price: the whole array is "
        "in memory, as NumPy; what follows is no longer lazy."
    ).replace(" .", ".")
    assert worst.all("a")[0].attributes["href"] == "#F1"


@pytest.mark.parametrize("name", ["kmeans", "killed", "hostile", "crowded"])
def test_the_parts_of_the_time_make_all_of_it(name: str) -> None:
    """One behind the other, forces that ran side by side scaled."""
    strip = parsed(render(name)).all("svg", class_="strip")[0].all("rect")
    reached = 0.0
    for part in strip:
        start, width = (float((part.attributes[key] or "").rstrip("%")) for key in ("x", "width"))
        assert start == pytest.approx(reached, abs=0.01)
        reached = start + width
    assert reached == pytest.approx(100, abs=0.01)


def test_the_force_that_was_running_stands_out() -> None:
    """With what it wanted and its lines."""
    (running,) = parsed(render("killed")).all("div", class_="running")
    assert "Force 2 was running, by __array__ in scipy.cluster.vq.kmeans. It wanted 80 GB" in running.text
    assert [mark.text for mark in running.all("mark")] == ["kmeans(obs, guess)", "np.asarray(obs)"]


# Findings


@pytest.mark.parametrize("name", SAMPLES)
def test_every_finding_has_a_card(name: str) -> None:
    """What is worth a look in the open, each before what goes away with it; the rest folded."""
    root, findings = parsed(render(name)), diagnose(sample(name)).findings
    cards = root.all("article", class_="finding")
    assert {card.attributes["id"] for card in cards} == {one.id for one in findings}
    folded = [card for fold in root.all("details", class_="folded") for card in fold.all("article")]
    info = {one.id for one in findings if one.severity == "info"}
    assert {card.attributes["id"] for card in folded} == info
    head = ""
    for card in cards[: len(cards) - len(folded)]:
        found = next(one for one in findings if one.id == card.attributes["id"])
        assert found.follows in (None, head)
        head = found.id if found.follows is None else head


def test_a_card_tells_the_lines_the_reason_the_cost_and_the_fixes() -> None:
    """Of a force in a library that the user's line reached."""
    trace = sample("kmeans")
    found = diagnose(trace).findings[0]
    card = parsed(render("kmeans")).by_id("F1")
    assert card.all("summary")[0].text == "▲ high F1 A truth value computes the array 4.84 s, 3 forces"
    assert [place.text for place in card.all("span", class_="place")] == [
        "samples/kmeans.py:2",
        "scipy/cluster/vq/_vq_impl.py:8",
    ]
    assert [mark.raw for mark in card.all("mark")] == ["kmeans(obs, guess)", "diff > thresh"]
    assert [line.text.split()[0] for line in card.all("span", class_="site")] == ["2", "8"]
    assert card.all("p", class_="why")[0].text == found.why.replace("`", "")
    techniques = [fix.all("b")[0].text for fix in card.all("li", class_="fix")]
    assert techniques == [fix.technique for fix in found.fixes]
    bars = [rect.attributes["width"] for rect in card.all("rect") if not rect.has(class_="track")]
    assert bars == ["62.85%", "60.78%"]
    assert "93 of 153 tasks computed before" in card.text
    assert card.all("a", class_="code")[0].attributes["href"] == "#LZ101"
    assert "With it go F1a, F1b, F1c, F1d, F1e." in card.text


def test_severity_is_a_word_and_a_shape() -> None:
    """Nobody has to tell colours apart."""
    badges = parsed(render("crowded")).all("span", class_="severity")
    assert {badge.text for badge in badges} == {"▲ high", "◆ medium", "● low"}


def test_the_page_of_each_code_is_there() -> None:
    """Folded, with both programs."""
    root = parsed(render("kmeans"))
    pages = root.all("details", class_="code-page")
    assert [one.attributes["id"] for one in pages] == ["LZ101", "LZ102", "LZ103"]
    assert all("open" not in one.attributes for one in pages)
    assert [one.text for one in pages[0].all("h4")] == ["When it occurs", "Fixes"]
    captions = [one.text for one in pages[0].all("figcaption")]
    assert captions == ["A program that has it", "The same program mended"]


def test_findings_beyond_the_most_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dearest are shown."""
    monkeypatch.setattr(finding_cards, "MOST", 3)
    root = parsed(render("crowded"))
    total = len(diagnose(sample("crowded")).findings)
    assert len(root.all("article", class_="finding")) == 3
    assert f"{total - 3} more findings, less dear, not shown: the JSON report has all." in root.text


# Graphs


def test_the_three_graphs_are_in_the_page_and_linked() -> None:
    """Their anchors tell the script which element shows a finding."""
    root = parsed(render("kmeans"))
    stages = root.all("div", class_="stage")
    assert [stage.attributes["data-view"] for stage in stages] == ["program", "dataflow", "layers"]
    assert all(len(stage.all("svg")) == 1 for stage in stages)
    assert embedded_data(root)["anchors"]["layers"] == {
        "F1": ["layers-n1"],
        "F1a": ["layers-n2"],
        "F1b": ["layers-n3"],
    }
    assert "2 arrays are left out for want of room." in root.by_id("graph-dataflow").text


def test_without_a_renderer_the_page_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """And everything else is there."""

    def not_drawn(*_: object, **__: object) -> Drawing:
        return Drawing("program", "", "digraph {}", None, "install <graphviz>", {"F1": ("program-n1",)}, "")

    monkeypatch.setattr(drawings, "draw", not_drawn)
    root = parsed(render("kmeans"))
    assert [p.text for p in root.by_id("graphs").all("p", class_="nothing")] == ["install <graphviz>"] * 3
    assert embedded_data(root)["anchors"] == {"program": {}, "dataflow": {}, "layers": {}}
    assert len(root.all("article", class_="finding")) == 6


@pytest.mark.parametrize("name", SAMPLES)
def test_every_colour_of_a_graph_has_its_dark_counterpart(name: str) -> None:
    """The style of the page names each colour that a graph is drawn in."""
    trace = sample(name)
    (style,) = parsed(render(name)).all("style")
    for view in VIEWS:
        source = dot_source(picture_of(trace, diagnose(trace), view))
        for color in set(re.findall(r"#[0-9a-f]{6}", source)):
            assert f'[fill="{color}"]' in style.raw or f'[stroke="{color}"]' in style.raw, color


def test_a_graph_that_cannot_be_drawn_spoils_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has the reason in its place."""

    def fails(*_: object, **__: object) -> Drawing:
        raise NotDrawnError("dot could not draw the graph (out of memory)")

    monkeypatch.setattr(drawings, "draw", fails)
    root = parsed(render("kmeans"))
    assert root.by_id("graph-layers").text == "dot could not draw the graph (out of memory)"
    assert embedded_data(root)["anchors"] == {}


def test_graphs_that_are_really_drawn_bring_in_nothing_but_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the names in them; ids stay unique in the page."""
    monkeypatch.undo()
    if renderer() is None:
        pytest.skip("no renderer of graphs: they are not drawn")
    root = parsed(render("hostile"))
    assert {element.tag for element in root.walk()} <= KNOWN_TAGS | {"path", "ellipse", "polyline"}
    for element in root.walk():
        assert not any(name.startswith("on") or name == "style" for name in element.attributes)
    ids = [element.attributes["id"] for element in root.walk() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert all((link.attributes.get("xlink:href") or "#").startswith("#") for link in root.all("a"))


# Forces


def test_every_force_is_in_the_data() -> None:
    """In the order of time, in whole microseconds, texts by number."""
    data = embedded_data(parsed(render("kmeans")))
    forces, texts = data["forces"], data["texts"]
    assert {len(column) for name, column in forces.items() if name not in ("inexact", "findings")} == {17}
    assert forces["id"] == list(range(1, 18))
    assert forces["seconds"][:4] == [301_000, 4_000, 288_000, 450_000]
    assert texts[forces["site"][0]] == "scipy/_lib/_array_api.py:4"
    assert texts[forces["code"][0]] == "xp.all(xp.isfinite(array))"
    assert [forces["findings"][n] for n in forces["finding"][:4]] == ["F1b", "F1b", "F1c", "F1a"]
    assert len(texts) == len(set(texts))


def test_unknown_is_unknown_in_the_data(build: TraceBuilder) -> None:
    """A force without a line, one that raised, one that did not come back, one counted at most."""
    build.force(None, "compute", user_site=None, seconds=1, error="ValueError")
    build.force(None, "compute", user_site=None, seconds=1, size=None, tasks_exact=False)
    build.begin(None, "compute", user_site=None)
    forces = embedded_data(page(build.wait(1)))["forces"]
    assert forces["state"] == [1, 0, 2]
    assert forces["bytes"] == [None, None, None]
    assert forces["inexact"] == [1]
    assert forces["site"] == forces["user"] == forces["entry"] == [-1, -1, -1]


def rows(root: Element) -> list[list[str]]:
    body = root.by_id("force-table").all("tbody")[0]
    return [[cell.text for cell in row.all("td")] for row in body.all("tr")]


def test_the_dearest_forces_are_there_without_a_script() -> None:
    """As rows of a plain table."""
    found = rows(parsed(render("kmeans")))
    assert [row[0] for row in found[:4]] == ["15", "11", "7", "4"]
    assert found[0] == [
        "15", "4.61 s", "2.61 s", "60", "31", "1 B", "__bool__",
        "scipy/cluster/vq/_vq_impl.py:8diff > thresh", "samples/kmeans.py:2scipy.cluster.vq.kmeans", "F1",
    ]  # fmt: skip


def test_what_the_table_leaves_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a script there are the first rows only; beyond a limit forces are not in the file."""
    monkeypatch.setattr(force_rows, "FIRST", 2)
    monkeypatch.setattr(force_rows, "MOST", 5)
    root = parsed(render("kmeans"))
    assert [row[0] for row in rows(root)] == ["15", "11"]
    assert root.by_id("force-count").text == (
        "The 2 dearest of 17 forces; the others are in the table with JavaScript, and in the JSON report."
    )
    assert "12 forces, less dear, not shown." in root.by_id("forces").text
    assert embedded_data(root)["forces"]["id"] == [4, 7, 8, 11, 15]


# Other tables


@pytest.mark.parametrize("name", ["kmeans", "killed", "crowded"])
def test_the_table_of_lines_adds_up(name: str) -> None:
    """Seconds and shares of all rows are those of the last."""
    (table,) = parsed(render(name)).all("table", class_="sites")
    cells = [[cell.text for cell in row.all("td")] for row in table.all("tbody")[0].all("tr")]
    seconds = [float(row[0].removeprefix("≥ ").replace(",", "")) for row in cells]
    assert sum(seconds[:-1]) == pytest.approx(seconds[-1])
    shares = [int(row[1].removesuffix(" %").replace("<1", "0")) for row in cells]
    assert sum(shares[:-1]) == shares[-1] == 100


def test_exceptions_shapes_and_what_was_not_seen_are_listed() -> None:
    """Each with its number; the summary says that something is missing."""
    root = parsed(render("crowded"))
    details = root.by_id("details")
    assert [one.text for one in details.all("h3")] == [
        "Exceptions", "Unknown shapes", "Not seen", "The run", "Versions",
    ]  # fmt: skip
    assert "step 3: dimension 0 has more than one chunk" in details.text
    assert "a name bound before the trace began: 5 (6 times)" in details.text
    (unseen,) = root.all("div", class_="unseen")
    assert unseen.all("li")[-1].text == "and 5 more"


def test_lines_that_stayed_lazy_are_listed(build: TraceBuilder) -> None:
    """A library worked there and nothing was forced."""
    user, site = build.at("program.py", "f(x)"), build.at("library.py", "x.any()")
    build.call("dask.array.any", site)
    trace = build.end().trace()
    (call,) = trace.calls
    trace.calls[0] = Call(0.0, call.operation, site, user, [], [], call.thread)
    details = parsed(html_report.render(trace)).by_id("details")
    assert "Stayed lazy linehow much program.py:2f(x)1 array call" in details.text


def test_a_trace_of_a_force_with_layers_is_no_other(build: TraceBuilder) -> None:
    """What a force wanted of layers changes nothing in the page."""
    layer = build.layer("x-1", "x", 4)
    build.force(build.at("program.py", "f(x)"), "compute", seconds=1, tasks=4, wanted=[Wanted(layer, 4, 0)])
    assert rows(page(build.end()))[0][3] == "4"
