"""`lazyscope report`: a trace as a document, in the format of the file's suffix."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import sample_traces
from lazyscope.cli.main import main
from lazyscope.report import json_report, markdown_report, sarif_report, trace_events
from lazyscope.report.html import html_report


def report(*arguments: str | Path) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["report", *(str(argument) for argument in arguments)])


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return sample_traces.kmeans().save(tmp_path / "kmeans.lazy")


@pytest.fixture
def expected() -> str:
    return json_report.render(sample_traces.kmeans().trace())


def test_json_goes_to_standard_output(trace: Path, expected: str) -> None:
    """The data and nothing else."""
    result = report(trace, "--format", "json")
    assert (result.exit_code, result.stdout, result.stderr) == (0, expected, "")


@pytest.mark.parametrize("name", ["out.json", "OUT.JSON"])
def test_the_suffix_of_the_file_is_the_format(trace: Path, tmp_path: Path, name: str, expected: str) -> None:
    """And nothing is said."""
    result = report(trace, "-o", tmp_path / name)
    assert (result.exit_code, result.output) == (0, "")
    assert (tmp_path / name).read_text() == expected


def test_a_named_format_goes_before_the_suffix(trace: Path, tmp_path: Path, expected: str) -> None:
    """`--format` says what is in the file, whatever it is called."""
    assert report(trace, "-o", tmp_path / "out.txt", "--format", "json").exit_code == 0
    assert (tmp_path / "out.txt").read_text() == expected


RENDERERS = {
    "html": html_report.render,
    "md": markdown_report.render,
    "json": json_report.render,
    "sarif": sarif_report.render,
    "trace": trace_events.render,
}


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("out.html", "html"),
        ("out.md", "md"),
        ("out.json", "json"),
        ("trace.json", "json"),
        ("out.sarif", "sarif"),
        ("out.trace.json", "trace"),
        ("OUT.Trace.JSON", "trace"),
        ("a.md.json", "json"),
    ],
)
@pytest.mark.parametrize("source", [True, False])
def test_every_format_has_its_suffix_and_its_name(
    trace: Path, tmp_path: Path, name: str, chosen: str, source: bool
) -> None:
    """A file by its suffix and standard output by --format hold the same."""
    wanted = RENDERERS[chosen](sample_traces.kmeans().trace(), source=source)
    flags = [] if source else ["--no-source"]
    assert report(trace, "-o", tmp_path / name, *flags).output == ""
    assert (tmp_path / name).read_bytes().decode() == wanted
    shown = report(trace, "--format", chosen, *flags)
    assert (shown.exit_code, shown.stdout, shown.stderr) == (0, wanted, "")


def test_formats_need_no_dask(trace: Path) -> None:
    """Nor anything that is there for tests; and `import lazyscope` loads none of them."""
    program = (
        "import sys, lazyscope\n"
        "assert not any(name.startswith('lazyscope.report') for name in sys.modules)\n"
        "from lazyscope.report import markdown_report, sarif_report, trace_events\n"
        "trace = __import__('lazyscope.model.trace').model.trace.load(sys.argv[1])\n"
        "for module in (markdown_report, sarif_report, trace_events):\n"
        "    module.render(trace)\n"
        "print(*sorted({'dask', 'scipy', 'jsonschema', 'markdown_it', 'pygments'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program, str(trace)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_what_an_encoding_lacks_is_written_out(trace: Path) -> None:
    """On a terminal that shows only ASCII."""
    command = [sys.executable, "-m", "lazyscope", "report", str(trace), "--format", "md"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    assert "\\xabnp.asarray(obs)\\xbb" in done.stdout.decode("ascii")


@pytest.mark.parametrize("name", ["out.txt", "out", "json", "trace"])
def test_another_suffix_is_refused(trace: Path, tmp_path: Path, name: str) -> None:
    """In one line that names those there are."""
    result = report(trace, "-o", tmp_path / name)
    assert result.exit_code == 2
    assert result.stderr == (
        f"lazyscope: no format for {tmp_path / name}: "
        "the name must end in .html, .md, .json, .sarif or .trace.json, or give --format\n"
    )
    assert not (tmp_path / name).exists()


def test_without_file_or_format_nothing_is_guessed(trace: Path) -> None:
    """One line says what to give."""
    result = report(trace)
    assert result.exit_code == 2
    assert result.stderr == (
        "lazyscope: Say where to write: -o FILE.html, or --format md for standard output. "
        "Try `lazyscope report --help`.\n"
    )


def test_no_file_is_overwritten_unasked(trace: Path, tmp_path: Path, expected: str) -> None:
    """`--overwrite` asks."""
    target = tmp_path / "out.json"
    target.write_text("precious" * 1_000_000)
    result = report(trace, "-o", target)
    assert result.exit_code == 2
    assert result.stderr == (
        f"lazyscope: {target} exists and would be lost: give another name with -o, or --overwrite\n"
    )
    assert target.read_text().startswith("precious")
    assert report(trace, "-o", target, "--overwrite").exit_code == 0
    assert target.read_text() == expected


def test_the_trace_itself_is_never_overwritten(tmp_path: Path) -> None:
    """Even if it is called like a report."""
    trace = sample_traces.kmeans().save(tmp_path / "trace.json")
    before = trace.read_bytes()
    result = report(trace, "-o", trace, "--overwrite")
    assert (result.exit_code, trace.read_bytes()) == (2, before)
    assert "is the trace itself" in result.stderr


def test_a_file_that_cannot_be_written_is_one_line(trace: Path, tmp_path: Path) -> None:
    """A directory that is not there."""
    target = tmp_path / "missing" / "out.json"
    result = report(trace, "-o", target)
    assert result.exit_code == 2
    assert result.stderr == (
        f"lazyscope: cannot write {target}: No such file or directory; give another name with -o\n"
    )


def test_source_is_left_out_on_request(trace: Path) -> None:
    """No line of anybody's code leaves the machine."""
    result = report(trace, "--format", "json", "--no-source")
    assert "np.asarray" not in result.stdout
    assert {force["site"]["code"] for force in json.loads(result.stdout)["forces"]} == {""}


def test_a_missing_trace_writes_nothing(tmp_path: Path) -> None:
    """Status 2, no empty file."""
    result = report(tmp_path / "no.lazy", "-o", tmp_path / "out.json")
    assert result.exit_code == 2
    assert result.stderr.startswith("lazyscope: no trace at ")
    assert not (tmp_path / "out.json").exists()
