"""Traces that are damaged, empty, growing or hostile, and faults of the explorer itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from explored import WIDE, explored, pressed, settled, shown, words
from textual.pilot import Pilot

import sample_traces
from lazyscope.report.unseen import unseen
from lazyscope_tui.app import Explorer
from lazyscope_tui.screens.forces import ForcesScreen
from recorded_samples import path_of
from trace_builder import TraceBuilder


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no trace at"),
        (b"", "is empty: record a trace with `lazyscope run SCRIPT`"),
        (b"PK\x03\x04", "is not a lazyscope trace"),
        (b"lazyscope trace\n" + b"\0" * 40, "is damaged at its beginning: record it again"),
    ],
)
async def test_unreadable_file_gets_a_sentence(tmp_path: Path, content: bytes | None, said: str) -> None:
    """What happened and what to type; `q` leaves."""
    file = tmp_path / "t.lazy"
    if content is not None:
        file.write_bytes(content)
    app = Explorer(file)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert said in " ".join(shown(pilot).split())
        assert "Traceback" not in shown(pilot)
        await pilot.press("q")


async def test_damaged_end_is_said(tmp_path: Path) -> None:
    """What can be read is shown."""
    file = tmp_path / "t.lazy"
    file.write_bytes(path_of("kmeans").read_bytes()[:-40])
    async with explored(file, WIDE) as pilot:
        assert "cannot be read" in shown(pilot)
        assert "F1 ● low LZ110" in shown(pilot)


async def test_empty_trace_opens_everywhere() -> None:
    """A good sentence on every screen."""
    async with explored(TraceBuilder("lazy.py").end().trace()) as pilot:
        assert "No array call was recorded" in await pressed(pilot, "2")
        assert "no graph was executed" in await pressed(pilot, "3")
        for key in ("enter", "b", "t", "o", "1", "y", "x", "o", "n", "r", "space"):
            await pressed(pilot, key)


async def test_growing_trace_is_read_again(tmp_path: Path) -> None:
    """No end record: it says so, and ctrl-r brings what was written since."""
    file = tmp_path / "t.lazy"
    build = TraceBuilder("grow.py")
    build.source("grow.py", "a = x.sum().compute()\nb = y.sum().compute()")
    build.force(build.at("grow.py", "x.sum().compute()"), "compute", seconds=0.5, tasks=8)
    build.save(file)
    async with explored(file) as pilot:
        assert "was killed, or still runs" in shown(pilot)
        assert "1 force took" in words(pilot)
        build.force(build.at("grow.py", "y.sum().compute()"), "compute", seconds=0.5, tasks=8)
        build.end().save(file)
        await _read_again(pilot, forces=2)
        assert "2 forces took" in words(pilot)


async def test_reading_again_keeps_the_place(tmp_path: Path) -> None:
    """The finding that was looked at, by what it is: its number changes. And the force."""
    file = tmp_path / "t.lazy"
    build = TraceBuilder("grow.py")
    build.source("grow.py", "if bool(x.any()):\n    a = 1\nif bool(y.any()):\n    b = 2")
    build.force(build.at("grow.py", "bool(x.any())"), "__bool__", seconds=0.5, tasks=8)
    build.save(file)
    async with explored(file) as pilot:
        assert "bool(x.any())" in shown(pilot)
        before = pilot.app.session.finding("F1")
        build.force(build.at("grow.py", "bool(y.any())"), "__bool__", seconds=5, tasks=8)
        build.end().save(file)
        await _read_again(pilot, forces=2)
        selected = pilot.app.session.finding(pilot.app.session.selected)
        assert (before.id, selected.id) == ("F1", "F2")
        assert selected.fingerprint == before.fingerprint
        assert "▸ F2" in shown(pilot)
        await pressed(pilot, "3", "end")
        await _read_again(pilot, forces=2)
        assert "3 Forces" in shown(pilot)
        assert "Force 2 by __bool__" in shown(pilot)


async def _read_again(pilot: Pilot[Any], forces: int) -> None:
    before = pilot.app.session
    await pilot.press("ctrl+r")
    for _ in range(500):
        await asyncio.sleep(0.02)
        if pilot.app.session is not before and pilot.app.session.diagnosis is not None:
            break
    await settled(pilot)
    await pilot.pause(0.2)
    assert len(pilot.app.session.trace.forces) == forces


async def test_killed_program_names_what_was_running() -> None:
    """And the force is marked as not back."""
    async with explored(sample_traces.killed().trace(), WIDE) as pilot:
        assert "force 2 was running" in shown(pilot)
        screen = await pressed(pilot, "3", "end")
        assert "has not come back" in screen
        assert "It wanted 80 GB; 12.3 GB were free." in screen


async def test_hostile_trace_is_shown_literally() -> None:
    """Markup and escapes of others are text, on every screen."""
    async with explored(sample_traces.hostile().trace(), WIDE) as pilot:
        everything = shown(pilot)
        for key in ("down", "down", "3", "down", "down", "end", "2", "right", "right"):
            everything += await pressed(pilot, key)
        assert "\x1b" not in everything
        assert "\u202e" not in everything
        assert "[/b]<script>" in everything
        assert "[bold]evil[/b].py:1" in everything
        assert "[red]compute" in everything


async def test_markup_in_a_search_is_text() -> None:
    """A bracket that closes nothing."""
    async with explored(path_of("kmeans")) as pilot:
        assert "No finding has all of this." in await pressed(pilot, "slash", *"[/b] [0]", "enter")


async def test_cut_trace_claims_no_more_than_it_knows(tmp_path: Path) -> None:
    """What was recorded of a program that did not end is not said of all of it."""
    build = TraceBuilder("c.py")
    build.source("c.py", "x + 1")
    build.call("Array.__add__", build.at("c.py", "x + 1"))
    file = tmp_path / "cut.lazy"
    build.save(file)
    async with explored(file) as pilot:
        assert "No graph was executed as far as the trace goes" in words(pilot)
        for key in ("2", "3", "5"):
            assert "stayed lazy all the time" not in await pressed(pilot, key)


async def test_what_was_not_seen_is_told_in_full() -> None:
    """On the page about the trace, whatever the headline has room for."""
    async with explored(sample_traces.killed().trace(), WIDE) as pilot:
        trace, diagnosis = pilot.app.session.trace, pilot.app.session.diagnosis
        [missing] = unseen(trace, diagnosis)
        assert missing not in words(pilot)
        await pressed(pilot, "i")
        assert missing in words(pilot)
        for version in trace.header.versions.values():
            assert version in words(pilot)
        assert "1 Findings" in await pressed(pilot, "escape")


async def test_fault_is_shown_and_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen that fails says so in words; Enter goes on."""

    def broken(self: ForcesScreen, field: str) -> None:
        raise RuntimeError("[/b] out of order")

    monkeypatch.setattr(ForcesScreen, "action_filter_by", broken)
    app = Explorer(path_of("kmeans"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pressed(pilot, "3", "t")
        assert "RuntimeError: [/b] out of order" in words(pilot)
        assert "please report it" in words(pilot)
        await pressed(pilot, "enter")
        await settled(pilot)
        assert "F1 ● low" in shown(pilot)
