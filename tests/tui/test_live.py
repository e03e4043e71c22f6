"""``lazyscope run --live``: a journal that grows, a program that runs, and who is stopped."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from explored import NARROW, WIDE, pressed, shown, words
from textual.pilot import Pilot

import sample_traces
from lazyscope.errors import LazyscopeError
from lazyscope.model import journal, journal_file
from lazyscope.model.trace import load
from lazyscope_tui.app import DARK, LIGHT
from lazyscope_tui.child import Child, Output, resident_bytes
from lazyscope_tui.journal_tail import JournalTail
from lazyscope_tui.live import Following, LiveExplorer, run_live
from lazyscope_tui.screens.live import LiveScreen
from recorded_samples import path_of
from terminals import Terminal

PROGRAM = """
    import sys, time
    import dask.array as da

    go_on = sys.argv[1]
    def slow(block):
        import os
        while not os.path.exists(go_on):
            time.sleep(0.01)
        return block

    x = da.ones((4, 4), chunks=2)
    print("first", int(x.sum()), flush=True)
    print("second", float(x.map_blocks(slow, meta=x._meta).sum()))
    print("read", repr(sys.stdin.read()))
    sys.exit(3)
    """


# Following a journal


def test_every_prefix_of_the_last_frames_is_followed(tmp_path: Path) -> None:
    """A frame counts when its last byte is there, wherever it was cut before; nothing is read twice."""
    build = sample_traces.killed()
    whole = tmp_path / "whole.lazy"
    build.save(whole)
    content = whole.read_bytes()
    last = journal_file.encode_frame(
        [record for record in build._records if record.__class__.__name__ == "ForceEnd"]
    )
    for cut in range(len(last) + 1):
        growing = tmp_path / "growing.lazy"
        growing.write_bytes(content + last[:cut])
        tail = JournalTail(growing)
        assert tail.read()
        assert tail.trace is not None
        assert [force.id for force in tail.trace.forces] == [1, 2]
        with growing.open("ab") as file:
            file.write(last[cut:])
        calls = len(tail.trace.calls)
        assert tail.read() is (cut < len(last))
        assert not tail.read()
        assert len(tail.trace.calls) == calls


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_following_ends_where_reading_does(tmp_path: Path, step: int) -> None:
    """Byte by byte or in chunks, what is known at the end is what the whole file holds."""
    content = path_of("own_code").read_bytes()
    content = content[: 3000 * step] if step < 1000 else content
    file = tmp_path / "t.lazy"
    tail = JournalTail(file)
    assert not tail.read()
    with file.open("wb") as stream:
        for start in range(0, len(content), step):
            stream.write(content[start : start + step])
            stream.flush()
            if start % (97 * step) == 0:
                tail.read()
    tail.read()
    reading = journal.read_records(content)
    assert tail.trace is not None
    known = [tail.trace.header, *tail.trace.calls, *(force.begin for force in tail.trace.forces)]
    wanted = [one for one in reading.records if one in known]
    assert sorted(map(repr, known)) == sorted(map(repr, wanted))
    assert tail.trace.positions == [one for one in reading.records if type(one).__name__ == "Position"]


def test_what_is_no_journal_is_an_error(tmp_path: Path) -> None:
    """In one sentence."""
    file = tmp_path / "t.lazy"
    file.write_bytes(b"something quite different")
    with pytest.raises(LazyscopeError, match="is not a lazyscope trace"):
        JournalTail(file).read()


def test_running_force_lasts_until_now(tmp_path: Path) -> None:
    """And until its end once that is there."""
    build = sample_traces.killed()
    file = tmp_path / "t.lazy"
    build.save(file)
    tail = JournalTail(file)
    tail.read()
    (running,) = tail.running
    tail.tick(1_700_000_000.0 + running.begin.at + 2.5)
    assert running.seconds == pytest.approx(2.5)
    build.finish(2, 7.0).save(file)
    tail = JournalTail(file)
    tail.read()
    assert tail.running == []
    assert tail.trace is not None
    assert tail.trace.forces[1].seconds == 7.0


# A child and what it writes


def test_output_is_shown_harmlessly_and_kept_whole() -> None:
    """Colours and progress bars leave no trace in the pane, and none is lost on the way out."""
    output, (ours, theirs) = Output(), os.pipe()
    content = "a\x1b[31mred\x1b[0m [/b]\r\n 5 %\r 50 %\r100 %\nhalf \x1b]0;title\x07\u202e".encode()
    for start in range(len(content)):
        output.feed(content[start : start + 1])
    assert list(output.lines) == ["ared [/b]", "100 %"]
    assert output.current.startswith("half ")
    assert "\u202e" not in output.current
    output.write_through(theirs)
    output.feed(b"!")
    assert os.read(ours, 1000) == content + b"!"


def test_output_of_any_length_is_kept_but_not_shown(tmp_path: Path) -> None:
    """The pane has its latest lines."""
    output = Output()
    output.feed(b"line\n" * 25_000 + b"x" * 1_000_000)
    assert len(output.lines) == 10_000
    assert output.count == 25_000
    assert len(output.current) <= 4_000


def test_child_has_a_terminal_and_nothing_to_read() -> None:
    """Its status is known, and what its last words were."""
    code = "import sys; print(sys.stdout.isatty(), repr(sys.stdin.read())); sys.exit(5)"
    child = Child([sys.executable, "-c", code], None, (80, 24))
    assert child.wait() == 5
    assert list(child.output.lines) == ["True ''"]
    assert child.ending == "ended with status 5"


def test_child_reads_what_is_piped() -> None:
    """The descriptor is handed on."""
    ours, theirs = os.pipe()
    os.write(theirs, b"given")
    os.close(theirs)
    child = Child([sys.executable, "-c", "print(input())"], ours, (80, 24))
    assert child.wait() == 0
    assert list(child.output.lines) == ["given"]


def test_child_hears_interrupts_that_we_ignore() -> None:
    """As where a shell has started us in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = "import time; print('ready', flush=True); time.sleep(60)"
        child = Child([sys.executable, "-c", code], None, (80, 24))
        while not child.output.lines:
            time.sleep(0.01)
        child.send(signal.SIGINT)
        assert child.wait() == 130
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_killed_child_has_the_status_of_its_signal() -> None:
    """As a shell gives it, with all that it started."""
    child = Child([sys.executable, "-c", "import time; time.sleep(60)"], None, (80, 24))
    memory = resident_bytes(child.pid)
    assert memory is None or memory > 0
    child.send(signal.SIGKILL)
    assert child.wait() == 137
    assert child.ending == "was ended by SIGKILL"
    assert resident_bytes(-1) is None
    child.send(signal.SIGKILL)


