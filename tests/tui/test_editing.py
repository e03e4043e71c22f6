"""The reader's editor: which files of a trace it is given, and what happens where it cannot be."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from explored import explored, said

from lazyscope_tui.editing import NoEditorError, command, editor_words
from lazyscope_tui.recorded_files import Found, NotFoundHereError, found_file
from lazyscope_tui.session import Session
from terminals import Terminal
from trace_builder import TraceBuilder

SOURCE = "total = x.sum().compute()\n"


def session_of(
    name: str, source: str | None = SOURCE, *, role: str = "user", trace: Path | None = None
) -> tuple[Session, int]:
    """A trace that forced in the first line of a file, and the position of that."""
    build = TraceBuilder("p.py")
    if source is None:
        build.missing(name, role=role)
        position = build.at(name, 1)
    else:
        build.source(name, source, role=role)
        position = build.at(name, source.strip())
    build.force(position, "compute", seconds=1)
    return Session(trace, build.end().trace()), position


def found(name: str, source: str | None = SOURCE, *, role: str = "user", trace: Path | None = None) -> Found:
    """The file that `o` would open."""
    return found_file(*session_of(name, source, role=role, trace=trace))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory inside another one, and a home beside it."""
    directory = tmp_path / "work"
    directory.mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.chdir(directory)
    return directory


# Which file


def test_a_recorded_file_is_opened_where_the_program_was_started(here: Path) -> None:
    """Below the working directory."""
    (here / "p.py").write_text(SOURCE)
    assert found("p.py") == Found(here / "p.py", unchanged=True, recorded=True)


def test_a_recorded_file_is_found_from_its_trace(here: Path) -> None:
    """Where the explorer was started elsewhere, a directory above the trace may be the one."""
    (here.parent / "runs").mkdir()
    (here.parent / "p.py").write_text(SOURCE)
    trace = here.parent / "runs" / "t.lazy"
    assert found("p.py", trace=trace).path == here.parent / "p.py"


def test_a_file_with_the_recorded_text_comes_before_one_with_another(here: Path) -> None:
    """Two directories have a file of that name."""
    (here / "p.py").write_text("another = 1\n")
    (here.parent / "p.py").write_text(SOURCE)
    assert found("p.py", trace=here / "t.lazy") == Found(here.parent / "p.py", unchanged=True, recorded=True)


def test_a_library_is_found_where_python_looks_for_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where the reader happens to be."""
    site = here.parent / "site"
    (site / "lib").mkdir(parents=True)
    (site / "lib" / "core.py").write_text(SOURCE)
    (here / "lib").mkdir()
    (here / "lib" / "core.py").write_text(SOURCE)
    monkeypatch.setattr(sys, "path", ["", "relative", str(site)])
    assert found("lib/core.py", role="library").path == site / "lib" / "core.py"


def test_the_home_directory_is_the_reader_s() -> None:
    """``~`` alone; ``~name`` is no other user's home."""
    home = Path(os.environ["HOME"])
    (home / "p.py").write_text(SOURCE)
    assert found("~/p.py").path == home / "p.py"
    with pytest.raises(NotFoundHereError, match=r"^~root/p\.py is not here"):
        found("~root/p.py")


def test_another_encoding_and_other_line_ends_are_the_same_text(here: Path) -> None:
    """Python reads them so, and so did the recorder."""
    source = "# coding: latin-1\nx = 'é'\n"
    (here / "p.py").write_bytes(source.replace("\n", "\r\n").encode("latin-1"))
    assert found("p.py", source).unchanged


def test_changed_python_source_is_opened_and_told(here: Path) -> None:
    """The reader has edited it since, as a rule."""
    (here / "p.py").write_text("changed = 1\n")
    assert found("p.py") == Found(here / "p.py", unchanged=False, recorded=True)
    assert found("p.py", None) == Found(here / "p.py", unchanged=False, recorded=False)


def test_a_script_without_a_suffix_is_opened_while_it_has_the_recorded_text(here: Path) -> None:
    """Once it differs nothing tells that it is source."""
    (here / "script").write_text(SOURCE)
    assert found("script").path == here / "script"
    (here / "script").write_text("changed = 1\n")
    with pytest.raises(NotFoundHereError, match="script is not the file that was recorded"):
        found("script")


