"""Compare output with files that were reviewed."""

from __future__ import annotations

import os
from pathlib import Path

_DIRECTORY = Path(__file__).with_name("golden")


def assert_golden(name: str, text: str) -> None:
    """`text` must be that of the golden file; LAZYSCOPE_WRITE_GOLDEN=1 writes it there instead."""
    path = _DIRECTORY / name
    if os.environ.get("LAZYSCOPE_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_bytes().decode(), f"{name} changed: review it, then LAZYSCOPE_WRITE_GOLDEN=1"
