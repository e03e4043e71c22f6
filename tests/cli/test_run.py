"""``lazyscope run``: a program sees, prints and ends as under plain Python, and is recorded."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

import lazyscope
from lazyscope.model.trace import TraceData
from lazyscope.model.trace import load as load_trace

SOURCE_ROOT = str(Path(lazyscope.__file__).parents[1])
NOTICE = re.compile(rb"^lazyscope: [\d,]+ forces?, trace in .*\n(?:lazyscope: traces of .*\n)?", re.MULTILINE)
RUNPY = re.compile(rb'^[ |]+File "<frozen runpy>", line \d+, in \w+\n', re.MULTILINE)
"""Plain Python shows the frames of its own runner of modules; ours is not shown."""


class Ran(NamedTuple):
    """How a process ended and what it wrote."""

    status: int
    out: bytes
    err: bytes

    @property
    def told(self) -> bytes:
        """What the program itself wrote to stderr."""
        return RUNPY.sub(b"", NOTICE.sub(b"", self.err))


def python(
    *arguments: str | Path, cwd: Path, env: dict[str, str | None] | None = None, given: bytes = b""
) -> Ran:
    """Run this Python in a directory; names that `env` maps to None are not in its environment."""
    environment = {**os.environ, "PYTHONPATH": SOURCE_ROOT, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("SCIPY_ARRAY_API", None)
    for name, value in (env or {}).items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        input=given,
        capture_output=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def run(*arguments: str | Path, cwd: Path, **options: object) -> Ran:
    """``lazyscope run`` with these arguments."""
    return python("-m", "lazyscope", "run", *arguments, cwd=cwd, **options)  # type: ignore[arg-type]


def both(*arguments: str | Path, cwd: Path, **options: object) -> Ran:
    """Run a program plainly and under lazyscope; what both wrote and how both ended must be equal."""
    plain = python(*arguments, cwd=cwd, **options)  # type: ignore[arg-type]
    watched = run(*arguments, cwd=cwd, **options)
    assert (watched.status, watched.out, watched.told) == (plain.status, plain.out, plain.told)
    assert len(NOTICE.findall(watched.err)) == 1
    return watched


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text.removeprefix("\n")), encoding="utf-8")
    return path


def trace_in(directory: Path, name: str = "lazyscope-*-1.lazy") -> TraceData:
    """The only trace of that name in a directory."""
    (found,) = directory.glob(name)
    return load_trace(found)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """An empty working directory of the user's."""
    directory = tmp_path / "work"
    directory.mkdir()
    return directory


WHAT_MAIN_SEES = """
    '''Doc.'''
    import builtins, inspect, multiprocessing, sys, threading, signal, warnings
    main = sys.modules["__main__"]
    class Here:
        pass
    def plain(value):
        return type(value).__name__ + str(getattr(value, "name", "")) + str(getattr(value, "origin", ""))
    print(__name__, __file__, __package__, __cached__, __doc__)
    print(plain(__spec__), plain(__loader__), getattr(__loader__, "path", None))
    print(vars(main) is globals(), sys.modules.get("__mp_main__") is main, __builtins__ is builtins)
    print(sorted(globals()), main)
    print(sys.argv, sys.path)
    print(inspect.getsource(Here), Here.__module__, inspect.getfile(Here))
    print(threading.current_thread() is threading.main_thread(), threading.active_count())
    print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), warnings.filters)
    print(sys.flags, sys.warnoptions, sys.gettrace(), sys.getprofile(), sys.getrecursionlimit())
    print(sys.excepthook is sys.__excepthook__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__)
"""