@pytest.mark.parametrize(
    "name",
    [
        "/dev/zero", "/dev/stdin", "/etc/passwd", "/proc/self/environ", "../secret.py", "a/../../secret.py",
        "~/../secret.py", "etc/passwd", "~nosuchuser/p.py", "~nosuchuser", "~", "", ".", "x" * 5000 + ".py",
        "a\0b.py", "\udcff.py", "<string>", "<cell 3>", "pipe.py", "folder.py", "link.py",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_not_opened(here: Path, name: str) -> None:
    """Devices, other directories, pipes, links to what is no source, and names that no file can have."""
    (here.parent / "secret.py").write_text("secret = 1\n")
    (here.parent / "secret.txt").write_text("secret")
    os.mkfifo(here / "pipe.py")
    (here / "folder.py").mkdir()
    (here / "link.py").symlink_to(here.parent / "secret.txt")
    with pytest.raises(NotFoundHereError):
        found(name, trace=here / "t.lazy")


@pytest.mark.parametrize("role", ["array", "tool", "nonsense"])
def test_files_of_other_roles_are_not_opened(here: Path, role: str) -> None:
    """Only the program's and its libraries'."""
    (here / "p.py").write_text(SOURCE)
    with pytest.raises(NotFoundHereError, match="is no source of the program or of a library"):
        found("p.py", role=role)


# Which command


@pytest.mark.parametrize("name", ["-c.py", "+q.py", "--cmd=x.py"])
def test_a_file_is_never_an_option_of_the_editor(here: Path, name: str) -> None:
    """It is named by its whole path."""
    (here / name).write_text(SOURCE)
    path = found(name).path
    assert command(["vim"], path, 1) == ["vim", "+1", f"{here}/{name}"]
    assert command(["code"], Path(name), 1) == ["code", "--wait", "--goto", f"{here}/{name}:1"]


@pytest.mark.parametrize(
    ("visual", "editor", "words"),
    [
        ("", "vim -R", ["vim", "-R"]),
        ("  ", "nano", ["nano"]),
        ("'/opt/my editor/ed'", "nano", ["/opt/my editor/ed"]),
    ],
)
def test_an_empty_variable_is_as_none(
    monkeypatch: pytest.MonkeyPatch, visual: str, editor: str, words: list[str]
) -> None:
    """The other one counts then."""
    monkeypatch.setenv("VISUAL", visual)
    monkeypatch.setenv("EDITOR", editor)
    assert editor_words() == words


@pytest.mark.parametrize(
    ("editor", "message"),
    [
        ("", "no editor is set: export EDITOR=vim, say, and try again"),
        (" \t", "no editor is set: export EDITOR=vim, say, and try again"),
        ("vim 'x", "EDITOR is no command, vim 'x: No closing quotation; set EDITOR to another"),
        ("vim \\", "EDITOR is no command, vim \\: No escaped character; set EDITOR to another"),
        ("''", "EDITOR names no command: ''; set EDITOR to another"),
    ],
)
def test_an_editor_that_is_no_command_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, editor: str, message: str
) -> None:
    """What is wrong with it, and what to do."""
    monkeypatch.setenv("EDITOR", editor)
    with pytest.raises(NoEditorError) as raised:
        editor_words()
    assert str(raised.value) == message


# What the reader sees


async def test_o_says_why_a_file_is_not_opened(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the explorer, which goes on."""
    session, _ = session_of("../secret\x1b[31m.py")
    async with explored(session.trace) as pilot:
        assert r"../secret\x1b[31m.py leads out of where the program was started" in await said(pilot, "o")
    monkeypatch.setenv("EDITOR", "vim '")
    async with explored(session.trace) as pilot:
        assert "EDITOR is no command" in await said(pilot, "o")


@pytest.mark.parametrize(
    ("editor", "message"),
    [
        ("/no/such/editor", b"cannot start /no/such/editor"),
        ("sh -c 'exit 3'", b"sh ended with status 3"),
        ("sh -c 'kill -TERM $$'", b"sh was ended by SIGTERM"),
    ],
)
def test_the_explorer_takes_the_terminal_back_from_an_editor_that_fails(
    here: Path, editor: str, message: bytes
) -> None:
    """It says what went wrong, and its keys work."""
    session_builder = TraceBuilder("p.py")
    session_builder.source("p.py", SOURCE)
    session_builder.force(session_builder.at("p.py", "x.sum().compute()"), "compute", seconds=1)
    session_builder.end().save(here / "t.lazy")
    (here / "p.py").write_text(SOURCE)
    terminal = Terminal(here, "tui", "t.lazy", EDITOR=editor)
    terminal.until(b"F1")
    terminal.press(b"o")
    terminal.until(message)
    # Keys that come while the screen is still being painted anew are lost.
    time.sleep(1)
    terminal.press(b"3")
    terminal.until(b"Force 1")
    time.sleep(1)
    terminal.press(b"q")
    assert terminal.ended() == 0
