"""What SCIPY_ARRAY_API and dask's configuration are said to do, against the libraries that read them."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from lazyscope.report.doctor import commands, machine, switches
from lazyscope.report.doctor.checks import Remedy, Status
from lazyscope.report.doctor.dask_settings import (
    SCHEDULERS,
    WORKERS,
    Setting,
    Source,
    array_backend,
    scheduler,
    unreadable,
)
from lazyscope.report.doctor.shell import Shell
from lazyscope.report.doctor.versions import Own

SHELL = Shell("/home/ada")
HERE = {"numpy", "dask.array"}
VALUES = [
    "", "0", "1", "2", " 1", "true", "TRUE", "All", "false", "dask.array", '["dask.array"]',
    '["numpy", "torch"]', '["all"]', '"all"', "[]", "[[]]", "null", '{"numpy": 1}',
]  # fmt: skip


def scipy_file(*parts: str) -> Path:
    """A file of the installed SciPy."""
    spec = importlib.util.find_spec("scipy")
    if spec is None or spec.origin is None:
        pytest.skip("SciPy is not installed")
    return Path(spec.origin).parent.joinpath(*parts)


@pytest.mark.parametrize("value", [None, *VALUES])
def test_the_switch_is_read_as_scipy_reads_it(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """Any text is on, "0" too."""
    monkeypatch.delenv("SCIPY_ARRAY_API", raising=False)
    if value is not None:
        monkeypatch.setenv("SCIPY_ARRAY_API", value)
    module = runpy.run_path(str(scipy_file("_lib", "_array_api_override.py")))
    assert switches.is_on(value) == bool(module["SCIPY_ARRAY_API"])


@pytest.mark.parametrize("value", [value for value in VALUES if value])
def test_the_switch_is_read_as_scipys_tests_read_it(value: str) -> None:
    """By the very statement of its conftest."""
    tree = ast.parse(scipy_file("conftest.py").read_text())
    (statement,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "SCIPY_ARRAY_API.lower()" in ast.unparse(node.test)
    ]
    backends = [SimpleNamespace(id=name) for name in HERE]
    scope = {
        "SCIPY_ARRAY_API": value,
        "json": json,
        "xp_available_backend_ids": HERE,
        "xp_available_backends": backends,
    }
    expected = None
    with contextlib.suppress(ValueError, TypeError):
        exec(compile(ast.Module([statement], []), "conftest", "exec"), scope)
        expected = {backend.id for backend in scope["xp_available_backends"]}  # type: ignore[attr-defined]
    assert switches.tested_namespaces(value, HERE) == expected


def test_the_known_backends_are_scipys() -> None:
    """All that its conftest knows."""
    text = scipy_file("conftest.py").read_text()
    start = text.index("xp_known_backends = {")
    assert ast.literal_eval(text[text.index("{", start) : text.index("}", start) + 1]) <= set(
        switches.BACKENDS
    )


@pytest.mark.parametrize("value", VALUES)
def test_the_switch_is_read_as_scikit_learn_reads_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """It wants exactly 1, and otherwise raises once dispatch is turned on."""
    pytest.importorskip("sklearn")
    from sklearn.utils._array_api import _check_array_api_dispatch

    monkeypatch.setenv("SCIPY_ARRAY_API", value)
    check = switches.sklearn_dispatch(value)
    if value == "1":
        _check_array_api_dispatch(True)
        assert check.remedies == (Remedy("sklearn.set_config(array_api_dispatch=True)", "in the program"),)
        return
    with pytest.raises(RuntimeError):
        _check_array_api_dispatch(True)
    assert (check.status is Status.WARNING) == bool(value)


@pytest.mark.parametrize(
    ("value", "status", "text"),
    [
        (None, Status.WARNING, "not set: SciPy converts dask arrays to NumPy, which computes them"),
        ("", Status.WARNING, "empty, which is off: SciPy converts dask arrays to NumPy, which computes them"),
        ("1", Status.OK, "'1': SciPy keeps dask arrays lazy where it can"),
        (
            '["dask.array"]',
            Status.OK,
            "'[\"dask.array\"]': SciPy keeps dask arrays lazy where it can; its own tests run on dask.array "
            "only",
        ),
        (
            "False",
            Status.PROBLEM,
            "'False': SciPy takes any text for on, this too; its own tests end while they start",
        ),
        (
            "dask.array",
            Status.PROBLEM,
            "'dask.array': on, but SciPy's own tests end while they start: they take 1, true, all or a JSON "
            "list of installed namespaces",
        ),
    ],
)
def test_the_switch_is_explained(value: str | None, status: Status, text: str) -> None:
    """By what follows from it."""
    check = switches.scipy_switch(value, HERE)
    assert (check.status, check.text) == (status, text)
    assert bool(check.remedies) == (status is not Status.OK)


def test_a_deeply_nested_value_is_read_like_any_other() -> None:
    """The parser gives up; so does SciPy's conftest."""
    assert switches.tested_namespaces("[" * 100_000, HERE) is None


