"""Versions, contradictions between distributions, and names in the way."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import FrozenImporter

import pytest

from lazyscope.report.doctor.checks import Check, Remedy, Status
from lazyscope.report.doctor.conflicts import conflicts
from lazyscope.report.doctor.names import STDLIB, Shadow, check_names, modules, needed
from lazyscope.report.doctor.shell import Shell
from lazyscope.report.doctor.versions import Distribution, Own, check_own, check_versions, needs

SHELL = Shell("/home/ada")
OWN = Own(
    version="1.0",
    directory="/home/ada/lazyscope/tracer",
    requires=(
        "dask[array]>=2026.3", "numpy>=2.0", "rich>=13.9", 'scipy>=1.16; extra == "samples"',
        "dask[dataframe]; extra == 'samples'", 'Pillow ; extra == "samples"',
    ),
    requires_python=">=3.11",
    installed="1.0",
)  # fmt: skip
RIGHT = [Distribution("dask", "2026.8.0"), Distribution("numpy", "2.4.6"), Distribution("rich", "15.0.0")]


def by_name(*installed: Distribution, own: Own = OWN, python: str = "3.13.0") -> dict[str, Check]:
    """The checks of an environment."""
    checks = check_versions(python, own, installed, SHELL)
    return {check.name: check for check in checks}


def test_requirements_are_read_as_they_are_written() -> None:
    """Those of an extra are wanted, not needed; several for one distribution are one."""
    found = needs(OWN.requires)
    assert {name: (need.requirement, need.required) for name, need in found.items()} == {
        "dask": ("dask[array]>=2026.3", True),
        "numpy": ("numpy>=2.0", True),
        "rich": ("rich>=13.9", True),
        "scipy": ("scipy>=1.16", False),
        "pillow": ("pillow", False),
    }
    (need,) = needs(["X_y (>=2); extra == 'a'", "x.Y<3"]).values()
    assert (need.requirement, need.required) == ("x-y<3,>=2", True)


def test_what_is_right_is_a_version() -> None:
    """What is not installed and not needed is no fault, and what is right and unasked for is left out."""
    found = by_name(*RIGHT)
    assert {name: check.text for name, check in found.items()} == {
        "Python": "3.13.0", "lazyscope": "1.0", "dask": "2026.8.0", "numpy": "2.4.6",
        **dict.fromkeys(["scipy", "scikit-learn", "array-api-compat", "array-api-extra"], "not installed"),
        **dict.fromkeys(["distributed", "xarray", "pandas", "pyarrow"], "not installed"),
    }  # fmt: skip
    assert {check.status for check in found.values()} == {Status.OK, Status.NOTE}


@pytest.mark.parametrize(
    ("distribution", "status", "text", "command"),
    [
        ("dask 2025.1.0", Status.PROBLEM, "2025.1.0, but lazyscope needs >=2026.3", "'dask[array]>=2026.3'"),
        (
            "dask 2026.3.0rc1",
            Status.PROBLEM,
            "2026.3.0rc1, but lazyscope needs >=2026.3",
            "'dask[array]>=2026.3'",
        ),
        ("scipy 1.15.3", Status.WARNING, "1.15.3, but lazyscope is made for >=1.16", "'scipy>=1.16'"),
        ("rich 13.10", Status.OK, "", ""),
        ("rich 13.8", Status.PROBLEM, "13.8, but lazyscope needs >=13.9", "'rich>=13.9'"),
        ("dask 2026.9.0.dev4+g12", Status.OK, "2026.9.0.dev4+g12", ""),
        ("dask from-git", Status.OK, "from-git", ""),
    ],
)
def test_an_old_version_is_named_with_the_command(
    distribution: str, status: Status, text: str, command: str
) -> None:
    """Below a bound of an extra is not as bad as below one that lazyscope needs."""
    name, version = distribution.split()
    found = by_name(Distribution(name, version), *RIGHT).get(name)
    if not text:
        assert found is None
        return
    assert found is not None
    assert (found.status, found.text) == (status, text)
    install = (Remedy(f"python -m pip install --upgrade {command}"),)
    assert found.remedies == (install if command else ())


def test_the_version_that_is_found_first_counts() -> None:
    """As for an import."""
    assert by_name(Distribution("numpy", "2.1"), Distribution("numpy", "1.0"), *RIGHT)["numpy"].text == "2.1"


def test_a_missing_requirement_is_a_problem() -> None:
    """Also one that is not shown when it is right."""
    found = by_name()
    for name, requirement in [("dask", "'dask[array]>=2026.3'"), ("rich", "'rich>=13.9'")]:
        assert found[name] == Check(
            name,
            Status.PROBLEM,
            "not installed, but lazyscope needs it",
            (Remedy(f"python -m pip install {requirement}"),),
        )


def test_an_old_python_is_a_problem() -> None:
    """It can be told only by what still starts on it."""
    check = by_name(python="3.10.2")["Python"]
    assert (check.status, check.text) == (Status.PROBLEM, "3.10.2, but lazyscope needs >=3.11")


def test_without_packaging_nothing_is_compared_and_that_is_said() -> None:
    """Old is not called new."""
    checks = check_versions("3.13", OWN, [Distribution("numpy", "1.0")], SHELL, comparable=False)
    found = {check.name: check for check in checks}
    assert found["numpy"].status is Status.OK
    assert found["packaging"].status is Status.WARNING
    assert conflicts([], OWN, SHELL, comparable=False) == []


def test_the_lazyscope_that_runs_is_the_one_that_is_installed() -> None:
    """A checkout on PYTHONPATH is told from it."""
    loose = Own("1.0", "/home/ada/z/tracer", checkout="/home/ada/z")
    check = check_own(loose, SHELL)
    assert (check.status, check.text) == (Status.NOTE, "1.0 from ~/z/tracer, not installed")
    assert check.remedies == (Remedy("python -m pip install -e ~/z"),)
    check = check_own(Own("1.0", "/home/ada/z/tracer", installed="0.9"), SHELL)
    assert (check.status, check.text) == (Status.WARNING, "1.0 runs from ~/z/tracer, but 0.9 is installed")


def test_what_one_needs_of_another_and_does_not_get_is_a_conflict() -> None:
    """Extras, markers and distributions that do not matter are left out."""
    dask = Distribution("dask", "2026.8.0")
    distributed = Distribution(
        "distributed", "2026.3.0",
        requires=("dask<2026.3.1,>=2026.3.0", "numpy>=9; extra == 'x'", "numpy>9; python_version < '3'",
                  "click>99", "numpy >= nonsense"),
    )  # fmt: skip
    assert conflicts(
        [dask, distributed, Distribution("numpy", "2"), Distribution("click", "8")], OWN, SHELL
    ) == [
        Check(
            "distributed",
            Status.WARNING,
            "2026.3.0 needs dask <2026.3.1,>=2026.3.0, not 2026.8.0",
            (Remedy("python -m pip install --upgrade distributed dask"),),
        )
    ]


@pytest.mark.parametrize(
    ("name", "status", "owner"),
    [("lazyscope", Status.PROBLEM, "-e ~/z"), ("lazyscope_tui", Status.PROBLEM, "-e ~/z"),
     ("sklearn", Status.WARNING, "--force-reinstall scikit-learn")],
)  # fmt: skip
def test_an_import_name_that_two_distributions_provide_is_a_conflict(
    name: str, status: Status, owner: str
) -> None:
    """They overwrite each other's files."""
    own = Own("1.0", "/home/ada/z/tracer", checkout="/home/ada/z")
    right = Distribution("scikit-learn", "1.9", provides=frozenset({"sklearn"}))
    other = Distribution("other", "0.1", provides=frozenset({name}))
    assert conflicts([right, other], own, SHELL) == [
        Check(
            name,
            status,
            "the distribution other 0.1 provides this import name too",
            (Remedy(f"python -m pip uninstall other && python -m pip install {owner}"),),
        )
    ]


