"""From the position of an instruction to the source: its line, and the expression that was converted.

The expression is found by parsing. The instruction's place, its name and the place of its operand only
choose among the candidates that one statement offers, because compilers differ: for ``if not a:``
Python 3.11 notes the whole statement, later ones ``a``.

What is chosen
--------------
* A truth test gives the operand of ``not``, ``and`` and ``or``, or the test. Where a test decides a
  jump (``if``, ``while``, ``assert``, ``a if b else c``, ``if`` in a comprehension, guards) its parts are
  followed down: in ``if (a or b) and c`` it is ``b``. In ``x = (a or b) and c`` it is ``a or b``.
* In a chain of comparisons it is one link: ``0 < x`` of ``0 < x < 1``.
* A call, an operator, an index, an attribute gives that node; iteration, unpacking, ``with``, ``await``
  and ``match`` the value it was done to; an f-string the value that it shows.
* An assignment to an index, a slice or an attribute, and ``+=``, gives the value. A literal is never
  the array: ``mask[x] = 0`` gives ``mask[x]``, and ``x += 1`` gives ``x``.

What does not fit, as in a file that was edited since, gives None rather than a guess: the function must
begin at the line it did, and a node of the right kind must lie at exactly the place noted.
"""

from __future__ import annotations

import ast
import tokenize
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

from lazyscope.analysis import parsing
from lazyscope.analysis.parsing import blocks
from lazyscope.model import events
from lazyscope.model.packed_text import split_lines, unpacked
from lazyscope.model.trace import TraceData

Point: TypeAlias = tuple[int, int]
"""(line from 1, column from 0)."""


@dataclass(frozen=True)
class SourceSite:
    """A place in a source text, as the JSON report shows it (design.md, section 6)."""

    file: str
    distribution: str | None
    line: int
    """The line that the interpreter reports."""
    end_line: int | None
    """Where `expression` ends, like `end_column`."""
    column: int | None
    """Where `expression` begins, in characters; None unless that is on `line`."""
    end_column: int | None
    function: str
    """Qualified name, without the comprehensions that are functions of their own in Python 3.11."""
    code: str
    """The line, stripped; empty without source."""
    expression: str | None
    """As written, on one line: line breaks, comments and the blanks around them become one space.
    String literals stay as they are, so one in triple quotes may still hold line breaks."""
    statement: str | None = None
    """Kind of the statement: ``If``, ``Assign``, ..., a class of `ast`."""


class Statement(NamedTuple):
    """A statement without the statements inside it."""

    node: ast.stmt
    text: str
    """Normalised by `ast.unparse`; of a compound statement only what stands before the colon."""


def locate(trace: TraceData, position: int) -> SourceSite:
    """Describe the source at a position.

    Parameters
    ----------
    trace
        The trace; what was found is kept with it.
    position
        Number of a `model.events.Position`.
    """
    sites = _sources(trace).sites
    if position not in sites:
        sites[position] = _locate(trace, position)
    return sites[position]


def statement_of(trace: TraceData, position: int) -> Statement | None:
    """Return the innermost statement at a position, None where it cannot be found."""
    found = _statement_at(trace, position)
    if found is None:
        return None
    return Statement(found.node, header_text(found.node))


@dataclass(frozen=True)
class Found:
    """The innermost statement at a position, and what was converted in it, as parsed."""

    module: ast.Module
    path: tuple[ast.stmt, ...]
    """Statements around it from the module inwards; the last is the statement itself."""
    parents: Mapping[ast.AST, ast.AST]
    """Of the statement's own nodes, without those of the statements inside it."""
    expression: ast.expr | None
    """What was converted; of a chain of comparisons all of it."""
    link: int | None
    """Which comparison of the chain was converted, from 0."""
    _file: SourceFile

    @property
    def statement(self) -> ast.stmt:
        return self.path[-1]

    def line(self, number: int) -> str:
        """A line of the file, counted from 1; empty past its end."""
        return self._file.line(number)

    def text(self, node: ast.expr | ast.pattern) -> str:
        """An expression of the file as written, on one line."""
        written = self._file.passage(*map(self._file.characters, _span(node))).text
        if isinstance(node, ast.expr) and _in_fstring(self.parents, node) and not _reads_as(written, node):
            return unparsed(node)
        return written


