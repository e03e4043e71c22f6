"""The HTML report in a browser: it works by mouse and by keyboard, on any width, in both themes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

import sample_traces
from html_pages import hand_drawn
from lazyscope.model.trace import TraceData
from lazyscope.report.graphs.rendering import renderer
from lazyscope.report.html import drawings
from recorded_samples import recorded
from trace_builder import TraceBuilder

Open = Callable[..., Any]

SAMPLES = ["clean", "kmeans", "killed", "hostile", "crowded"]
TABS = ["findings", "graphs", "timeline", "forces", "lines", "details"]


@pytest.fixture(autouse=True)
def _graphs_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a renderer is installed does not matter here."""
    monkeypatch.setattr(drawings, "draw", hand_drawn)


def sample(name: str) -> TraceData:
    trace: TraceData = getattr(sample_traces, name)().trace()
    return trace


def many_forces() -> TraceData:
    """250 forces, the later the longer, at two lines and by two triggers."""
    build = TraceBuilder("many.py")
    build.source("many.py", "a = float(x)\nb = bool(y)\n")
    sites = build.at("many.py", "float(x)"), build.at("many.py", "bool(y)")
    for number in range(250):
        odd = number % 2
        trigger = ("__float__", "__bool__")[odd]
        build.force(sites[odd], trigger, seconds=0.001 * (number + 1), tasks=number + 1, entry="library.f")
    return build.end().trace()


def expect(found: Any) -> Any:
    """Playwright's assertions, which wait: a link changes the page's address, and that soon the page."""
    from playwright.sync_api import expect  # may not be installed: then no report is opened

    return expect(found)


def column(page: Any, number: int) -> list[str]:
    """The cells of a column of the table of forces that are shown."""
    found: list[str] = page.locator(f"#force-table tbody td:nth-child({number})").all_inner_texts()
    return found


def go(page: Any, tab: str) -> None:
    page.locator(f"#tab-{tab}").click()


def assert_selected(page: Any, name: str) -> None:
    """One tab is selected, now or soon."""
    selected = page.locator('#tabs [aria-selected="true"]')
    expect(selected).to_have_text(re.compile(rf"^\s*{name}\s*[\d,]*\s*$"))


def focused(page: Any) -> str:
    found: str = page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
    return found


