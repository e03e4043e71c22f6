"""`lazyscope show` and the command around it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import sample_traces
from lazyscope import __version__
from lazyscope.cli.main import VERBS, main
from lazyscope.errors import LazyscopeError
from lazyscope.report import terminal

SCREEN = {"COLUMNS": "80", "LINES": "24"}


def lazyscope(*arguments: str | Path) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=SCREEN)


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run another interpreter."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        env={**os.environ, **SCREEN, **environment},
        check=False,
        timeout=60,
    )


@pytest.fixture
def kmeans(tmp_path: Path) -> Path:
    return sample_traces.kmeans().save(tmp_path / "kmeans.lazy")


def test_show_prints_the_summary(kmeans: Path) -> None:
    """Without colours, since it goes into a pipe."""
    result = lazyscope("show", kmeans)
    assert result.exit_code == 0
    assert result.stdout == terminal.render(sample_traces.kmeans().trace(), 80, 24)
    assert result.stderr == ""


def test_a_cut_trace_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    """And what is missing is said."""
    path = tmp_path / "cut.lazy"
    path.write_bytes(sample_traces.killed().content() + b"\x99\x00\x00\x00abcdefgh")
    result = lazyscope("show", path)
    assert result.exit_code == 0
    assert "not seen       12 bytes at the end of the trace: they cannot be read\n" in result.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no trace at {path}: record one with `lazyscope run SCRIPT`"),
        (b"", "{path} is empty: record a trace with `lazyscope run SCRIPT`"),
        (
            b"%PDF-1.7",
            "{path} is not a lazyscope trace: give a .lazy file that `lazyscope run` wrote",
        ),
        (b"lazyscope tra", "{path} is cut off before its first record: run the program again"),
    ],
)
def test_input_that_cannot_be_read_is_one_line(tmp_path: Path, content: bytes | None, message: str) -> None:
    """Status 2 and what to do."""
    path = tmp_path / "foreign.lazy"
    if content is not None:
        path.write_bytes(content)
    result = lazyscope("show", path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == f"lazyscope: {message.format(path=path)}\n"


@pytest.mark.parametrize(
    ("arguments", "verb", "culprit"),
    [
        (["show"], "lazyscope show", "TRACE"),
        (["show", "a", "bee"], "lazyscope show", "bee"),
        (["shwo"], "lazyscope", "shwo"),
        (["--nonsense"], "lazyscope", "--nonsense"),
        (["show", "--nonsense"], "lazyscope show", "--nonsense"),
        (["report", "a", "--format", "docx"], "lazyscope report", "docx"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], verb: str, culprit: str) -> None:
    """Status 2, what is wrong and where to read on; the words between are click's."""
    result = lazyscope(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("lazyscope: ")
    assert culprit in result.stderr
    assert result.stderr.endswith(f". Try `{verb} --help`.\n")
    assert result.stderr.count("\n") == 1


def test_a_hostile_file_name_does_nothing_to_the_terminal() -> None:
    """Errors name it harmlessly."""
    result = lazyscope("show", "no\x1b[2J\nsuch")
    assert result.stderr == (
        "lazyscope: no trace at no\\x1b[2J\\nsuch: record one with `lazyscope run SCRIPT`\n"
    )


def test_the_command_says_its_version() -> None:
    """One line."""
    assert lazyscope("--version").stdout == f"lazyscope {__version__}\n"


def test_without_a_verb_the_help_is_shown() -> None:
    """As wrong usage."""
    result = lazyscope()
    assert result.exit_code == 2
    assert "Commands:" in result.output


@pytest.mark.parametrize("verb", ["show", "report"])
def test_every_help_ends_with_an_example(verb: str) -> None:
    """Something to copy."""
    result = lazyscope(verb, "--help")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].strip().startswith(f"Example: lazyscope {verb} ")


def test_the_help_lists_the_verbs() -> None:
    """Each with what it does."""
    text = lazyscope("--help").stdout
    for verb in ("show", "report"):
        assert f"{verb} " in text
        assert VERBS[verb] in text


def test_the_verbs_work_inside_another_command(kmeans: Path) -> None:
    """As `dask lazyscope`: errors are one line there too."""
    dask = click.Group("dask")
    dask.add_command(main)
    assert CliRunner().invoke(dask, ["lazyscope", "show", str(kmeans)], env=SCREEN).exit_code == 0
    result = CliRunner().invoke(dask, ["lazyscope", "show", "missing.lazy"])
    assert result.exit_code == 2
    assert result.stderr.startswith("lazyscope: no trace at missing.lazy")


def test_an_error_of_ours_in_any_verb_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever raises it."""

    def fail(path: Path) -> None:
        raise LazyscopeError("two\nlines")

    monkeypatch.setattr("lazyscope.model.trace.load", fail)
    result = lazyscope("show", "x.lazy")
    assert (result.exit_code, result.stderr) == (2, "lazyscope: two\\nlines\n")


def test_the_module_is_the_command(kmeans: Path) -> None:
    """`python -m lazyscope`."""
    result = python("-m", "lazyscope", "show", str(kmeans))
    assert result.returncode == 0
    assert result.stdout.decode() == terminal.render(sample_traces.kmeans().trace(), 80, 24)


def test_an_old_encoding_is_no_error(kmeans: Path) -> None:
    """A pipe that takes only ASCII gets ASCII."""
    result = python("-m", "lazyscope", "show", str(kmeans), PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert result.stdout.isascii()
    assert b">>diff > thresh<<" in result.stdout


@pytest.mark.parametrize("arguments", [("show",), ("report", "--format", "json")])
def test_a_reader_that_stops_reading_is_no_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """`lazyscope show TRACE | head -1`: no traceback, the status that a shell gives for SIGPIPE."""
    path = sample_traces.kmeans().save(tmp_path / "kmeans.lazy")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "lazyscope", arguments[0], str(path), *arguments[1:]]
    result = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, env={**os.environ, **SCREEN}, check=False, timeout=60
    )
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import lazyscope", {"click", "rich"}),
        ("from lazyscope.cli.main import main; main(['--help'], standalone_mode=False)", {"rich", "dask"}),
        ("import lazyscope.report.json_report", {"rich", "click", "dask"}),
    ],
)
def test_nothing_is_loaded_before_it_is_used(statement: str, absent: set[str]) -> None:
    """The command answers at once."""
    check = f"import sys; {statement}; print(*sorted({absent!r} & set(sys.modules)), file=sys.stderr)"
    result = python("-c", check)
    assert result.stderr.decode().strip() == ""


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_is_laid_out(verb: str) -> None:
    """A table in it keeps its lines: what tells click so is no text of ours."""
    text = lazyscope(verb, "--help").stdout
    assert "\\b" not in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_a_table_in_help_has_a_line_for_each_row() -> None:
    rows = [line.split()[0] for line in lazyscope("report", "--help").stdout.splitlines() if line[2:3] == "."]
    assert rows == [".html", ".md", ".json", ".sarif", ".trace.json"]
