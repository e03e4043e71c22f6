"""`lazyscope doctor` in environments that are right, wrong and broken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from lazyscope.cli.main import main

TRACER = Path(__file__).resolve().parents[2] / "tracer"
SWITCHES = ("SCIPY_", "DASK_", "NO_COLOR", "FORCE_COLOR", "PYTHON", "COLUMNS", "LINES")


def doctor(
    directory: Path, *options: str, interpreter: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run it in a directory that is also the home, with no switch set but those given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(SWITCHES)}
    given = {"PYTHONPATH": str(TRACER), "HOME": str(directory), "COLUMNS": "80", **environment}
    return subprocess.run(
        [sys.executable, *interpreter, "-m", "lazyscope", "doctor", *options],
        capture_output=True,
        encoding="utf-8",
        env={**clean, **given},
        cwd=directory,
        check=False,
    )


def section(text: str, title: str) -> str:
    """The lines below a title."""
    return re.split(rf"^{title}\n", text, flags=re.MULTILINE)[1].split("\n\n")[0] + "\n"


def test_an_unset_switch_is_to_be_mended_and_nothing_fails(tmp_path: Path) -> None:
    """A warning, with what to type; programs run, so the status is 0."""
    pytest.importorskip("scipy")
    done = doctor(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(r"\d things? to mend: [^\n]*SCIPY_ARRAY_API", done.stdout)
    assert section(done.stdout, "SciPy and scikit-learn").startswith(
        "!   SCIPY_ARRAY_API     not set: SciPy converts dask arrays to NumPy, which\n"
        "                        computes them\n"
        "      type  export SCIPY_ARRAY_API=1          (before SciPy is imported)\n"
        "      or    lazyscope run --array-api SCRIPT\n"
    )


def test_what_goes_wrong_gives_status_1(tmp_path: Path) -> None:
    """An x, named first."""
    pytest.importorskip("scipy")
    done = doctor(tmp_path, SCIPY_ARRAY_API="dask.array")
    assert (done.returncode, done.stderr) == (1, "")
    assert re.match(r"\d things to mend: SCIPY_ARRAY_API, ", done.stdout)


def test_it_fits_80_columns(tmp_path: Path) -> None:
    """But for commands that hold long paths, which are not broken."""
    text = doctor(tmp_path, SCIPY_ARRAY_API="x" * 500, DASK_SCHEDULER="turbo").stdout
    facts = [line for line in text.splitlines() if not line.startswith("      ") and line]
    assert facts
    assert max(map(cell_len, facts)) <= 80
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("value", "back_end"),
    [
        ("false", "ok  array back end      graphs (array.query-planning is false, set by\n"),
        ("true", "x   array back end      expressions (array.query-planning is true, set by\n"),
        ("1", "x   array back end      none (array.query-planning is '1', set by\n"),
    ],
)
def test_the_back_end_is_that_of_the_variable(tmp_path: Path, value: str, back_end: str) -> None:
    """As dask interprets it."""
    done = doctor(tmp_path, DASK_ARRAY__QUERY_PLANNING=value)
    found = section(done.stdout, "dask")
    assert found.startswith(back_end + "                        DASK_ARRAY__QUERY_PLANNING)")
    assert ("      type  unset DASK_ARRAY__QUERY_PLANNING\n" in found) == (value != "false")
    assert done.returncode == (value != "false")


def test_the_back_end_is_that_of_a_file(tmp_path: Path) -> None:
    """Which is named, with the home directory as ~."""
    directory = tmp_path / ".config" / "dask"
    directory.mkdir(parents=True)
    (directory / "mine.yaml").write_text("array:\n  query_planning: true\nscheduler: processes\n")
    done = doctor(tmp_path)
    assert section(done.stdout, "dask") == (
        "x   array back end      expressions (array.query-planning is true, set by\n"
        "                        ~/.config/dask/mine.yaml): they lack __array__, __bool__\n"
        "                        and more, no SciPy function takes them\n"
        "      type  export DASK_ARRAY__QUERY_PLANNING=False\n"
        "            (overrules ~/.config/dask/mine.yaml)\n"
        "-   scheduler           'processes', set by ~/.config/dask/mine.yaml: what tasks\n"
        "                        force inside the workers is not seen\n"
    )
    mended = doctor(tmp_path, DASK_ARRAY__QUERY_PLANNING="False")
    assert "ok  array back end      graphs (array.query-planning is false" in mended.stdout


def test_a_configuration_that_cannot_be_read_is_a_fact(tmp_path: Path) -> None:
    """With the file to move away; moving it mends it."""
    directory = tmp_path / ".config" / "dask"
    directory.mkdir(parents=True)
    (directory / "mine.yaml").write_text("array: [\n")
    done = doctor(tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert section(done.stdout, "dask") == (
        "x   dask                `import dask` fails: ValueError: A dask config file at\n"
        "                        '~/.config/dask/mine.yaml' is malformed, original error\n"
        "                        message\n"
        "      type  mv ~/.config/dask/mine.yaml ~/.config/dask/mine.yaml.off\n"
        "            (or mend the file)\n"
    )
    subprocess.run(
        "mv ~/.config/dask/mine.yaml ~/.config/dask/mine.yaml.off",
        shell=True, check=True, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert "ok  array back end" in doctor(tmp_path).stdout


@pytest.mark.parametrize("on_path", [str(TRACER), os.pathsep.join([".", str(TRACER)])])
def test_files_in_the_way_are_named(tmp_path: Path, on_path: str) -> None:
    """Even where PYTHONPATH puts them in the way of the doctor itself; harmless names are not."""
    for name in ("random.py", "my_random.py", "tracer.py", "test.py", "os.py", "xarray.txt"):
        (tmp_path / name).write_text("raise SystemExit('a file of the user was imported')")
    (tmp_path / "scipy").mkdir()
    (tmp_path / "dask").mkdir()
    (tmp_path / "dask" / "__init__.py").write_text("raise SystemExit('a package was imported')")
    done = doctor(tmp_path, PYTHONPATH=on_path)
    assert (done.returncode, done.stderr) == (1, "")
    names = section(done.stdout, "names").splitlines()
    assert [line for line in names if not line.startswith("   ")] == [
        "x   dask/               a script in this directory imports it instead of the",
        "x   random.py           a script in this directory imports it instead of",
    ]
    assert "      type  mv dask my_dask" in names
    assert names[-2:] == [
        "                        Python's own random",
        "      type  mv random.py my_my_random.py",
    ]


def test_a_package_is_not_in_its_own_way() -> None:
    """Where lazyscope is developed, its directory is the one that is needed."""
    done = doctor(TRACER)
    assert section(done.stdout, "names") == (
        "ok  this directory      no file shadows what dask, SciPy and others import\n"
    )


def test_a_directory_that_is_gone_is_a_fact(tmp_path: Path) -> None:
    """No traceback."""
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os; os.rmdir({str(gone)!r}); from lazyscope.cli.main import main; main(['doctor'])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", cwd=gone, check=False,
        env={**os.environ, "PYTHONPATH": str(TRACER), "COLUMNS": "80"},
    )  # fmt: skip
    assert "-   this directory      it is gone, or not to be read\n" in done.stdout
    assert done.stderr == ""


def test_another_command_on_path_is_found(tmp_path: Path) -> None:
    """It belongs to the environment whose interpreter it starts."""
    script = tmp_path / "bin" / "lazyscope"
    script.parent.mkdir()
    path = os.pathsep.join([str(script.parent), os.environ.get("PATH", "")])
    for interpreter, line in [
        ("/elsewhere/bin/python", "!   lazyscope command   ~/bin/lazyscope, the first on PATH,"),
        (sys.executable, "ok  lazyscope command   ~/bin/lazyscope\n"),
    ]:
        script.write_text(f"#!{interpreter}\n")
        script.chmod(0o755)
        assert line in doctor(tmp_path, PATH=path).stdout


def test_dot_is_asked_for_its_version(tmp_path: Path) -> None:
    """And a broken one is not taken for one."""
    script = tmp_path / "dot"
    for program, line in [
        ("echo 'dot - graphviz version 2.43.0 (0)' >&2", "ok  dot                 2.43.0, ~/dot\n"),
        ("exit 3", "!   dot                 ~/dot does not start: pictures of graphs need it,\n"),
    ]:
        script.write_text(f"#!/bin/sh\n{program}\n")
        script.chmod(0o755)
        assert line in doctor(tmp_path, PATH=os.pathsep.join([str(tmp_path), "/usr/bin", "/bin"])).stdout


@pytest.mark.parametrize("options", [(), ("--format", "json")])
def test_no_secret_and_no_home_is_told(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Nothing of the environment but the variables that decide."""
    secrets = {"TOKEN": "hush-1", "DASK_TOKEN": "hush-2", "SCIPY_TOKEN": "hush-3"}
    secrets |= {"DASK_SCHEDULER": "sync", "DASK_ZZZ": "sync"}
    text = doctor(tmp_path, *options, **secrets).stdout
    assert "'sync', set by DASK_SCHEDULER" in text
    assert "hush" not in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("options", [(), ("--format", "json")])