# The screen


@asynccontextmanager
async def followed(
    tmp_path: Path, size: tuple[int, int] = NARROW
) -> AsyncIterator[tuple[Pilot[Any], Following]]:
    """A program that waits in its second force until there is a file named ``go``."""
    script, trace = tmp_path / "program.py", tmp_path / "t.lazy"
    script.write_text(textwrap.dedent(PROGRAM))
    command = [sys.executable, "-m", "lazyscope", "run", "-o", str(trace), str(script), str(tmp_path / "go")]
    following = Following(Child(command, None, size), trace)
    app = LiveExplorer(following)
    try:
        async with app.run_test(size=size) as pilot:
            yield pilot, following
            assert app.fault is None
    finally:
        following.child.send(signal.SIGKILL)
        following.child.wait()


async def until(pilot: Pilot[Any], found: Callable[[], bool], seconds: float = 60) -> None:
    for _ in range(round(seconds / 0.05)):
        if found():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(shown(pilot))


async def test_forces_appear_while_they_run(tmp_path: Path) -> None:
    """The running one ticks; output and memory are seen; the finished trace is explored."""
    async with followed(tmp_path) as (pilot, following):
        await until(pilot, lambda: "force 2 is running" in shown(pilot))
        await until(pilot, lambda: "first 16" in shown(pilot))
        assert re.search(r"memory [█░]+ [\d.]+ MB of .*, highest", shown(pilot))
        force = following.tail.running[0]
        before = force.seconds
        await until(pilot, lambda: force.seconds > before + 0.3)
        assert "2 forces" in shown(pilot)
        (tmp_path / "go").touch()
        await until(pilot, lambda: "ended with status 3" in shown(pilot))
        await until(pilot, lambda: "read ''" in shown(pilot))
        assert "Enter explores the trace" in shown(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "1 Findings" in shown(pilot) and "2 forces took" in words(pilot))
        await pressed(pilot, "L")
        assert "ended with status 3" in shown(pilot)


