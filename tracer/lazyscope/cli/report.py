"""``lazyscope report``: a trace as a document, in the format of the file's suffix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from lazyscope.cli.writing import write_file
from lazyscope.errors import LazyscopeError

if TYPE_CHECKING:
    from lazyscope.model.trace import TraceData

FORMATS = {".html": "html", ".md": "md", ".json": "json", ".sarif": "sarif", ".trace.json": "trace"}
"""Suffix of a file and its format. Of two that fit, the longer one counts."""


@click.command(epilog="Example: lazyscope report lazyscope-kmeans-1.lazy -o kmeans.html")
@click.argument("trace", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to FILE; its suffix is the format.",
)
@click.option("--format", "wanted", type=click.Choice(list(FORMATS.values())), help="The format to write.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@click.option("--no-source", is_flag=True, help="Leave out the text of source lines.")
def report(trace: Path, file: Path | None, wanted: str | None, overwrite: bool, no_source: bool) -> None:
    """Write what TRACE holds as one document, to a file or to standard output.

    The format is that of FILE's suffix, or the one named by --format.

    \b
    .html        one page for the browser: findings, graphs, timeline, all forces
    .md          Markdown for an issue: findings, fixes and a table of forces
    .json        everything, for programs; its schema is published
    .sarif       findings for code scanning and editors (SARIF 2.1.0)
    .trace.json  a timeline for Perfetto and speedscope (Trace Event JSON)
    """  # noqa: D301, click wants the character itself
    if file is None and wanted is None:
        raise click.UsageError("Say where to write: -o FILE.html, or --format md for standard output.")
    chosen = wanted or format_of(file or Path())
    from lazyscope.cli import progress, stdout
    from lazyscope.model.trace import load

    with progress.stages() as stage:
        stage(f"reading {trace.name}")
        found = load(trace)
        stage("finding causes and writing them down")
        text = renderer_of(chosen)(found, source=not no_source)
    if file is None:
        stdout.write(text)
    else:
        write_file(file, text, overwrite=overwrite, source=trace)


def format_of(file: Path) -> str:
    """The format that the suffix of `file` stands for.

    Raises
    ------
    LazyscopeError
        If it stands for none.
    """
    name = file.name.lower()
    for suffix in sorted(FORMATS, key=len, reverse=True):
        if name.endswith(suffix):
            return FORMATS[suffix]
    *others, last = FORMATS
    raise LazyscopeError(
        f"no format for {file}: the name must end in {', '.join(others)} or {last}, or give --format"
    )


class Renderer(Protocol):
    """Makes the text of one format from a trace."""

    def __call__(self, trace: TraceData, *, source: bool) -> str: ...


def renderer_of(chosen: str) -> Renderer:
    """What writes a format; each is loaded when it is used."""
    if chosen == "html":
        from lazyscope.report.html import html_report

        return html_report.render
    if chosen == "md":
        from lazyscope.report import markdown_report

        return markdown_report.render
    if chosen == "sarif":
        from lazyscope.report import sarif_report

        return sarif_report.render
    if chosen == "trace":
        from lazyscope.report import trace_events

        return trace_events.render
    from lazyscope.report import json_report

    return json_report.render