def found_at(trace: TraceData, position: int) -> Found | None:
    """Return the parsed source at a position, None where its statement cannot be found."""
    statement = _statement_at(trace, position)
    file = source_file(trace, trace.codes[trace.positions[position].code].file)
    if statement is None or file.tree is None:
        return None
    found = _converted(statement, trace.positions[position])
    if found is not None and _passage(file, statement, found) is None:
        found = None
    node, link = (found.chain, found.number) if isinstance(found, _Link) else (found, None)
    return Found(file.tree, statement.path, statement.parents, node, link, file)


def unparsable(trace: TraceData) -> list[str]:
    """Paths of files that forced or raised and whose text the running Python cannot parse.

    Their expressions are not found, nor why they wanted a value. As a rule they are written for a later
    Python, which recorded the trace.
    """
    files = {number: source_file(trace, number) for number in _asked_files(trace)}
    return [trace.files[n].path for n, file in files.items() if not file.is_lost and file.tree is None]


def lost_sources(trace: TraceData) -> list[str]:
    """Paths of files that forced or raised and whose text is in the trace, but damaged or too large."""
    return [trace.files[number].path for number in _asked_files(trace) if source_file(trace, number).is_lost]


def _asked_files(trace: TraceData) -> list[int]:
    """Files with a text that forced or raised."""
    sites = [force.begin.site for force in trace.forces] + [failure.site for failure in trace.failures]
    files = {trace.codes[trace.positions[site].code].file for site in sites if site is not None}
    return [number for number in sorted(files) if trace.packed_source(number)]


@dataclass
class _Sources:
    """What is known of the sources of one trace."""

    files: dict[int, SourceFile] = field(default_factory=dict)
    sites: dict[int, SourceSite] = field(default_factory=dict)
    tokens: int = 800_000
    """How many more may be parsed: the texts of one trace are kept as trees until it is put away."""


def _sources(trace: TraceData) -> _Sources:
    found: _Sources = vars(trace).setdefault("_analysed_sources", _Sources())
    return found


def source_file(trace: TraceData, number: int) -> SourceFile:
    """The text of a file of the trace, and its tree; what was parsed is kept with the trace."""
    files = _sources(trace).files
    if number not in files:
        files[number] = _limited(trace, number)
    return files[number]


def _limited(trace: TraceData, number: int) -> SourceFile:
    """A file; without its tree where that would be too large."""
    packed, sources = trace.packed_source(number), _sources(trace)
    if not packed or trace.has_lost(number):
        return SourceFile([], is_lost=bool(packed))
    if sources.tokens <= 0:
        return SourceFile(trace.source_lines(number), is_lost=True)
    file = _file_of(packed)
    if not file.can_be_parsed or file.tokens > sources.tokens:
        # Counting takes its time, too.
        sources.tokens -= file.tokens // 4
        return SourceFile(file.lines, is_lost=True)
    sources.tokens -= file.tokens
    return file


@lru_cache(maxsize=64)
def _file_of(packed: bytes) -> SourceFile:
    """Kept from one trace to the next: the tests of a module each have a trace, and its text in it."""
    return SourceFile(split_lines(unpacked(packed) or ""))


def _locate(trace: TraceData, number: int) -> SourceSite:
    position = trace.positions[number]
    code = trace.codes[position.code]
    record, file = trace.files[code.file], source_file(trace, code.file)
    statement = _statement_at(trace, number)
    passage = _expression(file, statement, position)
    end_line, end_column = passage.end if passage else (None, None)
    return SourceSite(
        file=record.path,
        distribution=record.distribution,
        line=position.line,
        end_line=end_line,
        column=passage.start[1] if passage and passage.start[0] == position.line else None,
        end_column=end_column,
        function=_function(code.function),
        code=file.line(position.line).strip(),
        expression=passage.text if passage else None,
        statement=type(statement.node).__name__ if statement else None,
    )


_INLINED = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>"))


def _function(name: str) -> str:
    """Take comprehensions out of a qualified name: since Python 3.12 they are no functions."""
    parts = [part for part in name.split(".") if part not in _INLINED]
    return ".".join(parts).removesuffix(".<locals>") or "<module>"