async def test_trace_is_explored_while_the_program_runs(tmp_path: Path) -> None:
    """And the way leads back to the program."""
    async with followed(tmp_path, WIDE) as (pilot, _):
        await until(pilot, lambda: "force 2 is running" in shown(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "force 2 was running" in words(pilot) or "still runs" in words(pilot))
        assert "1 Findings" in shown(pilot)
        await pressed(pilot, "L")
        assert isinstance(pilot.app.screen, LiveScreen)
        assert "force 2 is running" in shown(pilot)


async def test_ctrl_c_asks_whom_to_stop(tmp_path: Path) -> None:
    """Neither, or the program, which ends as by its own Ctrl-C."""
    async with followed(tmp_path) as (pilot, following):
        await until(pilot, lambda: "force 2 is running" in shown(pilot))
        assert "Stop whom?" in await pressed(pilot, "ctrl+c")
        assert "Stop whom?" not in await pressed(pilot, "escape")
        assert following.child.status is None
        assert "Stop whom?" in await pressed(pilot, "q")
        await pressed(pilot, "p")
        # Tasks in threads go on after Ctrl-C, as under plain Python.
        (tmp_path / "go").touch()
        await until(pilot, lambda: following.child.status is not None)
        await until(pilot, lambda: "was ended by SIGINT" in shown(pilot))
        assert following.child.status == 130


async def test_killed_program_leaves_its_trace(tmp_path: Path) -> None:
    """The force that did not come back is named."""
    async with followed(tmp_path) as (pilot, _):
        await until(pilot, lambda: "force 2 is running" in shown(pilot))
        await pressed(pilot, "ctrl+c", "k")
        await until(pilot, lambda: "was ended by SIGKILL" in shown(pilot))
        assert "force 2 did not come back" in shown(pilot)
    running = load(tmp_path / "t.lazy").running
    assert running is not None
    assert running.id == 2


async def test_explorer_is_left_and_the_program_goes_on(tmp_path: Path) -> None:
    """X leaves it running."""
    async with followed(tmp_path) as (pilot, following):
        await until(pilot, lambda: "force 2 is running" in shown(pilot))
        await pressed(pilot, "tab", "tab", "ctrl+c", "x")
        assert following.child.status is None
        (tmp_path / "go").touch()
        assert following.child.wait() == 3


async def test_program_that_cannot_run_is_said(tmp_path: Path) -> None:
    """What Python says is in the pane; there is no trace to explore."""
    script = tmp_path / "broken.py"
    script.write_text("import no_such_module_at_all")
    command = [
        sys.executable,
        "-m",
        "lazyscope",
        "run",
        "-o",
        str(tmp_path / "t.lazy"),
        "-m",
        "no_such_module",
    ]
    following = Following(Child(command, None, NARROW), tmp_path / "t.lazy")
    async with LiveExplorer(following).run_test(size=NARROW) as pilot:
        await until(pilot, lambda: "ended with status 2" in shown(pilot))
        await until(pilot, lambda: "no module named no_such_module" in shown(pilot))
        await pressed(pilot, "enter")
        assert "nothing has been recorded yet" in [notice.message for notice in pilot.app._notifications]


# The command


def test_without_a_terminal_it_is_one_line(tmp_path: Path) -> None:
    """And the program is not begun."""
    script = tmp_path / "program.py"
    script.write_text("open('begun', 'w')")
    done = subprocess.run(
        [sys.executable, "-m", "lazyscope", "run", "--live", str(script)],
        cwd=tmp_path,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
        start_new_session=True,
    )
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "lazyscope: --live needs a terminal: leave it out, and look at the trace with `lazyscope tui`"
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]
    with pytest.raises(LazyscopeError, match="needs a terminal"):
        run_live([], tmp_path / "t.lazy")


