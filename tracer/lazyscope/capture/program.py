"""Runs a program as Python itself would: as ``__main__``, with its own arguments, path and exit status."""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib.machinery
import importlib.util
import io
import os
import pkgutil
import signal
import sys
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import NamedTuple

from lazyscope.capture.escaped import note_escaped
from lazyscope.capture.session import Session
from lazyscope.capture.wrapping import FILENAME, OWN_DIRECTORY
from lazyscope.errors import LazyscopeError

_OWN = os.path.join(OWN_DIRECTORY, "")


class Program(NamedTuple):
    """A program that has been found and compiled, but not begun."""

    code: CodeType
    argv0: str
    search_path: str | None
    """What stands first in `sys.path` while it runs; None under ``python -P``."""
    spec: importlib.machinery.ModuleSpec | None
    package: str | None
    """Top-level package of a module run with ``-m``."""
    file: str | None

    @property
    def stem(self) -> str:
        """What a trace of it is named after."""
        if self.spec is not None and self.spec.name:
            name = self.spec.name.removesuffix(".__main__")
            return name if name != "__main__" else Path(os.path.abspath(self.argv0)).stem
        return Path(self.argv0).stem


class Outcome(NamedTuple):
    """How a program ended."""

    status: int
    error: BaseException | None
    """The exception that left it, other than `SystemExit`."""
    interrupted: bool = False


def find_script(path: str) -> Program:
    """A script, or a directory or zip file that holds a ``__main__``.

    Raises
    ------
    LazyscopeError
        If there is none, or it cannot be read or compiled.
    """
    if not os.path.exists(path):
        raise LazyscopeError(f"no script at {path}: give the path of a Python file, or -m MODULE")
    absolute = os.path.abspath(path)
    finder = getattr(pkgutil.get_importer(absolute), "find_spec", None)
    if finder is None:
        return _compiled(path, absolute)
    spec = finder("__main__")
    if spec is None:
        raise LazyscopeError(f"{path} holds no __main__.py: give the path of a Python file")
    return Program(_code_of(spec), path, absolute, spec, None, spec.origin)


def _compiled(path: str, absolute: str) -> Program:
    try:
        with io.open_code(absolute) as file:
            source = file.read()
    except OSError as error:
        raise LazyscopeError(
            f"cannot read {path}: {error.strerror}; give the path of a Python file"
        ) from None
    code = compile(source, absolute, "exec", dont_inherit=True)
    directory = None if sys.flags.safe_path else os.path.dirname(os.path.realpath(absolute))
    return Program(code, path, directory, None, None, absolute)


def find_module(name: str) -> Program:
    """A module to be run with ``-m``, or the ``__main__`` of a package.

    Raises
    ------
    LazyscopeError
        If there is none that can be run.
    """
    search_path = None if sys.flags.safe_path else os.getcwd()
    _put_first(search_path)
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except (ImportError, ValueError) as error:
        raise LazyscopeError(f"cannot find module {name}: {error}") from None
    if spec is None:
        raise LazyscopeError(f"no module named {name} can be run: check the name, or give a script")
    return Program(
        _code_of(spec), spec.origin or name, search_path, spec, name.partition(".")[0], spec.origin
    )


def _code_of(spec: importlib.machinery.ModuleSpec) -> CodeType:
    code = getattr(spec.loader, "get_code", lambda _: None)(spec.name)
    if code is None:
        raise LazyscopeError(f"{spec.name} has no Python code to run: give a script or another module")
    assert isinstance(code, CodeType)
    return code


def execute(program: Program, arguments: list[str], session: Session) -> Outcome:
    """Run a program in a fresh ``__main__`` and say how it ended.

    An uncaught exception has been recorded, and shown by `sys.excepthook`, when this returns.
    """
    sys.argv = [program.argv0, *arguments]
    _put_first(program.search_path)
    _make_way_for_own_modules(program.search_path)
    module = _new_main(program)
    sys.modules["__main__"] = sys.modules["__mp_main__"] = module
    return _outcome_of(program.code, module, session)


def _put_first(directory: str | None) -> None:
    """Search a directory for modules first, instead of the one where lazyscope's command was found."""
    if directory is None:
        return
    if sys.flags.safe_path:
        sys.path.insert(0, directory)
    else:
        sys.path[0] = directory


