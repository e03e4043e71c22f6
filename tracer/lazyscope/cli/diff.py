"""``lazyscope diff``: what became of the findings of one run in another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lazyscope.cli import status
from lazyscope.cli.writing import write_file
from lazyscope.errors import LazyscopeError
from lazyscope.text.harmless import harmless

if TYPE_CHECKING:
    from lazyscope.catalogue.before_after import BeforeAfter

FORMATS = {".md": "md", ".html": "html"}
"""Suffix of a file and its format."""


@click.command(epilog="Example: lazyscope diff lazyscope-kmeans-1.lazy lazyscope-kmeans-2.lazy")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "-o", "file", metavar="FILE", type=click.Path(path_type=Path), help="Write to FILE.md or FILE.html."
)
@click.option("--format", "wanted", type=click.Choice(list(FORMATS.values())), help="The format to write.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@click.option("--no-source", is_flag=True, help="Leave out the text of source lines.")
def diff(
    before: Path, after: Path, file: Path | None, wanted: str | None, overwrite: bool, no_source: bool
) -> None:
    """Compare two runs: which findings are new, gone, worse or better in AFTER.

    The exit status is 1 if AFTER is worse: a finding that can be mended is new or worse, more work is done
    twice, or the program no longer reaches its end. Counts decide; seconds only where they differ by more
    than half and by more than half a second.
    """
    from lazyscope.cli import progress

    chosen = wanted or (format_of(file) if file is not None else "terminal")
    with progress.stages() as stage:
        compared = _compared(before, after, stage)
        stage("drawing")
        text = _rendered(compared, chosen, source=not no_source)
    if file is None:
        from lazyscope.cli import stdout

        stdout.write(text)
    else:
        _write(file, text, compared, overwrite=overwrite, traces=(before, after))
    if compared.verdict == "worse":
        raise SystemExit(status.WORSE)


def format_of(file: Path) -> str:
    """The format that the suffix of `file` stands for.

    Raises
    ------
    LazyscopeError
        If it stands for none.
    """
    found = FORMATS.get(file.suffix.lower())
    if found is None:
        raise LazyscopeError(f"no format for {file}: the name must end in .md or .html, or give --format")
    return found


def _compared(before: Path, after: Path, stage: Callable[[str], None]) -> BeforeAfter:
    from lazyscope.catalogue.before_after import compare
    from lazyscope.model.trace import load

    stage(f"reading {before.name}")
    old = load(before)
    stage(f"reading {after.name}")
    new = load(after)
    stage("finding causes")
    return compare(old, new)


def _rendered(compared: BeforeAfter, chosen: str, *, source: bool) -> str:
    """The text in one format; each is loaded when it is used."""
    if chosen == "md":
        from lazyscope.report import diff_markdown

        return diff_markdown.render(compared, source=source)
    if chosen == "html":
        from lazyscope.report import diff_html

        return diff_html.render(compared, source=source)
    # Rich takes 50 ms to load, which no other format should pay.
    from lazyscope.report import diff_terminal

    return diff_terminal.render_for_stdout(compared, source=source)


def _write(
    file: Path, text: str, compared: BeforeAfter, *, overwrite: bool, traces: tuple[Path, Path]
) -> None:
    """Write the document, and say on stderr what the exit status rests on."""
    from lazyscope.report import diff_words

    if overwrite and file.exists() and file.samefile(traces[1]):
        raise LazyscopeError(f"{file} is one of the traces: give another name with -o")
    write_file(file, text, overwrite=overwrite, source=traces[0])
    said = f"{diff_words.verdict(compared)}: {diff_words.reasons(compared)}"
    click.echo(f"lazyscope: {harmless(said)}", err=True)
