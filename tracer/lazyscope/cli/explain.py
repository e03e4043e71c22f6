"""``lazyscope explain``: a page of the catalogue."""

from __future__ import annotations

import click


@click.command(epilog="Example: lazyscope explain LZ102")
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Say when the finding CODE occurs, and what to do; without CODE list all codes."""
    # The catalogue takes a while to load, which no other verb should pay.
    from lazyscope.cli import stdout
    from lazyscope.report import pages

    stdout.write(pages.contents() if code is None else pages.page(code))
