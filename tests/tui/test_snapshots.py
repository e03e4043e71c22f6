"""How every screen looks on recorded traces: light and dark, in a small and in a large terminal.

After a meant change: ``python -m pytest tests/tui -m looks --snapshot-update``, and look at what changed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from explored import NARROW, WIDE, settled
from textual.pilot import Pilot

import sample_traces
from lazyscope_tui.app import DARK, LIGHT, Explorer
from recorded_samples import path_of

_SCREENS: dict[str, tuple[str, ...]] = {
    "findings": (),
    "search": ("slash", *"code:LZ103", "enter"),
    "allow": ("x",),
    "calls": ("2", "right", "down", "right"),
    "forces": ("3", "down", "down", "down"),
    "compare": ("6",),
    "compared": ("6", "enter"),
    "export": ("e",),
    "help": ("question_mark",),
    "about": ("i",),
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with two traces, and no motion on the screen."""
    for name in ("kmeans", "own_code"):
        shutil.copy(path_of(name), tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    return tmp_path


def _ready(theme: str, keys: tuple[str, ...]) -> Callable[[Pilot[Any]], Any]:
    async def run(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        pilot.app.theme = theme
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
        for cursor in pilot.app.screen.query("Input"):
            cursor.cursor_blink = False  # type: ignore[attr-defined]
        await pilot.pause()

    return run


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x50"])
@pytest.mark.parametrize("name", list(_SCREENS))
def test_screen(
    name: str, size: tuple[int, int], theme: str, here: Path, snap_compare: Callable[..., bool]
) -> None:
    """The k-means trace."""
    app = Explorer(Path("kmeans.lazy"))
    assert snap_compare(app, terminal_size=size, run_before=_ready(theme, _SCREENS[name]))


@pytest.mark.parametrize("sample", ["clean", "killed", "hostile"])
def test_sample(sample: str, snap_compare: Callable[..., bool]) -> None:
    """Traces of other kinds."""
    app = Explorer(getattr(sample_traces, sample)().trace())
    assert snap_compare(app, terminal_size=NARROW, run_before=_ready(DARK, ()))


def test_unreadable_file(here: Path, snap_compare: Callable[..., bool]) -> None:
    """A sentence in the place of the screens."""
    (here / "t.lazy").write_bytes(b"something else")

    async def run(pilot: Pilot[Any]) -> None:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()

    assert snap_compare(Explorer(Path("t.lazy")), terminal_size=NARROW, run_before=run)
