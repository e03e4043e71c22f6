"""Calls, forces, comparison, export, help and the command palette."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest
from explored import WIDE, explored, pressed, said, shown, words

import sample_traces
from lazyscope_tui import exporting
from lazyscope_tui.call_tree import CallTree
from lazyscope_tui.keys import SCOPES
from lazyscope_tui.widgets.row_list import RowList
from recorded_samples import path_of
from trace_builder import TraceBuilder

KMEANS = path_of("kmeans")


# Calls


async def test_calls_lead_from_the_line_to_the_call() -> None:
    """Levels are filled when they are opened; figures are those of the forces below."""
    async with explored(KMEANS, WIDE) as pilot:
        screen = await pressed(pilot, "2")
        assert "samples/kmeans.py:42" in screen
        assert "0.114 s 41 169 93 164" in words(pilot)
        assert "_check_finite" not in screen
        assert "▹ _check_finite  scipy" in await pressed(pilot, "right")
        screen = await pressed(pilot, "right", "right")
        assert "forced by __array__" in screen
        screen = await pressed(pilot, "right", "enter")
        assert "force 4" in screen
        screen = await pressed(pilot, *["left"] * 5)
        assert "_check_finite" not in screen


async def test_calls_lead_to_forces_and_findings() -> None:
    """Enter on a force, `f` and `r` on a row."""
    async with explored(KMEANS, WIDE) as pilot:
        await pressed(pilot, "2", *["right"] * 6, "enter")
        assert "Force 4 by __array__" in shown(pilot)
        await pressed(pilot, "left_square_bracket", "f")
        assert pilot.app.session.selected == "F2a"
        await pressed(pilot, "2", "home", "r")
        assert "Force 3 by __array__" in shown(pilot)


async def test_calls_are_searched() -> None:
    """By operations below a line, too."""
    async with explored(KMEANS) as pilot:
        screen = await pressed(pilot, "2", "slash", *"operation:isfinite", "enter")
        assert "1 line" in screen
        assert "_check_finite" in await pressed(pilot, "right")
        assert "kmeans.py:39" in await pressed(pilot, "escape")


async def test_many_calls_come_in_chunks() -> None:
    """The rest is counted, and comes when it is asked for."""
    build = TraceBuilder("many.py")
    build.source("many.py", "y = da.mean(x)")
    for _ in range(450):
        build.call("dask.array.mean", build.at("many.py", "da.mean(x)"))
    async with explored(build.end().trace()) as pilot:
        await pressed(pilot, "2", *["right"] * 6, "end")
        assert "250 more" in shown(pilot)
        assert "50 more" in await pressed(pilot, "right", "end")
        assert "more" not in (await pressed(pilot, "right", "end")).splitlines()[-2]


# Forces


async def test_forces_show_which_earlier_one_ran_their_tasks() -> None:
    """And lead there."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "3", "down", "down", "down")
        screen = shown(pilot)
        assert "7 of 7 tasks had been computed before:" in screen
        assert "by force 3" in screen
        assert "Force 3 by __array__" in await pressed(pilot, "b")


async def test_force_filters_combine() -> None:
    """By trigger, site, entry and finding of the row; again takes the filter away."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "3")
        assert "trigger:__bool__" in await pressed(pilot, "t")
        screen = await pressed(pilot, "s")
        assert "trigger:__bool__ site:scipy/_lib/_array_api.py:72" in screen
        assert "2 forces" in screen
        assert "42 forces" in await pressed(pilot, "escape", "slash")
        assert "41 forces" in await pressed(pilot, "enter", "n")
        assert "2 forces" in await pressed(pilot, "escape", "w")
        assert "finding:f2c" in shown(pilot)
        assert "finding:f2c" not in await pressed(pilot, "w")


async def test_forces_are_ordered_by_cost() -> None:
    """The dearest first; again in the order of time."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "3", "d", "home")
        assert shown(pilot).splitlines()[2].split()[1] == "3"
        await pressed(pilot, "d", "home")
        assert shown(pilot).splitlines()[2].split()[1] == "1"