class TestMain:
    """What the program finds in its own ``__main__``."""

    def test_a_script_is_main_as_under_python(self, here: Path) -> None:
        """Name, file, spec, loader, arguments, path and builtins are those that plain Python gives it."""
        write(here / "sub" / "look.py", WHAT_MAIN_SEES)
        seen = both("sub/look.py", "a", "b", cwd=here)
        assert seen.out.startswith(f"__main__ {here}/sub/look.py None None Doc.\n".encode())

    def test_a_link_to_a_script_is_searched_beside_its_target(self, here: Path) -> None:
        """The first entry of the path is the directory of the real file; ``__file__`` stays the link."""
        write(here / "real" / "look.py", WHAT_MAIN_SEES)
        (here / "link.py").symlink_to(here / "real" / "look.py")
        assert f"['{here}/real', ".encode() in both("link.py", cwd=here).out

    @pytest.mark.parametrize("name", ["look", "pack.look", "pack"])
    def test_a_module_is_main_as_under_python_m(self, here: Path, name: str) -> None:
        """Modules, modules in packages and packages see the spec, package and path of ``python -m``."""
        for file in ("look.py", "pack/look.py", "pack/__main__.py"):
            write(here / file, WHAT_MAIN_SEES)
        write(here / "pack" / "__init__.py", "")
        both("-m", name, "a", "--help", cwd=here)

    @pytest.mark.parametrize("path", ["folder", "archive.zip"])
    def test_a_directory_or_zip_file_with_a_main_is_main(self, here: Path, path: str) -> None:
        """It stands first on the path itself, absolute, while ``sys.argv[0]`` is what was given."""
        source = write(here / "folder" / "__main__.py", WHAT_MAIN_SEES)
        with zipfile.ZipFile(here / "archive.zip", "w") as archive:
            archive.write(source, "__main__.py")
        assert f"['{path}', 'a'] ['{here}/{path}', ".encode() in both(path, "a", cwd=here).out

    def test_python_p_keeps_the_directory_off_the_path(self, here: Path) -> None:
        """Under ``PYTHONSAFEPATH`` the script's directory is not searched, and no other entry is lost."""
        write(here / "look.py", WHAT_MAIN_SEES)
        path = f"{here / 'extra'}{os.pathsep}{SOURCE_ROOT}"
        seen = both("look.py", cwd=here, env={"PYTHONSAFEPATH": "1", "PYTHONPATH": path})
        assert f"['look.py'] ['{here}/extra', ".encode() in seen.out

    def test_nothing_of_dask_is_imported_before_the_program_does(self, here: Path) -> None:
        """What a script sets before it imports dask, NumPy or SciPy must still take effect."""
        write(
            here / "first.py",
            "import sys; print(sorted({'dask', 'numpy', 'scipy', 'distributed'} & set(sys.modules)))",
        )
        assert both("first.py", cwd=here).out == b"[]\n"

    def test_dasks_environment_is_read_when_the_program_imports_it(self, here: Path) -> None:
        """A script that sets ``DASK_...`` and imports dask afterwards gets that setting."""
        write(
            here / "first.py",
            "import os; os.environ['DASK_SPAM'] = '7'\nimport dask; print(dask.config.get('spam'))",
        )
        assert both("first.py", cwd=here).out == b"7\n"

    def test_classes_of_the_script_pickle_and_reach_a_spawned_pool(self, here: Path) -> None:
        """They pickle by reference to ``__main__`` and come back from processes that were spawned."""
        write(
            here / "pool.py",
            """
            import multiprocessing, pickle
            class Point:
                def __init__(self, x): self.x = x
                def __eq__(self, other): return type(other) is Point and other.x == self.x
            def double(point): return Point(2 * point.x)
            if __name__ == "__main__":
                print(pickle.dumps(Point), pickle.loads(pickle.dumps(Point(3))) == Point(3))
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.map(double, [Point(1), Point(5)]) == [Point(2), Point(10)])
            """,
        )
        assert both("pool.py", cwd=here).out.endswith(b" True\nTrue\n")

    def test_a_spawned_pool_finds_the_functions_of_a_module(self, here: Path) -> None:
        """As ``-m`` too, where the children import the module by its name."""
        write(here / "pack" / "__init__.py", "")
        write(
            here / "pack" / "work.py",
            """
            import multiprocessing
            def double(x): return 2 * x
            if __name__ == "__main__":
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.map(double, [1, 5]))
            """,
        )
        assert both("-m", "pack.work", cwd=here).out == b"[2, 10]\n"


class TestOwnModules:
    """Modules of the user's that are named like lazyscope's or like those it needs."""

    NAMES = ("tracer", "model", "capture", "journal", "click", "msgspec", "rich", "queue", "logging")

    @pytest.fixture
    def script(self, here: Path) -> Path:
        for name in self.NAMES:
            write(here / "project" / f"{name}.py", f"MINE = '{name}'")
        imports = "\n".join(f"import {name}\nprint({name}.MINE, {name}.__file__)" for name in self.NAMES)
        return write(here / "project" / "main.py", imports)

    def test_a_program_finds_its_own(self, here: Path, script: Path) -> None:
        """Whatever lazyscope has loaded under the same name."""
        both("project/main.py", cwd=here)

    def test_a_program_finds_its_own_from_its_own_directory(self, script: Path) -> None:
        """Also where they stand in the working directory, which ``python -m lazyscope`` searches first."""
        both("main.py", cwd=script.parent)

    def test_a_module_finds_its_own(self, here: Path, script: Path) -> None:
        """As ``-m``, which searches the working directory."""
        write(here / "click.py", "MINE = 'click'")
        write(here / "start.py", "import click; print(click.MINE)")
        both("-m", "start", cwd=here)

    def test_a_program_may_use_click_itself(self, here: Path) -> None:
        """Its commands parse their own arguments, are no children of ours, and exit with their status."""
        write(
            here / "tool.py",
            """
            import click
            print(click.get_current_context(silent=True))
            @click.command()
            @click.option("-o", "--output")
            @click.argument("names", nargs=-1)
            @click.pass_context
            def tool(context, output, names):
                click.echo(f"{context.info_name} {context.parent} {output} {names}")
                raise click.ClickException("no such thing")
            tool()
            """,
        )
        ran = both("tool.py", "-o", "x", "--", "a", "-m", cwd=here)
        assert (ran.status, ran.out) == (1, b"None\ntool.py None x ('a', '-m')\n")
        assert ran.told == b"Error: no such thing\n"


