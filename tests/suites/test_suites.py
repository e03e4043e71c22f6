"""A quick part of real suites: nothing goes otherwise traced, and every execution is a force."""

from __future__ import annotations

from pathlib import Path

import pytest
import run_all
from compare import counted, differences, reported
from run_all import WITH_DASK, Suite

SCIPY = (
    ("cluster.vq.tests.test_vq", "cluster.tests.test_vq"),
    ("stats.tests.test_variation",),
    ("stats.tests.test_entropy",),
    ("special.tests.test_logsumexp",),
)
"""Modules of SciPy's tests, each with the names it has had."""

SLOW = ("random_seed", "large_features", "large_thres", "gh22601", "TestDifferentialEntropy")

DASK = ("test_bool", "test_compute_chunk_sizes", "test_store_locks", "test_from_array_no", "test_astype")


def modules_of(package: str, alternatives: tuple[tuple[str, ...], ...]) -> list[str]:
    """Those that are installed; skips the test if one is not, or if the package is not."""
    try:
        folder = run_all.folder_of(package)
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    found = []
    for names in alternatives:
        there = [name for name in names if (folder / f"{name.replace('.', '/')}.py").exists()]
        if not there:
            pytest.skip(f"{package} is installed without its tests: {names[0]} is missing")
        found.append(f"{package}.{there[0]}")
    return found


def scipy_suite() -> Suite:
    modules = modules_of("scipy", SCIPY)
    wanted = " and not ".join(("dask", *SLOW))
    return Suite("scipy", ["--pyargs", *modules, "-m", "array_api_backends", "-k", wanted], WITH_DASK)


def dask_suite() -> Suite:
    modules = modules_of("dask", (("array.tests.test_array_core",),))
    return Suite("dask.array", ["--pyargs", *modules, "-k", " or ".join(DASK)])


def extra_suite() -> Suite:
    modules = modules_of("array_api_extra", (("tests.main.test_lazy", "tests.test_lazy"),))
    return Suite("array_api_extra", ["--pyargs", *modules, "-k", "dask"])


@pytest.mark.parametrize(
    ("suite", "tests", "forces"),
    [(scipy_suite, 100, 400), (dask_suite, 20, 20), (extra_suite, 20, 50)],
)
def test_a_suite_goes_the_same_traced(suite, tests: int, forces: int, tmp_path: Path) -> None:
    """Each test ends alike, executes as often, and its forces are its executions."""
    what = suite()
    untraced, traced = (
        run_all.run(what, tmp_path, name, traced=name == "traced") for name in ("untraced", "traced")
    )
    assert untraced.status in (0, 1), untraced.log.read_text()[-3000:]
    assert traced.status == untraced.status, traced.log.read_text()[-3000:]
    report = reported(traced.report)
    assert differences(counted(untraced.counts), counted(traced.counts), report) == []
    # Enough of them ran to mean something.
    assert len(report.outcomes) >= tests
    assert sum(outcome == "passed" for outcome in report.outcomes.values()) >= tests * 0.8
    assert report.forces.total() >= forces