async def test_enter_leads_from_force_to_finding() -> None:
    """And back."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "3", "enter")
        assert pilot.app.session.selected == "F2c"
        assert "Force 1 by __bool__" in await pressed(pilot, "left_square_bracket")


# Compare


async def test_two_traces_are_compared(tmp_path: Path) -> None:
    """The one recorded first is the one before; `w` swaps them."""
    trace = tmp_path / "one.lazy"
    shutil.copy(KMEANS, trace)
    shutil.copy(path_of("own_code"), tmp_path / "two.lazy")
    async with explored(trace) as pilot:
        screen = await pressed(pilot, "6")
        assert "two.lazy" in screen
        assert "one.lazy" not in screen.splitlines()[2]
        before = await pressed(pilot, "enter")
        assert "before  " in before
        assert before != await pressed(pilot, "w")


async def test_comparison_with_what_is_no_trace_says_so(tmp_path: Path) -> None:
    """The sentence that every verb has."""
    trace = tmp_path / "one.lazy"
    shutil.copy(KMEANS, trace)
    (tmp_path / "two.lazy").write_bytes(b"something else")
    async with explored(trace) as pilot:
        assert "is not a lazyscope trace" in await said(pilot, "6", "enter")
        assert "no trace at" in await said(pilot, "slash", *"gone.lazy", "enter")


# Export


async def test_report_is_written_by_two_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a second one beside it, under another name."""
    monkeypatch.chdir(tmp_path)
    async with explored(KMEANS) as pilot:
        assert "written: kmeans.html" in await said(pilot, "e", "enter")
        await pressed(pilot, "e", "enter")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["kmeans-2.html", "kmeans.html"]
    assert (tmp_path / "kmeans.html").read_text().startswith("<!doctype html>")


async def test_every_format_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows of the list."""
    monkeypatch.chdir(tmp_path)
    wanted = [one.suffix for one in exporting.exports() if not one.suffix.endswith((".pdf", ".png"))]
    async with explored(path_of("own_code")) as pilot:
        for number, one in enumerate(exporting.exports()):
            if one.suffix in wanted:
                await pressed(pilot, "e", *["down"] * number, "enter")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"own_code{suffix}" for suffix in wanted}
    assert json.loads((tmp_path / "own_code.json").read_text())["schema_version"] == 2


async def test_export_never_overwrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is taken is refused."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.html").write_text("mine")
    async with explored(KMEANS) as pilot:
        screen = await pressed(pilot, "e", "tab", "ctrl+u", *"mine.html", "enter")
        assert "mine.html exists and would be lost" in screen
        assert "the name must end in .html" in await pressed(pilot, "ctrl+u", *"mine.txt", "enter")
    assert (tmp_path / "mine.html").read_text() == "mine"


async def test_export_is_called_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written then, however far it had come."""
    monkeypatch.chdir(tmp_path)
    go_on = threading.Event()

    def slow(name: str, trace: object) -> str:
        go_on.wait(60)
        return "late"

    monkeypatch.setattr(exporting, "_rendered", slow)
    async with explored(KMEANS) as pilot:
        await pilot.press("e", "enter")
        for _ in range(100):
            await pilot.pause(0.05)
            if "writing kmeans.html" in shown(pilot):
                break
        assert "writing kmeans.html" in shown(pilot)
        await pilot.press("escape")
        await pilot.pause()
        go_on.set()
        assert "called off" in await said(pilot)
    assert list(tmp_path.iterdir()) == []


# Help and palette


async def test_help_names_every_key() -> None:
    """It is made from the table that the bindings are made from."""
    async with explored(KMEANS, (160, 200)) as pilot:
        screen = await pressed(pilot, "question_mark")
        for scope in SCOPES:
            for key in scope.keys:
                assert key.what in screen
        assert "F1 ● low" in await pressed(pilot, "escape")


async def test_palette_knows_every_action() -> None:
    """By its word; Enter does it."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "ctrl+p", *"copy fix")
        for _ in range(50):
            await pilot.pause(0.05)
            if "Copy fix" in shown(pilot):
                break
        await pressed(pilot, "enter", "enter")
        await pilot.pause(0.2)
        assert pilot.app.clipboard == "    pixels = pixels.persist()\n"


async def test_crowded_trace_opens_everywhere() -> None:
    """More of everything than there is room for."""
    async with explored(sample_traces.crowded().trace()) as pilot:
        trace, diagnosis = pilot.app.session.trace, pilot.app.session.diagnosis
        for key, screen, count in (
            ("2", "calls", len(CallTree(trace).roots())),
            ("3", "forces", len(trace.forces)),
            ("1", "findings", len(diagnosis.findings)),
        ):
            await pressed(pilot, key)
            screen_text = await pressed(pilot, "end")
            assert screen == pilot.app.screen.NAME
            rows = pilot.app.screen.query_one(RowList)
            assert (rows.cursor, rows.count) == (count - 1, count)
            # The place in the list is marked where not all of it is in view.
            assert ("┃" in screen_text) == (count > rows.size.height)
        assert "6 Compare" in await pressed(pilot, "6")
