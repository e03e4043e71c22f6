"""What to type, in the words of this machine."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass

OVERLONG = 40


@dataclass(frozen=True)
class Shell:
    """How commands begin here."""

    home: str
    """The home directory."""
    python: str = "python"
    """What starts this interpreter."""
    uv: bool = False
    """Whether packages are installed with `uv`, since there is no pip."""

    def install(self, *requirements: str, upgrade: bool = False, force: bool = False) -> str:
        """The command that installs requirements."""
        options = ["--upgrade"] * upgrade + ["--force-reinstall"] * force
        return " ".join([self._pip("install"), *options, *map(shlex.quote, requirements)])

    def editable(self, checkout: str) -> str:
        """The command that installs a project from where it was checked out."""
        return f"{self._pip('install')} -e {self.path(checkout)}"

    def uninstall(self, distribution: str) -> str:
        """The command that removes a distribution."""
        return f"{self._pip('uninstall')} {shlex.quote(distribution)}"

    def _pip(self, verb: str) -> str:
        return f"uv pip {verb} --python {self.python}" if self.uv else f"{self.python} -m pip {verb}"

    def short(self, path: str) -> str:
        """A path with the home directory as ``~``."""
        if len(self.home) > 1 and (path == self.home or path.startswith(self.home + os.sep)):
            return "~" + path[len(self.home) :]
        return path

    def without_home(self, text: str) -> str:
        """A text in which paths below the home directory begin with ``~``."""
        return text.replace(self.home + os.sep, "~" + os.sep) if len(self.home) > 1 else text

    def path(self, path: str) -> str:
        """A path as a word of a command, with the home directory as ``~``."""
        short = self.short(path)
        if short.startswith("~" + os.sep):
            return "~" + os.sep + shlex.quote(short[2:])
        return shlex.quote(path)


def shown(value: str) -> str:
    """The value of a variable between quotes, its end left out if it is very long."""
    return f"'{value}'" if len(value) <= OVERLONG else f"'{value[:OVERLONG]}'... ({len(value):,} characters)"
