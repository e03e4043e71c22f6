"""Processes that a traced program starts: each writes a file of its own, or it is said that none does."""

from __future__ import annotations

import multiprocessing
import os
import re
import subprocess
import sys
import textwrap
from multiprocessing import popen_forkserver, spawn
from pathlib import Path
from typing import NamedTuple

import pytest

import lazyscope
from lazyscope.capture.spawned import NOT_WATCHED
from lazyscope.model.trace import TraceData
from lazyscope.model.trace import load as load_trace

SOURCE_ROOT = str(Path(lazyscope.__file__).parents[1])

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


class Ran(NamedTuple):
    """What a program wrote, and the traces it left."""

    out: str
    err: str
    parent: TraceData | None
    children: list[TraceData]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A working directory with a program in it that does its work in other processes."""
    directory = tmp_path / "work"
    directory.mkdir()
    (directory / "program.py").write_text(textwrap.dedent(PROGRAM.lstrip("\n")))
    return directory


PROGRAM = """
    import multiprocessing, os, sys
    from concurrent.futures import ProcessPoolExecutor
    import dask.array as da
    import lazyscope

    def work(n):
        total = (da.ones(n, chunks=2) + 1).sum()
        return float(total.compute(scheduler="sync"))  #!

    def nothing():
        print("nothing", flush=True)

    @lazyscope.trace(max_forces=0)
    def frugal():
        work(2)

    def through(method, how):
        context = multiprocessing.get_context(method)
        if how == "process":
            process = context.Process(target=work, args=(4,))
            process.start()
            process.join()
            return process.exitcode
        if how == "executor":
            with ProcessPoolExecutor(2, mp_context=context) as pool:
                return list(pool.map(work, [2, 4, 6]))
        with context.Pool(2) as pool:
            results = pool.map(work, [2, 4, 6], chunksize=1)
            if how == "pool":
                pool.close()
                pool.join()
        return results

    if __name__ == "__main__":
        work(2)
        print(through(*sys.argv[1:3]))
"""


def python(*arguments: str, cwd: Path, path: str = SOURCE_ROOT) -> subprocess.CompletedProcess[str]:
    """Run this Python; that NumPy has threads when it forks is no news."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return done


def traces_in(here: Path, stem: str) -> tuple[TraceData | None, list[TraceData]]:
    """The trace of that name, and those of its child processes."""
    whole = here / f"{stem}.lazy"
    name = re.compile(re.escape(stem) + r"-\d+\.lazy")
    children = sorted(path for path in here.iterdir() if name.fullmatch(path.name))
    return load_trace(whole) if whole.exists() else None, [load_trace(path) for path in children]


def run(*arguments: str, here: Path) -> Ran:
    """``lazyscope run`` the program."""
    done = python("-m", "lazyscope", "run", "-o", "t.lazy", "program.py", *arguments, cwd=here)
    return Ran(done.stdout, done.stderr, *traces_in(here, "t"))


def script(text: str, here: Path) -> Ran:
    """Run a script beside the program, after `from program import *`."""
    body = textwrap.indent(textwrap.dedent(text), "    ")
    (here / "script.py").write_text(f"from program import *\nif __name__ == '__main__':\n{body}")
    done = python("script.py", cwd=here)
    return Ran(done.stdout, done.stderr, *traces_in(here, "t"))


def line_of(here: Path, mark: str = "#!") -> int:
    """Number of the line that ends in a mark."""
    lines = (here / "program.py").read_text().splitlines()
    (number,) = [n for n, line in enumerate(lines, 1) if line.endswith(mark)]
    return number


def user_lines(data: TraceData) -> list[tuple[str, int]]:
    """File and line of the user's own line of each force."""
    return [
        (Path(data.file_of(position).path).name, data.positions[position].line)
        for force in data.forces
        if (position := force.begin.user_site) is not None
    ]


