"""`lazyscope diff`: two runs compared, and an exit status for scripts."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import sample_traces
from diff_traces import BEFORE, CONVERSION, run
from lazyscope.catalogue.before_after import compare
from lazyscope.cli.main import main
from lazyscope.report import diff_html, diff_markdown, diff_terminal
from shared_folder import SHARED

REPRO = SHARED / "repro"
SCREEN = {"COLUMNS": "80", "LINES": "24"}


def diff(*arguments: str | Path) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["diff", *(str(argument) for argument in arguments)], env=SCREEN)


@pytest.fixture
def traces(tmp_path: Path) -> tuple[Path, Path]:
    """A run with repeated work, and one with half of it."""
    paths = tmp_path / "before.lazy", tmp_path / "after.lazy"
    for path, times in zip(paths, (4, 2), strict=True):
        run(BEFORE, *[(*CONVERSION, {"repeated": 5})] * times).save(path)
    return paths


def test_better_is_status_0_and_worse_status_1(traces: tuple[Path, Path]) -> None:
    """The terminal's screen on standard output, nothing on stderr."""
    before, after = traces
    better, worse = diff(before, after), diff(after, before)
    assert (better.exit_code, worse.exit_code) == (0, 1)
    assert better.stdout.startswith("Better: 1 finding better; 10 repeated tasks less.\n")
    assert worse.stdout.startswith("Worse: 1 finding worse; 10 repeated tasks more.\n")
    assert better.stderr == worse.stderr == ""


def test_a_trace_against_itself_is_the_same(traces: tuple[Path, Path]) -> None:
    """Status 0, and the mistake is pointed out."""
    result = diff(traces[0], traces[0])
    assert result.exit_code == 0
    assert "note    both are the same run: nothing can differ\n" in result.stdout


@pytest.mark.parametrize("suffix", [".md", ".html", ".HTML"])
@pytest.mark.parametrize("source", [True, False])
def test_a_document_goes_to_a_file_by_its_suffix(
    traces: tuple[Path, Path], tmp_path: Path, suffix: str, source: bool
) -> None:
    """The verdict goes to stderr, the status stays."""
    before, after = traces
    target = tmp_path / f"out{suffix}"
    result = diff(after, before, "-o", target, *([] if source else ["--no-source"]))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "lazyscope: Worse: 1 finding worse; 10 repeated tasks more.\n"
    render = diff_markdown.render if suffix == ".md" else diff_html.render
    runs = [run(BEFORE, *[(*CONVERSION, {"repeated": 5})] * times).trace() for times in (2, 4)]
    assert target.read_bytes().decode() == render(compare(*runs), source=source)


@pytest.mark.parametrize("chosen", ["md", "html"])
def test_a_named_format_goes_to_standard_output(traces: tuple[Path, Path], chosen: str) -> None:
    """The data and nothing else."""
    result = diff(*traces, "--format", chosen)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith({"md": "## lazyscope diff: ", "html": "<!doctype html>"}[chosen])


