"""Progress on stderr: shown on a terminal while something takes long, and gone afterwards."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import sample_traces

pty = pytest.importorskip("pty", reason="needs pseudo-terminals")

NOTICING = """
import sys, threading, time
from lazyscope.cli import progress

progress.DELAY = {delay}
shown = threading.Event()
write = sys.stderr.write

def noticed(text):
    if "reading" in text:
        shown.set()
    return write(text)

sys.stderr.write = noticed
"""
"""`shown` is set once a line has been drawn."""

WORK = (
    NOTICING
    + """
try:
    with progress.stages() as stage:
        stage({stage!r})
        {body}
finally:
    print("done", file=sys.stderr)
"""
)
"""Does something under `progress.stages`."""

WAIT = "shown.wait()"


def on_terminal(program: str, *, interrupt: bool = False, **environment: str) -> str:
    """What a terminal of 60 columns gets on stderr."""
    controller, terminal = pty.openpty()
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stderr=terminal,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(terminal)
    told = b""
    while chunk := _read(controller):
        told += chunk
        if interrupt and b"reading" in told:
            process.send_signal(signal.SIGINT)
            interrupt = False
    process.wait()
    os.close(controller)
    return told.decode()


def _read(controller: int) -> bytes:
    """What comes next; nothing once the other end is closed."""
    try:
        return os.read(controller, 1024)
    except OSError:
        return b""


def screen(told: str) -> list[str]:
    """The lines that stand there at last."""
    lines = []
    for line in told.split("\n"):
        cells: list[str] = []
        for part in line.removesuffix("\r").split("\r"):
            cells[: len(part)] = part
        lines.append("".join(cells).rstrip())
    return lines


def program(body: str, *, delay: float = 0.0, stage: str = "reading trace.lazy") -> str:
    return WORK.format(delay=delay, stage=stage, body=body)


def test_what_takes_long_is_named_and_erased() -> None:
    """Without colours, without hiding the cursor."""
    told = on_terminal(program(WAIT))
    assert re.search(r"\r[|/\\-] lazyscope: reading trace\.lazy, \d", told)
    assert "\x1b" not in told
    assert screen(told) == ["done", ""]


def test_what_is_quick_shows_nothing() -> None:
    """Nothing is written at all."""
    assert on_terminal(program("pass", delay=600.0)) == "done\r\n"


def test_each_stage_takes_the_place_of_the_one_before() -> None:
    """Nothing of a longer name is left behind."""
    body = "shown.wait(); shown.clear(); stage('reading b'); shown.wait()"
    told = on_terminal(program(body, stage="reading a trace with a longer name"))
    assert "longer name" in told
    drawn = told[: told.index("\r", told.index("reading b,"))]
    assert re.fullmatch(r". lazyscope: reading b, \d+ s", screen(drawn)[0])
    assert screen(told) == ["done", ""]


@pytest.mark.parametrize("error", ["raise SystemExit(3)", "1 / 0"])
def test_an_error_leaves_a_clean_line(error: str) -> None:
    """The message begins at the left edge."""
    assert screen(on_terminal(program(f"shown.wait(); {error}")))[0] == "done"


def test_an_interrupt_leaves_a_clean_line() -> None:
    """Ctrl-C: the line is erased, the cursor was never hidden."""
    told = on_terminal(program("time.sleep(600)"), interrupt=True)
    assert screen(told)[0] == "done"
    assert "KeyboardInterrupt" in told


def test_a_name_of_any_length_stays_in_its_line_and_does_nothing() -> None:
    """No escape sequence, no line break, no second line."""
    told = on_terminal(program(WAIT, stage="reading \x1b[2J\n\u202e" + "x" * 5_000))
    assert "\\x1b[2J\\n\\u202e" in told
    assert "\x1b" not in told
    assert max(len(part) for part in re.split(r"[\r\n]", told)) <= 60


def test_a_dumb_terminal_gets_nothing() -> None:
    """It cannot go back in its line."""
    assert on_terminal(program("time.sleep(0.3)"), TERM="dumb") == "done\r\n"


def test_a_pipe_gets_nothing() -> None:
    """Nor does a file, nor a closed stderr."""
    command = [sys.executable, "-c", program("time.sleep(0.3)")]
    done = subprocess.run(command, stderr=subprocess.PIPE, check=True)
    assert done.stderr == b"done\n"
    closed = "import sys\nsys.stderr = None\nfrom lazyscope.cli import progress\n"
    closed += "with progress.stages() as stage:\n    stage('x')\nprint('fine')"
    done = subprocess.run([sys.executable, "-c", closed], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"fine\n"


@pytest.mark.parametrize("verb", ["show", "report", "diff"])
def test_the_verbs_show_it(verb: str, tmp_path: Path) -> None:
    """And write their data to standard output as ever."""
    trace = sample_traces.kmeans().save(tmp_path / "kmeans.lazy")
    arguments = {
        "show": [verb, trace],
        "report": [verb, trace, "--format", "md"],
        "diff": [verb, trace, trace],
    }[verb]
    text = (
        NOTICING.format(delay=0.0) + "from lazyscope.model import trace\nload = trace.load\n"
        "def slow(path):\n    shown.wait()\n    return load(path)\n"
        "trace.load = slow\nfrom lazyscope.cli.main import main\n"
        f"main({[str(argument) for argument in arguments]!r}, standalone_mode=False)\n"
    )
    told = on_terminal(text)
    assert "lazyscope: reading kmeans.lazy, " in told
    assert screen(told) == [""]