def test_two_records_in_one_place_are_a_conflict() -> None:
    """In two places, the first is simply found first."""
    first = Distribution("numpy", "2.1", directory="/home/ada/v")
    assert conflicts([first, Distribution("numpy", "2.0", directory="/usr")], OWN, SHELL) == []
    (check,) = conflicts([first, Distribution("numpy", "2.0", directory="/home/ada/v")], OWN, SHELL)
    assert (check.status, check.text) == (Status.WARNING, "2.1 and 2.0 are both recorded in ~/v")


def test_modules_are_what_python_would_import() -> None:
    """A package before an extension before a file; a name may hold a version of Python."""
    suffixes = [".cpython-313-x86_64-linux-gnu.so", ".so", ".py"]
    files = ["random.py", "numpy.cpython-313-x86_64-linux-gnu.so", "numpy.py", "notes.txt", "dask.py"]
    found = modules(files, ["dask"], suffixes)
    assert {name: found[name] for name in needed(found)} == {
        "dask": "dask/",
        "numpy": "numpy.cpython-313-x86_64-linux-gnu.so",
        "random": "random.py",
    }


def test_names_that_nothing_needs_are_the_users() -> None:
    """Python has them, but nobody here imports them."""
    assert needed(dict.fromkeys(["test", "trace", "tracer", "tui", "turtle", "cmd", "this"], "x")) == []


def test_the_new_name_of_a_file_is_free() -> None:
    """Nothing is overwritten by what is to be typed."""
    shadow = Shadow("yaml", "yaml.py", "/home/ada/v/lib")
    (check,) = check_names([shadow], {"yaml.py", "my_yaml.py"}, SHELL)
    assert check == Check(
        "yaml.py",
        Status.PROBLEM,
        "a script in this directory imports it instead of the yaml in ~/v/lib",
        (Remedy("mv yaml.py my_my_yaml.py"),),
    )


def test_the_list_of_needed_modules_is_complete() -> None:
    """Everything of the standard library that the libraries load, but what no file can shadow."""
    program = (
        "import dask.array, dask.dataframe, distributed, numpy, sklearn, sys\n"
        "import scipy.cluster.vq, scipy.ndimage, scipy.optimize, scipy.signal, scipy.stats\n"
        "import lazyscope.capture.session, lazyscope.cli.show, rich.console\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {
        name
        for name in done.stdout.split()
        if name in sys.stdlib_module_names
        and name not in sys.builtin_module_names
        and FrozenImporter.find_spec(name) is None
        and not name.startswith("_")
    }
    assert len(loaded) > 80
    assert loaded - STDLIB <= {"encodings"}
