"""Looks at this machine and this directory for the checks. Imports nothing of what it looks for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from importlib.machinery import all_suffixes
from importlib.util import find_spec
from pathlib import Path

from lazyscope.report.doctor.names import STDLIB, Shadow, modules, needed
from lazyscope.report.doctor.shell import Shell
from lazyscope.report.doctor.switches import BACKENDS

DOT_SECONDS = 20
"""How long ``dot -V`` may take: the first start of a fresh installation reads every font."""


def shell() -> Shell:
    """How commands begin here."""
    return Shell(
        home=os.path.expanduser("~"),
        python=_python(),
        uv=find_spec("pip") is None and shutil.which("uv") is not None,
    )


def _python() -> str:
    """`python` where that is this interpreter, else the way to it."""
    found = shutil.which("python")
    if found is not None and os.path.dirname(found) == os.path.dirname(sys.executable):
        return "python"
    return Shell(os.path.expanduser("~")).path(sys.executable or "python3")


def available_backends() -> set[str]:
    """The namespaces of `BACKENDS` that are installed."""
    return {backend for backend, package in BACKENDS.items() if find_spec(package) is not None}


def files(directory: Path) -> set[str]:
    """The names in a directory."""
    return {path.name for path in directory.iterdir()}


def shadows(directory: Path) -> list[Shadow]:
    """The modules of a directory that have the name of one that is needed and lies elsewhere."""
    ends = all_suffixes()
    packages = [
        path.name for path in directory.iterdir() if any((path / f"__init__{end}").is_file() for end in ends)
    ]
    plain = [path.name for path in directory.iterdir() if path.is_file()]
    found = modules(plain, packages, ends)
    return [shadow for name in needed(found) for shadow in _shadow(name, directory / found[name])]


def _shadow(name: str, path: Path) -> Iterator[Shadow]:
    """Nothing if the module is the one that is needed, as where a package is developed."""
    file = f"{path.name}/" if path.is_dir() else path.name
    if name in STDLIB:
        if not _same(str(path.parent), sysconfig.get_path("stdlib")):
            yield Shadow(name, file)
        return
    origin = _origin(name)
    if origin is not None and not _same(str(path), origin):
        yield Shadow(name, file, instead_of=os.path.dirname(origin))


def _origin(name: str) -> str | None:
    """The file or directory a package is imported from; None if it is not installed."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return None
    is_package = spec.submodule_search_locations is not None
    return os.path.dirname(spec.origin) if is_package else spec.origin


def _same(first: str, second: str) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)


def command() -> tuple[str | None, str | None, bool]:
    """The `lazyscope` that a shell starts, that of this environment, and whether the first belongs to it."""
    found = shutil.which("lazyscope")
    scripts = sysconfig.get_path("scripts")
    own_one = shutil.which("lazyscope", path=scripts)
    return found, own_one, found is not None and _ours(found, scripts)


def _ours(script: str, scripts: str) -> bool:
    """Whether a script lies among those of this environment, or starts its interpreter."""
    if _same(os.path.dirname(script), scripts) or _same(os.path.dirname(os.path.realpath(script)), scripts):
        return True
    try:
        with open(script, "rb") as stream:
            start = stream.read(1000).decode("utf-8", "replace")
    except OSError:
        return False
    # An interpreter whose path is too long for the first line stands in the second one.
    words = start.replace("#!", " ").replace("'''", " ").split()[:4]
    interpreters = [word for word in words if os.path.basename(word).startswith("python") and "/" in word]
    return any(_same(os.path.dirname(word), os.path.dirname(sys.executable)) for word in interpreters)


def plugin() -> bool | None:
    """Whether our pytest plugin is registered; None if there is no pytest or no plugin."""
    if find_spec("pytest") is None or find_spec("lazyscope.pytest_plugin") is None:
        return None
    return bool(metadata.entry_points(group="pytest11", name="lazyscope"))


def dot() -> tuple[str | None, str | None]:
    """Where ``dot`` is, and what it says its version is."""
    found = shutil.which("dot")
    if found is None:
        return None, None
    try:
        done = subprocess.run(
            [found, "-V"], capture_output=True, text=True, errors="replace", timeout=DOT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return found, None
    return found, (done.stderr + done.stdout if done.returncode == 0 else None)


def physical_bytes() -> int | None:
    """What memory the machine has."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
