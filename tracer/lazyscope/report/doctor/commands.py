"""Commands and entry points that lazyscope is reached by, or that it starts."""

from __future__ import annotations

import re

from lazyscope.report.doctor.checks import Check, Remedy, Status
from lazyscope.report.doctor.shell import Shell
from lazyscope.report.doctor.versions import Own, install_own

_COMMAND, _PLUGIN, _DOT = "lazyscope command", "pytest plugin", "dot"
_GET_DOT = (
    Remedy("sudo apt install graphviz", "Debian, Ubuntu"),
    Remedy("brew install graphviz", "macOS"),
    Remedy("conda install graphviz", "conda"),
)


def command(found: str | None, own: str | None, *, ours: bool, shell: Shell) -> Check:
    """Which `lazyscope` a shell starts.

    Parameters
    ----------
    found : str or None
        The first on PATH.
    own : str or None
        That of this environment, on PATH or not.
    ours : bool
        Whether the first on PATH belongs to this environment.
    shell : Shell
        How commands begin.
    """
    instead = (Remedy(f"{shell.python} -m lazyscope"),)
    if found is None:
        text = "none on PATH" if own is None else f"{shell.short(own)} is not on PATH"
        return Check(_COMMAND, Status.NOTE, text, instead)
    if ours:
        return Check(_COMMAND, Status.OK, shell.short(found))
    text = f"{shell.short(found)}, the first on PATH, belongs to another environment than this one"
    return Check(_COMMAND, Status.WARNING, text, instead)


def plugin(registered: bool, own: Own, shell: Shell) -> Check:
    """Whether pytest finds our plugin by itself.

    Parameters
    ----------
    registered : bool
        Whether there is an entry point for it.
    own : Own
        The lazyscope that runs.
    shell : Shell
        How commands begin.
    """
    if registered:
        return Check(_PLUGIN, Status.OK, "registered: pytest --lazyscope")
    reason = "lazyscope is installed without it" if own.installed else "lazyscope is not installed"
    by_hand = Remedy(f"{shell.python} -m pytest -p lazyscope.pytest_plugin --lazyscope")
    return Check(
        _PLUGIN, Status.WARNING, f"not registered: {reason}", (Remedy(install_own(own, shell)), by_hand)
    )


def dot(found: str | None, answer: str | None, shell: Shell) -> Check:
    """Whether graphs can be drawn.

    Parameters
    ----------
    found : str or None
        Where ``dot`` is.
    answer : str or None
        What ``dot -V`` says; None if it fails.
    shell : Shell
        How paths are written.
    """
    if found is None:
        text = "not on PATH: only pictures of graphs need it, everything else works"
        return Check(_DOT, Status.NOTE, text, _GET_DOT)
    if answer is None:
        text = f"{shell.short(found)} does not start: pictures of graphs need it, nothing else does"
        return Check(_DOT, Status.WARNING, text, _GET_DOT)
    version = re.search(r"version (\d[\w.]*)", answer)
    return Check(_DOT, Status.OK, f"{version[1] if version else 'version unknown'}, {shell.short(found)}")
