"""The explorer in a browser on this machine, which fetches nothing and which no other page may drive."""

from __future__ import annotations

import logging
import shlex
import sys
from pathlib import Path
from typing import Any

from aiohttp import web
from textual_serve.server import Server

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""What the page may load: its own parts. The terminal in it writes styles into its elements."""


class LocalServer(Server):
    """Serves the explorer of a trace.

    A web page elsewhere can have a browser connect to servers on its own machine, by their address or by a
    name that is made to lead there. The explorer can write files, so both are refused: by the name that the
    browser was given, and by the page that asks.

    Parameters
    ----------
    path
        The trace.
    host, port
        Where it listens.
    """

    def __init__(self, path: Path, host: str, port: int) -> None:
        command = shlex.join([sys.executable, "-m", "lazyscope", "tui", str(path.absolute())])
        templates = Path(__file__).with_name("web_page")
        super().__init__(
            command, host=host, port=port, title=f"lazyscope: {path.name}", templates_path=templates
        )
        self._names = {f"{name}:{port}" for name in (host, "localhost")}

    def initialize_logging(self) -> None:
        """Say nothing but what went wrong."""
        logging.basicConfig(level=logging.WARNING)

    async def on_startup(self, app: web.Application) -> None:
        """Nothing more: where it serves has been said."""

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.router.add_static("/page", self.templates_path)
        app.middlewares.append(self._guard)
        app.on_response_prepare.append(_keep_to_itself)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if request.host not in self._names or (
            origin is not None and origin not in {f"http://{name}" for name in self._names}
        ):
            raise web.HTTPForbidden(text=f"lazyscope: open {self.public_url} itself\n")
        response: web.StreamResponse = await handler(request)
        return response


async def _keep_to_itself(request: web.Request, response: web.StreamResponse) -> None:
    if not isinstance(response, web.WebSocketResponse):
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "no-referrer"


def serve(path: Path, host: str, port: int) -> None:
    """Serve until Ctrl-C."""
    LocalServer(path, host, port).serve()