@pytest.mark.parametrize("method", ["fork", "spawn"])
class TestRun:
    """``lazyscope run`` of a program that starts processes."""

    @pytest.mark.parametrize("how", ["process", "pool", "executor"])
    def test_each_child_writes_a_file_of_its_own(self, here: Path, method: str, how: str) -> None:
        """Whole and ended; the parent's holds the parent's forces, and a word on stderr names them."""
        ran = run(method, how, here=here)
        assert ran.out == ("0\n" if how == "process" else "[4.0, 8.0, 12.0]\n")
        assert ran.parent is not None
        assert (len(ran.parent.forces), ran.parent.ended, ran.parent.blind_spots) == (1, "ok", {})
        forces = [force for child in ran.children for force in child.forces]
        assert len(forces) == (1 if how == "process" else 3)
        for child in ran.children:
            assert (child.header.process, child.ended, child.lost_bytes) == (
                {"fork": "forked", "spawn": "spawned"}[method], "ok", 0
            )  # fmt: skip
            assert child.header.argv == ran.parent.header.argv == ["program.py", method, how]
            assert set(user_lines(child)) == {("program.py", line_of(here))}
            assert child.blind_spots == {}
        count = len(ran.children)
        said = "a child process" if count == 1 else f"{count} child processes"
        first, second = ran.err.splitlines()
        assert re.fullmatch(r"lazyscope: 1 forces?, trace in t\.lazy", first)
        assert second == f"lazyscope: traces of {said} in t-<process>.lazy"

    def test_children_that_are_terminated_leave_what_they_have_recorded(
        self, here: Path, method: str
    ) -> None:
        """As any process that is killed: `Pool` as a context manager does that."""
        ran = run(method, "terminated pool", here=here)
        assert sum(len(child.forces) for child in ran.children) == 3
        assert all(force.completed for child in ran.children for force in child.forces)
        assert {child.ended for child in ran.children} <= {"killed", "ok"}
        assert {child.lost_bytes for child in ran.children} == {0}


class TestForkServer:
    """Children of a fork server are not watched."""

    def test_that_they_are_missing_is_said(self, here: Path) -> None:
        """Once for each; none leaves a file."""
        ran = run("forkserver", "pool", here=here)
        assert ran.out == "[4.0, 8.0, 12.0]\n"
        assert ran.parent is not None
        assert (ran.children, ran.parent.blind_spots) == ([], {NOT_WATCHED: 2})
        assert re.fullmatch(r"lazyscope: 1 forces?, trace in t\.lazy\n", ran.err)


class TestBlocks:
    """``with lazyscope.trace():`` around the start of processes."""

    @pytest.mark.parametrize("method", ["fork", "spawn"])
    def test_a_block_with_a_file(self, here: Path, method: str) -> None:
        """Processes started before and after it are nobody's."""
        ran = script(
            f"""
            print(through({method!r}, "process"))
            with lazyscope.trace("t.lazy"):
                print(through({method!r}, "process"))
            print(through({method!r}, "process"))
            """,
            here,
        )
        assert (ran.out, ran.err) == ("0\n0\n0\n", "")
        assert ran.parent is not None
        assert (len(ran.parent.forces), ran.parent.blind_spots) == (0, {})
        (child,) = ran.children
        assert (len(child.forces), child.ended) == (1, "ok")
        assert user_lines(child) == [("program.py", line_of(here))]

    @pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
    def test_a_block_without_a_file_says_what_is_missing(self, here: Path, method: str) -> None:
        """Once for each process; no file is written."""
        ran = script(
            f"""
            with lazyscope.trace() as t:
                through({method!r}, "process")
                through({method!r}, "process")
            print(len(t.forces), t.data.blind_spots)
            """,
            here,
        )
        assert ran.out == f"0 {{{NOT_WATCHED!r}: 2}}\n"
        assert list(here.glob("*.lazy")) == []

    @pytest.mark.parametrize("method", ["fork", "spawn"])
    def test_a_child_that_does_nothing_with_arrays_leaves_no_file(self, here: Path, method: str) -> None:
        """It prints what it prints."""
        ran = script(
            f"""
            with lazyscope.trace("t.lazy"):
                process = multiprocessing.get_context({method!r}).Process(target=nothing)
                process.start()
                process.join()
            """,
            here,
        )
        assert (ran.out, ran.err, ran.children) == ("nothing\n", "", [])

    def test_traces_one_inside_the_other(self, here: Path) -> None:
        """Each child writes a file for both; one that is in memory says what it misses."""
        ran = script(
            """
            with lazyscope.trace("outer.lazy"), lazyscope.trace() as t, lazyscope.trace("inner.lazy"):
                through("spawn", "process")
                through("fork", "process")
            print(t.data.blind_spots)
            """,
            here,
        )
        assert ran.out == f"{{{NOT_WATCHED!r}: 2}}\n"
        for stem in ("outer", "inner"):
            parent, children = traces_in(here, stem)
            assert parent is not None
            assert parent.blind_spots == {}
            assert [len(child.forces) for child in children] == [1, 1]

    def test_what_was_allowed_is_allowed_in_a_forked_child(self, here: Path) -> None:
        """A spawned one begins anew."""
        ran = script(
            """
            with lazyscope.trace("t.lazy"), lazyscope.allow("meant"):
                through("fork", "process")
                through("spawn", "process")
            """,
            here,
        )
        found = {child.header.process: child.forces[0].begin.allowed for child in ran.children}
        assert found == {"forked": "meant", "spawned": None}

    def test_a_name_with_quotes_and_braces(self, here: Path) -> None:
        """It is handed to a spawned child as it is."""
        script(
            """
            name = 't {x!r} it\\'s "%s" \\N{SNOWMAN}.lazy'
            with lazyscope.trace(name):
                through("spawn", "process")
            """,
            here,
        )
        assert len(list(here.glob("t *-*.lazy"))) == 1

    def test_a_child_of_a_child(self, here: Path) -> None:
        """Its file is named after its parent's."""
        script(
            """
            def both():
                work(2)
                through("fork", "process")

            with lazyscope.trace("t.lazy"):
                process = multiprocessing.get_context("fork").Process(target=both)
                process.start()
                process.join()
            """,
            here,
        )
        counts = {path.stem.count("-"): len(load_trace(path).forces) for path in here.glob("t*.lazy")}
        assert counts == {0: 0, 1: 1, 2: 1}


