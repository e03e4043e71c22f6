"""The timeline: forces as bars by thread and depth, calls as a density, at any zoom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from explored import NARROW, WIDE, after, explored, pressed, said, shown
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

import sample_traces
from lazyscope.model.trace import TraceData
from lazyscope_tui.app import DARK, LIGHT, Explorer
from lazyscope_tui.time_strips import Row, strips
from lazyscope_tui.time_window import Window, ticks
from lazyscope_tui.widgets.flame_strip import FlameStrip
from lazyscope_tui.widgets.lane_painting import axis
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
    """1, 2 or 5 times a power of ten; what a clock has above that."""
    assert [label for _, label in ticks(Window(0.0, 1.0, 100), 12)] == [
        "0 s", "0.2 s", "0.4 s", "0.6 s", "0.8 s", "1.0 s",
    ]  # fmt: skip
    assert [label for _, label in ticks(Window(3540.0, 240.0, 60), 12)] == [
        "59 min", "1 h 00 min", "1 h 01 min", "1 h 02 min", "1 h 03 min",
    ]  # fmt: skip
    assert [label for _, label in ticks(Window(100.0, 100.0, 60), 12)] == [
        "100 s", "2 min 00 s", "2 min 20 s", "2 min 40 s", "3 min 00 s", "3 min 20 s",
    ]  # fmt: skip


@given(
    whole=st.floats(1e-6, 1e6),
    share=st.floats(1e-9, 1.0),
    start=st.floats(0.0, 1.0),
    columns=st.integers(20, 300),
)
def test_ticks_are_told_apart_at_every_zoom(whole: float, share: float, start: float, columns: int) -> None:
    """No two labels alike, none over another, each in view."""
    window = Window(0.0, whole, columns).within(start * whole, share * whole, whole)
    found = ticks(window, 12)
    labels = [label for _, label in found]
    assert len(set(labels)) == len(labels)
    for (time, label), (following, _) in pairwise(found):
        assert window.column(time) + len(label) < window.column(following) + 1
    assert all(window.start - 1e-9 <= time <= window.end + 1e-9 for time, _ in found)
    written = "".join(axis(window))
    assert len(written) == columns
    assert written.count("╷") in (len(found), len(found) - 1)


def flame() -> TraceData:
    """Two of the user's lines; the first reaches a library twice, whose force runs calls of its own."""
    build = TraceBuilder("p.py")
    build.source("p.py", "y = lib.f(x)  # [/b]\nz = y.sum()")
    build.source("lib.py", "def f(x):\n    return x + g(x)\ndef g(x):\n    return x.any()", role="library")
    user, other = build.at("p.py", "lib.f(x)"), build.at("p.py", "y.sum()")
    outer, inner = build.at("lib.py", "x + g(x)"), build.at("lib.py", "x.any()")
    for at, site, line in ((0.0, outer, user), (1.0, inner, user), (6.0, inner, user), (7.0, outer, user)):
        build.now = at
        build.call("Array.__add__", site, user_site=line)
    build.now = 2.0
    build.begin(inner, "__bool__", user_site=user, at=2.0)
    build.now = 3.0
    build.call("dask.array.mean", other)
    build.finish(1, 3.0)
    build.now = 9.0
    build.call("dask.array.sum", other)
    build.wait(11.0)
    return build.end().trace()


def test_lines_and_functions_last_from_their_first_event_to_their_last() -> None:
    """What ran inside a force is the force's; what follows without a pause is one."""
    lane = strips(flame()).lanes[0]
    assert [round(start, 3) for start in lane.lines.starts] == [0.0, 9.0]
    assert [words.split("  ")[0] for words in lane.lines.words] == ["p.py:1", "p.py:2"]
    assert lane.lines.ends[0] == pytest.approx(7.0)
    assert [words.split("  ")[0] for words in lane.functions.words] == ["f", "g", "f"]
    assert lane.functions.starts == [0.0, 1.0, 7.0]
    assert lane.functions.ends == pytest.approx([1e-9, 6.0, 7.0])


async def test_lines_functions_and_calls_say_what_they_are() -> None:
    """Each at its time, where there is room; text of others is text."""
    async with explored(flame(), WIDE) as pilot:
        lines = (await pressed(pilot, "5", "0")).splitlines()
        line = next(line for line in lines if "p.py:1" in line)
        window = strip_of(pilot).window
        assert line.index("▏p.py:1  y = lib.f(x)  # [/b]") == 14
        assert line.index("▏p.py:2  z = y.sum()") - 14 == window.column(9.0)
        assert line.index("▕") - 14 == window.column(7.0)
        function = lines[lines.index(line) + 1]
        assert function.index("▏g  lib.py") - 14 == window.column(1.0)
        assert function.index("▏f  lib.py", 20) - 14 == window.column(7.0)
        calls = next(line for line in lines if "█sum" in line)
        assert calls.index("█sum") - 14 == window.column(9.0)


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
        lines = (await pressed(pilot, "5")).splitlines()[4:]
        assert [line.count("█") for line in lines[:4]] == [1, 1, 2, 2]
        assert "No graph was executed." in shown(pilot)
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
        assert pilot.app.session.selected == "F2b"


async def test_zoom_and_pan() -> None:
    """Twice as near, a quarter of the view, back to everything."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "5")
        strip = strip_of(pilot)
        first, last = strip.strips.recorded
        assert strip.window.start < first == min(strip.strips.lanes[0].calls)
        assert strip.window.end >= last >= strip.strips.forces[-1].ran_until
        await pressed(pilot, "0")
        whole = strip.window
        assert (whole.start, whole.end) == (0.0, strip.strips.seconds)
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
        await pressed(pilot, "down", "down", "t")
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


class Counted(Sequence[float]):
    """Times of which it is known how many were looked at."""

    def __init__(self, times: Sequence[float], looked: list[int]) -> None:
        self._times = times
        self._looked = looked

    def __len__(self) -> int:
        return len(self._times)

    def __getitem__(self, index: Any) -> Any:
        self._looked.append(index)
        return self._times[index]


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
    looked: list[int] = []
    lane.calls = Counted(lane.calls, looked)  # type: ignore[assignment]
    lane.rows[0].starts = Counted(lane.rows[0].starts, looked)  # type: ignore[assignment]
    lane.rows[0].ends = Counted(lane.rows[0].ends, looked)  # type: ignore[assignment]
    counts = [lane.calls_between(window.time(n), window.time(n + 1)) for n in range(160)]
    parts = [lane.rows[0].among(window.time(n), window.time(n + 1)) for n in range(160)]
    shares = [lane.rows[0].share_repeated(part) for part in parts]
    assert len(looked) <= 4 * 160 * 17
    assert sum(counts) == 100_000
    assert all(share == pytest.approx(1 / 3) for share in shares)


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
    assert snap_compare(Explorer(KMEANS), terminal_size=size, run_before=after(theme, keys))