# Text


class _Span(NamedTuple):
    """A part of a text."""

    start: Point
    end: Point

    def holds(self, other: _Span | None) -> bool:
        return other is not None and self.start <= other.start and other.end <= self.end


@dataclass(frozen=True)
class _Passage:
    """An expression and where it stands, in characters."""

    text: str
    start: Point
    end: Point


class SourceFile:
    """A source text and what was parsed of it."""

    def __init__(self, lines: list[str], *, is_lost: bool = False) -> None:
        self.is_lost = is_lost
        """Whether its text is damaged, or too large to be parsed."""
        # The compiler takes the signature for no part of the first line.
        self.lines = [lines[0].removeprefix("\ufeff"), *lines[1:]] if lines else []
        self.statements: dict[ast.stmt, _Statement] = {}

    @cached_property
    def tree(self) -> ast.Module | None:
        return None if self.is_lost else parsing.module(self.lines)

    @cached_property
    def tokens(self) -> int:
        return parsing.tokens_in(self.lines)

    @cached_property
    def can_be_parsed(self) -> bool:
        return self.tokens <= parsing.MOST_TOKENS and not parsing.has_endless_line(self.lines)

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def characters(self, point: Point) -> Point:
        """Turn a column in UTF-8 bytes into one in characters."""
        line, column = point
        text = self.line(line)
        return line, column if text.isascii() else len(text.encode()[:column].decode(errors="ignore"))

    def passage(self, start: Point, end: Point) -> _Passage:
        """Cut out an expression; columns in characters."""
        return _Passage(_on_one_line(_between(self.lines, start, end)), start, end)


def _between(lines: list[str], start: Point, end: Point) -> str:
    found = lines[start[0] - 1 : end[0]] or [""]
    found[-1] = found[-1][: end[1]]
    found[0] = found[0][start[1] :]
    return "\n".join(found)


def _on_one_line(text: str) -> str:
    if "\n" not in text:
        return text
    lines, joined, reached = text.split("\n"), "", (1, 0)
    for token in _tokens(text):
        joined += " " if token.start[0] > reached[0] else _between(lines, reached, token.start)
        joined += _between(lines, token.start, token.end)
        reached = token.end
    return joined


class _Token(NamedTuple):
    """A token of an expression. Lines count from 1, columns are characters."""

    text: str
    start: Point
    end: Point


_UNSEEN = (tokenize.NL, tokenize.COMMENT, tokenize.NEWLINE, tokenize.ENDMARKER)


def _tokens(expression: str) -> list[_Token]:
    """Tokens of an expression, none if it cannot be read."""
    # In parentheses a line break ends nothing.
    found = parsing.tokens(f"({expression})")
    inside = [token for token in found if token.type not in _UNSEEN][1:-1]
    return [_Token(token.string, _unshift(token.start), _unshift(token.end)) for token in _whole(inside)]


def _whole(tokens: list[tokenize.TokenInfo]) -> Iterator[tokenize.TokenInfo]:
    """Put f-strings together: since Python 3.12 they are many tokens."""
    depth, first = 0, None
    for token in tokens:
        name = tokenize.tok_name[token.type]
        depth += name.endswith("STRING_START") - name.endswith("STRING_END")
        first = first or token
        if depth == 0:
            yield token._replace(start=first.start)
            first = None


def _unshift(point: Point) -> Point:
    return (1, point[1] - 1) if point[0] == 1 else point


# Statements


_Compound: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_COMPOUND = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES: dict[str, type[ast.expr]] = {
    "<lambda>": ast.Lambda,
    "<genexpr>": ast.GeneratorExp,
    "<listcomp>": ast.ListComp,
    "<setcomp>": ast.SetComp,
    "<dictcomp>": ast.DictComp,
}

_Node = TypeVar("_Node", bound=ast.AST)


