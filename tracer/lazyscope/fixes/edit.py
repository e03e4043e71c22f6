"""Edits: whole lines of files that give way to others, and drafts from which edits are made.

A draft replaces nodes of the syntax tree by new text, at the places where they stand in the file, and puts
statements in before or after others. Whatever it does not name stays as it is written: formatting,
comments, line ends.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from lazyscope.analysis.source import Point, SourceFile, source_file
from lazyscope.analysis.syntax.terms import FUNCTIONS, imports_of
from lazyscope.model.trace import TraceData


@dataclass(frozen=True)
class Change:
    """Lines of a file: what stands at `line` to `end_line` gives way to `new`.

    With ``end_line == line - 1`` nothing gives way: `new` is put in before `line`.
    """

    file: int
    """Number of the file."""
    line: int
    end_line: int
    new: tuple[str, ...]

    @property
    def is_insertion(self) -> bool:
        """Whether nothing gives way to the new lines."""
        return self.end_line < self.line

    def old(self, trace: TraceData) -> list[str]:
        """The lines that give way."""
        return source_file(trace, self.file).lines[self.line - 1 : self.end_line]


@dataclass(frozen=True)
class Edit:
    """What a fix changes: all of it belongs together, imports included."""

    changes: tuple[Change, ...]
    """In the order of files and lines; those of one file do not touch each other."""

    @property
    def files(self) -> tuple[int, ...]:
        """Numbers of the files that it changes."""
        return tuple(dict.fromkeys(change.file for change in self.changes))

    @property
    def main(self) -> Change:
        """The change that is spoken of: not the import that comes with it."""
        others = [change for change in self.changes if not all(map(_is_import, change.new))]
        return (others or list(self.changes))[0]

    def with_text(self, changed: Callable[[str], str]) -> Edit:
        """The same edit with other texts in its new lines."""
        return Edit(tuple(replace(one, new=tuple(map(changed, one.new))) for one in self.changes))

    def lines(self, trace: TraceData, file: int) -> list[str]:
        """The lines of a file after the edit."""
        found = list(source_file(trace, file).lines)
        for change in sorted(self.changes, key=lambda one: one.line, reverse=True):
            if change.file == file:
                found[change.line - 1 : change.end_line] = change.new
        return found


def one_change(file: int, line: int, end_line: int, new: tuple[str, ...]) -> Edit:
    """An edit of one place."""
    return Edit((Change(file, line, end_line, new),))


def _is_import(line: str) -> bool:
    return line.startswith(("import ", "from ")) or not line.strip()


@dataclass(frozen=True)
class _Passage:
    """A part of a file, columns in characters, and the text that takes its place."""

    start: Point
    end: Point
    text: str


@dataclass
class Draft:
    """An edit in the making.

    Places are nodes of the tree that `source_file` gives of a file of the trace.
    """

    trace: TraceData
    _passages: dict[int, list[_Passage]] = field(default_factory=dict)
    possible: bool = True
    """Whether everything could be put where it belongs; else there is no edit."""

    def replace(self, file: int, node: ast.expr | ast.stmt, text: str) -> None:
        """Put a text in the place of a node. Further lines are given as they are to stand there."""
        start, end = span_in(source_file(self.trace, file), node)
        self._passages.setdefault(file, []).append(_Passage(start, end, text))

    def remove(self, file: int, statement: ast.stmt) -> None:
        """Take out a statement that stands on lines of its own."""
        start, last = statement.lineno, statement.end_lineno or statement.lineno
        self._passages.setdefault(file, []).append(_Passage((start, 0), (last + 1, 0), ""))

    def cut(self, file: int, kept: ast.expr, whole: ast.expr) -> None:
        """Leave out what stands behind a part of an expression that begins with this part."""
        source = source_file(self.trace, file)
        start, end = span_in(source, kept)[1], span_in(source, whole)[1]
        passage = _Passage(start, end, "")
        if passage not in self._passages.setdefault(file, []):
            self._passages[file].append(passage)

    def prepend(self, file: int, node: ast.expr, text: str) -> None:
        """Put a text in front of an expression."""
        start, _ = span_in(source_file(self.trace, file), node)
        self._passages.setdefault(file, []).append(_Passage(start, start, text))

    def append(self, file: int, node: ast.expr, text: str) -> None:
        """Put a text behind an expression."""
        _, end = span_in(source_file(self.trace, file), node)
        self._passages.setdefault(file, []).append(_Passage(end, end, text))

    def insert_before(self, file: int, statement: ast.stmt, *lines: str) -> None:
        """Put statements in before one that begins a line, with its indent."""
        source = source_file(self.trace, file)
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        line = decorators[0].lineno if decorators else statement.lineno
        if not begins_line(source, statement) and not decorators:
            self.possible = False
            return
        text = "".join(f"{indent_of(source, line)}{new}\n" for new in lines)
        self._passages.setdefault(file, []).append(_Passage((line, 0), (line, 0), text))

    def insert_after(self, file: int, statement: ast.stmt, *lines: str) -> None:
        """Put statements in after one that stands on lines of its own, with its indent."""
        source = source_file(self.trace, file)
        last = statement.end_lineno or statement.lineno
        if not begins_line(source, statement) or not ends_line(source, statement):
            self.possible = False
            return
        text = "".join(f"\n{indent_of(source, statement.lineno)}{new}" for new in lines)
        end = (last, len(source.line(last)))
        self._passages.setdefault(file, []).append(_Passage(end, end, text))

    def import_of(self, file: int, module: str) -> str:
        """The name under which a file knows a module; it is imported where it is not yet.

        Parameters
        ----------
        file
            Number of the file.
        module
            ``dask``, ``dask.array``, ``numpy``.
        """
        tree = source_file(self.trace, file).tree
        if tree is None:
            self.possible = False
            return module
        known = known_as(tree, module)
        if known is not None:
            return known
        name = _CUSTOMARY.get(module, module)
        if is_bound(tree, name.partition(".")[0]):
            self.possible = False
        statement = f"import {module} as {name}" if name != module else f"import {module}"
        self._import(file, tree, statement)
        return name

    def import_from(self, file: int, module: str, name: str) -> str:
        """The name under which a file knows something of a module; it is imported where it is not yet."""
        tree = source_file(self.trace, file).tree
        if tree is None:
            self.possible = False
            return name
        for known, full in imports_of(tree).items():
            if full.rpartition(".")[2] == name and known in _bound_at_top(tree):
                return known
        if is_bound(tree, name) or self.trace.files[file].role != "user":
            self.possible = False
        self._import(file, tree, f"from {module} import {name}")
        return name

    def _import(self, file: int, tree: ast.Module, statement: str) -> None:
        """Put an import before the first of the file, unless that is one of the future."""
        at = next((node for node in tree.body if _takes_imports(node)), None)
        if at is None:
            self.possible = False
            return
        at = _in_order(tree, at, statement)
        found = _Passage((at.lineno, 0), (at.lineno, 0), statement + "\n")
        if found not in self._passages.get(file, []):
            self.insert_before(file, at, statement)

    def edit(self) -> Edit | None:
        """The edit; None if something could not be put where it belongs, or nothing changes."""
        if not self.possible or not self._passages:
            return None
        changes: list[Change] = []
        for file, passages in sorted(self._passages.items()):
            written = _rewritten(source_file(self.trace, file), passages)
            if written is None:
                return None
            changes += _changes(file, source_file(self.trace, file).lines, written)
        return Edit(tuple(changes)) if changes else None


_CUSTOMARY = {"dask.array": "da", "numpy": "np", "xarray": "xr", "dask.dataframe": "dd"}


def known_as(tree: ast.Module, module: str) -> str | None:
    """The name that a module is imported under at the top of a file: ``np``; None if it is not."""
    parent, _, last = module.rpartition(".")
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == module:
                    return alias.asname or alias.name
        elif isinstance(node, ast.ImportFrom) and node.module == parent and parent and not node.level:
            for alias in node.names:
                if alias.name == last:
                    return alias.asname or alias.name
    return None


def is_bound(tree: ast.Module, name: str) -> bool:
    """Whether a name is assigned, imported or defined anywhere in a file, or is a parameter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store | ast.Del):
            return True
        if isinstance(node, ast.arg) and node.arg == name:
            return True
        if isinstance(node, ast.alias) and (node.asname or node.name.partition(".")[0]) == name:
            # ``import dask.array`` binds `dask`, and that is the module itself.
            return not (node.asname is None and node.name.partition(".")[0] == name)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node.name == name:
            return True
    return False


