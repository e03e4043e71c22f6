"""Names of files that are typed, or made from the name of a trace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from explored import explored, pressed, said
from textual.widgets import Input

import sample_traces
from active_texts import HOSTILE, active, made_hostile
from lazyscope.errors import LazyscopeError
from lazyscope_tui.exporting import free_path
from lazyscope_tui.session import Session
from lazyscope_tui.typed_files import typed_path
from recorded_samples import path_of

NAME = os.fsdecode(os.fsencode(HOSTILE.replace("\x00", "")))

IMPOSSIBLE = [
    ("~nosuchuser/x", "there is no home directory of ~nosuchuser: give another name"),
    ("a\0b", r"a\x00b is no name of a file: give another name"),
    ("\ud800", r"\ud800 is no name of a file: give another name"),
    (
        "x" * 300,
        f"{'x' * 40}...{'x' * 37} cannot be a file here: File name too long; give another name",
    ),
]


@pytest.mark.parametrize(("name", "message"), IMPOSSIBLE)
def test_a_name_that_no_file_can_have_gets_a_sentence(name: str, message: str) -> None:
    """What is wrong with it, and what to do."""
    with pytest.raises(LazyscopeError) as raised:
        typed_path(name)
    assert str(raised.value) == message


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless there is a directory of the name of nobody's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~nosuchuser").mkdir()
    assert typed_path("~/x") == tmp_path / "x"
    assert typed_path("~nosuchuser/x") == Path("~nosuchuser/x")


@pytest.mark.parametrize(("name", "message"), IMPOSSIBLE)
async def test_the_dialogs_take_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    """To write to, and to compare with: a sentence, and the dialog stays."""
    monkeypatch.chdir(tmp_path)
    async with explored(sample_traces.kmeans().trace(), (240, 50)) as pilot:
        await pressed(pilot, "e", "tab")
        pilot.app.screen.query_one(Input).value = f"{name}.html"
        await pressed(pilot, "enter")
        said_there = str(pilot.app.screen._said.content)
        assert said_there.endswith("give another name")
        await pressed(pilot, "escape", "6", "slash")
        pilot.app.screen.query_one(Input).value = name
        assert message in await said(pilot, "enter")
    assert list(tmp_path.iterdir()) == []


def test_the_name_offered_to_write_to_is_harmless_and_not_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is shown, typed over, and has to be one that can be written."""
    monkeypatch.chdir(tmp_path)
    trace = sample_traces.kmeans().trace()
    long = free_path(Session(Path("é" * 124 + ".lazy"), trace), "-dataflow.svg")
    assert long.name == "é" * 100 + "-dataflow.svg"
    assert free_path(Session(Path("a\x1b\u202e.lazy"), trace), ".md").name == r"a\x1b\u202e.md"


@pytest.mark.parametrize("everywhere", [False, True])
async def test_the_explorer_shows_and_copies_nothing_active(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, everywhere: bool
) -> None:
    """On any screen of a trace whose every text is hostile, its name too."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / f"t{NAME}.lazy"
    file.write_bytes(made_hostile(path_of("labels").read_bytes(), everywhere=everywhere))
    async with explored(file, (160, 50)) as pilot:
        for keys in ("1", "y", "o", "i", "escape", "2", "right", "down", "right", "3", "end", "4", "n", "5"):
            assert active(await pressed(pilot, keys)) == []
        for keys in ("6", "escape", "question_mark", "escape", "e", "tab", "escape", "ctrl+r"):
            assert active(await pressed(pilot, keys)) == []
        assert active("\n".join(notice.message for notice in pilot.app._notifications)) == []
        assert active(pilot.app.clipboard) == []
