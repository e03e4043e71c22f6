"""Texts of files are packed once in a process, and again when the file has changed."""

from __future__ import annotations

import linecache
import os
import zlib
from pathlib import Path

import pytest

from lazyscope.capture import recorder as recorder_module
from lazyscope.capture.recorder import Recorder
from lazyscope.capture.roles import Roles
from lazyscope.model import events
from lazyscope.model.journal_file import JournalMemory


@pytest.fixture(autouse=True)
def nothing_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "_packed", {})


def text_in_a_new_trace(file: Path) -> str | None:
    header = events.Header(version=1, lazyscope="0", started=0.0, argv=[], versions={})
    packed = Recorder(JournalMemory(), header, Roles())._packed_source(str(file))
    return None if packed is None else zlib.decompress(packed).decode()


def test_a_file_is_packed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "step.py"
    file.write_text("x = 1\n")
    assert text_in_a_new_trace(file) == "x = 1\n"
    monkeypatch.setattr(zlib, "compress", None)
    assert text_in_a_new_trace(file) == "x = 1\n"


def test_a_file_that_changes_between_traces_shows_its_new_text(tmp_path: Path) -> None:
    file = tmp_path / "step.py"
    file.write_text("x = 1\n")
    assert text_in_a_new_trace(file) == "x = 1\n"
    file.write_text("x = 2\n")
    os.utime(file, (2_000_000_000, 2_000_000_000))
    assert text_in_a_new_trace(file) == "x = 2\n"


def test_another_file_under_the_same_name_shows_its_own_text(tmp_path: Path) -> None:
    """An editor saves by renaming; the times of both files may be the same."""
    file, saved = tmp_path / "step.py", tmp_path / "step.py~"
    for path, text in ((file, "x = 1\n"), (saved, "x = 22\n")):
        path.write_text(text)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert text_in_a_new_trace(file) == "x = 1\n"
    saved.replace(file)
    assert text_in_a_new_trace(file) == "x = 22\n"


def test_text_registered_for_a_file_on_disk_is_not_mixed_up_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook's cell may bear the name of a file that exists."""
    file = tmp_path / "cell.py"
    file.write_text("x = 1\n")
    assert text_in_a_new_trace(file) == "x = 1\n"
    monkeypatch.setitem(linecache.cache, str(file), (6, None, ["x = 2\n"], str(file)))
    assert text_in_a_new_trace(file) == "x = 2\n"
    monkeypatch.delitem(linecache.cache, str(file))
    assert text_in_a_new_trace(file) == "x = 1\n"


def test_packed_texts_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "PACKED_BYTES", 60)
    for number in range(10):
        file = tmp_path / f"step{number}.py"
        file.write_text(f"x = {number}\n")
        assert text_in_a_new_trace(file) == f"x = {number}\n"
        assert sum(map(len, recorder_module._packed.values())) <= 60
