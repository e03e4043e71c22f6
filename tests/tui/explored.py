"""Explorers under test: opened on a trace, waited for, and looked at as text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from lazyscope.model.trace import TraceData
from lazyscope_tui.app import Explorer

NARROW, WIDE = (80, 24), (160, 50)


async def settled(pilot: Pilot[Any], seconds: float = 20) -> None:
    """Wait until the findings are there and everything is painted."""
    app = pilot.app
    assert isinstance(app, Explorer)
    for _ in range(round(seconds / 0.02)):
        if app.session is not None and app.session.diagnosis is not None:
            break
        await asyncio.sleep(0.02)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@asynccontextmanager
async def explored(source: Path | TraceData, size: tuple[int, int] = NARROW) -> AsyncIterator[Pilot[Any]]:
    """An explorer that has found its causes; at the end nothing may have gone wrong inside it."""
    app = Explorer(source)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        yield pilot
        if app.fault is not None:
            raise AssertionError("something went wrong inside the explorer") from app.fault


def after(theme: str, keys: tuple[str, ...]) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """What is done before a picture is taken."""

    async def run(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        pilot.app.theme = theme
        for key in keys:
            # What a key leads to may be drawn in a worker, and the next key be about it.
            await pressed(pilot, key)
        await pilot.pause()

    return run


def shown(pilot: Pilot[Any]) -> str:
    """What is on the screen, without trailing blanks."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def pressed(pilot: Pilot[Any], *keys: str) -> str:
    """What is on the screen after these keys."""
    await pilot.press(*keys)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    return shown(pilot)


def words(pilot: Pilot[Any]) -> str:
    """What is on the screen, on one line."""
    return " ".join(shown(pilot).split())


async def said(pilot: Pilot[Any], *keys: str) -> str:
    """The notices after these keys."""
    await pressed(pilot, *keys)
    return "\n".join(notice.message for notice in pilot.app._notifications)
