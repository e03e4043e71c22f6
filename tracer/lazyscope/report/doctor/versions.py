"""Which versions are installed, and whether they are those that lazyscope needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lazyscope.report.doctor.checks import Check, Remedy, Status
from lazyscope.report.doctor.shell import Shell

WATCHED = {
    "dask": "dask",
    "numpy": "numpy",
    "scipy": "scipy",
    "scikit-learn": "sklearn",
    "array-api-compat": "array_api_compat",
    "array-api-extra": "array_api_extra",
    "distributed": "distributed",
    "xarray": "xarray",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
}
"""Distributions that matter, and what they are imported as."""

_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)\s*(?P<extras>\[[^]]*\])?\s*(?P<versions>[^;]*)(?P<marker>;.*)?")


@dataclass(frozen=True)
class Distribution:
    """What is recorded of an installed distribution."""

    name: str
    """Normalised: lower case, with hyphens."""
    version: str
    requires: tuple[str, ...] = ()
    requires_python: str = ""
    directory: str = ""
    provides: frozenset[str] = frozenset()
    """Those of the import names in question that it provides."""


@dataclass(frozen=True)
class Own:
    """The lazyscope that runs."""

    version: str
    directory: str
    """What its package lies in."""
    requires: tuple[str, ...] = ()
    requires_python: str = ""
    installed: str | None = None
    """The version that is recorded as installed, if one is."""
    checkout: str | None = None
    """The project it was checked out in or installed from, if it was."""


@dataclass(frozen=True)
class Need:
    """What lazyscope needs of a distribution."""

    name: str
    extras: str
    versions: str
    required: bool
    """If not, only extras need it."""

    @property
    def requirement(self) -> str:
        """What pip is to install."""
        return f"{self.name}{self.extras}{self.versions}"


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needs(requires: Iterable[str]) -> dict[str, Need]:
    """By distribution, what the requirements in a distribution's metadata come to."""
    found: dict[str, Need] = {}
    for text in requires:
        match = _REQUIREMENT.match(text)
        if match is None:
            continue
        required = "extra" not in (match["marker"] or "")
        name, versions = normalised(match["name"]), match["versions"].strip(" ()")
        need = Need(name, match["extras"] or "", versions, required)
        found[name] = _both(found[name], need) if name in found else need
    return found


def _both(first: Need, second: Need) -> Need:
    """The required one first, with the bounds of both."""
    if second.required and not first.required:
        first, second = second, first
    versions = ",".join(filter(None, dict.fromkeys([first.versions, second.versions])))
    return Need(first.name, first.extras, versions, first.required)


def check_versions(
    python: str, own: Own, installed: Sequence[Distribution], shell: Shell, *, comparable: bool = True
) -> list[Check]:
    """One line for each distribution that matters, and for any other that lazyscope needs and is not right.

    Parameters
    ----------
    python : str
        The version of Python.
    own : Own
        The lazyscope that runs.
    installed : sequence of Distribution
        Everything installed, in the order in which it would be found.
    shell : Shell
        How commands begin.
    comparable : bool
        Whether there is the ``packaging`` that compares versions.
    """
    first = {distribution.name: distribution for distribution in reversed(installed)}
    wanted = needs(own.requires)
    checks = [_python(python, own, comparable), check_own(own, shell)]
    checks += [_distribution(name, first.get(name), wanted.get(name), shell, comparable) for name in WATCHED]
    for name, need in wanted.items():
        if need.required and name not in WATCHED:
            check = _distribution(name, first.get(name), need, shell, comparable)
            checks += [check] if check.status is not Status.OK else []
    if not comparable:
        text = "not installed, though dask needs it: versions are not compared"
        checks.append(Check("packaging", Status.WARNING, text, (Remedy(shell.install("packaging")),)))
    return checks


def _python(version: str, own: Own, comparable: bool) -> Check:
    if _fits(version, own.requires_python, comparable):
        return Check("Python", Status.OK, version)
    text = f"{version}, but lazyscope needs {own.requires_python}"
    venv = Remedy("python3.13 -m venv venv && . venv/bin/activate", "or any other new enough")
    return Check("Python", Status.PROBLEM, text, (venv,))


def check_own(own: Own, shell: Shell) -> Check:
    """Whether the lazyscope that runs is the one that is installed."""
    install = (Remedy(install_own(own, shell)),)
    if own.installed is None:
        text = f"{own.version} from {shell.short(own.directory)}, not installed"
        return Check("lazyscope", Status.NOTE, text, install)
    if own.installed != own.version:
        text = f"{own.version} runs from {shell.short(own.directory)}, but {own.installed} is installed"
        return Check("lazyscope", Status.WARNING, text, install)
    return Check("lazyscope", Status.OK, own.version)


def install_own(own: Own, shell: Shell) -> str:
    """The command that installs the lazyscope that runs once more."""
    return shell.editable(own.checkout) if own.checkout else shell.install("lazyscope", force=True)


def _distribution(
    name: str, found: Distribution | None, need: Need | None, shell: Shell, comparable: bool
) -> Check:
    install = (Remedy(shell.install(need.requirement, upgrade=found is not None)),) if need else ()
    required = need is not None and need.required
    if found is None:
        if required:
            return Check(name, Status.PROBLEM, "not installed, but lazyscope needs it", install)
        return Check(name, Status.NOTE, "not installed")
    if need is None or _fits(found.version, need.versions, comparable):
        return Check(name, Status.OK, found.version)
    verb = "needs" if required else "is made for"
    text = f"{found.version}, but lazyscope {verb} {need.versions}"
    return Check(name, Status.PROBLEM if required else Status.WARNING, text, install)


def _fits(version: str, versions: str, comparable: bool) -> bool:
    if not versions or not comparable:
        return True
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        return SpecifierSet(versions).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def import_names(names: Mapping[str, str] = WATCHED) -> dict[str, str]:
    """By import name, the distribution that ought to provide it; ours included."""
    ours = {"lazyscope": "lazyscope", "lazyscope_tui": "lazyscope"}
    return ours | {imported: name for name, imported in names.items()}