class TestArguments:
    """Everything after the script is the program's."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--help"], ["-h", "--version"], ["-o", "x.lazy", "--overwrite"], ["--", "-m", "json", "--"],
            ["", " ", "ünï", "--array-api", "*", "a=b"],
        ],
    )  # fmt: skip
    def test_arguments_that_look_like_ours_reach_the_program(self, here: Path, arguments: list[str]) -> None:
        """Unchanged, in order, and without an effect on the run."""
        write(here / "show.py", "import sys, os; print(sys.argv, os.environ.get('SCIPY_ARRAY_API'))")
        ran = both("show.py", *arguments, cwd=here)
        assert ran.out.decode() == f"{['show.py', *arguments]} None\n"
        assert trace_in(here).header.argv == ["show.py", *arguments]

    def test_secrets_are_not_kept(self, here: Path) -> None:
        """Values after options named like secrets are ``***`` in the trace, and unchanged for the program."""
        write(here / "show.py", "import sys; print(sys.argv[1:])")
        arguments = [
            "--api-key",
            "k1-tiger",
            "--password=p2-tiger",
            "--TOKEN",
            "t3-tiger",
            "--key",
            "--verbose",
        ]
        ran = run("show.py", *arguments, "-o", "s4-plain", cwd=here)
        assert ran.out.decode() == f"{[*arguments, '-o', 's4-plain']}\n"
        assert trace_in(here).header.argv == [
            # A value may begin with a dash, so what follows is one.
            "show.py", "--api-key", "***", "--password=***", "--TOKEN", "***", "--key", "***",
            "-o", "s4-plain",
        ]  # fmt: skip
        assert b"tiger" not in (here / "lazyscope-show-1.lazy").read_bytes()

    def test_standard_input_is_the_programs(self, here: Path) -> None:
        """Not a byte of it is read before the program does."""
        write(here / "cat.py", "import sys; print(sys.stdin.read().upper())")
        assert both("cat.py", cwd=here, given=b"spam\neggs").out == b"SPAM\nEGGS\n"

    def test_array_api_sets_the_variable_and_says_so(self, here: Path) -> None:
        """Only with the option, which the trace records."""
        write(here / "show.py", "import os; print(os.environ.get('SCIPY_ARRAY_API'))")
        assert run("--array-api", "-o", "with.lazy", "show.py", cwd=here).out == b"1\n"
        assert run("-o", "without.lazy", "show.py", cwd=here).out == b"None\n"
        assert trace_in(here, "with.lazy").header.array_api_set is True
        assert trace_in(here, "without.lazy").header.array_api_set is False

    def test_a_variable_that_the_user_set_is_left_alone(self, here: Path) -> None:
        """Without the option it keeps its value, and is not recorded as ours."""
        write(here / "show.py", "import os; print(os.environ.get('SCIPY_ARRAY_API'))")
        ran = run("show.py", cwd=here, env={"SCIPY_ARRAY_API": '["dask.array"]'})
        assert ran.out == b'["dask.array"]\n'
        assert trace_in(here).header.array_api_set is False


class TestEnding:
    """How a program ended is how ``lazyscope run`` ends."""

    @pytest.mark.parametrize(
        ("ending", "status", "told"),
        [
            ("pass", 0, b""),
            ("sys.exit(3)", 3, b""),
            ("sys.exit(None)", 0, b""),
            ("sys.exit(True)", 1, b""),
            ("sys.exit(-1)", 255, b""),
            ("sys.exit(256)", 0, b""),
            ("sys.exit('no data')", 1, b"no data\n"),
            ("sys.exit([])", 1, b"[]\n"),
            ("raise SystemExit", 0, b""),
            ("quit(4)", 4, b""),
        ],
    )
    def test_exit_requests(self, here: Path, ending: str, status: int, told: bytes) -> None:
        """Each gives the status and the text it gives plain Python, and counts as a normal end."""
        write(here / "end.py", f"import sys; print('out'); {ending}")
        ran = both("end.py", cwd=here)
        assert (ran.status, ran.told) == (status, told)
        end = trace_in(here).end
        assert end is not None
        assert (end.ended, end.exception, end.status) == ("ok", None, status)

    def test_an_uncaught_exception_is_shown_as_python_shows_it(self, here: Path) -> None:
        """To the last byte: notes, causes and contexts included, and without a frame of lazyscope."""
        write(
            here / "fail.py",
            """
            def inner():
                {}["missing"]
            def outer():
                try:
                    inner()
                except KeyError as error:
                    try:
                        raise TypeError("while handling")
                    except TypeError:
                        raised = ValueError("bad", 3)
                        raised.add_note("a note")
                        raise raised from error
            outer()
            """,
        )
        ran = both("fail.py", cwd=here)
        assert ran.status == 1
        end = trace_in(here).end
        assert end is not None
        assert (end.ended, end.exception, end.status) == ("exception", "ValueError", 1)

    @pytest.mark.parametrize("target", [["fail.py"], ["-m", "fail"], ["folder"]])
    def test_an_exception_out_of_recorded_calls_and_tasks_has_no_frame_of_ours(
        self, here: Path, target: list[str]
    ) -> None:
        """Through operators, functions, closures of the compat layer and a force, grouped and chained."""
        text = """
            import array_api_compat.dask.array as xp
            import dask.array as da
            import numpy as np
            x = da.ones((4, 4), chunks=2)
            def broken(block):
                raise ZeroDivisionError("in a task")
            errors = []
            for fails in (lambda: x + da.ones(3), lambda: xp.std(x, axis=7), lambda: x[np.ones(3, bool)],
                          lambda: x.map_blocks(broken, dtype=x.dtype).compute(scheduler="sync")):
                try:
                    fails()
                except Exception as error:
                    errors.append(error)
            try:
                xp.concat([x, xp.ones(7)])
            except Exception:
                raise ExceptionGroup("all", errors)
            """
        write(here / "fail.py", text)
        write(here / "folder" / "__main__.py", text)
        ran = both(*target, cwd=here)
        assert ran.status == 1
        assert ran.told.count(b"ZeroDivisionError: in a task") == 1

    def test_a_traceback_that_the_program_prints_itself_is_pythons(self, here: Path) -> None:
        """What it catches, logs or formats has no frame of lazyscope either."""
        write(
            here / "caught.py",
            """
            import traceback
            import array_api_compat.dask.array as xp
            import dask.array as da
            x = da.ones((4, 4), chunks=2)
            def broken(block):
                raise ZeroDivisionError("in a task")
            y = x.map_blocks(broken, dtype=x.dtype, meta=x._meta)
            for fails in (lambda: x + da.ones(3), lambda: xp.std(x, axis=7), lambda: da.mean(x, axis=7),
                          lambda: da.fft.fft(x, axis=0), lambda: x.map_blocks(broken),
                          lambda: y.compute(scheduler="sync"), lambda: y.compute(scheduler="threads")):
                try:
                    fails()
                except Exception:
                    traceback.print_exc()
            """,
        )
        assert both("caught.py", cwd=here).told.count(b"Traceback (most recent call last):") == 7

    def test_a_script_that_does_not_compile_is_shown_as_python_shows_it(self, here: Path) -> None:
        """With the same text and status, and no trace, for nothing ran."""
        write(here / "wrong.py", "x = 1\nif x\n    pass\n")
        plain, ours = python("wrong.py", cwd=here), run("wrong.py", cwd=here)
        assert (ours.status, ours.out, ours.err) == (1, b"", plain.err)
        assert list(here.glob("*.lazy")) == []

    def test_warnings_of_the_compiler_are_pythons(self, here: Path) -> None:
        """An invalid escape sequence is shown once, at its line, as plain Python shows it."""
        write(here / "escape.py", "x = 1\nprint('\\d')\n")
        plain = python("-W", "default", "escape.py", cwd=here)
        ours = python("-W", "default", "-m", "lazyscope", "run", "escape.py", cwd=here)
        assert (ours.out, ours.told) == (plain.out, plain.told)
        assert b"escape.py:2: " in ours.err

    def test_a_hook_for_uncaught_exceptions_is_called_as_python_calls_it(self, here: Path) -> None:
        """With the pruned traceback, after `sys.last_value` was set; its exit request counts."""
        write(
            here / "hook.py",
            """
            import sys, traceback
            def hook(kind, error, tb):
                print(kind, error, [f.name for f in traceback.extract_tb(tb)], sys.last_value is error)
                sys.exit(9)
            sys.excepthook = hook
            def fails(): raise ValueError("spam")
            fails()
            """,
        )
        ran = both("hook.py", cwd=here)
        assert (ran.status, ran.out) == (9, b"<class 'ValueError'> spam ['<module>', 'fails'] True\n")

    def test_a_broken_hook_for_uncaught_exceptions_is_reported_as_python_reports_it(self, here: Path) -> None:
        """Both exceptions are shown, the hook's first."""
        write(
            here / "hook.py",
            "import sys\ndef hook(*_): raise TypeError('hook')\nsys.excepthook = hook\nraise ValueError(1)\n",
        )
        assert both("hook.py", cwd=here).status == 1

    def test_an_interrupted_program_dies_by_the_signal(self, here: Path) -> None:
        """As under Python: a shell sees SIGINT; buffered output and open files are written before."""
        write(
            here / "stop.py",
            """
            import atexit, signal, sys
            signal.signal(signal.SIGINT, signal.default_int_handler)
            atexit.register(print, "at exit")
            log = open("log.txt", "a")
            log.write("kept ")
            print("before")
            signal.raise_signal(signal.SIGINT)
            """,
        )
        ran = both("stop.py", cwd=here)
        assert (ran.status, ran.out) == (-signal.SIGINT, b"before\nat exit\n")
        assert (here / "log.txt").read_text() == "kept kept "
        end = trace_in(here).end
        assert end is not None
        assert (end.ended, end.exception, end.status) == ("exception", "KeyboardInterrupt", 130)

    def test_an_interrupt_in_a_task_leaves_a_whole_trace(self, here: Path) -> None:
        """The force is there, not completed, and the program dies by the signal."""
        write(
            here / "stop.py",
            """
            import dask, dask.array as da, signal
            signal.signal(signal.SIGINT, signal.default_int_handler)
            def stop(block):
                signal.raise_signal(signal.SIGINT)
                return block
            x = da.ones(4, chunks=2).map_blocks(stop, dtype=float, meta=da.ones(4)._meta)
            with dask.config.set(scheduler="sync"):
                x.compute()
            """,
        )
        assert both("stop.py", cwd=here).status == -signal.SIGINT
        trace = trace_in(here)
        assert [(f.completed, f.end and f.end.error) for f in trace.forces] == [(False, "KeyboardInterrupt")]
        assert [(f.type, f.escaped) for f in trace.failures] == [("KeyboardInterrupt", True)]

    def test_a_caught_interrupt_is_the_programs_business(self, here: Path) -> None:
        """It goes on and ends as it likes."""
        write(
            here / "stop.py",
            """
            import signal
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                print("got")
            exit(7)
            """,
        )
        assert both("stop.py", cwd=here)[:2] == (7, b"got\n")

    @pytest.mark.parametrize(
        ("ending", "status"),
        [
            ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
            ("os._exit(5)", 5),
            ("os.abort()", -signal.SIGABRT),
        ],
    )
    def test_a_program_that_is_cut_off_leaves_a_readable_trace(
        self, here: Path, ending: str, status: int
    ) -> None:
        """Status and output are plain Python's; the trace says that the program was killed."""
        write(
            here / "cut.py",
            "import os, signal, dask\n"
            "print(dask.delayed(sum)([1, 2]).compute(scheduler='sync'), flush=True)\n" + ending,
        )
        plain, ours = python("cut.py", cwd=here), run("cut.py", cwd=here)
        assert ours == plain
        assert (ours.status, ours.out) == (status, b"3\n")
        trace = trace_in(here)
        assert (trace.ended, [f.completed for f in trace.forces]) == ("killed", [True])

    def test_what_threads_and_exit_handlers_compute_after_main_is_recorded(self, here: Path) -> None:
        """A thread that outlives main and a handler at exit are part of the program."""
        write(
            here / "late.py",
            """
            import atexit, threading
            import dask.array as da
            x = da.ones(4, chunks=2)
            def late():
                threading.main_thread().join()
                print("thread", x.sum().compute(scheduler="sync"))
            atexit.register(lambda: print("exit", x.max().compute(scheduler="sync")))
            threading.Thread(target=late, name="late one").start()
            print("main ends", flush=True)
            """,
        )
        ran = both("late.py", cwd=here)
        assert ran.out == b"main ends\nthread 4.0\nexit 1.0\n"
        trace = trace_in(here)
        assert [trace.texts[f.begin.thread] for f in trace.forces] == ["late one", "MainThread"]
        assert b"lazyscope: 2 forces" in ran.err
        assert trace.ended == "ok"

    def test_a_forked_child_writes_a_file_of_its_own(self, here: Path) -> None:
        """The parent's trace holds the parent's forces only; a child that did nothing leaves nothing."""
        write(
            here / "fork.py",
            """
            import os, sys
            import dask
            add = dask.delayed(sum)([1, 2])
            add.compute(scheduler="sync")
            for computes in (True, False):
                if os.fork() == 0:
                    if computes:
                        add.compute(scheduler="sync")
                        add.compute(scheduler="sync")
                    sys.exit(3)
                print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
            """,
        )
        ran = both("fork.py", cwd=here)
        assert ran.out == b"3\n3\n"
        assert len(trace_in(here).forces) == 1
        child = trace_in(here, "lazyscope-fork-1-*.lazy")
        assert (child.header.process, len(child.forces), child.ended) == ("forked", 2, "ok")


