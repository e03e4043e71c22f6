"""The timeline: forces as bars by thread and depth, calls as a density, at any zoom."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from explored import NARROW, WIDE, explored, pressed, said, settled, shown
from textual.pilot import Pilot

import sample_traces
from lazyscope.model.trace import TraceData
from lazyscope_tui.app import DARK, LIGHT, Explorer
from lazyscope_tui.time_strips import Row, Window, strips, ticks
from lazyscope_tui.widgets.flame_strip import FlameStrip
from recorded_samples import path_of
from trace_builder import TraceBuilder

KMEANS = path_of("kmeans")


def nested() -> TraceData:
    """A force of 8 s with one of 4 s inside it, new and repeated; then one of which a quarter had run."""
    build = TraceBuilder("n.py")
    build.source("n.py", "outer.compute()\ninner.compute()")
    outer, inner = build.at("n.py", "outer.compute()"), build.at("n.py", "inner.compute()")
    build.begin(outer, "compute", tasks=10, at=0.0)
    build.begin(inner, "persist", parent=1, tasks=10, repeated=10, at=2.0)
    build.finish(2, 4.0).finish(1, 8.0)
    build.wait(12.0)
    build.force(inner, "compute", seconds=4.0, tasks=8, repeated=2)
    return build.end().trace()


def strip_of(pilot: Pilot[Any]) -> FlameStrip:
    return pilot.app.screen.query_one(FlameStrip)


def test_forces_have_lane_and_depth() -> None:
    """What runs inside another lies below it."""
    found = strips(nested())
    assert found.place == {1: (0, 0), 2: (0, 1), 3: (0, 0)}
    assert found.seconds == 16.0
    assert [force.id for force in found.lanes[0].rows[0].forces] == [1, 3]


def test_row_knows_what_ran_when() -> None:
    """Ends are not part of a force, beginnings are; work is summed up."""
    row = strips(nested()).lanes[0].rows[0]
    assert list(row.among(0.0, 1.0)) == [0]
    assert list(row.among(7.9, 12.1)) == [0, 1]
    assert list(row.among(8.0, 12.0)) == []
    assert row.share_repeated(range(2)) == 2 / 18
    assert row.longest(range(2)).id == 1
    assert Row().among(0, 1) == range(0)


def test_window_stays_within_the_run() -> None:
    """Whatever is asked for; the time under the pointer stays where it is."""
    window = Window(0.0, 10.0, 100)
    near = window.zoomed(4.0, 6.0, 10.0)
    assert near.column(6.0) == window.column(6.0)
    assert near.seconds == 2.5
    assert window.within(9.0, 5.0, 10.0) == Window(5.0, 5.0, 100)
    assert window.within(-3.0, 50.0, 10.0) == window
    assert window.zoomed(1e30, 5.0, 10.0).seconds > 0


def test_ticks_are_round_and_not_too_close() -> None:
    """1, 2 or 5 times a power of ten."""
    assert ticks(Window(0.0, 1.0, 100), 12) == [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]
    assert len(ticks(Window(3.0, 1e-6, 60), 12)) <= 6


async def test_patterns_show_what_had_run_before() -> None:
    """Solid, dotted, hatched; nested below; each bar says what it is."""
    async with explored(nested(), WIDE) as pilot:
        lines = (await pressed(pilot, "5")).splitlines()
        outer = next(line for line in lines if " 1 compute " in line)
        inner = next(line for line in lines if " 2 persist " in line)
        assert "█████" in outer
        assert "▓▓▓▓▓" in outer
        assert "╱╱╱╱╱" in inner
        assert lines.index(outer) < lines.index(inner)
        assert "partly run before" in lines[1]


async def test_calls_are_as_high_as_they_are_many() -> None:
    """The most of any column is the full height."""
    build = TraceBuilder("c.py")
    build.source("c.py", "x + 1")
    for count in (8, 0, 4, 1):
        for _ in range(count):
            build.call("Array.__add__", build.at("c.py", "x + 1"))
        build.wait(1.0)
    async with explored(build.end().trace()) as pilot:
        lines = (await pressed(pilot, "5")).splitlines()[3:]
        assert [line.count("█") for line in lines[:4]] == [1, 1, 2, 2]
        assert "it stayed lazy all the time" in shown(pilot)
        assert "there is no force" in await said(pilot, "n")


async def test_next_force_and_where_it_leads() -> None:
    """n, N, Enter and f; the way back comes to the same force."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "5", "0")
        strip = strip_of(pilot)
        strip.select(strip.strips.forces[0])
        assert "Force 2 by __bool__" in await pressed(pilot, "n")
        assert "Force 1 by __bool__" in await pressed(pilot, "N", "N")
        assert "Force 3 by __array__" in await pressed(pilot, "n", "n")
        assert "15 ms, 7 tasks, 7 again" in shown(pilot)
        assert "Force 3 by __array__" in await pressed(pilot, "enter")
        assert "  3  " in shown(pilot)
        assert "Force 3 by __array__" in await pressed(pilot, "left_square_bracket")
        await pressed(pilot, "f")
        assert pilot.app.session.selected == "F4"


