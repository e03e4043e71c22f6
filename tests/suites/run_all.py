"""Runs whole test suites on dask arrays, twice untraced and once traced, and compares the runs.

    python tests/suites/run_all.py -o DIRECTORY [-n PROCESSES] [SUITE...]

Everything a run prints, counts and reports is kept in DIRECTORY/SUITE. The exit status is 1 if a test
that is not flaky differs traced, or a run did not come to its end.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import compare

SCIPY = (
    "constants", "cluster", "differentiate", "fft", "special", "integrate", "optimize", "spatial", "linalg",
    "interpolate", "sparse", "_lib", "ndimage", "signal", "stats",
)  # fmt: skip
"""SciPy's subpackages with tests of array-API back ends, the quickest first."""

SUITES = ("array_api_extra", *SCIPY, "dask.array")

WITH_DASK = {"SCIPY_ARRAY_API": '["dask.array"]'}
"""Has SciPy's conftest run its tests on dask alone."""

MORE = 3
"""How often tests that differ are run again untraced: those that vary by themselves are flaky."""

ENDED = (0, 1, 5)
"""Exit statuses of pytest: all passed, some failed, none collected."""


@dataclass(frozen=True)
class Suite:
    """What pytest is to run, and in which environment."""

    name: str
    arguments: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """A run of a suite."""

    status: int
    seconds: float
    counts: Path
    report: Path
    log: Path


def suite(name: str, directory: Path) -> Suite:
    """The suite that is called `name`; `directory` is for tests that must be fetched."""
    if name == "dask.array":
        return Suite(name, ["--pyargs", name])
    if name == "array_api_extra":
        return Suite(name, [*_tests_of_array_api_extra(directory), "-k", "dask"])
    return Suite(name, ["--pyargs", f"scipy.{name}", "-m", "array_api_backends"], WITH_DASK)


def _tests_of_array_api_extra(directory: Path) -> list[str]:
    """Where its own tests are: in the wheel, at a place that has changed, or in the source alone."""
    installed = folder_of("array_api_extra") / "tests"
    if installed.is_dir():
        return ["--pyargs", "array_api_extra.tests" + ".main" * (installed / "main").is_dir()]
    fetched = _fetched_source(directory) / "tests"
    return [str(fetched / "main" if (fetched / "main").is_dir() else fetched)]