def live(directory: Path, *arguments: str, given: bytes | None = None) -> Terminal:
    """The command in a terminal of its own."""
    return Terminal(directory, "run", "--live", *arguments, given=given)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(PROGRAM))
    return script


def test_status_and_output_are_the_programs(program: Path) -> None:
    """After the explorer is left, everything that was written stands in the terminal."""
    terminal = live(program.parent, "program.py", "go", given=b"piped")
    terminal.until(b"force 2 is running")
    (program.parent / "go").touch()
    terminal.until(b"ended with status 3")
    terminal.until(b"read 'piped'")
    terminal.press(b"q")
    assert terminal.ended() == 3
    after = terminal.seen.rpartition(b"\x1b[?1049l")[2]
    for line in (
        b"first 16",
        b"second 16.0",
        b"read 'piped'",
        b"2 forces, trace in lazyscope-program-1.lazy",
    ):
        assert line in after
    assert len(load(program.parent / "lazyscope-program-1.lazy").forces) == 2


def test_program_outlives_the_explorer(program: Path) -> None:
    """Its output goes on in the terminal, and its status is the command's."""
    terminal = live(program.parent, "-o", "mine.lazy", "program.py", "go")
    terminal.until(b"force 2 is running")
    terminal.press(b"\x03")
    terminal.until(b"Stop whom?")
    terminal.press(b"x")
    terminal.until(b"\x1b[?1049l")
    time.sleep(1)
    (program.parent / "go").touch()
    assert terminal.ended() == 3
    assert b"second 16.0" in terminal.seen.rpartition(b"\x1b[?1049l")[2]
    assert load(program.parent / "mine.lazy").ended == "ok"


def test_existing_trace_is_kept(program: Path) -> None:
    """As without --live."""
    (program.parent / "mine.lazy").write_bytes(b"mine")
    terminal = live(program.parent, "-o", "mine.lazy", "program.py", "go")
    assert terminal.ended() == 2
    assert b"mine.lazy exists and would be lost" in terminal.seen
    assert (program.parent / "mine.lazy").read_bytes() == b"mine"


# Looks


class Ended:
    """A child that is no process."""

    def __init__(self) -> None:
        self.output = Output()
        self.output.feed(b"read 12 files\nkmeans: step 3 of 9\n[/b] 50 %\r[/b] 75 %")
        self.pid, self.status, self.ending = -1, 0, "ended with status 0"

    def resize(self, columns: int, rows: int) -> None:
        pass


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x50"])
def test_looks(
    size: tuple[int, int],
    theme: str,
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Callable[..., bool],
    tmp_path: Path,
) -> None:
    """A program that was killed in its second force."""
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    sample_traces.killed().save(tmp_path / "t.lazy")
    following = Following(Ended(), tmp_path / "t.lazy")  # type: ignore[arg-type]
    following.look()
    following.tail.tick(1_700_000_050.0)
    following.began, following.ended = 0.0, 50.0
    following.resident, following.highest = 14_000_000_000, 15_000_000_000
    app = LiveExplorer(following)

    async def run(pilot: Pilot[Any]) -> None:
        pilot.app.theme = theme
        await pilot.pause(0.5)

    assert snap_compare(app, terminal_size=size, run_before=run)
