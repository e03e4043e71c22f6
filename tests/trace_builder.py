"""Make traces from short Python calls, without running a program."""

from __future__ import annotations

import ast
import textwrap
import zlib
from pathlib import Path
from typing import Any

from lazyscope.model import events, journal, journal_file
from lazyscope.model.trace import TraceData, assemble

SAME = -1
"""As a user site: the user's own line is the site."""


class TraceBuilder:
    """A trace in the making: every call appends what a recorder would have written.

    Time stands still between calls: a force begins when the last one ended, unless `wait` is called.

    Examples
    --------
    >>> build = TraceBuilder("pipeline.py")
    >>> build.source("pipeline.py", "total = x.sum().compute()")
    >>> build.force(build.at("pipeline.py", "x.sum().compute()"), "compute", seconds=0.5, tasks=8)
    1
    >>> build.end().trace().seconds
    0.5
    """

    def __init__(self, *argv: str, memory_limit: int | None = None, process: str = "main") -> None:
        self.now = 0.0
        self._records: list[events.Record] = [
            events.Header(
                version=journal.FORMAT_VERSION,
                lazyscope="0.1.0",
                started=1_700_000_000.0,
                argv=list(argv),
                versions={"python": "3.13.0", "dask": "2026.8.0"},
                memory_limit=memory_limit,
                process=process,
            )
        ]
        self._tables: dict[type, dict[str, int]] = {}
        self._sources: dict[str, tuple[int, str]] = {}
        self._forces = 0
        self._failures = 0

    def source(self, path: str, text: str, *, role: str = "user", distribution: str | None = None) -> None:
        """Add a file with source text; its common indentation is removed, a first line break too."""
        text = textwrap.dedent(text.removeprefix("\n"))
        text = text.rstrip("\n") + "\n"
        packed = zlib.compress(text.encode("utf-8", "surrogatepass"))
        number = self._number(events.File(path, role, distribution, packed))
        self._sources[path] = number, text

    def missing(self, path: str, *, role: str = "library", distribution: str | None = None) -> None:
        """Add a file without source text."""
        self._sources[path] = self._number(events.File(path, role, distribution)), ""

    def at(self, path: str, fragment: str | int, *, function: str | None = None, opcode: str = "CALL") -> int:
        """The position of the first occurrence of `fragment` in a file, or of a line without source.

        The function is the one that the source has there, unless given.
        """
        file, text = self._sources[path]
        if isinstance(fragment, int):
            code = self._number(events.Code(file, function or "<module>", 1))
            return self._number(events.Position(code, fragment, fragment, -1, -1, opcode))
        start = text.index(fragment)
        (line, column), (end_line, end_column) = _point(text, start), _point(text, start + len(fragment))
        around, first_line = _function_at(text, line)
        code = self._number(events.Code(file, function or around, first_line))
        return self._number(events.Position(code, line, end_line, column, end_column, opcode))

    def text(self, text: str) -> int:
        """The number of a text."""
        return self._number(events.Text(text))

    def layer(self, name: str, operation: str, tasks: int, reads: list[int] | None = None) -> int:
        """Add a group of tasks."""
        return self._number(
            events.Layer(self.text(name), self.text(operation), tasks, reads or [], source=not reads)
        )

    def call(
        self,
        operation: str,
        site: int,
        *,
        outputs: list[tuple[str, str, list[int | None]]] | None = None,
        user_site: int | None = SAME,
    ) -> None:
        """Add an array call; its outputs are (name, dtype, shape)."""
        made = [
            (self.text(name), self.text(dtype), self._number(events.Layout(shape, [1] * len(shape), shape)))
            for name, dtype, shape in outputs or []
        ]
        self._records.append(
            events.Call(
                self.now,
                self.text(operation),
                site,
                site if user_site == SAME else user_site,
                [],
                made,
                self.text("MainThread"),
            )
        )

    def binding(
        self,
        position: int,
        name: str,
        kind: str,
        *,
        scope: str = "global",
        in_statement: bool = True,
        type: str | None = None,  # noqa: A002  (as the record has it)
        arrays: tuple[str, ...] = (),
        dtype: str | None = None,
        shape: list[int | None] | None = None,
        **fields: Any,
    ) -> None:
        """Add what a name was bound to; a dask array's shape is its only chunk."""
        is_dask = kind == "dask array" and shape is not None
        layout = None
        if is_dask and shape is not None:
            layout = self._number(events.Layout(shape, [1] * len(shape), shape))
        self._records.append(
            events.Binding(
                position, self.text(name), in_statement, kind, scope,
                type=None if type is None else self.text(type),
                arrays=[self.text(array) for array in arrays],
                dtype=None if dtype is None else self.text(dtype), layout=layout,
                shape=None if is_dask else shape, **fields,
            )
        )  # fmt: skip

    def declared(self, entry: str, dask: str, lazy: bool | None, source: str) -> None:
        """Add what a library declares of a function on dask arrays."""
        self._records.append(events.Capability(self.text(entry), dask, lazy, source))

    def begin(
        self,
        site: int | None,
        trigger: str,
        *,
        user_site: int | None = SAME,
        entry: str | None = None,
        parent: int | None = None,
        inherited: bool = False,
        tasks: int = 1,
        repeated: int = 0,
        tasks_exact: bool = True,
        wanted: list[events.Wanted] | None = None,
        results: tuple[str, ...] = (),
        at: float | None = None,
        **fields: Any,
    ) -> int:
        """Begin a force and return its id; by default its site is the user's own line."""
        self._forces += 1
        begin = events.ForceBegin(
            id=self._forces,
            parent=parent,
            at=self.now if at is None else at,
            trigger=trigger,
            site=site,
            user_site=site if user_site == SAME else user_site,
            inherited=inherited,
            entry=None if entry is None else self.text(entry),
            stack=None,
            scheduler="threads",
            thread=self.text("MainThread"),
            wanted=wanted or [],
            tasks=tasks,
            tasks_repeated=repeated,
            tasks_exact=tasks_exact,
            results=[self.text(name) for name in results],
            **fields,
        )
        self._records.append(begin)
        return begin.id

    def finish(
        self, force: int, seconds: float, *, size: int | None = 8, error: str | None = None
    ) -> TraceBuilder:
        """End a force that had begun."""
        self._records.append(
            events.ForceEnd(
                id=force, completed=error is None, seconds=seconds, bytes=None if error else size, error=error
            )
        )
        return self

    def force(
        self,
        site: int | None,
        trigger: str,
        *,
        seconds: float,
        size: int | None = 8,
        error: str | None = None,
        **fields: Any,
    ) -> int:
        """A force that came back after `seconds` with `size` bytes; the rest as for `begin`."""
        number = self.begin(site, trigger, **fields)
        self.finish(number, seconds, size=size, error=error)
        self.now += seconds
        return number

    def wait(self, seconds: float) -> TraceBuilder:
        """Let time pass in which nothing is recorded."""
        self.now += seconds
        return self

    def unknown_shape(
        self, operation: str, site: int | None, *, user_site: int | None = SAME, entry: str | None = None
    ) -> None:
        """Add an array whose shape became unknown."""
        self._records.append(
            events.UnknownShape(
                at=self.now,
                operation=operation,
                array=self.text("array-0"),
                site=site,
                user_site=site if user_site == SAME else user_site,
                entry=None if entry is None else self.text(entry),
                stack=None,
                thread=self.text("MainThread"),
            )
        )

    def failure(
        self,
        kind: str,
        message: str,
        site: int | None,
        *,
        escaped: bool = True,
        user_site: int | None = SAME,
        entry: str | None = None,
    ) -> None:
        """Add an exception."""
        self._failures += 1
        self._records.append(
            events.Failure(
                at=self.now,
                type=kind,
                message=message,
                escaped=escaped,
                site=site,
                user_site=site if user_site == SAME else user_site,
                entry=None if entry is None else self.text(entry),
                stack=None,
                thread=self.text("MainThread"),
                id=self._failures,
            )
        )

    def blind_spot(self, text: str, count: int = 1) -> None:
        """Add something that could not be seen."""
        self._records.append(events.BlindSpot(text, count))

    def end(self, ended: str = "ok", exception: str | None = None) -> TraceBuilder:
        """Close the trace; without this the program was killed."""
        self._records.append(events.End(seconds=self.now, ended=ended, exception=exception))
        return self

    def content(self) -> bytes:
        """The bytes of the journal."""
        return journal.MAGIC + journal_file.encode_frame(self._records)

    def save(self, path: Path) -> Path:
        """Write the journal to `path`."""
        path.write_bytes(self.content())
        return path

    def trace(self) -> TraceData:
        """The trace as read back from its journal."""
        return assemble(journal.read_records(self.content()))

    def _number(self, record: events.Record) -> int:
        key = repr(record)
        table = self._tables.setdefault(type(record), {})
        if key not in table:
            table[key] = len(table)
            self._records.append(record)
        return table[key]


def _point(text: str, offset: int) -> tuple[int, int]:
    """Line from 1 and column in bytes."""
    line_start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, len(text[line_start:offset].encode())


def _function_at(text: str, line: int) -> tuple[str, int]:
    """Name and first line of the innermost function around a line."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return "<module>", 1
    around = [
        (node.name, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return around[-1] if around else ("<module>", 1)