def _fetched_source(directory: Path) -> Path:
    wanted = f"array-api-extra=={version('array-api-extra')}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "array-api-extra"]
    subprocess.run([*pip, "--dest", str(directory), wanted], check=True)
    (archive,) = directory.glob("array_api_extra-*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    return directory / archive.name.removesuffix(".tar.gz")


def folder_of(package: str) -> Path:
    """Where an installed package lies; it is not imported."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed", name=package)
    return Path(spec.origin).parent


SITE = folder_of("dask").parent
"""Node ids begin here, whatever pytest is asked for."""


def run(what: Suite, directory: Path, name: str, *, traced: bool, processes: int = 0) -> Finished:
    """Run a suite once, in a process of its own.

    Parameters
    ----------
    what : Suite
    directory : Path
        Where pytest is started, and where everything is kept.
    name : str
        Of the run: stem of the files it leaves.
    traced : bool
    processes : int
        Of pytest-xdist; 0 is without.
    """
    directory.mkdir(parents=True, exist_ok=True)
    settings = directory / "pytest.ini"
    settings.write_text("[pytest]\n")
    done = Finished(
        -1, 0.0, directory / f"{name}.counts", directory / f"{name}.json", directory / f"{name}.txt"
    )
    for left in directory.glob(f"{name}.counts*"):
        left.unlink()
    command = [sys.executable, "-m", "pytest", *what.arguments, "-c", str(settings)]
    command += ["--rootdir", str(SITE), "-q", "--tb=short", "--disable-warnings"]
    # zarr's plugin takes a second to import and has no part in these suites.
    command += ["-p", "no:cacheprovider", "-p", "no:zarr", "-p", "no:asyncio", "-p", "execution_counter"]
    command += [f"--numprocesses={processes}"] if processes else ["-p", "no:xdist"]
    command += ["--hypothesis-seed=0"] if find_spec("hypothesis") else []
    command += ["--lazyscope-report", str(done.report)] if traced else []
    started = time.monotonic()
    with done.log.open("w") as log:
        status = subprocess.run(
            command, cwd=directory, env=_environment(what, done), stdout=log, stderr=log, check=False
        ).returncode
    return Finished(status, time.monotonic() - started, done.counts, done.report, done.log)


def _environment(what: Suite, done: Finished) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    paths = [str(Path(__file__).parent), str(_installed(done.log.parent))]
    paths += filter(None, [inherited.get("PYTHONPATH")])
    ours = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": "0", "EXECUTION_COUNTS": str(done.counts)}
    return inherited | {"SCIPY_ARRAY_API": "0"} | ours | what.environment


def _installed(directory: Path) -> Path:
    """A site directory with a copy of lazyscope.

    Hypothesis draws examples from the constants of modules that lie elsewhere, as those of an editable
    install do: with lazyscope it would try others.
    """
    site = directory / "site-packages"
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(folder_of("lazyscope"), site / "lazyscope", ignore=shutil.ignore_patterns("__pycache__"))
    return site


@dataclass
class Total:
    """What all suites come to."""

    untraced: float = 0.0
    traced: float = 0.0
    executions: int = 0
    forces: int = 0
    flaky: int = 0
    wrong: int = 0


def compare_runs(name: str, directory: Path, processes: int, total: Total) -> None:
    """Run a suite three times, print what came out, and add it up."""
    what = suite(name, directory)
    first = run(what, directory, "untraced-1", traced=False, processes=processes)
    traced = run(what, directory, "traced", traced=True, processes=processes)
    second = run(what, directory, "untraced-2", traced=False, processes=processes)
    for finished in (first, traced, second):
        if finished.status not in ENDED:
            print(f"{name}: exit status {finished.status}, see {finished.log}", flush=True)
            total.wrong += 1
    if not traced.report.exists():
        return
    untraced = [compare.counted(run.counts) for run in (first, second)]
    counted, report = compare.counted(traced.counts), compare.reported(traced.report)
    flaky = compare.flaky(untraced)
    if different := compare.differing(untraced[0], counted, report, flaky):
        flaky |= _varying(what, directory, sorted(different), untraced)
    lines = compare.differences(untraced[0], counted, report, flaky)
    executions = sum(done.executions for done in counted.values())
    seconds = (first.seconds + second.seconds) / 2
    print(
        f"{name}: {len(counted):,} tests, {executions:,} executions, {report.forces.total():,} forces; "
        f"{len(flaky):,} flaky, {len(lines):,} differ; "
        f"{seconds:,.0f} s untraced, {traced.seconds:,.0f} s traced"
    )
    for test in sorted(flaky):
        print(f"  flaky: {test}: {compare.variants(test, untraced)}")
    print(*(f"  {line}" for line in lines), sep="\n", end="\n" if lines else "", flush=True)
    total.untraced += seconds
    total.traced += traced.seconds
    total.executions += executions
    total.forces += report.forces.total()
    total.flaky += len(flaky)
    total.wrong += len(lines)


def _varying(
    what: Suite, directory: Path, tests: list[str], untraced: list[dict[str, compare.Done]]
) -> set[str]:
    """Those of `tests` that vary when they are run again without lazyscope."""
    again = Suite(what.name, [str(SITE / test) for test in tests], what.environment)
    for number in range(MORE):
        done = run(again, directory, f"again-{number + 1}", traced=False)
        untraced.append(compare.counted(done.counts))
    return {test for test in tests if len({run[test] for run in untraced if test in run}) > 1}


def main(arguments: list[str]) -> int:
    """Run what is asked for and return the exit status."""
    kept = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=kept)
    add = parser.add_argument
    add("suites", nargs="*", metavar="SUITE", help=f"one of {', '.join(SUITES)}; default: all")
    add("-o", dest="directory", required=True, type=Path, metavar="DIRECTORY")
    add("-n", dest="processes", type=int, default=0, metavar="PROCESSES", help="of pytest-xdist")
    given = parser.parse_args(arguments)
    if unknown := set(given.suites).difference(SUITES):
        parser.error(f"no suite is called {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    total = Total()
    for name in given.suites or SUITES:
        compare_runs(name, given.directory.resolve() / name, given.processes, total)
    print(
        f"all: {total.executions:,} executions, {total.forces:,} forces; {total.flaky:,} flaky, "
        f"{total.wrong:,} wrong; {total.untraced:,.0f} s untraced, {total.traced:,.0f} s traced"
    )
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
