"""A program may do what it likes with descriptors, files and room on the disk: its own files stay its own."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from lazyscope.model.trace import load

pytestmark = pytest.mark.skipif(os.name == "nt", reason="descriptors and limits as POSIX has them")

BEGIN = """
import os, resource, sys
from pathlib import Path
import dask
import dask.array as da

dask.config.set(scheduler="sync")
trace = Path(sys.argv[1])
x = da.ones((4, 4), chunks=2)
x.sum().compute()
"""


def run(directory: Path, program: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a program under ``lazyscope run``; it knows its trace by its first argument."""
    script = directory / "program.py"
    script.write_text(BEGIN + textwrap.dedent(program))
    command = ["-m", "lazyscope", "run", "-o", "t.lazy", *options, str(script), str(directory / "t.lazy")]
    return lazyscope(directory, *command[2:])


def lazyscope(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a directory."""
    return subprocess.run(
        [sys.executable, "-m", "lazyscope", *arguments],
        cwd=directory, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_files_that_get_the_number_of_the_trace_are_not_written_to(tmp_path: Path) -> None:
    """As daemons do: everything is closed, and the program's files are opened after that."""
    done = run(
        tmp_path,
        """
        os.closerange(3, 256)
        opened = [os.open(f"own-{number}", os.O_RDWR | os.O_CREAT) for number in range(20)]
        for number in range(3):
            (x + number).sum().compute()
        for descriptor in opened:
            os.write(descriptor, b"own")
        """,
    )
    assert (done.returncode, done.stderr) == (0, "lazyscope: 4 forces, trace in t.lazy\n")
    assert {path.read_text() for path in tmp_path.glob("own-*")} == {"own"}
    assert [force.completed for force in load(tmp_path / "t.lazy").forces] == [True] * 4


def test_what_a_program_has_in_the_place_of_standard_error_is_not_written_to(tmp_path: Path) -> None:
    """Its own file has number 2 then, and what lazyscope says at the end goes nowhere."""
    done = run(
        tmp_path,
        """
        os.closerange(0, 256)
        for number in range(4):
            os.open(f"own-{number}", os.O_RDWR | os.O_CREAT)
        x.mean().compute()
        """,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {path.read_bytes() for path in tmp_path.glob("own-*")} == {b""}
    assert len(load(tmp_path / "t.lazy").forces) == 2


@pytest.mark.parametrize("closed", ["", "os.closerange(3, 256)"])
@pytest.mark.parametrize("instead", ["", "trace.write_text('own')"])
def test_a_trace_that_is_removed_costs_a_line_and_the_budget_holds(
    tmp_path: Path, closed: str, instead: str
) -> None:
    """Whether or not another file stands in its place, which is left alone."""
    program = f"{closed}\ntrace.unlink()\n{instead}\nx.mean().compute()\nx.std().compute()\n"
    done = run(tmp_path, program, "--max-forces", "1")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "lazyscope: 3 forces\nlazyscope: 3 forces, where --max-forces 1" in done.stderr
    gone = "was removed or replaced while the program ran" if not closed else "recording has ended, since"
    assert gone in done.stderr
    # The descriptor leads to what was written, as long as the program has not closed it.
    assert ("program.py:" in done.stderr) == (not closed)
    assert (tmp_path / "t.lazy").exists() == bool(instead)
    assert not instead or (tmp_path / "t.lazy").read_text() == "own"


def test_what_had_room_can_be_read_and_says_that_it_ends_there(tmp_path: Path) -> None:
    """A full disk: forces are counted once, the program ends as it would, and the notice comes once."""
    done = run(
        tmp_path,
        """
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
        for number in range(60):
            (x + number).sum().compute()
        print("done")
        """,
    )
    assert (done.returncode, done.stdout) == (0, "done\n")
    notices = done.stderr.splitlines()
    assert notices == [
        f"lazyscope: recording has ended, since {tmp_path / 't.lazy'} cannot be written: "
        f"{os.strerror(errno.EFBIG)}; what was recorded until then is kept",
        "lazyscope: 61 forces, trace in t.lazy",
    ]
    trace = load(tmp_path / "t.lazy")
    assert 2 <= len(trace.forces) < 61
    assert [force.id for force in trace.forces] == list(range(1, len(trace.forces) + 1))
    assert (trace.lost_bytes, trace.ended, trace.running) == (0, "unknown", None)
    shown = lazyscope(tmp_path, "show", "t.lazy")
    assert shown.returncode == 0
    assert f"the trace could not be written ({os.strerror(errno.EFBIG)})" in " ".join(shown.stdout.split())


def test_a_forked_child_that_closes_everything_goes_on_in_a_file_of_its_own(tmp_path: Path) -> None:
    """Neither its own files nor its parent's trace get frames of its trace."""
    done = run(
        tmp_path,
        """
        if os.fork() == 0:
            os.closerange(3, 256)
            opened = [os.open(f"own-{number}", os.O_RDWR | os.O_CREAT) for number in range(20)]
            x.mean().compute()
            sys.exit(0)
        os.wait()
        """,
    )
    assert done.returncode == 0
    assert {path.read_bytes() for path in tmp_path.glob("own-*")} == {b""}
    assert len(load(tmp_path / "t.lazy").forces) == 1
    (child,) = tmp_path.glob("t-*.lazy")
    assert (load(child).header.process, len(load(child).forces)) == ("forked", 1)