async def test_zoom_and_pan() -> None:
    """Twice as near, a quarter of the view, back to everything."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "5")
        strip = strip_of(pilot)
        whole = strip.window
        await pressed(pilot, "plus")
        assert strip.window.seconds == pytest.approx(whole.seconds / 2)
        await pressed(pilot, "plus", "left")
        before = strip.window
        await pressed(pilot, "h", "l")
        assert strip.window.start == pytest.approx(before.start)
        await pressed(pilot, "right")
        assert strip.window.start == pytest.approx(before.start + before.seconds / 4)
        await pressed(pilot, "minus", "minus", "minus")
        assert strip.window == whole
        await pressed(pilot, "z")
        force = strip.selected
        assert force is not None
        assert strip.window.seconds == pytest.approx(1.2 * force.seconds)
        assert f" {force.id} {force.begin.trigger} " in shown(pilot)
        await pressed(pilot, "0")
        assert strip.window == whole


async def test_finding_is_shown_from_its_page() -> None:
    """All of its forces are in view, the first is selected."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "down", "t")
        strip = strip_of(pilot)
        found = pilot.app.session.finding("F2")
        assert strip.selected is not None
        assert strip.selected.id == found.forces[0]
        last = next(force for force in strip.strips.forces if force.id == found.forces[-1])
        assert strip.window.start < strip.selected.begin.at
        assert last.ran_until < strip.window.end


async def test_mouse_drags_zooms_and_chooses() -> None:
    """A click selects, a second one goes there, the wheel zooms."""
    async with explored(nested(), WIDE) as pilot:
        lines = (await pressed(pilot, "5")).splitlines()
        row = next(n for n, line in enumerate(lines) if " 2 persist " in line)
        await pilot.click(offset=(lines[row].index("persist"), row))
        assert "Force 2 by persist" in shown(pilot)
        strip = strip_of(pilot)
        await pressed(pilot, "plus")
        start = strip.window.start
        await pilot.mouse_down(strip, offset=(60, 3))
        await pilot.hover(strip, offset=(50, 3))
        await pilot.mouse_up(strip, offset=(50, 3))
        assert strip.window.start > start
        await pressed(pilot, "0")
        await pilot.click(offset=(lines[row].index("persist"), row), times=2)
        await pilot.pause()
        assert "Force 2 by persist" in shown(pilot)
        assert pilot.app.screen.NAME == "forces"


async def test_many_threads_are_scrolled() -> None:
    """Lanes below the view come with the arrow, and with their forces."""
    build = TraceBuilder("t.py")
    build.source("t.py", "x.compute()")
    for number in range(30):
        begin = build.force(build.at("t.py", "x.compute()"), "compute", seconds=1.0)
        record = build._records[-2]
        build._records[-2] = type(record)(
            **{name: getattr(record, name) for name in record.__struct_fields__}
            | {"thread": build.text(f"worker-{number}")}
        )
        assert begin == number + 1
    async with explored(build.end().trace()) as pilot:
        assert "worker-0 " in await pressed(pilot, "5")
        assert "worker-0 " not in await pressed(pilot, "down", "j")
        assert "worker-0 " in await pressed(pilot, "up", "k")
        for _ in range(29):
            await pilot.press("n")
        last = strip_of(pilot).selected
        assert last is not None
        assert last.id == 30
        assert strip_of(pilot).scroll_offset.y > 0


async def test_hostile_names_are_text() -> None:
    """Triggers and places of others."""
    async with explored(sample_traces.hostile().trace(), WIDE) as pilot:
        everything = "\n".join([await pressed(pilot, "5"), *[await pressed(pilot, "n") for _ in range(4)]])
        assert "[bold]evil[/b].py:1" in everything
        assert "[red]compute" in everything
        assert "\x1b" not in everything


def test_drawing_does_not_grow_with_the_trace() -> None:
    """100,000 calls and 10,000 forces: what is seen is found, not walked."""
    build = TraceBuilder("big.py")
    build.source("big.py", "x.compute()")
    site = build.at("big.py", "x.compute()")
    for _ in range(10_000):
        for _ in range(10):
            build.call("dask.array.add", site)
        build.force(site, "compute", seconds=0.001, tasks=3, repeated=1)
        build.wait(0.001)
    found = strips(build.end().trace())
    window = Window(0.0, found.seconds, 160)
    lane = found.lanes[0]
    began = time.perf_counter()
    counts = [lane.calls_between(window.time(n), window.time(n + 1)) for n in range(160)]
    parts = [lane.rows[0].among(window.time(n), window.time(n + 1)) for n in range(160)]
    shares = [lane.rows[0].share_repeated(part) for part in parts]
    assert time.perf_counter() - began < 0.02
    assert sum(counts) == 100_000
    assert all(share == pytest.approx(1 / 3) for share in shares)


def _after(theme: str, keys: tuple[str, ...]) -> Callable[[Pilot[Any]], Any]:
    async def run(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        pilot.app.theme = theme
        await pressed(pilot, *keys)
        await pilot.pause()

    return run


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x50"])
@pytest.mark.parametrize("keys", [("5",), ("5", "n", "z")], ids=["whole", "near"])
def test_looks(
    keys: tuple[str, ...],
    size: tuple[int, int],
    theme: str,
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Callable[..., bool],
) -> None:
    """The k-means trace."""
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    assert snap_compare(Explorer(KMEANS), terminal_size=size, run_before=_after(theme, keys))
