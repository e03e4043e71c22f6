"""Cells run by IPython in a process of their own, and what each of them showed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RUN = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}), colors="nocolor")
told = []
for cell in json.loads(sys.stdin.read()):
    with capture_output() as seen:
        done = shell.run_cell(cell, store_history=True)
    told.append({
        "stdout": seen.stdout,
        "stderr": seen.stderr,
        "shown": [output.data for output in seen.outputs],
        "value": repr(done.result),
        "error": done.error_in_exec and type(done.error_in_exec).__name__,
    })
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Cell:
    """What came of a cell."""

    stdout: str
    stderr: str
    shown: list[dict[str, Any]]
    value: str
    error: str | None

    @property
    def html(self) -> str:
        """What it displayed last."""
        return str(self.shown[-1]["text/html"])


def run_cells(*cells: str, cwd: Path) -> list[Cell]:
    """Run cells one after the other; the first loads the extension and is not told of."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN],
        input=json.dumps(["%load_ext lazyscope", *cells]),
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
    )
    return [Cell(**one) for one in json.loads(done.stdout.splitlines()[-1])[1:]]