def _make_way_for_own_modules(directory: str | None) -> None:
    """Have the program find its modules where lazyscope has loaded others of the same name."""
    finder = None if directory is None else pkgutil.get_importer(directory)
    if finder is None:
        return
    loaded = list(sys.modules)
    since_lazyscope = {name.partition(".")[0] for name in loaded[loaded.index("lazyscope") :]}
    for name in since_lazyscope - {"lazyscope", *sys.builtin_module_names}:
        own = finder.find_spec(name)
        known = getattr(sys.modules.get(name), "__spec__", None)
        if own is None or own.loader is None or known is None or known.origin in (own.origin, "frozen"):
            continue
        forget_modules(name)


def forget_modules(package: str) -> None:
    """Have the program import a package anew that only lazyscope has used so far."""
    for name in list(sys.modules):
        if name.partition(".")[0] == package:
            del sys.modules[name]


def _new_main(program: Program) -> ModuleType:
    module = ModuleType("__main__")
    attributes = vars(module)
    attributes["__builtins__"] = builtins
    attributes["__file__"] = program.file
    attributes["__cached__"] = None if program.spec is None else program.spec.cached
    attributes["__spec__"] = program.spec
    attributes["__doc__"] = None
    if sys.version_info < (3, 14):
        attributes["__annotations__"] = {}
    if program.spec is not None:
        attributes["__loader__"] = program.spec.loader
        attributes["__package__"] = program.spec.parent
    else:
        attributes["__loader__"] = importlib.machinery.SourceFileLoader("__main__", str(program.file))
        attributes["__package__"] = None
    return module


def _outcome_of(code: CodeType, module: ModuleType, session: Session) -> Outcome:
    try:
        exec(code, module.__dict__)
    except SystemExit as request:
        return Outcome(_status_of(request), None)
    except BaseException as error:
        note_escaped(session, error)
        without_own_frames(error)
        status = show_uncaught(error)
        interrupted = type(error) is KeyboardInterrupt
        return Outcome(128 + signal.SIGINT if interrupted else status, error, interrupted)
    return Outcome(0, None)


def show_uncaught(error: BaseException) -> int:
    """Have `sys.excepthook` show an exception that nobody caught.

    Returns
    -------
    int
        The exit status Python would give.
    """
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except SystemExit as request:
        return _status_of(request)
    except BaseException as own:
        without_own_frames(own)
        own.__context__ = None
        print("Error in sys.excepthook:", file=sys.stderr)
        sys.__excepthook__(type(own), own, own.__traceback__)
        print("\nOriginal exception was:", file=sys.stderr)
        sys.__excepthook__(type(error), error, error.__traceback__)
    return 1


def _status_of(request: SystemExit) -> int:
    """The exit status Python would give for this ``SystemExit``."""
    if request.code is None:
        return 0
    if isinstance(request.code, int):
        return request.code & 0xFF
    print(request.code, file=sys.stderr)
    return 1


def without_own_frames(error: BaseException) -> None:
    """Take the frames of lazyscope out of the tracebacks of an exception and of those it carries."""
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        BaseException.with_traceback(one, _pruned(one.__traceback__))
        todo += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            todo += one.exceptions


def _pruned(traceback: TracebackType | None) -> TracebackType | None:
    first: TracebackType | None = None
    last: TracebackType | None = None
    while traceback is not None:
        following = traceback.tb_next
        if not _is_own(traceback):
            if last is None:
                first = traceback
            elif last.tb_next is not traceback:
                last.tb_next = traceback
            last = traceback
        traceback = following
    if last is not None and last.tb_next is not None:
        last.tb_next = None
    return first


def _is_own(traceback: TracebackType) -> bool:
    filename = traceback.tb_frame.f_code.co_filename
    if filename == FILENAME:
        return True
    # The bundled samples lie there as well.
    return filename.startswith(_OWN) and not filename.startswith(_OWN + "samples" + os.sep)


def end_by_interrupt() -> None:
    """End this process by the signal that ended the program, so that a shell sees it."""
    _let_go()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


def end_with_status(status: int) -> None:
    """End this process, whose exit status stands already, with another one."""
    _let_go()
    os._exit(status)


def _let_go() -> None:
    """Have the program's files closed, and so the data in their buffers written."""
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        vars(sys).pop(name, None)
    vars(sys.modules["__main__"]).clear()
    gc.collect()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
