"""Installed distributions that contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lazyscope.report.doctor.checks import Check, Remedy, Status
from lazyscope.report.doctor.shell import Shell
from lazyscope.report.doctor.versions import WATCHED, Distribution, Own, import_names, install_own, normalised


def conflicts(
    installed: Sequence[Distribution], own: Own, shell: Shell, *, comparable: bool = True
) -> list[Check]:
    """One line for each contradiction.

    Parameters
    ----------
    installed : sequence of Distribution
        Everything installed, in the order in which it would be found.
    own : Own
        The lazyscope that runs.
    shell : Shell
        How commands begin.
    comparable : bool
        Whether there is the ``packaging`` that compares versions.
    """
    found = [*_import_names(installed, own, shell), *_recorded_twice(installed, shell)]
    return found + (_unmet(installed, shell) if comparable else [])


def _import_names(installed: Iterable[Distribution], own: Own, shell: Shell) -> list[Check]:
    """Import names that a distribution provides which should not."""
    owners = import_names()
    return [
        _intruder(name, owners[name], distribution, own, shell)
        for distribution in installed
        for name in sorted(distribution.provides)
        if distribution.name != owners[name]
    ]


def _intruder(name: str, owner: str, intruder: Distribution, own: Own, shell: Shell) -> Check:
    text = f"the distribution {intruder.name} {intruder.version} provides this import name too"
    again = install_own(own, shell) if owner == "lazyscope" else shell.install(owner, force=True)
    remedy = Remedy(f"{shell.uninstall(intruder.name)} && {again}")
    return Check(name, Status.PROBLEM if owner == "lazyscope" else Status.WARNING, text, (remedy,))


def _recorded_twice(installed: Iterable[Distribution], shell: Shell) -> list[Check]:
    """Distributions that a broken installation left two versions of in one place."""
    places: dict[tuple[str, str], list[str]] = {}
    for distribution in installed:
        if distribution.name in WATCHED or distribution.name == "lazyscope":
            places.setdefault((distribution.name, distribution.directory), []).append(distribution.version)
    return [
        Check(
            name,
            Status.WARNING,
            f"{' and '.join(versions)} are both recorded in {shell.short(directory)}",
            (Remedy(shell.install(name, force=True)),),
        )
        for (name, directory), versions in places.items()
        if len(set(versions)) > 1
    ]


def _unmet(installed: Sequence[Distribution], shell: Shell) -> list[Check]:
    """What one of the distributions that matter needs of another and does not get."""
    first = {distribution.name: distribution for distribution in reversed(installed)}
    matter = [first[name] for name in WATCHED if name in first]
    return [
        Check(
            needing.name,
            Status.WARNING,
            f"{needing.version} needs {needed.name} {versions}, not {needed.version}",
            (Remedy(shell.install(needing.name, needed.name, upgrade=True)),),
        )
        for needing in matter
        for needed, versions in _not_fitting(needing, first)
    ]


def _not_fitting(needing: Distribution, first: dict[str, Distribution]) -> Iterable[tuple[Distribution, str]]:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.version import InvalidVersion

    for text in needing.requires:
        try:
            requirement = Requirement(text)
            needed = first.get(normalised(requirement.name))
            applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if needed is None or needed.name not in WATCHED or not applies:
                continue
            if not requirement.specifier.contains(needed.version, prereleases=True):
                yield needed, str(requirement.specifier)
        except (InvalidRequirement, InvalidVersion):
            continue
