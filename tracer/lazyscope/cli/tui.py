"""``lazyscope tui``: the explorer, in the terminal or in a browser on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from lazyscope.errors import LazyscopeError
from lazyscope.exploring import explore, require
from lazyscope.text.harmless import harmless

_HOST = "127.0.0.1"


@click.command(epilog="Example: lazyscope tui lazyscope-kmeans-1.lazy")
@click.argument("trace", type=click.Path(path_type=Path), required=False)
@click.option("--web", is_flag=True, help="Show it in a browser on this machine, and nowhere else.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="With --web.")
def tui(trace: Path | None, web: bool, port: int) -> None:
    """Explore TRACE: findings with their fixes, calls, forces, graph, timeline.

    Without TRACE it is the newest one in this directory.
    """
    path = trace or newest(Path())
    if web:
        serve(path, port)
        return
    explore(path)


def newest(directory: Path) -> Path:
    """The trace of a directory that was written last.

    Raises
    ------
    LazyscopeError
        If it has none.
    """
    found = sorted(directory.glob("*.lazy"), key=lambda path: (path.stat().st_mtime, path.name))
    if not found:
        raise LazyscopeError("no trace here: name one, or record one with `lazyscope run SCRIPT`")
    return found[-1]


def serve(path: Path, port: int) -> None:
    """Serve the explorer to browsers on this machine until Ctrl-C.

    Raises
    ------
    LazyscopeError
        If the server is not installed, the trace cannot be read or the port is taken.
    """
    require("textual_serve", "--web")
    from lazyscope.model import journal

    # A browser would only show that the explorer has ended.
    journal.read_file(path)
    port = _free(port)
    from lazyscope_tui import web

    click.echo(f"lazyscope: {harmless(str(path))} at http://{_HOST}:{port}; Ctrl-C ends it", err=True)
    web.serve(path, _HOST, port)


def _free(port: int) -> int:
    """The port, or one that the system chooses for 0.

    Raises
    ------
    LazyscopeError
        If somebody has it.
    """
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise LazyscopeError(
                f"cannot serve at port {port}: {error.strerror}; give another --port"
            ) from None
        number: int = probe.getsockname()[1]
    return number