# Any width, both themes, no network


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_part_is_wider_than_the_page(open_report: Open, name: str, width: int, theme: str) -> None:
    """Tables and graphs scroll inside; nothing is asked for, nothing complains."""
    page = open_report(sample(name), width=width, theme=theme)
    for tab in TABS:
        go(page, tab)
        expect(page.locator(f"#{tab}")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width, tab


CONTRAST = """(element) => {
    const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = (color) => {
        const [r, g, b] = numbers(color).map((part) => {
            const one = part / 255;
            return one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    let around = element;
    const ground = () => getComputedStyle(around).backgroundColor;
    while (around.parentElement && (numbers(ground())[3] ?? 1) === 0) around = around.parentElement;
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground())];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""

TEXTS = [
    "h1", ".edition", ".lead p", ".worst h2", ".worst a", ".figures strong", ".figures span", ".legend li",
    "#tab-findings", "#tab-forces", "#tab-findings .count", "#theme", ".severity.high", ".severity.medium",
    ".severity.low", ".finding h3", ".finding h3 .id", ".finding .cost", ".finding .aside", ".why code",
    "h4", ".excerpt figcaption .aside", ".line .number", ".line.site .number", "pre mark", "pre .k", "pre .s",
    ".fix .technique b", ".terms dt", ".price dt", "a.code", "footer p", ".unseen li", ".copy",
]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(open_report: Open, theme: str) -> None:
    """4.5 to 1, as WCAG AA asks for."""
    page = open_report(sample("crowded"), theme=theme)
    page.locator("#open-all").click()
    for selector in TEXTS:
        contrast = page.locator(selector).first.evaluate(CONTRAST)
        assert contrast >= 4.5, (selector, contrast)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_changes_can_be_read(open_report: Open, theme: str) -> None:
    """Lines that go and lines that come; not by colour alone."""
    page = open_report(recorded("kmeans"), theme=theme)
    for selector, sign in [(".change del", "−"), (".change ins", "+")]:
        line = page.locator(selector).first
        assert line.evaluate(CONTRAST) >= 4.5
        assert sign in line.evaluate("(one) => getComputedStyle(one, '::before').content")


@pytest.mark.parametrize(("theme", "pressed"), [("light", "false"), ("dark", "true")])
def test_the_theme_is_the_system_s_until_the_button_is_pressed(
    open_report: Open, theme: str, pressed: str
) -> None:
    """And twice pressed it is the first again; nothing is stored."""
    page = open_report(sample("kmeans"), theme=theme)
    ground = "getComputedStyle(document.body).backgroundColor"
    colors = {"light": "rgb(247, 247, 245)", "dark": "rgb(20, 23, 27)"}
    other = "dark" if theme == "light" else "light"
    button = page.locator("#theme")
    assert (page.evaluate(ground), button.get_attribute("aria-pressed")) == (colors[theme], pressed)
    button.click()
    assert page.evaluate(ground) == colors[other]
    assert button.get_attribute("aria-pressed") != pressed
    button.click()
    assert page.evaluate(ground) == colors[theme]


def test_text_of_the_graphs_follows_the_theme(open_report: Open) -> None:
    """Drawings have the colours of paper, which a dark page replaces."""
    fills = []
    for theme in ("light", "dark"):
        page = open_report(sample("kmeans"), theme=theme, fragment="#graphs")
        fills.append(page.locator("#program-n1 text").evaluate("(one) => getComputedStyle(one).fill"))
        fills.append(page.locator("#program-n1 polygon").evaluate("(one) => getComputedStyle(one).fill"))
    assert fills == ["rgb(27, 32, 38)", "rgb(253, 217, 174)", "rgb(228, 231, 234)", "rgb(77, 55, 34)"]


# Hostile traces


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_in_a_trace_acts(open_report: Open, width: int) -> None:
    """No dialog, no element, no handler comes in by it, wherever the reader goes."""
    page = open_report(sample("hostile"), width=width)
    for tab in TABS:
        go(page, tab)
    page.locator("#force-search").evaluate("(one) => one.value = '<img src=x onerror=alert(1)>'")
    go(page, "forces")
    page.locator("#force-search").fill("<script>alert(1)</script>")
    page.locator("#force-search").fill("")
    expect(page.locator("script")).to_have_count(2)
    expect(page.locator("body img, body iframe, body object, body b[onclick]")).to_have_count(0)
    handlers = "e.getAttributeNames().some((name) => name.startsWith('on'))"
    assert page.evaluate(f"[...document.querySelectorAll('*')].filter((e) => {handlers}).length") == 0
    assert "<script>alert(1)</script>" in page.locator("h1").inner_text()


# The table of forces


def test_the_script_writes_the_rows_that_were_there_without_it(open_report: Open) -> None:
    """Figures, bounds, sizes and words alike."""
    for name in ("kmeans", "killed", "hostile", "crowded"):
        plain = open_report(sample(name), script=False).locator("#force-table tbody").inner_html()
        drawn = open_report(sample(name)).locator("#force-table tbody").inner_html()
        assert drawn.strip() == plain.strip().replace("</tr>\n<tr", "</tr><tr"), name


def test_the_search_looks_at_lines_code_functions_and_triggers(open_report: Open) -> None:
    """Exactly those rows are left, and the count says how many."""
    page = open_report(sample("kmeans"), fragment="#forces")
    shown = {
        "diff > thresh": ["15", "11", "7"],
        "_array_api.py": ["1", "2"],
        "__BOOL__": ["15", "11", "7", "1", "2"],
        "np.asarray(c_obs)": ["4", "8", "12", "16"],
        "cluster.vq.kmeans": [str(n) for n in (15, 11, 7, 4, 8, 12, 16, 1, 3, 2, 5, 9, 13, 17, 6, 10, 14)],
        "no such thing": [],
    }
    for wanted, ids in shown.items():
        page.locator("#force-search").fill(wanted)
        assert column(page, 1) == ids
        expect(page.locator("#force-count")).to_have_text(f"{len(ids)} of 17 forces shown.")
    expect(page.locator("#page-told")).to_have_text("Nothing matches.")


def test_selects_narrow_it_down_together(open_report: Open) -> None:
    """Trigger and finding and search, all at once."""
    page = open_report(sample("kmeans"), fragment="#forces")
    page.locator("#force-trigger").select_option("__array__")
    expect(page.locator("#force-count")).to_have_text("12 of 17 forces shown.")
    page.locator("#force-finding").select_option("F1c")
    assert column(page, 1) == ["3"]
    page.locator("#force-search").fill("c_obs")
    assert column(page, 1) == []


def test_a_head_sorts_by_its_column_and_back(open_report: Open) -> None:
    """Numbers by value, equal ones in the order of time; the direction is told."""
    page = open_report(sample("kmeans"), fragment="#forces")

    def sort(key: str) -> None:
        page.locator(f'#force-table th[data-key="{key}"] button').click()

    def state(key: str) -> str | None:
        found: str | None = page.locator(f'th[data-key="{key}"]').get_attribute("aria-sort")
        return found

    assert (column(page, 1)[:4], state("seconds")) == (["15", "11", "7", "4"], "descending")
    sort("seconds")
    assert (column(page, 1)[:4], state("seconds")) == (["6", "10", "14", "5"], "ascending")
    sort("tasks")
    assert (column(page, 1)[:4], state("tasks")) == (["15", "11", "7", "1"], "descending")
    assert state("seconds") is None
    sort("id")
    assert (column(page, 1), state("id")) == ([str(number) for number in range(1, 18)], "ascending")
    sort("site")
    assert column(page, 1)[:3] == ["1", "2", "4"]
    sort("finding")
    assert column(page, 10)[:4] == ["F1", "F1", "F1", "F1a"]


def test_pages_are_turned(open_report: Open) -> None:
    """A hundred rows each; sorting and filtering begin with the first."""
    page = open_report(many_forces(), fragment="#forces")
    before, after, told = (page.locator(f"#page-{name}") for name in ("before", "after", "told"))
    assert (column(page, 1)[0], len(column(page, 1)), before.is_disabled()) == ("250", 100, True)
    after.click()
    after.click()
    assert (column(page, 1)[0], column(page, 1)[-1], after.is_disabled()) == ("50", "1", True)
    expect(told).to_have_text("201 to 250 of 250")
    page.locator("#force-search").fill("bool")
    assert (told.inner_text(), column(page, 1)[:2]) == ("1 to 100 of 125", ["250", "248"])


def test_an_address_leads_to_a_force_wherever_it_is(open_report: Open) -> None:
    """On its page, without the filter that hides it."""
    page = open_report(many_forces(), fragment="#force-7")
    assert_selected(page, "Forces")
    expect(page.locator("#page-told")).to_have_text("201 to 250 of 250")
    expect(page.locator("#force-7")).to_be_visible()
    page.locator("#force-search").fill("no such thing")
    page.evaluate("location.hash = '#force-9'")
    page.locator("#force-9.located").wait_for()
    expect(page.locator("#force-search")).to_have_value("")


def test_rows_and_findings_lead_to_each_other(open_report: Open) -> None:
    """The row to the card; the card to its rows."""
    page = open_report(sample("kmeans"), fragment="#forces")
    page.locator("#force-16 a").click()
    assert_selected(page, "Findings")
    expect(page.locator("#F1a .body")).to_be_visible()
    page.locator("#F1a .in-forces").click()
    assert_selected(page, "Forces")
    assert column(page, 1) == ["4", "8", "12", "16"]


# Graphs


def view_box(page: Any, view: str = "program") -> list[float]:
    text = page.locator(f"#graph-{view} svg").get_attribute("viewBox")
    return [float(part) for part in text.split()]


OFF_CENTRE = """([node, stage]) => {
    const [a, b] = [node, stage].map((one) => document.querySelector(one).getBoundingClientRect());
    return [a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2];
}"""
"""How far a node is from the middle of its picture, at one moment: the page may still scroll."""


def test_a_finding_leads_to_its_node_and_back(open_report: Open) -> None:
    """The node stands out in the middle of the picture; a click on it opens the finding."""
    page = open_report(sample("kmeans"))
    page.locator("#F1b summary").click()
    page.locator("#F1b .in-graph").click()
    assert_selected(page, "Graphs")
    expect(page.locator("#program-n3.located")).to_be_visible()
    assert page.evaluate(OFF_CENTRE, ["#program-n3", "#graph-program .stage"]) == pytest.approx([0, 0], abs=3)
    page.locator("#program-n3 polygon").click()
    assert_selected(page, "Findings")
    expect(page.locator("#F1b .body")).to_be_visible()
    page.locator("#F1a .in-graph").evaluate("(button) => button.click()")
    expect(page.locator(".located")).to_have_attribute("id", "program-n2")


def test_findings_without_a_node_offer_none(open_report: Open) -> None:
    """The hand-made drawings show three."""
    page = open_report(sample("kmeans"))
    page.locator("#open-all").click()
    ids = ("F1", "F1a", "F1b", "F1c", "F1d", "F1e")
    shown = [one for one in ids if page.locator(f"#{one} .in-graph").is_visible()]
    assert shown == ["F1", "F1a", "F1b"]


def test_a_graph_zooms_and_moves(open_report: Open) -> None:
    """By buttons, by keys, by the wheel with Ctrl, by dragging; a drag is no click."""
    page = open_report(sample("kmeans"), fragment="#graphs")
    stage = page.locator("#graph-program .stage")
    start = view_box(page)
    page.locator('#graph-program [data-zoom="in"]').click()
    assert view_box(page)[2] == pytest.approx(start[2] / 1.4)
    stage.focus()
    page.keyboard.press("-")
    assert view_box(page)[2] == pytest.approx(start[2] / 1.4 / 0.8)
    page.keyboard.press("0")
    whole = view_box(page)
    assert whole[1] <= 0
    assert whole[1] + whole[3] >= 2100
    page.keyboard.press("+")
    page.keyboard.press("+")
    before = view_box(page)
    page.keyboard.press("ArrowDown")
    assert view_box(page)[1] > before[1]
    box = stage.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    # Chromium scrolls a moment after the wheel was turned.
    page.evaluate("addEventListener('wheel', () => (window.turned = true))")
    page.mouse.wheel(0, 300)
    page.wait_for_function("window.turned")
    unmoved = view_box(page)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    width = "document.querySelector('#graph-program svg').viewBox.baseVal.width"
    page.wait_for_function(f"{width} < {unmoved[2] - 1}")
    before = view_box(page)
    box = stage.bounding_box()
    middle = box["x"] + box["width"] / 2, max(box["y"], 0) + 100
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 80, middle[1] + 40, steps=4)
    page.mouse.up()
    assert view_box(page)[0] < before[0]
    assert_selected(page, "Graphs")


def test_the_graphs_that_are_really_drawn_lead_to_findings(
    open_report: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And findings to them, in each view that shows them."""
    monkeypatch.undo()
    if renderer() is None:
        pytest.skip("no renderer of graphs: they are not drawn")
    page = open_report(sample("kmeans"), fragment="#F1")
    for view in ("program", "dataflow"):
        go(page, "graphs")
        page.locator(f"#tab-graph-{view}").click()
        go(page, "findings")
        page.locator("#F1 .in-graph").click()
        expect(page.locator(f"#graph-{view} .located").first).to_be_visible()
        page.locator(f"#graph-{view} .located a").first.focus()
        page.keyboard.press("Enter")
        assert_selected(page, "Findings")


def test_each_view_has_a_tab(open_report: Open) -> None:
    """What was left out is written above the picture."""
    page = open_report(sample("kmeans"), fragment="#graphs")
    page.locator("#tab-graph-dataflow").click()
    expect(page.locator("#graph-dataflow")).to_be_visible()
    expect(page.locator("#graph-program")).not_to_be_visible()
    expect(page.locator("#graph-dataflow")).to_contain_text("2 arrays are left out")


# The timeline


def test_the_timeline_tells_of_the_force_under_the_pointer(open_report: Open) -> None:
    """And a click goes to its row."""
    page = open_report(sample("kmeans"), fragment="#timeline")
    box = page.locator("#timeline-picture").bounding_box()
    # Force 15 runs from 4.61 s to 7.22 s of 7.70 s.
    x, y = box["x"] + 8 + (box["width"] - 16) * 6 / 7.695, box["y"] + 24 + 18 + 16 + 8
    page.mouse.move(x, y)
    expect(page.locator("#timeline-told")).to_have_text(
        "Force 15, __bool__ at scipy/cluster/vq/_vq_impl.py:8: from 4.61 s, took 2.61 s; "
        "60 tasks, 31 of them repeated; F1."
    )
    page.mouse.click(x, y)
    assert_selected(page, "Forces")
    expect(page.locator("#force-15.located")).to_be_visible()
    page.go_back()
    assert_selected(page, "Timeline")


def test_the_timeline_is_used_by_keys(open_report: Open) -> None:
    """Left and right choose a force, Enter goes to it."""
    page = open_report(sample("kmeans"), fragment="#timeline")
    page.locator("#timeline-picture").focus()
    for key, force in [("ArrowRight", 1), ("ArrowRight", 2), ("End", 17), ("ArrowLeft", 16)]:
        page.keyboard.press(key)
        expect(page.locator("#timeline-told")).to_have_text(re.compile(rf"^Force {force},"))
    page.keyboard.press("+")
    page.keyboard.press("Enter")
    expect(page.locator("#force-16.located")).to_be_visible()


# By keyboard alone


def test_tabs_follow_the_arrows(open_report: Open) -> None:
    """One stop for Tab; the panel of the tab that has the focus is shown."""
    page = open_report(sample("kmeans"))
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the findings"
    page.locator("#tab-findings").focus()
    way = {"ArrowRight": "Graphs", "ArrowLeft": "Findings", "End": "Details", "Home": "Findings"}
    for key, name in [*way.items(), ("ArrowLeft", "Details"), ("ArrowRight", "Findings")]:
        page.keyboard.press(key)
        assert_selected(page, name)
        assert focused(page) == f"tab-{name.lower()}"
    expect(page.locator('#tabs [tabindex="0"]')).to_have_count(1)
    expect(page.locator("#tabs")).to_have_attribute("role", "tablist")
    expect(page.locator("#details")).to_have_attribute("role", "tabpanel")


def test_everything_else_takes_enter_too(open_report: Open) -> None:
    """A finding, the theme, the head of a table, a node of a graph; what has the focus is seen."""
    page = open_report(sample("kmeans"))
    page.locator("#F1a summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#F1a .body")).to_be_visible()
    page.locator("#theme").focus()
    page.keyboard.press("Space")
    expect(page.locator("#theme")).to_have_attribute("aria-pressed", "true")
    assert page.locator("#theme").evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
    go(page, "forces")
    page.locator('#force-table th[data-key="id"] button').focus()
    page.keyboard.press("Enter")
    assert column(page, 1)[0] == "1"
    go(page, "graphs")
    page.locator("#program-n2 a").focus()
    page.keyboard.press("Enter")
    assert_selected(page, "Findings")
    assert page.evaluate("document.activeElement.closest('article').id") == "F1a"


