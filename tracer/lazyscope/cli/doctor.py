"""``lazyscope doctor``: what in this environment decides whether arrays stay lazy."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lazyscope.cli import status

if TYPE_CHECKING:
    from lazyscope.report.doctor.checks import Check, Group
    from lazyscope.report.doctor.dask_settings import Setting, Source
    from lazyscope.report.doctor.shell import Shell
    from lazyscope.report.doctor.versions import Distribution, Own


@click.command(epilog="Example: lazyscope doctor")
@click.option("--format", "wanted", type=click.Choice(["json"]), help="Write for other programs.")
def doctor(wanted: str | None) -> None:
    """Say what decides here whether SciPy and scikit-learn stay lazy, and what to type where it is not right.

    Marks: ok, - neither right nor wrong, ! to mend, x goes wrong until mended. With an x the status is 1.
    """
    with _directory_last():
        from lazyscope.cli import stdout
        from lazyscope.report.doctor import render
        from lazyscope.report.doctor.checks import Status, of_status

        groups = list(examine())
        stdout.write(render.render_json(groups) if wanted else render.render_for_stdout(groups))
    if of_status(groups, Status.PROBLEM):
        sys.exit(status.WORSE)


@contextmanager
def _directory_last() -> Iterator[None]:
    """Look for modules in the working directory last, whatever PYTHONPATH says.

    What lies there may have the name of a module that is needed for looking at it.
    """
    before = list(sys.path)
    try:
        here = os.getcwd()
    except OSError:
        here = ""
    sys.path.sort(key=lambda place: place in ("", ".", here))
    try:
        yield
    finally:
        sys.path[:] = before


def examine() -> Iterator[Group]:
    """Look at everything; what cannot be looked at is said, and the rest goes on."""
    from lazyscope.report.doctor import installation, surroundings
    from lazyscope.report.doctor.checks import Check, Group, Status

    shell = surroundings.shell()
    installed = installation.installed()
    own = installation.own(installed)
    groups: dict[str, Callable[[], list[Check]]] = {
        "versions": lambda: _versions(installed, own, shell),
        "SciPy and scikit-learn": _switches,
        "dask": lambda: _dask(shell),
        "names": lambda: _names(shell),
        "commands": lambda: _commands(own, shell),
        "machine": _machine,
    }
    for title, look in groups.items():
        try:
            checks = look()
        except Exception as error:
            text = shell.without_home(f"could not be looked at: {type(error).__name__}: {error}")
            checks = [Check(title, Status.WARNING, text)]
        yield Group(title, checks)


def _versions(installed: list[Distribution], own: Own, shell: Shell) -> list[Check]:
    import platform

    from lazyscope.report.doctor import installation
    from lazyscope.report.doctor.conflicts import conflicts
    from lazyscope.report.doctor.versions import check_versions

    comparable = installation.comparable()
    versions = check_versions(platform.python_version(), own, installed, shell, comparable=comparable)
    return versions + conflicts(installed, own, shell, comparable=comparable)


def _switches() -> list[Check]:
    from importlib.util import find_spec

    from lazyscope.report.doctor import surroundings, switches

    value = os.environ.get(switches.VARIABLE)
    checks = []
    if find_spec("scipy") is not None:
        checks.append(switches.scipy_switch(value, surroundings.available_backends()))
        checks.append(switches.scipy_device(os.environ.get(switches.DEVICE)))
    if find_spec("sklearn") is not None:
        checks.append(switches.sklearn_dispatch(value))
    return checks


def _dask(shell: Shell) -> list[Check]:
    from importlib.util import find_spec

    from lazyscope.report.doctor import dask_settings as settings

    if find_spec("dask") is None:
        return []
    try:
        return [
            settings.array_backend(_setting(settings.QUERY_PLANNING), shell),
            settings.scheduler(_setting(settings.SCHEDULER), shell),
        ]
    except Exception as error:
        return [settings.unreadable(error, shell)]


def _setting(option: str) -> Setting:
    """An option of dask's configuration; importing that loads neither dask.array nor NumPy."""
    import dask.config

    from lazyscope.report.doctor.dask_settings import Setting

    return Setting(dask.config.get(option, None), list(_sources(option)))


def _sources(option: str) -> Iterator[Source]:
    """What sets an option, in dask's order: files first, then environment variables."""
    import dask.config

    from lazyscope.report.doctor.dask_settings import Source

    missing = object()
    for path, content in dask.config.collect_yaml(dask.config.paths, return_paths=True):
        value = dask.config.get(option, missing, config=content)
        if value is not missing:
            yield Source(str(path), value)
    for name, text in os.environ.items():
        key = name.removeprefix("DASK_").lower().replace("__", ".").replace("_", "-")
        if name.startswith("DASK_") and key == option:
            yield Source(name, dask.config.interpret_value(text), variable=True)


def _names(shell: Shell) -> list[Check]:
    from lazyscope.report.doctor import surroundings
    from lazyscope.report.doctor.names import check_names, no_directory

    try:
        directory = Path.cwd()
        found, taken = surroundings.shadows(directory), surroundings.files(directory)
    except OSError:
        return [no_directory()]
    return check_names(found, taken, shell)


def _commands(own: Own, shell: Shell) -> list[Check]:
    from lazyscope.report.doctor import commands, surroundings

    first, own_one, ours = surroundings.command()
    checks = [commands.command(first, own_one, ours=ours, shell=shell)]
    registered = surroundings.plugin()
    if registered is not None:
        checks.append(commands.plugin(registered, own, shell))
    return [*checks, commands.dot(*surroundings.dot(), shell)]


def _machine() -> list[Check]:
    from lazyscope.capture import memory
    from lazyscope.report.doctor import machine, surroundings

    return [machine.memory(memory.limit_bytes(), memory.free_bytes(), surroundings.physical_bytes())]
