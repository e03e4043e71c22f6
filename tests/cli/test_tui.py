"""``lazyscope tui``: which trace it opens, and what it says where it cannot."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lazyscope import exploring, load
from lazyscope.cli import tui as verb
from lazyscope.cli.main import main
from lazyscope.errors import LazyscopeError
from recorded_samples import path_of


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[object]:
    """What would have been explored, in an empty directory."""
    found: list[object] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verb, "explore", found.append)
    return found


def test_named_trace_is_opened(opened: list[object]) -> None:
    """As it was named."""
    assert CliRunner().invoke(main, ["tui", "some.lazy"]).exit_code == 0
    assert opened == [Path("some.lazy")]


def test_newest_trace_is_opened(opened: list[object], tmp_path: Path) -> None:
    """By the time it was written, not by its name."""
    for age, name in enumerate(["b.lazy", "c.lazy", "a.lazy"]):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    CliRunner().invoke(main, ["tui"])
    assert opened == [Path("b.lazy")]


def test_without_any_trace_it_says_what_to_type(opened: list[object]) -> None:
    """One line, status 2."""
    done = CliRunner().invoke(main, ["tui"])
    assert done.exit_code == 2
    assert done.stderr == ("lazyscope: no trace here: name one, or record one with `lazyscope run SCRIPT`\n")
    assert opened == []


@pytest.mark.parametrize(
    ("arguments", "missing", "said"),
    [
        ([], "textual", "the explorer needs textual: python -m pip install 'lazyscope[tui]'"),
        (["--web"], "textual_serve", "--web needs textual_serve: python -m pip install 'lazyscope[tui]'"),
    ],
)
def test_missing_extra_gets_one_line(
    arguments: list[str], missing: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing, and how to install it."""
    monkeypatch.setattr(exploring, "find_spec", lambda name: None if name == missing else object())
    done = CliRunner().invoke(main, ["tui", str(path_of("kmeans")), *arguments])
    assert (done.exit_code, done.stderr) == (2, f"lazyscope: {said}\n")


def test_without_a_terminal_it_says_so() -> None:
    """Nothing is drawn into a pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "lazyscope", "tui", str(path_of("kmeans"))],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == "lazyscope: the explorer needs a terminal: `lazyscope show TRACE` prints a summary\n"
    )


def test_explore_inside_an_event_loop_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a notebook."""
    monkeypatch.setattr(exploring, "_has_screen", lambda: True)

    async def cell() -> None:
        load(path_of("kmeans")).explore()

    with pytest.raises(LazyscopeError, match="cannot run inside an event loop"):
        asyncio.run(cell())


def test_web_serves_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback, a free port, and the explorer as the command."""
    from lazyscope_tui import web

    served: list[web.LocalServer] = []
    monkeypatch.setattr(web.LocalServer, "serve", lambda self: served.append(self))
    done = CliRunner().invoke(main, ["tui", str(path_of("kmeans")), "--web", "--port", "0"])
    assert done.exit_code == 0
    [server] = served
    assert server.host == "127.0.0.1"
    assert server.port > 0
    assert server.command.endswith(f"-m lazyscope tui {path_of('kmeans').absolute()}")
    assert f"http://127.0.0.1:{server.port}" in done.stderr


def test_web_with_an_unreadable_trace_gets_one_line(tmp_path: Path) -> None:
    """Before a server is there."""
    done = CliRunner().invoke(main, ["tui", str(tmp_path / "gone.lazy"), "--web"])
    assert done.exit_code == 2
    assert "no trace at" in done.stderr


def test_lazyscope_does_not_load_textual() -> None:
    """Not for the other verbs either."""
    program = "import sys, lazyscope, lazyscope.cli.main, lazyscope.cli.tui; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
