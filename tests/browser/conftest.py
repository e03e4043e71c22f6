"""A headless browser that opens reports, and notices whatever they ask for or complain of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

from lazyscope.model.trace import TraceData
from lazyscope.report.html import html_report

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _missing(what: str) -> NoReturn:
    """Without a browser there is nothing to test, which LAZYSCOPE_NEED_BROWSER=1 makes a failure."""
    if os.environ.get("LAZYSCOPE_NEED_BROWSER") == "1":
        pytest.fail(f"{what}, and LAZYSCOPE_NEED_BROWSER=1 says that it must be there")
    pytest.skip(f"{what}: HTML reports are not opened")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's chromium; for a module at most, as an event loop runs in this thread while it is open."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright is not installed")
    executable = shutil.which("chromium")
    if executable is None:
        _missing("chromium is not on the PATH")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        yield started
        started.close()


@dataclass
class Opened:
    """A report in a page of the browser, and what the page did besides being shown."""

    page: Any
    url: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note requests, messages, errors and dialogs from now on; let nothing but the file be loaded."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.route("**/*", self._route)

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _route(self, route: Any) -> None:
        if route.request.url.split("#")[0] == self.url:
            route.continue_()
        else:
            route.abort()


Open = Callable[..., Any]


@pytest.fixture
def open_report(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens the report of a trace; at the end no page may have asked for anything or complained."""
    opened: list[Opened] = []
    contexts = []

    def open_(
        trace: TraceData, *, width: int = 1280, theme: str = "light", fragment: str = "", script: bool = True
    ) -> Any:
        file = tmp_path / f"report-{len(opened)}.html"
        file.write_text(html_report.render(trace), encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            java_script_enabled=script,
            # Places are measured while the page stands still.
            reduced_motion="reduce",
        )
        contexts.append(context)
        opened.append(Opened(context.new_page(), file.as_uri()))
        opened[-1].watch()
        opened[-1].page.goto(file.as_uri() + fragment)
        return opened[-1].page

    yield open_
    for context in contexts:
        context.close()
    for one in opened:
        assert one.complaints == []
        assert [url.split("#")[0] for url in one.requests] == [one.url]