def test_the_schedulers_are_dasks() -> None:
    """All that it has names for, and the cluster."""
    from dask.base import named_schedulers

    assert set(named_schedulers) | {"distributed", "dask.distributed"} == {*SCHEDULERS, *WORKERS}


@pytest.mark.parametrize(
    ("value", "status"),
    [(None, Status.OK), ("", Status.OK), ("Threads", Status.OK), ("distributed", Status.NOTE),
     ("turbo", Status.PROBLEM), (4, Status.PROBLEM)],
)  # fmt: skip
def test_a_scheduler_that_dask_does_not_have_goes_wrong(value: object, status: Status) -> None:
    """As at the first compute."""
    assert scheduler(Setting(value, [Source("DASK_SCHEDULER", value, variable=True)]), SHELL).status is status


def test_a_value_is_undone_where_it_was_set() -> None:
    """Unsetting a variable does not help where a file says the same."""
    variable = Source("DASK_ARRAY__QUERY_PLANNING", True, variable=True)
    file = Source("/home/ada/.config/dask/x.yaml", True)
    overrule = "export DASK_ARRAY__QUERY_PLANNING=False"
    for sources, remedy in [
        ([variable], Remedy("unset DASK_ARRAY__QUERY_PLANNING")),
        ([file], Remedy(overrule, "overrules ~/.config/dask/x.yaml")),
        ([file, variable], Remedy(overrule)),
        ([], Remedy(overrule)),
    ]:
        assert array_backend(Setting(True, sources), SHELL).remedies == (remedy,)


def test_a_source_that_does_not_explain_the_value_is_not_named() -> None:
    """Whoever started this process may have set it too."""
    assert Setting(True, [Source("x.yaml", False)]).source is None
    assert array_backend(Setting(False), SHELL).text == "graphs (array.query-planning is false)"


@pytest.mark.parametrize(
    ("error", "command"),
    [
        (ModuleNotFoundError("No module named 'toolz'"), "python -m pip install 'dask[array]'"),
        (RuntimeError("at /home/ada/x"), 'python -c "import dask"'),
        (
            ValueError("A dask config file at '/home/ada/a b.yaml' is malformed"),
            "mv ~/'a b.yaml' ~/'a b.yaml.off'",
        ),
    ],
)
def test_a_dask_that_cannot_be_imported_is_mended(error: Exception, command: str) -> None:
    """By what the error says."""
    check = unreadable(error, SHELL)
    assert (check.status, check.remedies[0].command) == (Status.PROBLEM, command)
    assert "/home/ada" not in check.text


@pytest.mark.parametrize(
    ("found", "own", "ours", "status", "text"),
    [
        ("/home/ada/v/bin/lazyscope", None, True, Status.OK, "~/v/bin/lazyscope"),
        (None, "/v/bin/lazyscope", False, Status.NOTE, "/v/bin/lazyscope is not on PATH"),
        (None, None, False, Status.NOTE, "none on PATH"),
        (
            "/w/lazyscope", "/v/bin/lazyscope", False, Status.WARNING,
            "/w/lazyscope, the first on PATH, belongs to another environment than this one",
        ),
    ],
)  # fmt: skip
def test_the_command_is_that_of_this_environment(
    found: str | None, own: str | None, ours: bool, status: Status, text: str
) -> None:
    """If not, how to start this one."""
    check = commands.command(found, own, ours=ours, shell=SHELL)
    assert (check.status, check.text) == (status, text)
    assert check.remedies == (() if ours else (Remedy("python -m lazyscope"),))


def test_a_plugin_that_pytest_does_not_find_is_named() -> None:
    """With what makes it found."""
    assert commands.plugin(True, Own("1", "/x"), SHELL).status is Status.OK
    check = commands.plugin(False, Own("1", "/x", checkout="/home/ada/x"), SHELL)
    assert (check.status, check.text) == (Status.WARNING, "not registered: lazyscope is not installed")
    assert [remedy.command for remedy in check.remedies] == [
        "python -m pip install -e ~/x",
        "python -m pytest -p lazyscope.pytest_plugin --lazyscope",
    ]


def test_memory_is_what_the_process_may_take() -> None:
    """And where the machine has more, that is said."""
    assert machine.memory(8 * 10**9, 3 * 10**9, 8 * 10**9).text == "8 GB, 3 GB free"
    assert machine.memory(4 * 10**9, 0, 64 * 10**9).text == (
        "4 GB, 0 B free; a control group sets that limit, the machine has 64 GB"
    )
    assert machine.memory(None, None, None).status is Status.NOTE