def test_a_hostile_value_does_nothing_to_the_terminal(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Written out, and taken for no markup."""
    pytest.importorskip("scipy")
    done = doctor(
        tmp_path,
        *options,
        SCIPY_ARRAY_API="[bold]\x1b[2J\u202e",
        DASK_SCHEDULER="\x07",
        PYTHONIOENCODING="ascii",
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.isascii()
    assert not set(done.stdout) & {"\x1b", "\x07"}
    assert "'[bold]\\" in done.stdout


def test_json_holds_the_same(tmp_path: Path) -> None:
    """A list of checks, each with its remedies."""
    pytest.importorskip("scipy")
    done = doctor(tmp_path, "--format", "json", SCIPY_ARRAY_API="0")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert document["schema_version"] == 1
    assert doctor(tmp_path, SCIPY_ARRAY_API="0").stdout.replace("\n", " ").startswith(document["verdict"])
    assert [check for check in document["checks"] if check["name"] == "SCIPY_ARRAY_API"] == [
        {
            "group": "SciPy and scikit-learn",
            "name": "SCIPY_ARRAY_API",
            "status": "problem",
            "text": "'0': SciPy takes any text for on, this too; its own tests end while they start",
            "remedies": [
                {"command": "unset SCIPY_ARRAY_API", "when": "to switch it off"},
                {"command": "export SCIPY_ARRAY_API=1", "when": "before SciPy is imported"},
            ],
        }
    ]


def test_nothing_that_is_looked_for_is_imported() -> None:
    """It answers at once, and looking changes nothing."""
    program = (
        "import sys\nfrom lazyscope.cli.main import main\n"
        "try: main(['doctor'])\nexcept SystemExit: pass\n"
        "heavy = {'dask.array', 'numpy', 'scipy', 'sklearn', 'distributed', 'pandas', 'pyarrow', 'xarray'}\n"
        "assert 'dask.config' in sys.modules\nprint(*sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False,
        env={**os.environ, "PYTHONPATH": str(TRACER)},
    )  # fmt: skip
    assert done.stderr == "\n"


def test_it_works_where_hardly_anything_is_installed(tmp_path: Path) -> None:
    """No dask, no NumPy, no SciPy: what is missing is said, and how to get it."""
    site = tmp_path / "site"
    site.mkdir()
    for name in ("click", "rich", "msgspec", "pygments", "markdown_it", "mdurl"):
        (site / name).symlink_to(Path(sysconfig.get_path("purelib"), name))
    done = doctor(tmp_path, interpreter=("-S",), PYTHONPATH=os.pathsep.join([str(TRACER), str(site)]))
    assert (done.returncode, done.stderr) == (1, "")
    assert re.match(r"\d+ things to mend: dask, numpy, array-api-compat, ", done.stdout)
    assert re.search(
        r"^x   dask                not installed, but lazyscope needs it\n"
        r"      type  \S+ .*'dask\[array\]>=[\d.]+'\n",
        done.stdout,
        flags=re.MULTILINE,
    )
    assert "-   scipy               not installed\n" in done.stdout
    assert "SCIPY_ARRAY_API" not in done.stdout


def test_what_cannot_be_looked_at_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line in its place."""

    def fail() -> None:
        raise RuntimeError("no\nidea")

    monkeypatch.setattr("lazyscope.report.doctor.surroundings.dot", fail)
    result = CliRunner().invoke(main, ["doctor"], env={"COLUMNS": "80"})
    assert section(result.stdout, "commands") == (
        "!   commands            could not be looked at: RuntimeError: no\\nidea\n"
    )
    assert "\nmachine\n" in result.stdout


def test_the_help_explains_the_marks() -> None:
    """And ends with something to copy."""
    text = CliRunner().invoke(main, ["doctor", "--help"]).stdout
    assert "Marks: ok, - neither right nor wrong, ! to mend, x goes wrong until mended." in " ".join(
        text.split()
    )
    assert text.splitlines()[-1].strip() == "Example: lazyscope doctor"
