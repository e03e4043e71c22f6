"""The programs on which advice is measured: a script each, with what is known about it in a JSON header.

The header is the block of comments at the top of the file:

`id`, `title`
    The file's stem, and what the program is about.
`kind`
    What it is an example of: rules of lazy rewriting, or numbers of the kinds of wrong advice that
    `README.md` beside this file lists.
`problem`
    False for a control: a program that executes no more than it has to.
`accepted_fixes`
    Fix techniques that are right here.
`never`
    Techniques, or pieces of code, that would do harm here, with the reason.
`truth`
    `executions`, `blocks` and `raises` as `measured_run.py` finds them.
`best`
    `edits` (old and new text of the program) of a fix written by hand, and `executions` and `blocks` with it.
"""

import ast
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

# Appended to a function `before(*args, xp)` with `make_inputs(xp)`, to make a program of the pair.
MAIN_OF_A_PAIR = """

if __name__ == "__main__":
    import array_api_compat.dask.array as xp
    import dask
    import dask.array as da
    import numpy as np

    args = [
        x.rechunk(tuple(max(1, -(-n // 2)) for n in x.shape))
        if isinstance(x, da.Array) and x.ndim and 0 not in x.shape
        else x
        for x in make_inputs(xp)
    ]
    result = dask.compute(before(*args, xp=xp))
    parts = [x for one in result for x in (one if isinstance(one, (tuple, list)) else [one])]
    print([np.asarray(x).tolist() for x in parts])
"""


@dataclasses.dataclass(frozen=True)
class Program:
    """A script and what is known about it; `header` is empty for a script without one."""

    name: str
    text: str
    header: Mapping[str, Any]

    @property
    def is_problem(self) -> bool:
        """Whether something about the program should be reported above `info`."""
        return bool(self.header.get("problem", self.accepted != ["none"]))

    @property
    def accepted(self) -> list[str]:
        """Techniques that are right here; empty where nobody said."""
        return list(self.header.get("accepted_fixes", []))

    @property
    def never(self) -> Mapping[str, str]:
        """Techniques and pieces of code that do harm here, each with the reason."""
        return self.header.get("never") or {}

    @property
    def environment(self) -> dict[str, str]:
        """The environment to run the program in."""
        return {**os.environ, **(self.header.get("env") or {})}

    def by_hand(self) -> str:
        """The program's text with the fix that was written by hand."""
        head, body = split(self.text)
        for old, new in self.header["best"]["edits"]:
            if body.count(old) != 1:
                raise ValueError(f"{self.name}: {old!r} is in the program {body.count(old)} times")
            body = body.replace(old, new)
        return head + body


@dataclasses.dataclass(frozen=True)
class Measured:
    """What a program executed, and what it printed."""

    executions: int
    tasks: int
    blocks: int
    error: str | None
    stdout: str
    stderr: str


def split(text: str) -> tuple[str, str]:
    """The comments at the top, and the program below them."""
    lines = text.splitlines(keepends=True)
    end = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(lines[:end]), "".join(lines[end:])


def header(text: str) -> dict[str, Any]:
    """The JSON in the comments at the top; empty without such comments."""
    head, _ = split(text)
    if not head.startswith("# {"):
        return {}
    found: dict[str, Any] = json.loads("\n".join(line.lstrip("#") for line in head.splitlines()))
    return found


def pair_program(text: str) -> str:
    """A script that calls the first of a pair of functions, `before` and `after`, on dask arrays."""
    lines = text.splitlines(keepends=True)
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.FunctionDef) and node.name in ("after", "make_invalid_inputs"):
            del lines[node.lineno - 1 : node.end_lineno]
    return "".join(lines).rstrip() + "\n" + MAIN_OF_A_PAIR


def pairs(folder: Path) -> Iterator[Program]:
    """The pairs that a folder's index names."""
    for name, entry in json.loads((folder / "index.json").read_text()).items():
        text = pair_program((folder / f"{name}.py").read_text())
        yield Program(name, text, {"accepted_fixes": entry["techniques"]})


def programs(folder: Path) -> Iterator[Program]:
    """The programs of a folder: `case*.py` if there are any, else every script."""
    if (folder / "index.json").exists():
        yield from pairs(folder)
        return
    for path in sorted(folder.glob("case*.py")) or sorted(folder.glob("*.py")):
        text = path.read_text()
        yield Program(path.stem, text, header(text))


def measured(text: str, room: Path, environment: Mapping[str, str]) -> Measured:
    """Run a program's text in a room of its own and measure it, without lazyscope."""
    room.mkdir(parents=True, exist_ok=True)
    (room / "program.py").write_text(text)
    run = subprocess.run(
        [sys.executable, str(HERE / "measured_run.py"), "counts.json", "program.py"],
        cwd=room,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=180,
    )
    counts = json.loads((room / "counts.json").read_text())
    return Measured(**counts, stdout=run.stdout, stderr=run.stderr)