class TestFunctions:
    """Decorated functions in other processes."""

    @pytest.mark.parametrize("method", ["fork", "spawn"])
    def test_a_budget_exceeded_in_another_process(self, here: Path, method: str) -> None:
        """The error comes back with its trace."""
        ran = script(
            f"""
            context = multiprocessing.get_context({method!r})
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                error = pool.submit(frugal).exception()
            print(type(error).__name__, str(error).splitlines()[0], len(error.trace.forces))
            """,
            here,
        )
        assert ran.out == "ForceBudgetExceeded 1 force, where max_forces=0: 1\n"


def test_the_module_that_is_run_is_the_user_s_in_spawned_children_too(tmp_path: Path) -> None:
    """Wherever it is installed."""
    package = tmp_path / "site-packages" / "tool"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "jobs.py").write_text("import dask.array as da\ndef job(n):\n    da.ones(n).compute()\n")
    (package / "__main__.py").write_text(
        "import multiprocessing\n"
        "from tool.jobs import job\n"
        "if __name__ == '__main__':\n"
        "    process = multiprocessing.get_context('spawn').Process(target=job, args=(2,))\n"
        "    process.start(); process.join()\n"
    )
    paths = os.pathsep.join([SOURCE_ROOT, str(tmp_path / "site-packages")])
    python("-m", "lazyscope", "run", "-o", "t.lazy", "-m", "tool", cwd=tmp_path, path=paths)
    _, (child,) = traces_in(tmp_path, "t")
    assert user_lines(child) == [("jobs.py", 3)]


class TestSensors:
    """What is changed in `multiprocessing` while a trace is open."""

    def test_a_spawned_child_is_told_to_open_a_trace_only_where_one_is_open(self, tmp_path: Path) -> None:
        """Its command is otherwise the same; afterwards the function is itself again."""
        original, launch = spawn.get_command_line, vars(popen_forkserver.Popen)["_launch"]
        plain = spawn.get_command_line(tracker_fd=3, pipe_handle=5)
        with lazyscope.trace(tmp_path / "t.lazy"):
            assert spawn.get_command_line is not original
            assert spawn.get_command_line.__name__ == "get_command_line"
            assert multiprocessing.spawn.get_command_line is spawn.get_command_line
            assert vars(popen_forkserver.Popen)["_launch"] is not launch
            told = spawn.get_command_line(tracker_fd=3, pipe_handle=5)
        assert spawn.get_command_line is original
        assert vars(popen_forkserver.Popen)["_launch"] is launch
        assert [part for part in told if part not in plain] == [told[plain.index("-c") + 1]]
        program = told[plain.index("-c") + 1]
        assert program.endswith(plain[plain.index("-c") + 1])
        assert compile(program, "<command>", "exec").co_consts
        assert repr(str(tmp_path / "t.lazy")) in program

    def test_a_child_that_begins_without_c_is_said_to_be_missing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A frozen program's."""
        monkeypatch.setattr(sys, "frozen", True, raising=False)
        plain = spawn.get_command_line(pipe_handle=5)
        with lazyscope.trace(tmp_path / "t.lazy") as t:
            assert spawn.get_command_line(pipe_handle=5) == plain
        assert t.data.blind_spots == {NOT_WATCHED: 1}
