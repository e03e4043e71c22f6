"""No trace, however damaged or hostile, ends in a traceback, or takes much time or memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import hostile_traces
import mutated_traces
import trials

from lazyscope.catalogue.diagnose import diagnose
from lazyscope.model import journal
from lazyscope.model.trace import assemble
from lazyscope.report.unseen import unseen

MUTATIONS = 300
"""A tenth of what is run now and then: ``python tests/faults/mutated_traces.py 3000``."""
_UP_TO_THE_LIMITS = ("source: 400", "source: 300", "20,000 f")
SLOW = [name for name in hostile_traces.TRACES if name.startswith(_UP_TO_THE_LIMITS)]
"""Run by hand only, since they go up to the limits."""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="memory is measured on Linux"
)


@pytest.mark.timeout(900)
def test_hostile_traces_are_shown_or_refused() -> None:
    """All that were made by hand, in every format."""
    chosen = [["hostile", name] for name in hostile_traces.TRACES if name not in SLOW]
    outcomes = trials.outcomes_of(chosen)
    assert len(chosen) > 150
    assert not [outcome for outcome in outcomes if outcome.faults], trials.summary(outcomes)


@pytest.mark.skipif(mutated_traces.shared_mutations() is None, reason="no shared folder with mutations")
@pytest.mark.timeout(900)
def test_mutated_traces_are_shown_or_refused() -> None:
    """Of every kind, in every format."""
    outcomes = trials.outcomes_of(mutated_traces.cases(MUTATIONS))
    assert not [outcome for outcome in outcomes if outcome.faults], trials.summary(outcomes)


def command(*arguments: str | Path, **how: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lazyscope", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False, **how,  # type: ignore[call-overload]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a force takes nan s", "the trace holds a duration that no clock shows"),
        ("half a header", "is not recorded yet"),
        ("magic only", "is not recorded yet"),
        ("no records", "is not recorded yet"),
        ("a first frame of 4 GB", "is damaged at its beginning"),
        ("numbers that point nowhere", "refers to what it does not hold"),
    ],
)
def test_what_is_refused_is_one_line(tmp_path: Path, name: str, said: str) -> None:
    """Status 2, nothing on standard output."""
    file = tmp_path / "t.lazy"
    file.write_bytes(hostile_traces.TRACES[name]())
    result = command("show", file)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin", "pipe", "/", "/dev/null", "a" * 300])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, path: str) -> None:
    """Endless devices, pipes without a writer, folders, names that are too long."""
    os.mkfifo(tmp_path / "pipe")
    result = command("show", tmp_path / path, stdin=subprocess.DEVNULL)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("lazyscope: ")


@pytest.mark.parametrize("arguments", [["show", "TRACE"], ["report", "TRACE", "--format", "md"], ["--help"]])
def test_a_full_standard_output_is_one_line(arguments: list[str]) -> None:
    """And status 2."""
    trace = mutated_traces.TRACES / "own_code.lazy"
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "lazyscope", *(str(trace) if a == "TRACE" else a for a in arguments)],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr == "lazyscope: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize(
    "arguments", [["report"], ["graph"], ["diff", str(mutated_traces.TRACES / "own_code.lazy")]]
)
@pytest.mark.parametrize("exists", [False, True])
def test_a_write_that_fails_leaves_nothing_and_loses_nothing(
    tmp_path: Path, arguments: list[str], exists: bool
) -> None:
    """As on a full disk."""
    trace, target = (
        mutated_traces.TRACES / "own_code.lazy",
        tmp_path / ("x.dot" if arguments == ["graph"] else "x.md"),
    )
    if exists:
        target.write_text("before")
    result = command(
        *arguments, trace, "-o", target, "--overwrite", preexec_fn=_limit_files, cwd=tmp_path,
    )  # fmt: skip
    assert result.returncode in (2,)
    assert result.stderr == f"lazyscope: cannot write {target}: File too large; give another name with -o\n"
    assert [file.name for file in tmp_path.iterdir()] == ([target.name] if exists else [])
    assert not exists or target.read_text() == "before"


def _limit_files() -> None:
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))


@pytest.mark.parametrize("name", ["source: wrong checksum", "late source: cut", "source: bomb of 3 GB"])
def test_a_source_that_cannot_be_unpacked_is_not_seen(name: str) -> None:
    """The force is shown with its line number; that its cause is not known is said."""
    trace = assemble(journal.read_records(hostile_traces.TRACES[name]()))
    assert trace.source_lines(0) == []
    assert "why program.py wanted values, as its source is damaged or too large to be read" in unseen(
        trace, diagnose(trace)
    )
