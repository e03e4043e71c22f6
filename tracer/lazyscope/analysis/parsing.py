"""Parsing of source text that a trace brought along: the one place that does, since none of it is trusted.

A text of some kilobytes can make a parser take gigabytes, and a deep tree ends whatever walks over it by
recursion. So texts have limits, and a statement beyond them is taken out of the tree: ``pass`` stands in
its place, at which nothing is found. The limits lie far above what people write: SciPy's largest file has
130,000 tokens, and no statement of 2,000 nodes.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from typing import Any, Literal

MOST_TOKENS = 300_000
"""Of one text. A token takes up to a kilobyte while it is parsed."""
LONGEST_LINE = 100_000
"""Characters, where some are not ASCII: places are noted in bytes, and have to be counted out each time."""
MOST_NODES = 20_000
"""Of a statement without those inside it."""
DEEPEST = 1_000
"""Levels of a statement without those inside it, and of statements inside statements."""
LONGEST_EXPRESSION = 20_000
"""Characters of an expression that is parsed again by itself."""
DEEPEST_EXPRESSION = 90
"""Its levels: it is rewritten by functions that call themselves, up to five times for each."""
_LARGEST_NUMBER = 1 << 4_000
"""Python refuses to write out integers of more than 4,300 digits."""

_FAILS = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What the parser raises for a text that is not Python, or too much for it."""
_TOKEN = re.compile(r"\w+|[^\w\s]|\n")


def tokens_in(lines: list[str]) -> int:
    """About how many tokens a text has, counted without parsing it."""
    return len(lines) + sum(len(_TOKEN.findall(line)) for line in lines)


def has_endless_line(lines: list[str]) -> bool:
    """Whether there is a line in which no place can be found in reasonable time."""
    return any(len(line) > LONGEST_LINE and not line.isascii() for line in lines)


def module(lines: list[str]) -> ast.Module | None:
    """A text as a tree, without statements that are beyond the limits.

    The text itself has to be in the limits, see `tokens_in` and `has_endless_line`.
    """
    tree = _parsed("\n".join(lines) + "\n", "exec")
    if not isinstance(tree, ast.Module):
        return None
    _take_out_excess(tree, lines)
    return tree


def expression(text: str) -> ast.expr | None:
    """An expression as a tree; None where it cannot be parsed or is beyond the limits."""
    if len(text) > LONGEST_EXPRESSION:
        return None
    tree = _parsed(text, "eval")
    if not isinstance(tree, ast.Expression) or _is_excessive(tree, DEEPEST_EXPRESSION):
        return None
    return tree.body


def statements(text: str) -> list[ast.stmt]:
    """The statements of a short text; none where it cannot be parsed or is beyond the limits."""
    tree = module(text.split("\n")) if len(text) <= LONGEST_EXPRESSION else None
    return [] if tree is None else tree.body


def literal(text: str) -> Any:
    """The value of a literal.

    Raises
    ------
    ValueError
        If the text is no literal.
    """
    node = expression(text.strip())
    if node is None:
        raise ValueError("no literal")
    try:
        return ast.literal_eval(node)
    except (TypeError, ValueError, RecursionError, MemoryError):
        raise ValueError("no literal") from None


def tokens(text: str) -> list[tokenize.TokenInfo]:
    """The tokens of a text; none where it cannot be read or is beyond the limits."""
    if len(_TOKEN.findall(text)) > MOST_NODES:
        return []
    try:
        return list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, *_FAILS):
        return []


def blocks(node: ast.AST) -> list[list[ast.stmt]]:
    """Lists of statements directly inside a statement."""
    inner = [*getattr(node, "handlers", ()), *getattr(node, "cases", ())]
    found = [getattr(node, name, None) for name in ("body", "orelse", "finalbody")]
    return [body for body in [*found, *(part.body for part in inner)] if body]


def _parsed(text: str, mode: Literal["exec", "eval"]) -> ast.AST | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode=mode)
    except _FAILS:
        return None


def _take_out_excess(tree: ast.Module, lines: list[str]) -> None:
    pending = [(body, 1) for body in blocks(tree)]
    while pending:
        body, depth = pending.pop()
        for number, statement in enumerate(body):
            # A statement cannot be deeper than it is long, and the digits of a number are counted, too.
            is_long = _length(statement, lines) > DEEPEST
            if depth > DEEPEST or (is_long and _is_excessive(statement, DEEPEST)):
                body[number] = ast.copy_location(ast.Pass(), statement)
            else:
                pending += [(inner, depth + 1) for inner in blocks(statement)]


def _length(statement: ast.stmt, lines: list[str]) -> int:
    """At most so many characters has a statement without those inside it."""
    inner = [part.lineno for body in blocks(statement) for part in body[:1]]
    decorators = [node.lineno for node in getattr(statement, "decorator_list", ())]
    first = min([statement.lineno, *decorators])
    last = min(inner) if inner else statement.end_lineno or first
    if first == last and not inner and statement.end_col_offset is not None:
        return statement.end_col_offset - statement.col_offset
    return sum(map(len, lines[first - 1 : last]))


def _is_excessive(whole: ast.AST, deepest: int) -> bool:
    """Whether a node, without statements inside it, is too large or too deep, or holds too long a number."""
    level, nodes, depth = [whole], 0, 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > MOST_NODES or depth > deepest or any(map(_is_long_number, level)):
            return True
        level = [child for node in level for child in _own_children(node)]
    return False


def _own_children(node: ast.AST) -> Iterator[ast.AST]:
    return (child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt))


def _is_long_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value > _LARGEST_NUMBER