class TestOutput:
    """Where the trace goes, and what is said about it."""

    COMPUTES = "import dask; print(dask.delayed(sum)([1, 2]).compute(scheduler='sync'))"

    def test_the_default_name_counts_up(self, here: Path) -> None:
        """The first free number is taken, in the directory where it was started, whatever lies in between."""
        write(here / "sub" / "sum.py", self.COMPUTES)
        (here / "lazyscope-sum-2.lazy").write_bytes(b"mine")
        said = [run("sub/sum.py", cwd=here).err for _ in range(2)]
        assert said == [
            b"lazyscope: 1 force, trace in lazyscope-sum-1.lazy\n",
            b"lazyscope: 1 force, trace in lazyscope-sum-3.lazy\n",
        ]
        assert (here / "lazyscope-sum-2.lazy").read_bytes() == b"mine"

    @pytest.mark.parametrize(
        ("target", "name"),
        [
            (["-m", "pack.mod"], "lazyscope-pack.mod-1.lazy"),
            (["-m", "pack"], "lazyscope-pack-1.lazy"),
            (["pack"], "lazyscope-pack-1.lazy"),
            (["."], "lazyscope-work-1.lazy"),
            (["a.zip"], "lazyscope-a-1.lazy"),
        ],
    )  # fmt: skip
    def test_a_trace_is_named_after_the_program(self, here: Path, target: list[str], name: str) -> None:
        """A module after its full name, a package, directory or archive after itself."""
        for file in ("pack/__init__.py", "pack/mod.py", "pack/__main__.py", "__main__.py"):
            write(here / file, "")
        with zipfile.ZipFile(here / "a.zip", "w") as archive:
            archive.writestr("__main__.py", "")
        assert run(*target, cwd=here).err == f"lazyscope: 0 forces, trace in {name}\n".encode()

    def test_an_existing_output_is_refused(self, here: Path) -> None:
        """In one line with status 2, before the program starts, and with the file untouched."""
        write(here / "sum.py", self.COMPUTES)
        (here / "kept.lazy").write_bytes(b"mine")
        assert run("-o", "kept.lazy", "sum.py", cwd=here) == Ran(
            2,
            b"",
            b"lazyscope: kept.lazy exists and would be lost: give another name with -o, or --overwrite\n",
        )
        assert (here / "kept.lazy").read_bytes() == b"mine"

    def test_overwrite_replaces_it(self, here: Path) -> None:
        """Nothing of a longer file is left behind the new trace."""
        write(here / "sum.py", self.COMPUTES)
        (here / "old.lazy").write_bytes(b"mine" * 100_000)
        assert run("-o", "old.lazy", "--overwrite", "sum.py", cwd=here).status == 0
        trace = trace_in(here, "old.lazy")
        assert (len(trace.forces), trace.lost_bytes) == (1, 0)

    def test_a_program_that_changes_directory(self, here: Path) -> None:
        """The trace lies where the run was started, and is named as seen from there; children too."""
        write(
            here / "move.py",
            """
            import os, dask
            os.mkdir("elsewhere"); os.chdir("elsewhere")
            add = dask.delayed(sum)([1, 2])
            add.compute(scheduler="sync")
            if os.fork() == 0:
                add.compute(scheduler="sync")
                os._exit(0)
            os.wait()
            """,
        )
        ran = run("-o", "moved.lazy", "move.py", cwd=here)
        assert ran.err == (
            b"lazyscope: 1 force, trace in moved.lazy\n"
            b"lazyscope: traces of a child process in moved-<process>.lazy\n"
        )
        assert len(trace_in(here, "moved.lazy").forces) == 1
        assert len(trace_in(here, "moved-*.lazy").forces) == 1
        assert list((here / "elsewhere").iterdir()) == []

    def test_a_program_that_removes_its_directory(self, here: Path) -> None:
        """Even then the trace is closed and the program's status stands."""
        write(here / "gone.py", "import os, shutil; shutil.rmtree(os.getcwd()); raise SystemExit(4)")
        (here / "inner").mkdir()
        ran = run("-o", "../gone.lazy", "../gone.py", cwd=here / "inner")
        assert (ran.status, ran.err) == (4, b"lazyscope: 0 forces, trace in ../gone.lazy\n")
        assert trace_in(here, "gone.lazy").ended == "ok"

    def test_our_line_does_not_go_where_the_program_sends_its_own(self, here: Path) -> None:
        """A program that replaces `sys.stderr`, or closes it, gets no line of ours, and no error."""
        write(
            here / "tee.py", "import sys; sys.stderr = open('err.txt', 'w'); print('mine', file=sys.stderr)"
        )
        assert run("tee.py", cwd=here).err == b"lazyscope: 0 forces, trace in lazyscope-tee-1.lazy\n"
        assert (here / "err.txt").read_text() == "mine\n"
        write(here / "close.py", "import sys; sys.stderr.close(); print('done')")
        assert run("close.py", cwd=here) == Ran(0, b"done\n", b"")

    @pytest.mark.parametrize("home", [None, "/nonexistent"])
    def test_no_home_directory_is_needed(self, here: Path, home: str | None) -> None:
        """Neither set nor existing."""
        write(here / "sum.py", self.COMPUTES)
        assert both("sum.py", cwd=here, env={"HOME": home}).out == b"3\n"

    def test_a_package_named_with_as_is_the_users(self, here: Path) -> None:
        """Its lines are user sites; without the option those of the script are."""
        packages = here / "lib" / "site-packages"
        write(packages / "spam" / "__init__.py", "def force(x):\n    return x.compute(scheduler='sync')\n")
        write(here / "use.py", "import dask, spam\nspam.force(dask.delayed(sum)([1, 2]))\n")
        environment = {"PYTHONPATH": f"{SOURCE_ROOT}{os.pathsep}{packages}"}
        assert run("-o", "1.lazy", "use.py", cwd=here, env=environment).status == 0
        assert run("--as", "spam", "-o", "2.lazy", "use.py", cwd=here, env=environment).status == 0
        assert [_user_line(trace_in(here, name)) for name in ("1.lazy", "2.lazy")] == [
            ("use.py", 2), ("spam/__init__.py", 2),
        ]  # fmt: skip


