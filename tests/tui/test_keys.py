"""Every key of the table does something where it says it works."""

from __future__ import annotations

import shutil
import webbrowser
from pathlib import Path
from typing import Any

import pytest
from explored import WIDE, explored, pressed, shown
from textual.pilot import Pilot

from lazyscope_tui.keys import SCOPES, Key
from recorded_samples import path_of

_SCREEN = {
    "findings": "1",
    "calls": "2",
    "forces": "3",
    "graph": "4",
    "timeline": "5",
    "compare": "6",
    "export": "e",
    "allow": "x",
    "pages": "i",
}
"""The key that leads to a scope."""
_BEFORE = {
    ("everywhere", "go('findings')"): ("2",),
    ("everywhere", "back"): ("2",),
    ("everywhere", "forward"): ("2", "left_square_bracket"),
    ("lists", "cursor_up"): ("end",),
    ("lists", "page_up"): ("end",),
    ("lists", "first"): ("end",),
    ("findings", "clear_search"): ("slash", *"bool", "enter"),
    ("calls", "clear_search"): ("slash", *"bool", "enter"),
    ("calls", "close_node"): ("right",),
    ("forces", "clear_search"): ("s",),
    ("forces", "show_earlier"): ("down", "down", "down"),
    ("compare", "swap"): ("enter",),
    ("compare", "choose"): ("enter",),
    ("compare", "leave_name"): ("slash",),
    ("graph", "next_finding(-1)"): ("end",),
    ("graph", "zoom(1)"): ("minus",),
    ("graph", "next_node(-1)"): ("end",),
    ("graph", "pan(-1, 0)"): ("minus", "plus", "right", "right", "right"),
    ("graph", "pan(0, -1)"): ("end",),
    ("graph", "page(0, -1)"): ("end",),
    ("timeline", "next_force(-1)"): ("n", "n"),
    ("timeline", "zoom(-1)"): ("plus",),
    ("timeline", "show_all"): ("plus",),
    ("timeline", "pan(-1)"): ("plus", "plus"),
    ("timeline", "pan(1)"): ("plus", "plus", "left"),
    ("allow", "mark"): ("w",),
}
"""Keys that are pressed first, so that there is something to do."""
_NOTHING_TO_DO = {
    # All threads of this trace are in view.
    ("timeline", "lanes(-1)"),
    ("timeline", "lanes(1)"),
    # The whole width is in view.
    ("graph", "pan(-1, 0)"),
    ("graph", "pan(1, 0)"),
}
"""Tested on traces of their own, in test_timeline and test_graph."""


def _cases() -> list[Any]:
    return [
        pytest.param(scope.name, key, name, id=f"{scope.name}-{name}")
        for scope in SCOPES
        # Where a program runs, and where something went wrong: test_live, test_trouble.
        if scope.name not in ("live", "stop", "fault")
        for key in scope.keys
        for name in key.keys.split(",")
        if (scope.name, key.action) not in _NOTHING_TO_DO
    ]


def _seen(pilot: Pilot[Any]) -> tuple[object, ...]:
    """All that a reader could notice."""
    app = pilot.app
    notices = tuple(notice.message for notice in app._notifications)
    return (
        shown(pilot), app.clipboard, notices, app.theme, repr(app.focused), len(app.screen_stack),
        app._exit, tuple(sorted(path.name for path in Path().iterdir())), id(app.session),
    )  # fmt: skip


def _no_browser() -> None:
    raise webbrowser.Error


@pytest.mark.parametrize(("scope", "key", "name"), _cases())
async def test_key_does_something(
    scope: str, key: Key, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the recorded k-means trace, in a directory with another."""
    shutil.copy(path_of("kmeans"), tmp_path)
    shutil.copy(path_of("own_code"), tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(webbrowser, "get", _no_browser)
    for variable in ("EDITOR", "VISUAL"):
        monkeypatch.delenv(variable, raising=False)
    async with explored(Path("kmeans.lazy"), WIDE if scope == "graph" else (100, 24)) as pilot:
        if scope in _SCREEN and scope != "findings":
            await pressed(pilot, _SCREEN[scope])
            await pilot.pause(0.2)
        for before in _BEFORE.get((scope, key.action), ()):
            await pressed(pilot, before)
        before_it = _seen(pilot)
        await pilot.press(name)
        for _ in range(100):
            await pilot.pause(0.02)
            if _seen(pilot) != before_it:
                return
        raise AssertionError(f"{name} did nothing:\n{shown(pilot)}")
