"""The explorer in a real terminal: as few keys as promised, and an editor that takes the terminal over."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from recorded_samples import path_of
from terminals import Terminal


@pytest.fixture
def here(tmp_path: Path) -> Path:
    shutil.copy(path_of("kmeans"), tmp_path)
    return tmp_path


def test_from_the_worst_finding_to_a_report_in_four_keys(here: Path) -> None:
    """Without a key: the finding and its fix; then the graph, a report, and out."""
    terminal = Terminal(here, "tui", "kmeans.lazy")
    terminal.until(b"F1  \xe2\x97\x8f low    LZ110 pixels is computed again and again")
    terminal.until(b"Fix: ")
    terminal.until(b"`pixels = pixels.persist()`")
    terminal.press(b"g")
    terminal.until(b"F1  persist")
    terminal.press(b"e")
    terminal.until(b"kmeans.html")
    terminal.press(b"\r")
    terminal.until(b"written: kmeans.html")
    terminal.press(b"q")
    assert terminal.ended() == 0
    assert terminal.keys == 4
    assert (here / "kmeans.html").read_text().startswith("<!doctype html>")
    # The terminal is given back as it was.
    assert b"\x1b[?1049l" in terminal.seen
    assert b"\x1b[?25h" in terminal.seen


def test_editor_gets_the_terminal_and_gives_it_back(here: Path) -> None:
    """With the file and the line."""
    (here / "samples").mkdir()
    (here / "samples" / "kmeans.py").write_text("pass\n" * 60)
    editor = here / "editor.py"
    editor.write_text("import sys; open('opened', 'w').write(' '.join(sys.argv[1:])); print('in the editor')")
    terminal = Terminal(here, "tui", "kmeans.lazy", EDITOR=f"{sys.executable} {editor}", VISUAL="")
    terminal.until(b"persist()`")
    terminal.press(b"o")
    terminal.until(b"in the editor")
    terminal.until(b"6 Compare")
    assert (here / "opened").read_text() == f"+42 {here / 'samples' / 'kmeans.py'}"
    terminal.press(b"q")
    assert terminal.ended() == 0


def test_newest_trace_is_explored_without_a_name(here: Path) -> None:
    """And what is no terminal for colours still gets words."""
    terminal = Terminal(here, "tui", NO_COLOR="1")
    terminal.until(b"pixels is computed again and again")
    terminal.press(b"q")
    assert terminal.ended() == 0