def _user_line(trace: TraceData) -> tuple[str, int]:
    (force,) = trace.forces
    assert force.begin.user_site is not None
    return trace.file_of(force.begin.user_site).path, trace.positions[force.begin.user_site].line


class TestBadInput:
    """One line that says what to do, status 2, and nothing left behind."""

    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (["missing.py"], "no script at missing.py: give the path of a Python file, or -m MODULE"),
            (["empty"], "empty holds no __main__.py: give the path of a Python file"),
            (["-m", "no_such"], "no module named no_such can be run: check the name, or give a script"),
            (["-o", "nowhere/x.lazy", "fine.py"],
             "cannot write nowhere/x.lazy: No such file or directory; give another name with -o"),
            (["-o", "fine.py/x.lazy", "fine.py"],
             "cannot write fine.py/x.lazy: Not a directory; give another name with -o"),
        ],
    )  # fmt: skip
    def test_it_is_refused(self, here: Path, arguments: list[str], line: str) -> None:
        """Before the program starts."""
        (here / "empty").mkdir()
        write(here / "fine.py", "print('started')")
        assert run(*arguments, cwd=here) == Ran(2, b"", f"lazyscope: {line}\n".encode())
        assert list(here.glob("**/*.lazy")) == []

    @pytest.mark.parametrize(
        "arguments", [["-m", "pack.no_such"], ["-m", "fine.py"], ["-m", "empty"], ["-m", ""]]
    )
    def test_a_module_that_cannot_be_run_is_refused(self, here: Path, arguments: list[str]) -> None:
        """In one line, whatever kind of name it is."""
        (here / "empty").mkdir()
        write(here / "pack" / "__init__.py", "")
        write(here / "fine.py", "")
        ran = run(*arguments, cwd=here)
        assert (ran.status, ran.err.count(b"\n")) == (2, 1)
        assert ran.err.startswith(b"lazyscope: ")
        assert list(here.glob("**/*.lazy")) == []

    def test_a_package_that_fails_when_imported_is_shown_as_pythons_error(self, here: Path) -> None:
        """With status 1, its exception, and no frame of lazyscope."""
        write(here / "pack" / "__init__.py", "raise RuntimeError('not today')")
        ran = run("-m", "pack", cwd=here)
        assert (ran.status, ran.err.splitlines()[-1]) == (1, b"RuntimeError: not today")
        assert b"lazyscope" not in ran.err.replace(str(here).encode(), b"")

    def test_a_script_that_cannot_be_read_is_refused(self, here: Path) -> None:
        """Here a file whose bytes the system does not give."""
        if not Path("/proc/self/mem").exists():
            pytest.skip("needs /proc")
        assert run("/proc/self/mem", cwd=here) == Ran(
            2,
            b"",
            b"lazyscope: cannot read /proc/self/mem: Input/output error; give the path of a Python file\n",
        )

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
    def test_permissions_are_respected(self, here: Path) -> None:
        """A script without read permission and a directory without write permission."""
        script = write(here / "fine.py", "print('started')")
        here.chmod(0o555)
        try:
            assert run("fine.py", cwd=here) == Ran(
                2,
                b"",
                f"lazyscope: cannot write {here}/lazyscope-fine-1.lazy: Permission denied; "
                "give another name with -o\n".encode(),
            )
        finally:
            here.chmod(0o755)
        script.chmod(0)
        assert run("fine.py", cwd=here) == Ran(
            2, b"", b"lazyscope: cannot read fine.py: Permission denied; give the path of a Python file\n"
        )