def _takes_imports(node: ast.stmt) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
    return not is_text and not is_future


def _bound_at_top(tree: ast.Module) -> set[str]:
    """Names that imports at the top of a file bind."""
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name.partition(".")[0] for node in imports for alias in node.names}


def _in_order(tree: ast.Module, first: ast.stmt, statement: str) -> ast.stmt:
    """Where an import goes: ``from`` behind the imports that stand together at the top."""
    if not statement.startswith("from ") or not isinstance(first, ast.Import | ast.ImportFrom):
        return first
    at = tree.body.index(first)
    while at + 1 < len(tree.body) and isinstance(tree.body[at], ast.Import):
        at += 1
    is_near = tree.body[at].lineno == (tree.body[at - 1].end_lineno or 0) + 1
    return tree.body[at] if at and is_near and not isinstance(tree.body[at], ast.Import) else first


# Places

SINGLE = (ast.Call, ast.Name, ast.Attribute, ast.Subscript)
"""Expressions that a method can be called of as they are, without parentheses."""


def span_in(source: SourceFile, node: ast.expr | ast.stmt) -> tuple[Point, Point]:
    """Where a node stands, columns in characters."""
    end = node.end_lineno or node.lineno, node.end_col_offset or 0
    return source.characters((node.lineno, node.col_offset)), source.characters(end)