def test_no_file_is_overwritten_unasked(traces: tuple[Path, Path], tmp_path: Path) -> None:
    """Nor is a trace, even if asked; that is status 2, whatever the verdict."""
    target = tmp_path / "out.md"
    target.write_text("precious")
    refused = diff(*reversed(traces), "-o", target)
    assert refused.exit_code == 2
    assert refused.stderr == (
        f"lazyscope: {target} exists and would be lost: give another name with -o, or --overwrite\n"
    )
    assert target.read_text() == "precious"
    assert diff(*traces, "-o", target, "--overwrite").exit_code == 0
    for trace in traces:
        content = trace.read_bytes()
        result = diff(*traces, "-o", trace, "--format", "md", "--overwrite")
        assert (result.exit_code, trace.read_bytes()) == (2, content)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.lazy"], "no trace at missing.lazy: record one with `lazyscope run SCRIPT`"),
        ([], "Missing argument 'AFTER'. Try `lazyscope diff --help`."),
        (
            ["{after}", "-o", "out.txt"],
            "no format for out.txt: the name must end in .md or .html, or give --format",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(traces: tuple[Path, Path], arguments: list[str], said: str) -> None:
    """Status 2."""
    result = diff(traces[0], *(argument.format(after=traces[1]) for argument in arguments))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"lazyscope: {said}\n"


def test_the_screen_is_as_wide_as_the_terminal(tmp_path: Path) -> None:
    """And as high."""
    paths = [tmp_path / "a.lazy", tmp_path / "b.lazy"]
    for path, build in zip(paths, (sample_traces.kmeans(), sample_traces.killed()), strict=True):
        build.save(path)
    compared = compare(sample_traces.kmeans().trace(), sample_traces.killed().trace())
    assert diff(*paths).stdout == diff_terminal.render(compared, 80, 24)


def test_comparing_needs_no_dask(traces: tuple[Path, Path]) -> None:
    """Nor the HTML template where another form is wanted."""
    program = (
        "import sys\nfrom lazyscope.cli.main import main\n"
        "main(['diff', *sys.argv[1:]], standalone_mode=False)\n"
        "print(*sorted({'dask', 'scipy', 'jinja2'} & set(sys.modules)), file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", program, *map(str, traces)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""


def recorded(directory: Path, text: str) -> Path:
    """The trace of a program run by `lazyscope run` in a directory of its own."""
    directory.mkdir()
    (directory / "program.py").write_text(text)
    command = [sys.executable, "-W", "ignore", "-m", "lazyscope", "run", "--array-api", "-o", "t.lazy"]
    subprocess.run([*command, "program.py"], cwd=directory, capture_output=True, check=False)
    return directory / "t.lazy"


KMEANS = """
import os
os.environ["SCIPY_ARRAY_API"] = "1"
import dask.array as da
import numpy as np
from scipy.cluster.vq import kmeans

points = da.from_array(np.random.default_rng(0).random((600, 2)), chunks=(100, 2)) + 1
# here
codes, distortion = kmeans(points, da.from_array(np.array([[1.0, 1.0], [2.0, 2.0]])))
print(codes.compute(), distortion.compute())
"""


def test_a_persist_is_better_though_it_adds_a_force(tmp_path: Path) -> None:
    """SciPy's k-means before and after the fix that `lazyscope show` puts first."""
    before = recorded(tmp_path / "before", KMEANS)
    after = recorded(tmp_path / "after", KMEANS.replace("# here", "points = points.persist()"))
    better, worse = diff(before, after), diff(after, before)
    assert (better.exit_code, worse.exit_code) == (0, 1)
    assert "+1 (+" in better.stdout.split("forces", 1)[1].splitlines()[0]
    assert re.search(r"^gone    F\d .*`points` is computed again", better.stdout, re.MULTILINE)
    assert re.search(r"^new     F\d .*`points` is computed again", worse.stdout, re.MULTILINE)


LOOP = """
import dask.array as da

x = da.ones((1000,), chunks=100)
y = x
for _ in range(7):
    y = y * 1.5 + x
    # here
    if float(y.sum()) > 1e9:
        break
print(float(y.mean()))
"""


def test_a_loop_that_persists_each_step_is_better(tmp_path: Path) -> None:
    """Twice as many forces, a tenth of the repeated tasks; what is left to mend is not held against it."""
    before = recorded(tmp_path / "before", LOOP)
    after = recorded(tmp_path / "after", LOOP.replace("# here", "y = y.persist()"))
    better = diff(before, after)
    assert better.exit_code == 0
    assert better.stdout.startswith("Better: ")
    assert "570 repeated tasks less." in " ".join(better.stdout.split("\n\n")[0].split())
    assert re.search(r"^forces +8 +15  \+7 ", better.stdout, re.MULTILINE)
    assert diff(after, before).exit_code == 1


def test_the_same_program_twice_is_the_same(tmp_path: Path) -> None:
    """Counts do not waver, and the clock alone decides nothing of this size."""
    runs = [recorded(tmp_path / name, KMEANS) for name in ("one", "two")]
    result = diff(*runs)
    assert result.exit_code == 0
    assert result.stdout.startswith("The same: ")


MAIN = """

import dask
import array_api_compat.dask.array as _xp

print(dask.compute(solve(*make_inputs(_xp), _xp)))
"""


def variant(name: str, kept: str) -> str:
    """A repro with one of its two functions, under a name of its own."""
    text = (REPRO / f"{name}.py").read_text()
    lines = text.splitlines(keepends=True)
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    other = functions["after" if kept == "before" else "before"]
    line = functions[kept].lineno - 1
    lines[line] = lines[line].replace(f"def {kept}(", "def solve(")
    del lines[other.lineno - 1 : other.end_lineno]
    return "".join(lines) + MAIN


@pytest.mark.skipif(not REPRO.exists(), reason="the shared pairs are not here")
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("moment_loop", "3 repeated tasks less"),
        ("put_val_to_limits_lazy", "6 repeated tasks less"),
        ("rankdata_order", "1 repeated task less"),
        ("rankdata_lazy_nan", "1 finding gone."),
        ("skew_bias", "it runs to its end, where it ended with ValueError before"),
    ],
)
def test_what_experts_rewrote_is_better(name: str, word: str, tmp_path: Path) -> None:
    """Forces, a crash, and a result that was silently wrong; the other way round it is worse."""
    before, after = (recorded(tmp_path / kept, variant(name, kept)) for kept in ("before", "after"))
    result = diff(before, after)
    assert result.exit_code == 0
    assert result.stdout.startswith("Better: ")
    assert word in " ".join(result.stdout.split("\n\n")[0].split())
    harmless = json.loads((REPRO / "index.json").read_text())[name]["before"] == "silent_wrong"
    assert diff(after, before).exit_code == (0 if harmless else 1)