class _Statement:
    """A statement's own nodes, without those of the statements inside it."""

    def __init__(self, path: tuple[ast.stmt, ...]) -> None:
        self.path = path
        """Statements around it, outermost first, and the statement itself."""
        self.node = node = path[-1]
        self.scopes = tuple(around for around in path[:-1] if isinstance(around, _COMPOUND))
        """Functions and classes around it, outermost first."""
        self.parents: dict[ast.AST, ast.AST] = {}
        self.ends: dict[Point, list[ast.AST]] = {}
        self.nodes = [node, *self._walk()]
        for inner in self.nodes:
            if hasattr(inner, "end_lineno"):
                self.ends.setdefault(_span(inner).end, []).append(inner)

    def _walk(self) -> Iterator[ast.AST]:
        pending: list[ast.AST] = [self.node]
        while pending:
            parent = pending.pop()
            for child in ast.iter_child_nodes(parent):
                if not isinstance(child, (ast.stmt, ast.expr_context, ast.operator)):
                    self.parents[child] = parent
                    pending.append(child)
                    yield child

    def all(self, *kinds: type[_Node]) -> Iterator[_Node]:
        return (node for node in self.nodes if isinstance(node, kinds))

    def at(self, span: _Span, *kinds: type[_Node]) -> _Node | None:
        """Return the node of these kinds at exactly this place."""
        nodes = self.ends.get(span.end, ())
        return next((n for n in nodes if isinstance(n, kinds) and _span(n).start == span.start), None)

    @cached_property
    def tests(self) -> list[tuple[ast.AST, list[ast.expr]]]:
        """Whatever decides jumps, with the values it tests."""
        return [(node, [leaf for test in tests for leaf in _leaves(test)]) for node, tests in self._tests()]

    def _tests(self) -> Iterator[tuple[ast.AST, list[ast.expr]]]:
        for node in self.nodes:
            if isinstance(node, (ast.If, ast.While, ast.Assert, ast.IfExp)):
                yield node, [node.test]
            elif isinstance(node, _COMPREHENSIONS):
                yield node, [test for generator in node.generators for test in generator.ifs]
            elif isinstance(node, ast.match_case) and node.guard:
                yield node, [node.guard]


def _leaves(test: ast.expr) -> Iterator[ast.expr]:
    """Follow a test down to the values that jumps depend on."""
    pending = [test]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.BoolOp):
            pending += node.values
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            pending.append(node.operand)
        elif isinstance(node, ast.IfExp):
            pending += [node.test, node.body, node.orelse]
        else:
            yield node


def _span(node: ast.AST) -> _Span:
    """Where a node stands; columns in bytes."""
    line, column, end_line, end_column = (getattr(node, name) for name in _PLACE)
    return _Span((line, column), (end_line, end_column))


_PLACE = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def _only(nodes: list[_Node]) -> _Node | None:
    return nodes[0] if len(nodes) == 1 else None


def _statement_at(trace: TraceData, number: int) -> _Statement | None:
    position = trace.positions[number]
    code = trace.codes[position.code]
    file = source_file(trace, code.file)
    if file.tree is None or position.line < 1:
        return None
    span = _own(position)
    path = _path(file.tree, span or position.line)
    if not path:
        return None
    if path[-1] not in file.statements:
        file.statements[path[-1]] = _Statement(tuple(path))
    statement = file.statements[path[-1]]
    return statement if _belongs(statement, code, span) else None


def _path(tree: ast.Module, where: _Span | int) -> list[ast.stmt]:
    """Statements that contain a span or, where columns are unknown, a line; outermost first."""
    path: list[ast.stmt] = []
    bodies = blocks(tree)
    while bodies:
        found = next((node for body in bodies if (node := _containing(body, where))), None)
        if found is None:
            break
        path.append(found)
        bodies = blocks(found)
    return path


def _containing(body: list[ast.stmt], where: _Span | int) -> ast.stmt | None:
    if isinstance(where, int):
        return _only([node for node in body if _start(node)[0] <= where <= _span(node).end[0]])
    index = bisect_right(body, where.start, key=_start) - 1
    return body[index] if index >= 0 and where.end <= _span(body[index]).end else None


def _start(statement: ast.stmt) -> Point:
    decorators = getattr(statement, "decorator_list", None)
    return (decorators[0].lineno, 0) if decorators else (statement.lineno, statement.col_offset)


