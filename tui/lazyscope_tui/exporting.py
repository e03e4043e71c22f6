"""What can be written of a trace, and where to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from lazyscope.catalogue.diagnose import diagnose
from lazyscope.cli.graph import FORMATS as PICTURES
from lazyscope.cli.report import FORMATS as REPORTS
from lazyscope.cli.report import renderer_of
from lazyscope.errors import LazyscopeError
from lazyscope.model.trace import TraceData
from lazyscope.report.graphs.picture import VIEWS, View
from lazyscope.text.harmless import harmless
from lazyscope.whole_files import write_whole
from lazyscope_tui.session import Session

_LONGEST_STEM = 200
"""Bytes; file systems take 255 for the whole name."""
_REPORTS = {
    "html": "one page for the browser, with everything",
    "md": "Markdown for an issue: findings and fixes",
    "json": "everything, for programs",
    "sarif": "findings for code scanning and editors",
    "trace": "a timeline for Perfetto and speedscope",
}
_VIEWS = {
    "program": "the run from top to bottom",
    "dataflow": "which arrays were made from which",
    "layers": "the layers of the dearest force",
}


@dataclass(frozen=True)
class Export:
    """One thing that can be written."""

    suffix: str
    """How the name of its file ends."""
    what: str
    made: Callable[[TraceData], str | bytes]


def exports() -> list[Export]:
    """Reports first, then pictures."""
    return [*_reports(), *_pictures()]


def _reports() -> Iterator[Export]:
    for suffix, name in REPORTS.items():
        yield Export(suffix, _REPORTS[name], partial(_rendered, name))


def _pictures() -> Iterator[Export]:
    for view in VIEWS:
        for suffix in PICTURES:
            ending = suffix if view == VIEWS[0] else f"-{view}{suffix}"
            yield Export(ending, f"graph: {_VIEWS[view]}", partial(_drawn, view, suffix[1:]))


def _rendered(name: str, trace: TraceData) -> str:
    return renderer_of(name)(trace, source=True)


def _drawn(view: View, kind: str, trace: TraceData) -> str | bytes:
    from lazyscope.report.graphs.dot_source import dot_source
    from lazyscope.report.graphs.drawing import picture_of
    from lazyscope.report.graphs.rendering import rendered

    dot = dot_source(picture_of(trace, diagnose(trace), view))
    return dot if kind == "dot" else rendered(dot, kind)


def free_path(session: Session, suffix: str) -> Path:
    """A name in the working directory that nothing has: ``kmeans.html``, else ``kmeans-2.html``."""
    stem = _stem(session.path) if session.path is not None else "lazyscope"
    names = (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}" for number in count(1))
    return next(path for path in map(Path, names) if not os.path.lexists(path))


def _stem(trace: Path) -> str:
    """Its name without suffix, harmless, as it is shown and typed over, with room for a longer suffix."""
    return harmless(trace.stem).encode()[:_LONGEST_STEM].decode(errors="ignore")


def write_new(file: Path, content: str | bytes) -> None:
    """Write a file that does not exist yet.

    Raises
    ------
    LazyscopeError
        If it exists, or cannot be written.
    """
    try:
        write_whole(file, content.encode() if isinstance(content, str) else content, overwrite=False)
    except FileExistsError:
        raise LazyscopeError(f"{file} exists and would be lost: give another name") from None
    except OSError as error:
        raise LazyscopeError(f"cannot write {file}: {error.strerror}; give another name") from None
    except ValueError:
        # NUL, or a character that the file system cannot encode.
        raise LazyscopeError(f"cannot write {file}: it is no name of a file; give another name") from None