class TestKilled:
    """A process that is killed while a force runs."""

    @pytest.fixture
    def killed(self, here: Path) -> Path:
        write(
            here / "grow.py",
            """
            import os, signal
            import dask.array as da
            import numpy as np

            def kill(block):
                os.kill(os.getpid(), signal.SIGKILL)
                return block

            small = da.ones((100, 20), chunks=(50, 20))
            total = float(small.sum())
            large = small.map_blocks(kill, dtype=small.dtype, meta=np.empty((0, 0)))
            print("about to", flush=True)
            values = np.asarray(large)
            """,
        )
        ran = run("grow.py", cwd=here)
        assert ran == Ran(-signal.SIGKILL, b"about to\n", b"")
        return here / "lazyscope-grow-1.lazy"

    def test_the_journal_names_the_force_its_line_and_what_it_wanted(self, killed: Path) -> None:
        """Everything before it is whole, and its begin record is there."""
        trace = load_trace(killed)
        assert trace.ended == "killed"
        assert [f.completed for f in trace.forces] == [True, False]
        force = trace.running
        assert force is not None
        begin = force.begin
        assert begin.user_site is not None
        assert (begin.id, begin.trigger, begin.expected_bytes, begin.largest_chunk_bytes) == (
            2, "__array__", 100 * 20 * 8, 50 * 20 * 8,
        )  # fmt: skip
        assert trace.positions[begin.user_site].line == 13
        assert {trace.texts[call.operation] for call in trace.calls} >= {"Array.sum", "Array.map_blocks"}

    def test_show_names_it(self, killed: Path) -> None:
        """The line, the trigger and the size, at the top of the screen."""
        ran = python("-m", "lazyscope", "show", killed.name, cwd=killed.parent)
        text = ran.out.decode()
        assert ran.status == 0
        assert "killed" in text
        assert "grow.py:13" in text
        assert "by __array__" in text
        assert "It wanted 16 kB." in text

    def test_the_report_names_it(self, killed: Path) -> None:
        """As a force that did not complete, with the bytes it would have had."""
        ran = python("-m", "lazyscope", "report", killed.name, "--format", "json", cwd=killed.parent)
        document = json.loads(ran.out)
        assert document["program"]["ended"] == "killed"
        last = document["forces"][-1]
        assert (last["id"], last["completed"], last["trigger"], last["expected_bytes"], last["bytes"]) == (
            2, False, "__array__", 16_000, None,
        )  # fmt: skip
        assert (last["user_site"]["file"], last["user_site"]["line"], last["user_site"]["expression"]) == (
            "grow.py", 13, "np.asarray(large)",
        )  # fmt: skip