def _belongs(statement: _Statement, code: events.Code, span: _Span | None) -> bool:
    """Whether the statement lies in the function that was running."""
    parts = [part for part in code.function.split(".") if part != "<locals>"]
    names = [part for part in parts if not part.startswith("<")]
    around = [scope.name for scope in statement.scopes]
    if around[len(around) - len(names) :] != names or (around and not names):
        return False
    if parts[-1] in _SCOPES:
        return span is None or _in_scope(statement, _SCOPES[parts[-1]], code.first_line, span)
    return not names or _start(statement.scopes[-1])[0] == code.first_line


def _in_scope(statement: _Statement, kind: type[ast.expr], first_line: int, span: _Span) -> bool:
    return any(node.lineno == first_line and _span(node).holds(span) for node in statement.all(kind))


def header_text(node: ast.stmt) -> str:
    """A statement, normalised, without the statements inside it."""
    bare = copy(node)
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        if hasattr(bare, name):
            setattr(bare, name, [])
    return unparsed(bare).removesuffix(":")


def unparsed(node: ast.AST) -> str:
    """A node as normalised text, empty where it is too deep to be written."""
    try:
        return ast.unparse(node).strip()
    except (RecursionError, ValueError):
        return ""


# Expressions


class _Link(NamedTuple):
    """One comparison of a chain."""

    chain: ast.Compare
    number: int


_Found: TypeAlias = ast.expr | _Link | None


class _Place(NamedTuple):
    """What an instruction says about where it stands."""

    opcode: str
    own: _Span
    before: _Span | None
    """Where the value it uses was made, if elsewhere."""


def _own(position: events.Position) -> _Span | None:
    return _as_span((position.line, position.end_line, position.column, position.end_column))


def _as_span(place: tuple[int, int, int, int] | None) -> _Span | None:
    if place is None or min(place) < 0:
        return None
    line, end_line, column, end_column = place
    return _Span((line, column), (end_line, end_column))


def _expression(file: SourceFile, statement: _Statement | None, position: events.Position) -> _Passage | None:
    found = _converted(statement, position) if statement else None
    return _passage(file, statement, found) if statement and found else None


def _converted(statement: _Statement, position: events.Position) -> _Found:
    own = _own(position)
    if own is None:
        return None
    before = _as_span(position.before)
    place = _Place(position.opcode, own, before if before != own else None)
    return next((found for rule in _rules(place.opcode) if (found := rule(statement, place))), None)


def _passage(file: SourceFile, statement: _Statement, found: ast.expr | _Link) -> _Passage | None:
    node = found.chain if isinstance(found, _Link) else found
    passage = file.passage(*map(file.characters, _span(node)))
    if _in_fstring(statement.parents, node) and not _reads_as(passage.text, node):
        return None
    return _link(file, passage, found.number) if isinstance(found, _Link) else passage


def _in_fstring(parents: Mapping[ast.AST, ast.AST], node: ast.AST) -> bool:
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.JoinedStr):
            return True
    return False


def _reads_as(text: str, node: ast.expr) -> bool:
    """Whether a text is this expression. Places inside f-strings were wrong in some versions."""
    read = parsing.expression(f"({text})")
    return read is not None and ast.dump(read) == ast.dump(node)


def _link(file: SourceFile, chain: _Passage, number: int) -> _Passage | None:
    """Cut one comparison out of a chain, with the parentheses around its operands."""
    operands = _operands(_between(file.lines, chain.start, chain.end))
    if number + 1 >= len(operands):
        return None
    first, last = operands[number][0], operands[number + 1][-1]
    return file.passage(_after(chain.start, first.start), _after(chain.start, last.end))


_COMPARISONS = frozenset(("<", ">", "==", "!=", "<=", ">=", "in", "not", "is"))


def _operands(chain: str) -> list[list[_Token]]:
    """Tokens of each operand of a chain of comparisons."""
    operands: list[list[_Token]] = [[]]
    depth = 0
    for token in _tokens(chain):
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if depth or token.text not in _COMPARISONS:
            operands[-1].append(token)
        elif operands[-1]:
            operands.append([])
    return operands


def _after(start: Point, offset: Point) -> Point:
    """Place a point of a cut-out text in the text it was cut from."""
    return start[0] + offset[0] - 1, offset[1] + (start[1] if offset[0] == 1 else 0)


