"""``lazyscope tui --web`` in a browser: keys work at once, and no other page may drive it."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from recorded_samples import path_of
from terminals import MOVES


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """That of a server in a directory with one trace."""
    directory = tmp_path_factory.mktemp("web")
    shutil.copy(path_of("kmeans"), directory)
    server = subprocess.Popen(
        [sys.executable, "-m", "lazyscope", "tui", "--web", "--port", "0"],
        cwd=directory, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stderr is not None
    said = server.stderr.readline()
    found = re.fullmatch(r"lazyscope: kmeans.lazy at http://127\.0\.0\.1:(\d+); Ctrl-C ends it\n", said)
    assert found, said
    yield int(found[1])
    server.terminate()
    server.wait()


def _answer(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(100):
        try:
            connection.connect()
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_only_its_own_page_is_answered(port: int, headers: dict[str, str], status: int) -> None:
    """Not a name that was made to lead here, nor a page of somebody else."""
    for path in ("/", "/ws", "/page/focus.js") if status != 200 else ("/", "/page/focus.js"):
        assert _answer(port, path, **headers).status == status


def test_page_loads_nothing_but_its_parts(port: int) -> None:
    """By its policy."""
    policy = _answer(port, "/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "https:" not in policy


def until_drawn(page: Any, received: list[bytes], found: bytes) -> None:
    """Wait for words on the screen; the page's canvas has none that could be read."""
    while found not in MOVES.sub(b"", b"".join(part for part in received if isinstance(part, bytes))):
        page.wait_for_timeout(50)


def is_complaint(message: Any) -> bool:
    """Not that the machine is slow, which xterm.js warns of by the millisecond."""
    slow = message.text.startswith("task queue exceeded allotted deadline")
    return message.type in ("error", "warning") and not slow


def test_keys_work_at_once_and_it_can_be_opened_again(port: int, browser: Any) -> None:
    """Without a click; q leaves it."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    received: list[bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda part: received.append(part)))
    _answer(port, "/")
    page.goto(f"http://127.0.0.1:{port}/")
    page.wait_for_selector("body.-first-byte")
    page.wait_for_function("document.activeElement.className === 'xterm-helper-textarea'")
    assert complaints == []
    # What is pressed before there is a screen is lost, as in a terminal.
    until_drawn(page, received, b"is computed again")
    page.keyboard.press("q")
    page.wait_for_selector("body.-closed")
    page.click("text=Open it again")
    page.wait_for_selector("body.-first-byte:not(.-closed)")
    assert all(url.startswith(f"http://127.0.0.1:{port}/") for url in requests)
    page.close()
