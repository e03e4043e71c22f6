"""lazyscope in a notebook: ``%load_ext lazyscope``, then ``%%lazyscope`` above a cell.

The cell runs in the notebook's namespace under `lazyscope.trace`, shows what it always shows, and below that
what was forced. The trace is kept as `_lazyscope`, or under the name given. Lines are counted as the cell is
shown, with ``%%lazyscope`` in line 1. Exceptions pass through as they are; the trace is kept and shown.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path
from types import CodeType
from typing import Any

import IPython.display
from IPython.core import magic, magic_arguments
from IPython.core.error import UsageError

from lazyscope import api
from lazyscope.errors import LazyscopeError
from lazyscope.model import journal
from lazyscope.traces import Trace

DEFAULT_NAME = "_lazyscope"
"""What the trace of a cell is called."""

_MAGIC = "lazyscope"
_shell_display: Any = IPython.display.display
_arguments: Any = magic_arguments
_OPTIONS = (
    _arguments.magic_arguments(_MAGIC),
    _arguments.argument("-o", dest="file", metavar="FILE", help="Write the trace to FILE."),
    _arguments.argument("--overwrite", action="store_true", help="Replace FILE if it is a trace."),
    _arguments.argument("name", nargs="?", default=DEFAULT_NAME, help="What the trace is called afterwards."),
)
"""Decorators that say what may stand in the line of the magic."""

_FIRST_LINE = "# %%lazyscope\n"
"""Stands for the line of the magic, so that lines are counted as the cell is shown."""


def load_ipython_extension(ipython: Any) -> None:
    """Add ``%%lazyscope``: what ``%load_ext lazyscope`` calls."""

    def lazyscope(line: str, cell: str) -> None:
        """Record what a cell does on dask arrays, and show what it forced."""
        __tracebackhide__ = "__ipython_bottom__"
        try:
            options = _arguments.parse_argstring(decorated, line)
        except ValueError as error:
            raise UsageError(f"%%lazyscope {line}: {error}") from None
        _record(ipython, options, cell)

    decorated: Any = lazyscope
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    # What stands in braces or after a dollar sign is the user's.
    decorated = magic.no_var_expand(decorated)
    ipython.register_magic_function(decorated, magic_kind="cell", magic_name=_MAGIC)


def unload_ipython_extension(ipython: Any) -> None:
    """Take ``%%lazyscope`` away again."""
    ipython.magics_manager.magics["cell"].pop(_MAGIC, None)


def _record(shell: Any, options: Any, cell: str) -> None:
    __tracebackhide__ = "__ipython_bottom__"
    if not options.name.isidentifier() or iskeyword(options.name):
        raise UsageError(
            f"{options.name!r} is no name for a trace: `%%lazyscope NAME` binds it to a variable"
        )
    codes = list(_compiled(shell, cell))
    tracing, trace = _begun(options)
    error: BaseException | None = None
    shell.user_ns[options.name] = trace
    try:
        for code in codes:
            exec(code, shell.user_global_ns, shell.user_ns)
    except BaseException as caught:
        error = caught
        raise
    finally:
        tracing.__exit__(type(error) if error is not None else None, error, None)
        _show(shell, trace, options.name)


def _begun(options: Any) -> tuple[api.Tracing, Trace]:
    """A trace that has begun; what is in its way is said in one line."""
    path = None if options.file is None else Path(options.file).expanduser()
    try:
        if path is not None and options.overwrite:
            _make_room(path)
        tracing = api.Tracing(path)
        return tracing, tracing.__enter__()
    except LazyscopeError as error:
        raise UsageError(str(error)) from None


def _make_room(path: Path) -> None:
    """Remove an earlier trace; nothing else is removed."""
    try:
        with path.open("rb") as file:
            is_trace = file.read(len(journal.MAGIC)) == journal.MAGIC
    except FileNotFoundError:
        return
    except OSError as error:
        raise LazyscopeError(f"cannot replace {path}: {error.strerror}; give another path") from None
    if not is_trace:
        raise LazyscopeError(f"{path} is no trace and would be lost: give another path")
    path.unlink()


def _compiled(shell: Any, cell: str) -> Iterator[CodeType]:
    """The cell as IPython would compile it: what shows its value apart from the rest."""
    text = _FIRST_LINE + _empty_lines(cell) + shell.transform_cell(cell)
    name = shell.compile.cache(text, _number(shell), raw_code=text)
    tree = shell.transform_ast(_parsed(shell, text, name))
    assert isinstance(tree, ast.Module)
    silent, shown = _divided(shell, tree.body, cell)
    if silent:
        yield shell.compile(ast.Module(silent, []), name, "exec")
    if shown:
        yield shell.compile(ast.Interactive(shown), name, "single")


def _empty_lines(cell: str) -> str:
    """Line breaks for the empty lines at the beginning, which IPython drops."""
    return "\n" * cell[: len(cell) - len(cell.lstrip())].count("\n")


def _number(shell: Any) -> int:
    """The number of the cell that is running: the shell may have counted on already."""
    numbers = getattr(shell.compile, "_filename_map", {})
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename in numbers:
            return int(numbers[frame.f_code.co_filename])
        frame = frame.f_back  # type: ignore[assignment]
    return int(shell.execution_count)


def _parsed(shell: Any, text: str, name: str) -> Any:
    try:
        tree = shell.compile.ast_parse(text, filename=name)
    except SyntaxError as error:
        raise error.with_traceback(None) from None
    try:
        compile(tree, name, "exec", dont_inherit=True)
    except SyntaxError:
        try:
            compile(text, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError:
            return tree
        raise UsageError(
            "a cell that awaits at its top level cannot be run by %%lazyscope: "
            "write `with lazyscope.trace() as t:` in the cell"
        ) from None
    return tree


def _divided(shell: Any, body: list[ast.stmt], cell: str) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The statements that run, and after them those whose values are shown, as the shell is set."""
    wanted = shell.ast_node_interactivity
    if shell.displayhook.semicolon_at_end_of_expression(cell):
        wanted = "none"
    if wanted == "last_expr_or_assign" and body and (value := _assigned(body[-1])) is not None:
        body = [*body, value]
    if wanted == "all":
        return [], body
    if wanted == "none" or not body or not (wanted == "last" or isinstance(body[-1], ast.Expr)):
        return body, []
    return body[:-1], body[-1:]


def _assigned(statement: ast.stmt) -> ast.Expr | None:
    """An expression of the variable that a statement assigns to."""
    if isinstance(statement, ast.Assign):
        target = statement.targets[0] if len(statement.targets) == 1 else None
    else:
        target = statement.target if isinstance(statement, ast.AugAssign | ast.AnnAssign) else None
    if not isinstance(target, ast.Name):
        return None
    value = ast.copy_location(ast.Expr(ast.Name(target.id, ast.Load())), statement)
    return ast.fix_missing_locations(value)


def _show(shell: Any, trace: Trace, name: str) -> None:
    """Below the cell's own output: HTML in a notebook, the summary in a terminal."""
    from IPython.terminal.interactiveshell import TerminalInteractiveShell

    if isinstance(shell, TerminalInteractiveShell):
        trace.show()
    else:
        _shell_display({"text/plain": repr(trace), "text/html": trace._html(name)}, raw=True)