# Rules. Each is tried in turn until one finds something.

_Rule: TypeAlias = Callable[[_Statement, _Place], _Found]


def _exactly(*kinds: type[ast.expr]) -> _Rule:
    return lambda statement, place: statement.at(place.own, *kinds)


def _holding(nodes: Iterable[ast.expr], span: _Span | None) -> ast.expr | None:
    return next((node for node in nodes if _span(node).holds(span)), None)


def _negated(statement: _Statement, place: _Place) -> _Found:
    node = statement.at(place.own, ast.UnaryOp)
    return node.operand if node and isinstance(node.op, ast.Not) else None


def _alternative(statement: _Statement, place: _Place) -> _Found:
    node = statement.at(place.own, ast.BoolOp)
    if node is None:
        return None
    # 3.13 loads two variables at once and keeps the place of the first, so the place of the operand
    # may be lost, but only of the one that nothing was tested before.
    lost = node.values[0] if place.opcode == "TO_BOOL" else None
    return _holding(node.values, place.before) or lost


def _tested(statement: _Statement, place: _Place) -> _Found:
    groups = [leaves for whole, leaves in statement.tests if _stands_for(whole, leaves, place.own)]
    leaves = [leaf for group in groups for leaf in group]
    exact = next((leaf for leaf in leaves if _span(leaf) == place.own), None)
    made = next((leaf for leaf in leaves if _made_by(leaf, place.before)), None)
    # In 3.11 what follows a comparison in a test bears the place of the comparison.
    if exact and (made in (None, exact) or not isinstance(exact, ast.Compare)):
        return _compared_in(exact, place)
    found = made or _asserted(statement, leaves, place)
    return None if _is_chain(found) else found


def _made_by(node: ast.expr, last: _Span | None) -> bool:
    """Whether an instruction at this place is the last that makes the value of a node."""
    if last is None:
        return False
    if isinstance(node, ast.NamedExpr) and last == _span(node.target):
        return True
    return _span(node).holds(last) and _span(node).end == last.end


def _asserted(statement: _Statement, leaves: list[ast.expr], place: _Place) -> ast.expr | None:
    # pytest rewrites assertions: what it tests are variables of its own that bear the place of the whole.
    if place.before or not statement.at(place.own, ast.Assert):
        return None
    several = any(isinstance(node, ast.BoolOp) or _is_chain(node) for node in statement.nodes)
    return None if several else _only(leaves)


def _is_chain(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Compare) and len(node.ops) > 1


def _stands_for(whole: ast.AST, leaves: list[ast.expr], own: _Span) -> bool:
    """Whether the place may be that of a test. Guards may be noted at a part of their pattern."""
    if any(_span(leaf) == own for leaf in leaves):
        return True
    return _span(whole.pattern).holds(own) if isinstance(whole, ast.match_case) else _span(whole) == own


def _compared(statement: _Statement, place: _Place) -> _Found:
    # 3.13 may join the comparison with the ``not`` around it.
    node = statement.at(place.own, ast.Compare) or _negated(statement, place)
    return _compared_in(node, place) if isinstance(node, ast.Compare) else None


def _compared_in(node: ast.expr, place: _Place) -> _Found:
    if not isinstance(node, ast.Compare) or len(node.ops) == 1:
        return node
    operands = [node.left, *node.comparators]
    right = _holding(operands, place.before)
    # 3.13 may give the left operand for both, see `_alternative`.
    return _Link(node, max(operands.index(right) - 1, 0)) if right else None


def _called(statement: _Statement, place: _Place) -> _Found:
    nodes = statement.ends.get(place.own.end, ())
    return next((n for n in nodes if isinstance(n, ast.Call) and _starts(n, n.func, place.own)), None)


def _attribute(statement: _Statement, place: _Place) -> _Found:
    nodes = statement.ends.get(place.own.end, ())
    return next((n for n in nodes if isinstance(n, ast.Attribute) and _starts(n, n, place.own)), None)


def _starts(node: ast.expr, method: ast.expr, own: _Span) -> bool:
    """Whether a node begins here. Methods in a chain over several lines begin at their name."""
    if _span(node).start == own.start:
        return True
    in_chain = isinstance(method, ast.Attribute) and method.lineno != method.end_lineno
    return in_chain and method.end_lineno == own.start[0]


