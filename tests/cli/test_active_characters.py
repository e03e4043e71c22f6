"""Nothing of a trace, of its name or of a program does anything to the terminal that lazyscope writes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sample_traces
from active_texts import HOSTILE, active, made_hostile
from recorded_samples import path_of

NAME = os.fsdecode(os.fsencode(HOSTILE.replace("\x00", "")))
"""As much of it as a file name can hold."""


def lazyscope(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "lazyscope", *arguments],
        cwd=directory,
        capture_output=True,
        env={**os.environ, "COLUMNS": "200", "LINES": "200", "PYTHONUTF8": "1", **environment},
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
        timeout=120,
    )


def written(done: subprocess.CompletedProcess[str], status: int = 0) -> str:
    """All that it wrote."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


@pytest.fixture(params=["known words left", "every text"])
def hostile(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Name of a trace in `tmp_path`; the name is hostile, too."""
    everywhere = request.param == "every text"
    name = f"t{NAME}.lazy"
    (tmp_path / name).write_bytes(made_hostile(path_of("labels").read_bytes(), everywhere=everywhere))
    return name


@pytest.mark.parametrize(
    "arguments",
    [
        ["show"],
        ["report", "--format", "md"],
        ["report", "--format", "json"],
        ["report", "--format", "html"],
        ["report", "--format", "sarif"],
        ["report", "--format", "trace"],
        ["graph", "-o", f"{NAME}.bmp"],
        ["report", "-o", f"{NAME}.bmp"],
    ],
)
def test_what_a_verb_writes_of_a_trace_is_harmless(
    tmp_path: Path, hostile: str, arguments: list[str]
) -> None:
    """Also where it complains of the name of a file."""
    verb, *options = arguments
    status = 2 if "-o" in options else 0
    assert active(written(lazyscope(tmp_path, verb, hostile, *options), status)) == []


def test_coloured_output_holds_colours_and_nothing_else(tmp_path: Path, hostile: str) -> None:
    """The summary, and the comparison with a trace that has other findings."""
    (tmp_path / "before.lazy").write_bytes(path_of("kmeans").read_bytes())
    show = lazyscope(tmp_path, "show", hostile, FORCE_COLOR="1", TERM="xterm-256color")
    diff = lazyscope(tmp_path, "diff", "before.lazy", hostile, FORCE_COLOR="1", TERM="xterm-256color")
    assert "\x1b[1m" in show.stdout
    assert active(show.stdout, colour=True) == []
    assert active(diff.stdout, colour=True) == []
    assert "Traceback" not in show.stderr + diff.stderr


def test_a_clipboard_sequence_in_the_arguments_is_written_out(tmp_path: Path) -> None:
    """As Python would write it."""
    sample_traces.TraceBuilder("run.py", "\x1b]52;c;aGk=\x07").end().save(tmp_path / "t.lazy")
    assert r"run.py \x1b]52;c;aGk=\x07 ended normally" in lazyscope(tmp_path, "show", "t.lazy").stdout


def test_the_name_of_the_process_is_harmless(tmp_path: Path) -> None:
    """A header that lazyscope did not write may have any."""
    trace = sample_traces.TraceBuilder("run.py", process="\x1b[31m").end()
    trace.save(tmp_path / "t.lazy")
    assert r"run.py (\x1b[31m child) ended" in lazyscope(tmp_path, "show", "t.lazy").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", f"{NAME}.lazy"],
        ["diff", f"{NAME}.lazy", f"{NAME}.lazy"],
        [NAME],
        ["show", f"--{NAME}"],
        ["explain", NAME],
        ["run", f"{NAME}.py"],
        ["run", "-m", NAME],
        ["run", "--max-forces", NAME, "x.py"],
        ["tui", f"{NAME}.lazy"],
    ],
)
def test_errors_about_names_are_harmless(tmp_path: Path, arguments: list[str]) -> None:
    """One line on stderr."""
    done = lazyscope(tmp_path, *arguments)
    assert done.returncode == 2
    assert active(done.stdout + done.stderr) == []
    assert done.stderr.startswith("lazyscope: ")
    assert done.stderr.count("\n") == 1


PROGRAM = f"""
import numpy as np
import dask.array as da
import lazyscope
from lazyscope.capture import execution

execution.WORTH_A_LOOK = 0
execution.memory.free_bytes = lambda: 1
x = da.ones(1000, chunks=500)
np.asarray(x + len("{HOSTILE[:-2]}"))
"""


def test_what_is_said_while_a_program_runs_is_harmless(tmp_path: Path) -> None:
    """The path of the trace, the sites over the budget, and a force that cannot fit."""
    script = tmp_path / f"{NAME}.py"
    script.write_text(PROGRAM, "utf-8")
    done = lazyscope(tmp_path, "run", "--max-forces", "0", "-o", f"{NAME}.lazy", script.name)
    assert active(written(done, status=1)) == []
    assert r"lazyscope: 1 force, trace in \x1b]52;c;aGk=\x07" in done.stderr
    assert r"  1 at \x1b]52;c;aGk=\x07" in done.stderr
    shown = r"\x1b]52;c;aGk=\x07\x9b31m\u202e\u200b"
    assert f'lazyscope: np.asarray(x + len("{shown}")) at {shown}' in done.stderr
    assert "needs 8 kB; 1 B free" in done.stderr


def test_the_doctor_is_harmless(tmp_path: Path) -> None:
    """What it says of the environment and of files in the way."""
    (tmp_path / f"dask{NAME}.py").touch()
    (tmp_path / "dask.py").touch()
    done = lazyscope(tmp_path, "doctor", SCIPY_ARRAY_API=NAME, DASK_CONFIG=f"/{NAME}", EDITOR=NAME)
    assert "Traceback" not in done.stderr
    assert active(done.stdout + done.stderr) == []


REPRESENTED = f"""
import sys, lazyscope
from lazyscope.agreement import Difference
from lazyscope.comparison import Comparison
from lazyscope.traces import Trace, load

hostile = {HOSTILE!a}
trace = load(sys.argv[1])
print(repr(trace))
trace.show()
difference = Difference(hostile, "values", hostile, hostile)
print(repr(Comparison(hostile, (), trace)), Comparison(hostile, (), trace))
print(Comparison(hostile, (difference,), trace))
try:
    load(hostile[:10])
except lazyscope.errors.LazyscopeError as error:
    print(error)
print(lazyscope.errors.ForceBudgetExceeded(hostile))
"""


def test_objects_print_harmlessly(tmp_path: Path, hostile: str) -> None:
    """A trace, a comparison, and the errors that Python shows."""
    done = subprocess.run(
        [sys.executable, "-c", REPRESENTED, hostile],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=120,
    )  # fmt: skip
    assert active(written(done)) == []
