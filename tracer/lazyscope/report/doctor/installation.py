"""Reads what is recorded of installed distributions. Imports none of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from email.message import Message
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lazyscope import _version
from lazyscope.report.doctor.versions import Distribution, Own, import_names, normalised


def installed() -> list[Distribution]:
    """What is recorded as installed, in the order in which it would be found."""
    return [found for found in map(_read, metadata.distributions()) if found is not None]


def _read(distribution: metadata.Distribution) -> Distribution | None:
    """What is recorded of a distribution; None if its record is damaged."""
    try:
        # Read once: each access parses the file again.
        record: Message = distribution.metadata  # type: ignore[assignment]
        name, version = record.get("Name"), record.get("Version")
    except Exception:
        return None
    if not name or not version:
        return None
    return Distribution(
        name=normalised(name),
        version=version,
        requires=tuple(record.get_all("Requires-Dist") or ()),
        requires_python=record.get("Requires-Python") or "",
        directory=str(distribution.locate_file("")).rstrip("/"),
        provides=frozenset(_provided(distribution)),
    )


def _provided(distribution: metadata.Distribution) -> Iterator[str]:
    """Those of the import names in question that a distribution has files for."""
    files = "\n" + (distribution.read_text("RECORD") or "")
    tops = (distribution.read_text("top_level.txt") or "").split()
    for name in import_names():
        if f"\n{name}/__init__.py," in files or f"\n{name}.py," in files or name in tops:
            yield name


def comparable() -> bool:
    """Whether there is the ``packaging`` that compares versions."""
    return find_spec("packaging") is not None


def own(installed: Iterable[Distribution]) -> Own:
    """The lazyscope that runs: its requirements are those of its metadata, or of the project it lies in."""
    package = Path(_version.__file__).resolve().parent
    project = package.parents[1]
    checkout = project if (project / "pyproject.toml").is_file() else None
    recorded = next((found for found in installed if found.name == "lazyscope"), None)
    requires, python = (recorded.requires, recorded.requires_python) if recorded else _project(checkout)
    return Own(
        version=_version.__version__,
        directory=str(package.parent),
        requires=requires,
        requires_python=python,
        installed=recorded.version if recorded is not None else None,
        checkout=str(checkout) if checkout else _installed_from(),
    )


def _project(checkout: Path | None) -> tuple[tuple[str, ...], str]:
    """The requirements of a project that is not installed, as its metadata would have them."""
    if checkout is None:
        return (), ""
    import tomllib

    try:
        project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        extras = project["optional-dependencies"].items()
        optional = [f'{text}; extra == "{extra}"' for extra, texts in extras for text in texts]
        return (*project["dependencies"], *optional), project["requires-python"]
    except (OSError, ValueError, KeyError):
        return (), ""


def _installed_from() -> str | None:
    """The directory that lazyscope was installed from, if it was one."""
    try:
        url = json.loads(metadata.distribution("lazyscope").read_text("direct_url.json") or "{}")["url"]
    except (metadata.PackageNotFoundError, KeyError, ValueError, TypeError):
        return None
    directory = unquote(urlsplit(url).path)
    return directory if url.startswith("file:") and os.path.isdir(directory) else None