def _decorator(statement: _Statement, place: _Place) -> _Found:
    decorators: list[ast.expr] = getattr(statement.node, "decorator_list", [])
    return next((node for node in decorators if _span(node) == place.own), None)


def _managed(statement: _Statement, place: _Place) -> _Found:
    contexts = [item.context_expr for item in statement.all(ast.withitem)]
    exact = next((node for node in contexts if _span(node) == place.own), None)
    if exact or not statement.at(place.own, ast.With, ast.AsyncWith):
        return exact
    entering = len(contexts) > 1 and place.opcode.startswith("BEFORE_")
    return _holding(contexts, place.before) if entering else _only(contexts)


def _iterated(statement: _Statement, place: _Place) -> _Found:
    whole = statement.at(place.own, ast.For, ast.AsyncFor, *_COMPREHENSIONS)
    if whole:
        iterables = _iterables(getattr(whole, "generators", [whole]))
        # A function of its own gets its first iterable ready-made, so nothing stands before.
        return _holding(iterables, place.before) if place.before and len(iterables) > 1 else iterables[0]
    iterables = _iterables(statement.all(ast.For, ast.AsyncFor, ast.comprehension))
    exact = next((node for node in iterables if _span(node) == place.own), None)
    # See `_tested`: the place of a comparison goes on into the next loop of a comprehension.
    return exact or (_holding(iterables, place.before) if statement.at(place.own, ast.Compare) else None)


def _iterables(loops: Iterable[Any]) -> list[ast.expr]:
    return [loop.iter for loop in loops]


def _awaited(statement: _Statement, place: _Place) -> _Found:
    node = statement.at(place.own, ast.Await, ast.YieldFrom)
    return node.value if isinstance(node, (ast.Await, ast.YieldFrom)) else None


def _stored(statement: _Statement, place: _Place) -> _Found:
    targets = (ast.Subscript, ast.Tuple, ast.List)
    target = statement.at(place.own, *targets) or _attribute(statement, place)
    if not isinstance(getattr(target, "ctx", None), ast.Store) or not isinstance(target, ast.expr):
        return None
    value = _value_for(statement, target)
    return target if value is not None and _is_literal(value) else value


def _value_for(statement: _Statement, target: ast.expr) -> ast.expr | None:
    """The expression that is assigned to a target, or to the tuple it is in."""
    node, indices = target, []
    parent = statement.parents[node]
    while isinstance(parent, (ast.Tuple, ast.List, ast.Starred)):
        if not isinstance(parent, ast.Starred):
            indices.append((parent, parent.elts.index(node)))
        node, parent = parent, statement.parents[parent]
    if isinstance(parent, ast.Assign):
        return _part_of(parent.value, indices[::-1])
    sources = (getattr(parent, name, None) for name in ("value", "iter", "context_expr"))
    return next((source for source in sources if source), None)


def _part_of(value: ast.expr, indices: list[tuple[ast.Tuple | ast.List, int]]) -> ast.expr:
    """Follow ``a[0], b = x, y`` from the target to ``x``."""
    for targets, index in indices:
        if not isinstance(value, (ast.Tuple, ast.List)) or len(value.elts) != len(targets.elts):
            break
        if any(isinstance(part, ast.Starred) for part in (*value.elts, *targets.elts)):
            break
        value = value.elts[index]
    return value


def _augmented(statement: _Statement, place: _Place) -> _Found:
    node = statement.at(place.own, ast.AugAssign)
    return (node.target if _is_literal(node.value) else node.value) if node else None


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


def _spread(statement: _Statement, place: _Place) -> _Found:
    """``*x`` and ``**x`` in a call or a display."""
    node = statement.at(place.own, ast.Call, ast.List, ast.Tuple, ast.Set, ast.Dict)
    return _holding(_spread_in(node), place.before) if node else None


def _spread_in(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Dict):
        yield from (value for key, value in zip(node.keys, node.values, strict=True) if key is None)
        return
    parts: list[ast.expr] = [*getattr(node, "elts", ()), *getattr(node, "args", ())]
    yield from (part.value for part in parts if isinstance(part, ast.Starred))
    yield from (word.value for word in getattr(node, "keywords", ()) if word.arg is None)


