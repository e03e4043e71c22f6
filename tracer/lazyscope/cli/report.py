"""``lazyscope report``: a trace as a document."""

from __future__ import annotations

from pathlib import Path

import click

from lazyscope.errors import LazyscopeError

FORMATS = {".json": "json"}
"""Suffix of a file and its format."""
OTHER_SUFFIXES = (".trace.json",)
"""Suffixes that end like one of these and mean something else."""


@click.command(epilog="Example: lazyscope report lazyscope-kmeans-1.lazy -o kmeans.json")
@click.argument("trace", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to FILE; its suffix is the format.",
)
@click.option("--format", "wanted", type=click.Choice(sorted(FORMATS.values())), help="The format to write.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@click.option("--no-source", is_flag=True, help="Leave out the text of source lines.")
def report(trace: Path, file: Path | None, wanted: str | None, overwrite: bool, no_source: bool) -> None:
    """Write everything TRACE holds as one document, to a file or to standard output.

    The format is that of FILE's suffix, or the one named by --format. There is one so far: json.
    """
    if file is None and wanted is None:
        raise click.UsageError("Say where to write: -o FILE.json, or --format json for standard output.")
    if file is not None and wanted is None:
        format_of(file)
    from lazyscope.cli import stdout
    from lazyscope.model.trace import load
    from lazyscope.report import json_report

    text = json_report.render(load(trace), source=not no_source)
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
    for suffix, found in FORMATS.items():
        if name.endswith(suffix) and not name.endswith(OTHER_SUFFIXES):
            return found
    raise LazyscopeError(
        f"no format for {file}: the name must end in {' or '.join(FORMATS)}, or give --format"
    )


def write_file(file: Path, text: str, *, overwrite: bool, source: Path) -> None:
    """Write `text`, which was made from `source`, to `file`.

    Raises
    ------
    LazyscopeError
        If the file exists and is not to be overwritten, is the source itself, or cannot be written.
    """
    try:
        if overwrite and file.exists() and file.samefile(source):
            raise LazyscopeError(f"{file} is the trace itself: give another name with -o")
        with file.open("w" if overwrite else "x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        raise LazyscopeError(
            f"{file} exists and would be lost: give another name with -o, or --overwrite"
        ) from None
    except OSError as error:
        raise LazyscopeError(f"cannot write {file}: {error.strerror}; give another name with -o") from None