class TestCannotFit:
    """A force whose result is larger than the memory that is free."""

    def test_one_line_says_so_before_it_begins(self, here: Path) -> None:
        """It names the expression, its line, what it needs and what is free; the program is not hindered."""
        write(
            here / "big.py",
            """
            import sys
            import dask.array as da
            import numpy as np

            def fail(shape, dtype=None):
                sys.stderr.write("the force begins\\n")
                raise MemoryError("harmless")

            empty = np.empty(0)
            obs = da.ones(10**13, chunks=10**12).map_blocks(lambda b: fail(None), dtype=float, meta=empty)
            try:
                np.asarray(obs)
            except MemoryError as error:
                print("caught", error)
            """,
        )
        environment = {"DASK_SCHEDULER": "sync"}
        ran = run("big.py", cwd=here, env=environment)
        assert (ran.status, ran.out) == (0, b"caught harmless\n")
        lines = ran.err.decode().splitlines()
        assert re.fullmatch(
            r"lazyscope: np\.asarray\(obs\) at big\.py:12 needs 80 TB; \d+(\.\d+)? [kMGT]?B free", lines[0]
        )
        assert lines[1:] == ["the force begins", "lazyscope: 1 force, trace in lazyscope-big-1.lazy"]
        (force,) = trace_in(here).forces
        assert force.begin.expected_bytes == 80 * 10**12
        assert force.begin.free_bytes is not None

    def test_a_force_that_fits_is_not_announced(self, here: Path) -> None:
        """Also one large enough to have the free memory read."""
        write(
            here / "fits.py",
            "import dask.array as da\nda.zeros((70, 2**20), chunks=(70, 2**17), dtype='u1').compute()\n",
        )
        assert run("fits.py", cwd=here).err == b"lazyscope: 1 force, trace in lazyscope-fits-1.lazy\n"