def test_links_open_what_is_folded(open_report: Open) -> None:
    """The page of a code, from its finding."""
    page = open_report(sample("kmeans"), fragment="#lines")
    assert_selected(page, "Lines")
    page.locator("#lines td a").first.click()
    page.locator("#F1 a.code").click()
    expect(page.locator("#LZ101 h4").first).to_be_visible()
    expect(page.locator("#LZ102 h4").first).not_to_be_visible()


def test_a_fix_is_copied(open_report: Open) -> None:
    """Its new lines, or what it says; the button says so for two seconds."""
    page = open_report(recorded("kmeans"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    button = page.locator("#F1 .copy").first
    button.click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "    pixels = pixels.persist()\n"
    expect(button).to_have_text("Copied")
    page.clock.run_for(2_000)
    expect(button).to_have_text("Copy")


# Without a script


def test_without_a_script_all_is_there_one_below_the_other(open_report: Open) -> None:
    """No button that would do nothing."""
    page = open_report(sample("kmeans"), script=False, width=320)
    for tab in TABS:
        expect(page.locator(f"#{tab}")).to_be_visible()
    expect(page.locator("button:visible, input:visible, select:visible")).to_have_count(0)
    expect(page.locator("#force-table tbody tr")).to_have_count(17)
    expect(page.locator(".stage svg").first).to_be_visible()
