"""``lazyscope graph``: a picture of a trace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lazyscope.cli.writing import write_file
from lazyscope.errors import LazyscopeError

if TYPE_CHECKING:
    from lazyscope.report.graphs.picture import View

FORMATS = (".svg", ".png", ".pdf", ".dot")


@click.command(epilog="Example: lazyscope graph lazyscope-kmeans-1.lazy -o kmeans.svg")
@click.argument("trace", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "file",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    help="Write to FILE.svg, .png, .pdf or .dot.",
)
@click.option(
    "--view",
    type=click.Choice(["program", "dataflow", "layers"]),
    default="program",
    show_default=True,
    help="What to draw.",
)
@click.option("--force", type=int, metavar="N", help="Draw the layers of force N (with --view layers).")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@click.option("--no-source", is_flag=True, help="Leave out the text of source lines.")
def graph(trace: Path, file: Path, view: View, force: int | None, overwrite: bool, no_source: bool) -> None:
    """Draw TRACE as a graph.

    \b
    program   the run from top to bottom: lazy stretches, and forces between
    dataflow  which arrays were made from which, and what made them compute
    layers    the layers of one force: of the worst finding's, or of force N

    `dot` of Graphviz draws it, else graphviz-pure; without either, the graph is written as .dot.
    """  # noqa: D301, click wants the character itself
    kind = format_of(file)
    if force is not None and view != "layers":
        raise click.UsageError("--force chooses what --view layers draws; add --view layers")
    from lazyscope.catalogue.diagnose import diagnose
    from lazyscope.cli import progress
    from lazyscope.model.trace import load
    from lazyscope.report.graphs.dot_source import dot_source
    from lazyscope.report.graphs.drawing import picture_of

    with progress.stages() as stage:
        stage(f"reading {trace.name}")
        data = load(trace)
        stage("finding causes")
        diagnosis = diagnose(data)
        stage("drawing")
        dot = dot_source(picture_of(data, diagnosis, view, source=not no_source, force=force))
        content = _rendered(dot, kind, file, overwrite=overwrite, trace=trace)
    write_file(file, content, overwrite=overwrite, source=trace)


def format_of(file: Path) -> str:
    """The format that the suffix of `file` stands for, without its dot.

    Raises
    ------
    LazyscopeError
        If it stands for none.
    """
    suffix = file.suffix.lower()
    if suffix not in FORMATS:
        raise LazyscopeError(f"no picture format for {file}: the name must end in .svg, .png, .pdf or .dot")
    return suffix[1:]


def _rendered(dot: str, kind: str, file: Path, *, overwrite: bool, trace: Path) -> str | bytes:
    """The picture; where nobody can draw it, its source is kept in a file of its own."""
    if kind == "dot":
        return dot
    from lazyscope.report.graphs import rendering

    try:
        return rendering.rendered(dot, kind)
    except rendering.NotDrawnError as error:
        instead = file.with_suffix(".dot")
        write_file(instead, dot, overwrite=overwrite, source=trace)
        raise LazyscopeError(f"{file} was not drawn: {error}. The graph is in {instead}") from None
