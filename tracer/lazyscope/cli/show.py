"""``lazyscope show``: the terminal summary."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(epilog="Example: lazyscope show lazyscope-kmeans-1.lazy")
@click.argument("trace", type=click.Path(path_type=Path))
def show(trace: Path) -> None:
    """Summarise TRACE on one screen: what was forced, by which lines, and at what cost.

    The dearest line comes first. What does not fit is counted; `lazyscope report` has everything.
    """
    # Rich takes 50 ms to load, which no other verb should pay.
    from lazyscope.cli import progress, stdout
    from lazyscope.model.trace import load
    from lazyscope.report import terminal

    with progress.stages() as stage:
        stage(f"reading {trace.name}")
        found = load(trace)
        stage("finding causes")
        text = terminal.render_for_stdout(found)
    stdout.write(text)