def indent_of(source: SourceFile, line: int) -> str:
    """The blanks that a line begins with."""
    text = source.line(line)
    return text[: len(text) - len(text.lstrip())]


def begins_line(source: SourceFile, statement: ast.stmt) -> bool:
    """Whether nothing stands before a statement on its line; ``elif`` is no statement of its own."""
    start, _ = span_in(source, statement)
    before = source.line(start[0])[: start[1]]
    return not before.strip() and not source.line(start[0])[start[1] :].startswith("elif")


def ends_line(source: SourceFile, statement: ast.stmt) -> bool:
    """Whether nothing but a comment stands after a statement on its last line."""
    _, end = span_in(source, statement)
    after = source.line(end[0])[end[1] :].strip()
    return not after or after.startswith("#")


# Lines


def _rewritten(source: SourceFile, passages: Iterable[_Passage]) -> list[str] | None:
    """The lines of a file with new texts in place of passages; None if these overlap."""
    text, starts = "\n".join(source.lines), [0]
    for line in source.lines:
        starts.append(starts[-1] + len(line) + 1)
    starts[-1] -= 1
    parts, last = [], 0
    for one in sorted(set(passages), key=lambda one: (one.start, one.end)):
        begin, end = starts[one.start[0] - 1] + one.start[1], starts[one.end[0] - 1] + one.end[1]
        if begin < last:
            return None
        parts += [text[last:begin], one.text]
        last = end
    return "".join((*parts, text[last:])).split("\n")


def _changes(file: int, old: list[str], new: list[str]) -> Iterator[Change]:
    """What differs, with as few lines as that takes."""
    first = next((n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None)
    first = min(len(old), len(new)) if first is None else first
    # Only the lines between the first and the last that differ are compared: a file may have thousands.
    most = min(len(old), len(new)) - first
    same = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    before, after = old[first : len(old) - same], new[first : len(new) - same]
    for kind, begin, end, from_, to in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield Change(file, first + begin + 1, first + end, tuple(after[from_:to]))