def _shown(statement: _Statement, place: _Place) -> _Found:
    whole = statement.at(place.own, ast.JoinedStr)
    if whole:
        return _shown_in(whole, place.before)
    return _percent_formatted(statement, place) or _in_braces(statement, place)


def _shown_in(whole: ast.JoinedStr, before: _Span | None) -> ast.expr | None:
    """Find the value where the whole string was noted, as in 3.11."""
    fields = [part for part in whole.values if isinstance(part, ast.FormattedValue)]
    held = _holding((part.value for part in fields), before)
    # Of strings in several pieces, a format is noted at its piece.
    formatted = [part.value for part in fields if part.format_spec]
    return held or _only([value for value in formatted if before and before.holds(_span(value))])


def _in_braces(statement: _Statement, place: _Place) -> _Found:
    """Find the first value inside. Parts of a string have no place of their own when 3.11 reads it."""
    values = [part.value for part in statement.all(ast.FormattedValue) if place.own.holds(_span(part.value))]
    first = min((_span(value).start for value in values), default=None)
    return max((v for v in values if _span(v).start == first), key=lambda v: _span(v).end, default=None)


def _percent_formatted(statement: _Statement, place: _Place) -> _Found:
    """Find a value in ``"%s" % (a, b)``, which the compiler turns into an f-string."""
    formats = (node.right for node in statement.all(ast.BinOp) if isinstance(node.op, ast.Mod))
    values = (value for right in formats if isinstance(right, ast.Tuple) for value in right.elts)
    return next((value for value in values if _span(value) == place.own), None)


def _matched(statement: _Statement, place: _Place) -> _Found:
    found = isinstance(statement.node, ast.Match) and statement.at(place.own, ast.pattern)
    return statement.node.subject if found and isinstance(statement.node, ast.Match) else None


_TRUTH = (_negated, _alternative, _tested, _compared, _matched, _managed)

_RULES: dict[str, tuple[_Rule, ...]] = {
    name: rules
    for names, rules in {
        "TO_BOOL UNARY_NOT": _TRUTH,
        "CALL CALL_FUNCTION_EX CALL_KW PRECALL": (_called, _decorator, _managed, _exactly(*_COMPREHENSIONS)),
        "COMPARE_OP CONTAINS_OP IS_OP": (_compared, _matched),
        "GET_ITER FOR_ITER GET_YIELD_FROM_ITER": (_iterated, _awaited),
        "GET_AITER GET_ANEXT GET_AWAITABLE SEND": (_awaited, _iterated, _managed),
        "BEFORE_WITH BEFORE_ASYNC_WITH LOAD_SPECIAL WITH_EXCEPT_START": (_managed,),
        "BINARY_OP": (_exactly(ast.BinOp, ast.Subscript), _augmented),
        "BINARY_SUBSCR BINARY_SLICE DELETE_SUBSCR": (_exactly(ast.Subscript), _matched),
        "STORE_SUBSCR STORE_SLICE STORE_ATTR": (_stored,),
        "UNPACK_SEQUENCE UNPACK_EX": (_stored, _matched),
        "UNARY_NEGATIVE UNARY_INVERT UNARY_POSITIVE CALL_INTRINSIC_1": (_exactly(ast.UnaryOp),),
        "LOAD_ATTR LOAD_METHOD LOAD_SUPER_ATTR DELETE_ATTR": (_attribute,),
        "LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE": (_spread,),
        "FORMAT_VALUE FORMAT_SIMPLE FORMAT_WITH_SPEC CONVERT_VALUE": (_shown,),
        "GET_LEN MATCH_CLASS MATCH_KEYS MATCH_MAPPING MATCH_SEQUENCE": (_matched,),
    }.items()
    for name in names.split()
}


def _rules(opcode: str) -> tuple[_Rule, ...]:
    tests = "JUMP" in opcode and opcode.endswith(("IF_TRUE", "IF_FALSE", "_OR_POP"))
    return _TRUTH if tests else _RULES.get(opcode, ())