class TestBackEnds:
    """Settings that are read when a module is imported."""

    def test_a_script_that_asks_for_the_expression_back_end_gets_it(self, here: Path) -> None:
        """For it is fixed when `dask.array` is imported, which the program does, not lazyscope."""
        write(
            here / "expr.py",
            """
            import dask
            dask.config.set({"array.query-planning": True})
            import dask.array as da
            x = da.ones((4, 4), chunks=2)
            print(type(x).__module__, hasattr(x, "expr"), float((x + 1).sum().compute()))
            """,
        )
        ran = both("expr.py", cwd=here)
        assert b" True 32.0\n" in ran.out
        assert len(trace_in(here).forces) == 1

    def test_warnings_point_at_the_programs_lines(self, here: Path) -> None:
        """A function NumPy has and dask lacks warns at the same line, once, as under plain Python."""
        write(
            here / "warn.py",
            """
            import warnings
            import dask.array as da
            import numpy as np
            warnings.simplefilter("default")
            x = da.ones(8, chunks=4)
            for _ in range(3):
                np.partition(x, 2)
            da.log(da.zeros(3)).compute(scheduler="sync")
            """,
        )
        assert b"Warning" in both("warn.py", cwd=here).told


class TestMaxForces:
    """A budget of forces."""

    PROGRAM = """
    import sys
    import dask.array as da
    import lazyscope
    x = da.ones(4, chunks=2)
    file = open("written.txt", "w")
    file.write("all of it")
    for _ in range(3):
        float(x.sum())
    with lazyscope.allow("meant"):
        x.compute()
    print("done")
    if sys.argv[1:]:
        raise SystemExit(int(sys.argv[1]))
    """

    def test_more_forces_than_that_give_status_1_and_name_the_worst_sites(self, here: Path) -> None:
        """After the program has ended well; what it wrote is written."""
        write(here / "busy.py", self.PROGRAM)
        ran = run("--max-forces", "2", "busy.py", cwd=here)
        assert (ran.status, ran.out) == (1, b"done\n")
        assert ran.err.decode() == (
            "lazyscope: 4 forces, trace in lazyscope-busy-1.lazy\n"
            "lazyscope: 3 forces, besides 1 allowed one, where --max-forces 2:\n"
            "  3 at busy.py:8: float(x.sum()) (__float__)\n"
            'Forces that are meant go under `with lazyscope.allow("reason"):`.\n'
        )
        assert (here / "written.txt").read_text() == "all of it"

    def test_a_budget_that_is_kept_changes_nothing(self, here: Path) -> None:
        """Allowed forces cost none of it."""
        write(here / "busy.py", self.PROGRAM)
        ran = run("--max-forces", "3", "busy.py", cwd=here)
        assert (ran.status, ran.err) == (0, b"lazyscope: 4 forces, trace in lazyscope-busy-1.lazy\n")

    def test_the_program_s_own_status_wins(self, here: Path) -> None:
        """A broken budget is said all the same."""
        write(here / "busy.py", self.PROGRAM)
        ran = run("--max-forces", "0", "busy.py", "7", cwd=here)
        assert ran.status == 7
        assert b"where --max-forces 0:" in ran.err

    def test_a_budget_below_none_is_refused(self, here: Path) -> None:
        """In one line."""
        write(here / "busy.py", self.PROGRAM)
        ran = run("--max-forces", "-1", "busy.py", cwd=here)
        assert (ran.status, ran.err.count(b"\n")) == (2, 1)
