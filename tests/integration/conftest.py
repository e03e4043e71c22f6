"""Runs programs under a witness, and checks that every trace leaves nothing behind."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from traced_programs import Run, Runner, known_names, snapshot, stand_ins
from witness import Witness

import lazyscope


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """After every test each patched attribute is the very object it was."""
    before = snapshot()
    known = set(stand_ins())
    finders = list(sys.meta_path)
    yield
    after = snapshot()
    changed = [".".join(where) for where, value in before.items() if after.get(where) is not value]
    assert changed == []
    assert sorted(set(stand_ins()) - known) == []
    assert [f for f in finders if f not in sys.meta_path] == []
    assert [f for f in sys.meta_path if type(f).__module__.startswith("lazyscope")] == []


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Runner]:
    """Run a program from a file of its own in a trace, watched by a witness."""
    count = 0

    def run_program(text: str, *, fails: type[BaseException] | None = None, **names: Any) -> Run:
        nonlocal count
        count += 1
        text = textwrap.dedent(text).lstrip("\n")
        path = tmp_path / f"program{count}.py"
        path.write_text(text)
        code = compile(text, str(path), "exec")
        namespace = known_names() | {"__name__": path.stem, "__file__": str(path)} | names
        seen = Witness()
        error = None
        try:
            with lazyscope.trace() as trace:
                seen.watch()
                exec(code, namespace)
        except BaseException as caught:
            if fails is None or not isinstance(caught, fails):
                raise
            error = caught
        finally:
            seen.stop()
        assert (error is not None) == (fails is not None), "the program was to fail"
        return Run(path, text, trace, seen, namespace, error)

    return run_program


@pytest.fixture
def witness() -> Iterator[Witness]:
    """A witness that watches during the whole test."""
    seen = Witness()
    seen.watch()
    yield seen
    seen.stop()
