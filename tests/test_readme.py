"""Every command and every figure of the README holds."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from terminals import Terminal

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def commands() -> list[str]:
    """The indented lines of the README that a reader would type."""
    return [line.strip() for line in README.splitlines() if re.match(r"    (lazyscope|python|pytest) ", line)]


def run(command: str, directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours in a directory as a user would, with this interpreter."""
    words = shlex.split(command)
    assert words[0] == "lazyscope"
    environment = {key: value for key, value in os.environ.items() if key != "SCIPY_ARRAY_API"}
    return subprocess.run(
        [sys.executable, "-m", "lazyscope", *words[1:]],
        cwd=directory,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_readme_has_the_commands_that_are_tested_here():
    """A new command in the README needs a test here, or a place in .ci/run."""
    assert commands() == [
        "python -m pip install '.[samples,graph,tui]' && lazyscope demo",
        "python -m pip install -e '.[test]' && python -m pytest",
        "python -m pip install -e '.[looks]' && python -m pytest tests/tui -m looks",
        "lazyscope run samples/own_code.py",
        "lazyscope show lazyscope-own_code-1.lazy",
        "lazyscope report lazyscope-own_code-1.lazy -o own_code.html",
        "lazyscope graph lazyscope-own_code-1.lazy -o own_code.svg",
        "lazyscope explain LZ104",
        "lazyscope tui lazyscope-own_code-1.lazy",
        "lazyscope run --live samples/own_code.py",
        "lazyscope run samples/own_code.py",
        "lazyscope diff lazyscope-own_code-1.lazy lazyscope-own_code-2.lazy",
        "pytest --lazyscope",
        "pytest --lazyscope-report forces.json --lazyscope-match test_lazy",
    ]


def test_the_commands_on_a_program_of_your_own_work(tmp_path):
    """`run` keeps a numbered trace where it was started, and `show` reads it."""
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    _, _, _, recorded, shown, reported, drawn, explained, explored, live, again, compared, *_ = commands()
    first = run(recorded, tmp_path)
    assert first.returncode == 0, first.stderr
    # On a screen of 24 lines, which of the findings has room for its fix is decided by milliseconds.
    second = run(shown, tmp_path, COLUMNS="80", LINES="100")
    assert second.returncode == 0, second.stderr
    assert "`anomaly` is computed again and again" in second.stdout
    assert "`anomaly = anomaly.persist()`" in second.stdout
    third = run(explained, tmp_path)
    assert third.returncode == 0, third.stderr
    assert third.stdout.startswith("LZ104  A conversion to a Python number")
    for command in (reported, drawn, again):
        done = run(command, tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "lazyscope-own_code-2.lazy").is_file()
    assert (tmp_path / "own_code.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "own_code.svg").read_text().startswith("<?xml")
    # A second run may be slower by so much that it is worse.
    shutil.copy(tmp_path / "lazyscope-own_code-1.lazy", tmp_path / "lazyscope-own_code-2.lazy")
    fourth = run(compared, tmp_path)
    assert fourth.returncode == 0, fourth.stdout
    explorer = Terminal(tmp_path, *shlex.split(explored)[1:])
    explorer.until(b"`anomaly` is computed again and again")
    explorer.press(b"q")
    assert explorer.ended() == 0
    program = Terminal(tmp_path, *shlex.split(live)[1:])
    program.until(b"ended with status 0")
    program.press(b"q")
    assert program.ended() == 0
    assert first.stdout.encode() in program.seen.replace(b"\r\n", b"\n")


def test_the_pytest_commands_work(tmp_path):
    """The summary, and a report of those tests alone whose ids match."""
    (tmp_path / "test_two.py").write_text(
        "import dask.array as da\n"
        "def test_lazy(): assert da.ones(3, chunks=1).sum().ndim == 0\n"
        "def test_eager(): assert da.ones(3, chunks=1).sum() == 3\n"
    )
    summed, reported = ([sys.executable, "-m", *shlex.split(command)] for command in commands()[-2:])
    done = subprocess.run(summed, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 force in 1 of 2 tests" in done.stdout
    assert "test_two.py:3" in done.stdout
    done = subprocess.run(reported, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    tests = json.loads((tmp_path / "forces.json").read_text())["tests"]
    assert [(test["nodeid"], test["forces"]) for test in tests] == [("test_two.py::test_lazy", [])]


def test_the_finding_in_the_readme_is_what_the_demo_shows(demo, in_full):
    """Line by line, but for the seconds and the severity and number that come of them."""
    done, _ = demo
    (quoted,) = re.findall(r"^```\n(F1 .*?)^```$", README, re.MULTILINE | re.DOTALL)
    head, *lines = quoted.splitlines()
    if "computed 12 times" not in done.stdout:
        pytest.skip("the README gives the figures of SciPy 1.18")
    assert re.sub(r"^F1 \w+ (.*) +up to .*$", r"\1", head).rstrip() in in_full
    shown = {line.strip() for line in in_full.splitlines()}
    assert [line for line in lines[1:] if line.strip() not in shown] == []


def test_the_codes_in_the_documentation_are_those_of_the_catalogue():
    """With their titles."""
    from lazyscope.catalogue.entries import all_entries

    text = (ROOT / "docs" / "findings.md").read_text()
    rows = re.findall(r"^\| (LZ\d{3}) \| (.*) \|$", text, re.MULTILINE)
    assert rows == [(entry.code, entry.title) for entry in all_entries()]


def test_every_verb_is_in_the_readme():
    """The table of verbs is complete."""
    from lazyscope.cli.main import VERBS

    assert [verb for verb in VERBS if f"| `lazyscope {verb}" not in README] == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    pytest.importorskip("sklearn")
    directory = tmp_path_factory.mktemp("demo")
    return run("lazyscope demo", directory), directory


@pytest.fixture(scope="module")
def in_full(demo: tuple[subprocess.CompletedProcess[str], Path]) -> str:
    """The demo's summary, nothing left out.

    Its own is for a screen of 24 lines, and which findings and lines are there is decided by milliseconds.
    """
    return run("lazyscope show lazyscope-kmeans-1.lazy", demo[1], COLUMNS="80", LINES="100").stdout


def test_demo_runs_shows_and_names_the_next_command(demo, in_full):
    """The sample's own output, the summary, the kept trace and what to type next."""
    done, directory = demo
    assert done.returncode == 0, done.stderr
    output, headline, finding, *_, table = done.stdout.split("\n\n")
    assert output.startswith("273,280 pixels in 7 chunks, 5 colours:\n")
    assert headline == in_full.partition("\n\n")[0]
    assert finding.startswith("F1 ")
    assert finding.splitlines()[0] in in_full.splitlines()
    assert table.splitlines()[-1] == in_full.splitlines()[-1]
    assert table.splitlines()[-1].endswith(" in all")
    assert "scipy.cluster.vq.kmeans" in in_full
    assert "lazyscope report lazyscope-kmeans-1.lazy -o lazyscope-kmeans-1.html" in done.stderr
    assert (directory / "lazyscope-kmeans-1.lazy").is_file()


def test_demo_reads_the_pixels_as_often_as_is_reported(demo):
    """The reader counts what it reads; the trace knows only the graph. They agree, and with the README."""
    done, directory = demo
    read = int(re.search(r"pixels read: ([\d,]+)", done.stdout)[1].replace(",", ""))
    times = int(re.search(r"each (\d+) times", done.stdout)[1])
    assert read == times * 273_280

    import lazyscope

    trace = lazyscope.load(directory / "lazyscope-kmeans-1.lazy")
    data = trace.data
    source = next(n for n, layer in enumerate(data.layers) if layer.source and layer.blocks == [7, 1])
    wanted = [w for force in data.forces for w in force.begin.wanted if w.layer == source]
    assert sum(w.tasks for w in wanted) == 7 * times
    assert sum(w.repeated for w in wanted) == 7 * (times - 1)

    claims = re.search(
        r"each pixel (\d+) times.*?(\d+)\s+forces, the 7 chunks asked for (\d+) times, (\d+) of them again",
        README,
        re.DOTALL,
    )
    assert claims is not None
    if not data.header.versions["scipy"].startswith("1.18."):
        pytest.skip("the README gives the figures of SciPy 1.18")
    assert [int(number) for number in claims.groups()] == [
        times,
        len(data.forces),
        7 * times,
        7 * (times - 1),
    ]


def test_the_readme_s_fix_of_the_demo_reads_every_pixel_once(tmp_path):
    """`pixels = pixels.persist()` before the call, in a copy of the sample."""
    pytest.importorskip("sklearn")
    source = (ROOT / "samples" / "kmeans.py").read_text()
    line = "    palette, distortion = kmeans(pixels, da.from_array(greys))\n"
    assert source.count(line) == 1
    program = tmp_path / "kmeans.py"
    program.write_text(source.replace(line, "    pixels = pixels.persist()\n" + line))
    done = run("lazyscope run -o fixed.lazy kmeans.py", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "each 1 times" in done.stdout
    report = run("lazyscope report fixed.lazy --format json", tmp_path)
    forces = json.loads(report.stdout)["forces"]
    assert forces[0]["trigger"] == "persist"
    assert forces[0]["tasks"] == 7
    assert all(repeat["tasks"] < 7 for force in forces for repeat in force["repeats"] if repeat["force"] == 1)
