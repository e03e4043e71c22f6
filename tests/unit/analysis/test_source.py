"""Snippets run for real: objects note the frame that uses them, and `locate` must name the expression."""

from __future__ import annotations

import ast
import asyncio
import sys
import textwrap
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazyscope.analysis.source import SourceSite, locate, statement_of
from lazyscope.capture.instruction import position_of
from lazyscope.model import events
from lazyscope.model.packed_text import split_lines
from lazyscope.model.trace import TraceData

PATH = "lib/snippet.py"


@dataclass
class Uses:
    """Where spies were used: code object, instruction and line of the innermost frame of the snippet."""

    path: str = PATH
    places: list[tuple[CodeType, int]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def note(self, name: str = "") -> None:
        frame = sys._getframe(2)
        while frame.f_code.co_filename != self.path:
            assert frame.f_back is not None
            frame = frame.f_back
        self.places.append((frame.f_code, frame.f_lasti))
        self.lines.append(frame.f_lineno)
        self.names.append(name)


class Spy:
    """Stands for a lazy array: notes every conversion and operation."""

    def __init__(self, uses: Uses, *, truth: bool = True, name: str = "") -> None:
        self.uses = uses
        self.truth = truth
        self.name = name

    def __bool__(self) -> bool:
        self.uses.note(self.name)
        return self.truth

    def __float__(self) -> float:
        self.uses.note()
        return 1.0

    def __int__(self) -> int:
        self.uses.note()
        return 1

    def __index__(self) -> int:
        self.uses.note()
        return 1

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        self.uses.note()
        return np.ones(2)

    def __len__(self) -> int:
        self.uses.note()
        return 2

    def __iter__(self) -> Iterator[Spy]:
        self.uses.note()
        return iter([self, self])

    def __format__(self, spec: str) -> str:
        self.uses.note()
        return "1"

    def __getitem__(self, index: object) -> Spy:
        self.uses.note()
        return self

    def __setitem__(self, index: object, value: object) -> None:
        self.uses.note()

    def __delitem__(self, index: object) -> None:
        self.uses.note()

    def __enter__(self) -> Spy:
        self.uses.note()
        return self

    def __exit__(self, *details: object) -> Spy:
        return Spy(self.uses, truth=False)

    def __await__(self) -> Iterator[Any]:
        self.uses.note()
        return iter(())

    def __aiter__(self) -> Spy:
        self.uses.note()
        self.left = 1
        return self

    async def __aenter__(self) -> Spy:
        self.uses.note()
        return self

    async def __aexit__(self, *details: object) -> None:
        self.uses.note()

    async def __anext__(self) -> Spy:
        self.uses.note()
        self.left -= 1
        if self.left < 0:
            raise StopAsyncIteration
        return self

    def keys(self) -> list[str]:
        self.uses.note()
        return []

    def __add__(self, other: object) -> Spy:
        self.uses.note()
        return self

    __radd__ = __sub__ = __mul__ = __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __add__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    __array_ufunc__ = None

    def __neg__(self) -> Spy:
        self.uses.note()
        return self

    def compute(self, *args: object) -> Spy:
        self.uses.note()
        return self

    def sum(self) -> Spy:
        return self

    @property
    def shape(self) -> tuple[int, ...]:
        self.uses.note()
        return (2,)


def trace_of(text: str | None, places: list[tuple[CodeType, int]]) -> TraceData:
    """A trace with one file and a position for each (code object, instruction)."""
    trace = TraceData(events.Header(version=1, lazyscope="0", started=0.0, argv=[], versions={}))
    packed = None if text is None else zlib.compress(text.encode("utf-8", "surrogatepass"))
    trace.files.append(events.File(PATH, "library", "lib 1.0", packed))
    for number, (code, instruction) in enumerate(places):
        trace.codes.append(events.Code(0, code.co_qualname, code.co_firstlineno))
        trace.positions.append(events.Position(number, *position_of(code, instruction)))
    return trace


def run(text: str, *, call: str | None = None) -> Uses:
    """Execute a snippet in which ``x`` is a true spy, ``n`` a false one."""
    uses = Uses()
    names: dict[str, Any] = {
        "__name__": "snippet",
        "__file__": __file__,
        "x": Spy(uses),
        "n": Spy(uses, truth=False),
        "np": np,
        "items": [10, 20, 30],
        "out": np.zeros(3),
        "asyncio": asyncio,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # As bytes, like a file: only so may it begin with a signature.
        exec(compile(text.encode(), PATH, "exec", dont_inherit=True), names)
        if call:
            names[call](*(names[name] for name in ("x", "n", "items", "out")))
    return uses


def sites_of(text: str, *, call: str | None = None) -> list[SourceSite]:
    """Run a snippet and locate every use of a spy in it."""
    uses = run(text, call=call)
    trace = trace_of(text, uses.places)
    found = [locate(trace, number) for number in range(len(uses.places))]
    assert [site.line for site in found] == uses.lines
    return found


def site_of(text: str) -> SourceSite:
    (site,) = sites_of(text)
    return site


def expressions(sites: list[SourceSite]) -> list[str | None]:
    return [site.expression for site in sites]


def in_function(text: str) -> str:
    """The snippet as the body of a function, where names are fast local variables."""
    return "def wrapped(x, n, items, out):\n" + textwrap.indent(text, "    ")


SNIPPETS: dict[str, tuple[str, list[str | None]]] = {
    # Truth tests
    "if": ("if x: pass", ["x"]),
    "if call": ("if x.sum(): pass", ["x.sum()"]),
    "if not": ("if not x: pass", ["x"]),
    "if and": ("if x and n: pass", ["x", "n"]),
    "if and not": ("if x and not n: pass", ["x", "n"]),
    "if or": ("if n or x: pass", ["n", "x"]),
    "if nested": ("if not (n or x and not n): pass", ["n", "x", "n"]),
    "if parenthesised": ("if (x): pass", ["x"]),
    "if with else": ("if n:\n    y = 1\nelse:\n    y = 2", ["n"]),
    "elif": ("if n: pass\nelif n.sum() or not x.sum(): pass\nelse: pass", ["n", "n.sum()", "x.sum()"]),
    "if over lines": ("if (\n    x\n    and not n\n): pass", ["x", "n"]),
    "if walrus": ("if (y := x.sum()) and n: pass", ["y := x.sum()", "n"]),
    "if ternary": ("if (n if x else x): pass", ["x", "n"]),
    "if compare": ("if x < 1: pass", ["x < 1", "x < 1"]),
    "if not compare": ("if not x < 1: pass", ["x < 1", "x < 1"]),
    "if compare and": ("if x < 1 and x.sum() and n: pass", ["x < 1", "x < 1", "x.sum()", "n"]),
    "if compare in ternary and": ("if (x if x < 1 else n) and n: pass", ["x < 1", "x < 1", "x", "n"]),
    "if call with or": ("if bool(n or x): pass", ["n", "bool(n or x)"]),
    "while": ("while n: pass", ["n"]),
    "while not": ("while not x: pass", ["x"]),
    "while and": ("while x and n: pass", ["x", "n"]),
    "while again": (
        "left = 2\nwhile x and left: left -= 1",
        ["x", "x", "x"],
    ),
    "assert": ("assert x", ["x"]),
    "assert not": ("assert not n, 'message'", ["n"]),
    "assert and": ("assert x and not n", ["x", "n"]),
    "not": ("y = not x", ["x"]),
    "not of or": ("y = not (n or x)", ["n", "n or x"]),
    "not of chain": ("y = not (0 < x < 1)", ["0 < x", "0 < x", "x < 1", "0 < x < 1"]),
    "or": ("y = x or n", ["x"]),
    "or of three": ("y = n or n.sum() or x", ["n", "n.sum()"]),
    "and or": ("y = (n or x) and x", ["n", "n or x"]),
    "and of not": ("y = not n and x", ["n"]),
    "and of ternary": ("y = (x if x else n) and n", ["x", "x if x else n"]),
    "or as second argument": ("y = max(items, n or items)", ["n"]),
    "ternary": ("y = 1 if x else 2", ["x"]),
    "ternary not": ("y = 1 if not n and x else 2", ["n", "x"]),
    "ternary nested": ("y = 1 if n else 2 if x else 3", ["n", "x"]),
    "lambda": ("f = lambda y: not y\nf(x)", ["y"]),
    "lambda or": ("f = lambda y: y or 1\nf(x)", ["y"]),
    "return": ("def f(y):\n    return not y\nf(x)", ["y"]),
    # Comprehensions
    "list condition": ("y = [1 for i in items[:1] if x]", ["x"]),
    "list conditions": ("y = [i for i in [x] if i if not n]", ["i", "n"]),
    "list or": ("y = [i or 1 for i in items[:1] + [n]]", ["i"]),
    "list over": ("y = [i for i in x]", ["x"]),
    "list over, nested": ("y = [j for i in items[:1] for j in x]", ["x"]),
    "list of lists": ("y = [[j for j in i if j] for i in [[x]]]", ["j"]),
    "set condition": ("y = {1 for i in items[:1] if not x}", ["x"]),
    "dict condition": ("y = {i: 1 for i in items[:1] if x and n}", ["x", "n"]),
    "list chain": ("y = [1 for i in items[:1] if 0 < x < 1]", ["0 < x", "0 < x", "x < 1", "x < 1"]),
    "list compare, then condition": ("y = [1 for i in [x] if i < 1 if n]", ["i < 1", "i < 1", "n"]),
    "list compare, then loop": ("y = [1 for i in [x] if i < 1 for j in i]", ["i < 1", "i < 1", "i"]),
    "list chain, then loop": (
        "y = [1 for i in [x] if 0 < i < 1 for j in i]",
        ["0 < i", "0 < i", "i < 1", "i < 1", "i"],
    ),
    "generator compare, then loop": ("y = list(1 for i in [x] if i < 1 for j in i)", ["i < 1", "i < 1", "i"]),
    "generator": ("y = any(i for i in [n, x] if not n)", ["n", "any(i for i in [n, x] if not n)"] * 2),
    "generator over": ("y = list(1 for i in x)", ["x"]),
    "generator over, nested": ("y = list(1 for i in items[:1] for j in x)", ["x"]),
    # Comparisons
    "chain": ("y = 0 < x < 1", ["0 < x", "0 < x", "x < 1"]),
    "chain of three": ("y = 0 < x < 1 < x.sum()", ["0 < x", "0 < x", "x < 1", "x < 1", "1 < x.sum()"]),
    "if chain": ("if 0 < x < 1: pass", ["0 < x", "0 < x", "x < 1", "x < 1"]),
    "if not chain": ("if not 0 < x < 1: pass", ["0 < x", "0 < x", "x < 1", "x < 1"]),
    "if chain and": ("if 0 < x < 1 and n: pass", ["0 < x", "0 < x", "x < 1", "x < 1", "n"]),
    "chain of variables": ("y = z = x\nif x < y < z: pass", ["x < y", "x < y", "y < z", "y < z"]),
    "chain in parentheses": (
        "if (0) < (x) < (1): pass",
        ["(0) < (x)", "(0) < (x)", "(x) < (1)", "(x) < (1)"],
    ),
    "chain with calls": (
        "if (0) < x.compute( (1) ) < max([1, (2)]): pass",
        ["x.compute( (1) )", *["(0) < x.compute( (1) )"] * 2, *["x.compute( (1) ) < max([1, (2)])"] * 2],
    ),
    "while chain": ("while 0 < n < 1: pass", ["0 < n", "0 < n"]),
    "assert chain": ("assert 0 < x < 1", ["0 < x", "0 < x", "x < 1", "x < 1"]),
    "in": ("y = 5 in [x]", ["5 in [x]", "5 in [x]"]),
    "if in": ("if x in items: pass", ["x in items", "x in items"]),
    "not of in": ("y = not x in items", ["x in items", "x in items"]),
    "not of compare": ("y = not x < 1", ["x < 1", "x < 1"]),
    "not in": ("y = x not in items", ["x not in items", "x not in items"]),
    "chain in": ("y = 0 < 5 in [x]", ["5 in [x]", "5 in [x]"]),
    # Calls
    "float": ("y = float(x)", ["float(x)"]),
    "bool": ("if bool(x): pass", ["bool(x)"]),
    "not bool": ("if not bool(x): pass", ["bool(x)"]),
    "any": ("if any([n, x]): pass", ["any([n, x])", "any([n, x])"]),
    "all": ("y = all([n])", ["all([n])"]),
    "max": ("y = max(x, n)", ["max(x, n)", "max(x, n)"]),
    "min": ("y = min(x, n)", ["min(x, n)", "min(x, n)"]),
    "sum": ("y = sum([x, n])", ["sum([x, n])", "sum([x, n])"]),
    "len": ("y = len(x)", ["len(x)"]),
    "asarray": ("y = np.asarray(x)", ["np.asarray(x)"]),
    "compute": ("y = x.compute()", ["x.compute()"]),
    "int in range": ("for i in range(x): pass", ["range(x)"]),
    "keywords": ("y = np.asarray(a=x, dtype=float)", ["np.asarray(a=x, dtype=float)"]),
    "calls inside calls": ("y = abs(float(x) - int(x))", ["float(x)", "int(x)"]),
    "call over lines": ("y = float(\n    x\n)", ["float( x )"]),
    "call over lines with a comment": ("y = max(  # why (\n    float(x),  # (\n    2)", ["float(x)"]),
    "call over lines with comments inside": ("y = max(  # why (\n    x,  # (\n    n)", ["max( x, n)"] * 2),
    "call after a backslash": ("y = \\\n    float(x)", ["float(x)"]),
    "call over a backslash": ("y = float \\\n    (x)", ["float (x)"]),
    "string over lines": ('y = x.compute("""a\n  # b""",\n   1)', ['x.compute("""a\n  # b""", 1)']),
    "chain of methods": ("y = (x\n    .sum()\n    .compute()\n)", ["x .sum() .compute()"]),
    "chain of methods, arguments": (
        "y = (x.sum()\n     .compute(1)\n     .compute(\n         2)\n)",
        ["x.sum() .compute(1)", "x.sum() .compute(1) .compute( 2)"],
    ),
    "call over lines in an f-string": ("y = f'''{\nfloat(\nx)}'''", ["float( x)"]),
    "call of an f-string over lines": ("y = x.compute(\n  f'''{1 +\n2}''')", ["x.compute( f'''{1 +\n2}''')"]),
    "attribute over lines": ("y = (x\n    .shape\n)", ["x .shape"]),
    "attribute": ("y = x.shape", ["x.shape"]),
    "default argument": ("def f(a, b=float(x)): pass", ["float(x)"]),
    "keyword default": ("def f(*, b=int(x)): pass", ["int(x)"]),
    "annotation": ("def f(a: float(x)): pass", ["float(x)"]),
    "decorator argument": ("def deco(a): return lambda f: f\n@deco(float(x))\ndef f(): pass", ["float(x)"]),
    "decorator": ("@x.compute\n@x.compute\ndef f(): pass", ["x.compute", "x.compute"]),
    "decorated function": (
        "@staticmethod\n@staticmethod\ndef f(y):\n    return float(y)\nf(x)",
        ["float(y)"],
    ),
    "class body": ("class A:\n    y = float(x)\n    z = not x", ["float(x)", "x"]),
    "method": ("class A:\n    def f(self, y):\n        return float(y)\nA().f(x)", ["float(y)"]),
    "base class": ("class A(x.compute() and object): pass", ["x.compute()", "x.compute()"]),
    "nested function": (
        "def f():\n    def g(y):\n        return (lambda: float(y))()\n    return g\nf()(x)",
        ["float(y)"],
    ),
    "star": ("y = max(*x)", ["max(*x)"] * 4),
    "star after an argument": ("y = str.format('', *x)", ["x", "x"]),
    "two stars": ("def f(*a): pass\nf(*items, *x)", ["x", "x"]),
    "double star": ("y = dict(**x)", ["x"]),
    "list display": ("y = [1, *x]", ["x", "x"]),
    "set display": ("y = [*items, *x]", ["x", "x"]),
    "tuple display": ("y = *items, *x", ["x", "x"]),
    "dict display": ("y = {'a': 1, **x}", ["x"]),
    "unhashable": ("try:\n    y = {x: 1}\nexcept TypeError: y = float(x)", ["float(x)"]),
    # Iteration, unpacking, contexts
    "for": ("for i in x: pass", ["x"]),
    "for call": ("for i in x.sum(): pass", ["x.sum()"]),
    "for else": ("for i in x:\n    pass\nelse:\n    y = 1", ["x"]),
    "for unpacks": ("for i, j in [x]: pass", ["[x]"]),
    "for into an index": ("for out[0] in [x]: pass", ["[x]"]),
    "unpack": ("a, b = x", ["x"]),
    "unpack list": ("[a, b] = x.sum()", ["x.sum()"]),
    "unpack star": ("a, *b = x", ["x"]),
    "unpack nested": ("(a, b), c = x, n", ["x"]),
    "unpack nested call": ("c, (a, b) = n, x.sum()", ["x.sum()"]),
    "unpack twice": ("c = (a, b) = x", ["x"]),
    "with": ("with x: pass", ["x"]),
    "with, leaving": ("try:\n    with x: 1 / 0\nexcept ZeroDivisionError: pass", ["x", "x"]),
    "with several": ("with open(__file__) as f, x.sum() as y: z = float(y)", ["x.sum()", "float(y)"]),
    "with as": ("with x.sum() as y:\n    z = float(y)", ["x.sum()", "float(y)"]),
    "await": ("async def f(y):\n    await y.sum()\nasyncio.run(f(x))", ["y.sum()"]),
    "await call": (
        "async def g(y): pass\nasync def f(y): await g(float(y))\nasyncio.run(f(x))",
        ["float(y)"],
    ),
    "async for": ("async def f(y):\n    async for i in y.sum(): pass\nasyncio.run(f(x))", ["y.sum()"] * 3),
    "async with": ("async def f(y):\n    async with y as z: pass\nasyncio.run(f(x))", ["y", "y"]),
    "async list": (
        "async def f(y): return [i async for i in y if i]\nasyncio.run(f(x))",
        ["y", "y", "i", "y"],
    ),
    "async list, nested": (
        "async def f(y): return [1 for j in [1] if y < 1 async for i in y]\nasyncio.run(f(x))",
        ["y < 1", "y < 1", "y", "y", "y"],
    ),
    "yield": ("def f(y):\n    yield float(y)\nlist(f(x))", ["float(y)"]),
    "yield from": ("def f(y):\n    yield from y\nlist(f(x))", ["y"]),
    # Indexing, assignment, operators
    "index": ("y = items[x]", ["items[x]"]),
    "index of array": ("y = x[0]", ["x[0]"]),
    "slice": ("y = items[x:]", ["items[x:]"]),
    "slice of array": ("y = x[1:2, ::2]", ["x[1:2, ::2]"]),
    "slice with step": ("y = items[::x]", ["items[::x]"]),
    "set index": ("out[0] = x", ["x"]),
    "set slice": ("items[0:1] = x", ["x"]),
    "set at mask": ("x[x > 0] = n", ["x > 0", "n"]),
    "set to a literal": ("items[x] = 1", ["items[x]"]),
    "set to a negative literal": ("items[x] = -1", ["items[x]"]),
    "set twice": ("out[0] = out[1] = x.sum()", ["x.sum()", "x.sum()"]),
    "set in a tuple": ("out[0], out[1] = x, n", ["x", "n"]),
    "set annotated": ("out[0]: float = x", ["x"]),
    "set attribute": ("class A:\n    pass\nA().y = float(x)", ["float(x)"]),
    "delete index": ("del x[0]", ["x[0]"]),
    "delete": ("del items[x]", ["items[x]"]),
    "add": ("y = items[0] + x", ["items[0] + x"]),
    "add and multiply": ("y = 2 + x * 3 - x", ["x * 3", "2 + x * 3", "2 + x * 3 - x"]),
    "add over lines": ("y = (x +\n     2)", ["x + 2"]),
    "compare": ("y = x < 1", ["x < 1"]),
    "negate": ("y = -x", ["-x"]),
    "negate, tested": ("if -x: pass", ["-x", "-x"]),
    "augmented": ("total = 0\ntotal += x", ["x"]),
    "augmented by a call": ("total = 0.0\ntotal += float(x)", ["float(x)"]),
    "augmented by a literal": ("y = x\ny += 1", ["y"]),
    "augmented index": ("out[0] += x", ["x", "x"]),
    # f-strings
    "f-string": ('y = f"{float(x)}"', ["float(x)"]),
    "f-string shows": ('y = f"{x}"', ["x"]),
    "f-string shows two": ('y = f"{n} and {x.sum()}"', ["n", "x.sum()"]),
    "f-string with format": ('y = f"{1} {x:.3f} {n:>8}"', ["x", "n"]),
    "f-string calls": ('y = f"ü{float(x):.3f} and {int(n)!r:>{int(x)}}"', ["float(x)", "int(n)", "int(x)"]),
    "f-string tests": ("y = f\"{not x} {n or 'a'} {1 if x else 2}\"", ["x", "n", "x"]),
    "f-string compares": ('y = f"{0 < x < 1}"', ["0 < x", "0 < x", "x < 1", "0 < x < 1"]),
    "f-string with format in pieces": ('y = (f"{1:d}{2}"\n  f" {x:.1f}" f"{n:.1f}")', ["x", "n"]),
    "f-string with itself": ('y = f"{float(x)=} {n=!s}"', ["float(x)"]),
    "f-string in f-string": ("y = f\"{f'{x}'}\"", ["x"]),
    "percent": ("y = '%s' % (float(x),)", ["float(x)"]),
    "f-string in pieces": (
        'y = ("ü" f"{float(x)}"\n  "plain"\n  f"a{int(n)}{int(n)}")',
        ["float(x)", *["int(n)"] * 2],
    ),
    "f-string over lines": ('y = f"""\n{float(x)} ü\n {int(n)}"""', ["float(x)", "int(n)"]),
    "f-string comprehension": ('y = f"{[i for i in items[:1] if x]}"', ["x"]),
    # Match
    "guard": ("match items:\n    case _ if x and not n: pass", ["x", "n"]),
    "guard after pattern": ("match items:\n    case [a, *_] if x.sum(): pass", ["x.sum()"]),
    "value pattern": ("match x:\n    case 1: pass", ["x", "x"]),
    "class pattern": (
        "match items:\n    case list(y) if n: pass\n    case [*_]: z = float(x)",
        ["n", "float(x)"],
    ),
    # Text
    "non-ASCII before": ("ü = float(x)", ["float(x)"]),
    "non-ASCII everywhere": (
        "ü, ß = 'äé', np.asarray(x, 'f'); 名 = 'ü' if not n else int(x)",
        ["np.asarray(x, 'f')", "n"],
    ),
    "tab": ("if 1:\n\ty = '\t', float(x)", ["float(x)"]),
    "semicolons": ("a = float(x); b = int(x); c = not x", ["float(x)", "int(x)", "x"]),
    "one line": ("if x: y = float(x)", ["x", "float(x)"]),
    "spaces stay": ("y = float( x )", ["float( x )"]),
    "try": (
        "try: y = float(x)\nexcept ValueError: pass\nelse: y = int(x)\nfinally: y = not x",
        ["float(x)", "int(x)", "x"],
    ),
    "except": ("try: 1 / 0\nexcept (x and ZeroDivisionError): y = float(x)", ["x", "float(x)"]),
    "raise": ("try: raise ValueError(float(x))\nexcept ValueError: pass", ["float(x)"]),
    "global": ("def f(y):\n    global g\n    def g(z): return not z\n    return g(y)\nf(x)", ["z"]),
}

VARIANTS = [name for name, (text, _) in SNIPPETS.items() if '"""' not in text and "'''" not in text]
"""Those whose string literals survive another indentation."""


@pytest.mark.parametrize("name", SNIPPETS)
def test_names_the_expression_that_was_converted(name: str) -> None:
    text, expected = SNIPPETS[name]
    assert expressions(sites_of(text)) == expected


@pytest.mark.parametrize("name", VARIANTS)
def test_names_it_in_a_function_too(name: str) -> None:
    """Local variables are compiled otherwise: 3.13 loads two at once."""
    text, expected = SNIPPETS[name]
    assert expressions(sites_of(in_function(text), call="wrapped")) == expected


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_columns_cut_the_expression_out_of_the_line(name: str) -> None:
    text, _ = SNIPPETS[name]
    lines = split_lines(text)
    for site in sites_of(text):
        assert site.code == lines[site.line - 1].strip()
        if site.column is not None and site.end_line == site.line:
            assert lines[site.line - 1][site.column : site.end_column] == site.expression


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("name", VARIANTS)
def test_line_ends_make_no_difference(name: str, end: str) -> None:
    text, _ = SNIPPETS[name]
    assert sites_of(text.replace("\n", end)) == sites_of(text)


def test_the_example_of_the_contract() -> None:
    before = "\n" * 70 + "def _check_finite(array, xp):\n"
    text = before + "    if not xp.all(xp.isfinite(array)):\n        raise ValueError\n"
    names: dict[str, Any] = {}
    exec(compile(text, PATH, "exec"), names)
    uses = Uses()
    with pytest.raises(ValueError, match=r"^$"):
        names["_check_finite"](Spy(uses), _Namespace(Spy(uses, truth=False)))
    assert locate(trace_of(text, uses.places), 0) == SourceSite(
        file=PATH,
        distribution="lib 1.0",
        line=72,
        end_line=72,
        column=11,
        end_column=37,
        function="_check_finite",
        code="if not xp.all(xp.isfinite(array)):",
        expression="xp.all(xp.isfinite(array))",
        statement="If",
    )


@dataclass
class _Namespace:
    answer: Spy

    def isfinite(self, array: Spy) -> Spy:
        return array

    def all(self, array: Spy) -> Spy:
        return self.answer


# Lines and columns


def test_columns_are_characters_not_bytes() -> None:
    site = site_of("ü = 'äöü', float(x)")
    assert (site.column, site.end_column) == (11, 19)


def test_a_tab_is_one_character() -> None:
    site = site_of("if 1:\n\t\ty =\tfloat(x)")
    assert (site.column, site.end_column) == (6, 14)


def test_a_form_feed_ends_no_line_and_is_one_character() -> None:
    site = site_of("y = 1\n\f\ndef f(y):\n\f    return\ffloat(y)\nf(x)")
    assert (site.line, site.column, site.expression) == (4, 12, "float(y)")


def test_the_signature_of_utf_8_is_no_character() -> None:
    site = site_of("\ufeffy = 'ü', float(x)")
    assert (site.column, site.end_column, site.code) == (9, 17, "y = 'ü', float(x)")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'\\"), max_size=20))
def test_columns_count_whatever_stands_before(before: str) -> None:
    text = f"y = '{before}', float(x)"
    assert site_of(text).column == text.index("float")


def test_an_expression_that_begins_above_the_line_has_no_column() -> None:
    site = site_of("y = (x\n    .sum()\n    .compute())\n")
    assert (site.line, site.column) == (3, None)
    assert (site.end_line, site.end_column) == (3, 14)
    assert (site.code, site.expression) == (".compute())", "x .sum() .compute()")


def test_an_expression_that_ends_below_the_line_has_a_column() -> None:
    site = site_of("y = float(\n    x\n  )\n")
    assert (site.line, site.column, site.end_line, site.end_column) == (1, 4, 3, 3)


def test_a_link_of_a_chain_has_columns_of_its_own() -> None:
    _, first, second = sites_of("y = 'ü', 0 < (x) < (1) < n.sum()")[1:4]
    assert (first.expression, first.column, first.end_column) == ("(x) < (1)", 13, 22)
    assert (second.expression, second.column, second.end_column) == ("(x) < (1)", 13, 22)


def test_a_link_of_a_chain_over_lines() -> None:
    site = sites_of("y = (0 < # (\n    (x) < (\n    1))\n")[-1]
    assert (site.expression, site.end_line, site.end_column) == ("(x) < ( 1)", 3, 6)


# Functions


def test_the_function_has_its_qualified_name() -> None:
    site = site_of("class A:\n    def f(self, y):\n        return (lambda: float(y))()\nA().f(x)")
    assert site.function == "A.f.<locals>.<lambda>"


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("y = [float(x) for i in [1]]", "<module>"),
        ("def f(y): return [{float(y) for i in [1]} for j in [1]]\nf(x)", "f"),
        ("def f(y): return {j: (lambda: float(y))() for j in [1]}\nf(x)", "f.<locals>.<lambda>"),
        ("y = [(lambda: float(x))() for i in [1]]", "<lambda>"),
        ("class A: y = [float(i) for i in [x]]", "A"),
        ("y = sum(float(x) for i in [1])", "<genexpr>"),
    ],
)
def test_comprehensions_are_no_functions(text: str, function: str) -> None:
    """They are in Python 3.11 only, and sites must not depend on the version."""
    assert site_of(text).function == function


# What does not fit


def relocated(text: str, other: str | None) -> list[SourceSite]:
    """Run one text and locate its uses in another."""
    uses = run(text)
    trace = trace_of(other, uses.places)
    return [locate(trace, number) for number in range(len(uses.places))]


def test_without_source_only_the_line_is_known() -> None:
    (site,) = relocated("\ny = float(x)", None)
    assert site == SourceSite(PATH, "lib 1.0", 2, None, None, None, "<module>", "", None)


@pytest.mark.parametrize(
    "now",
    [
        "y = 1\n",
        "y  = float(x)\n",
        "y = float[x]\n",
        "def f():\n    y = float(x)\n",
        "\ny = float(x)\n",
        "y = float(x\n",
        "y = 'a\0'\n",
        "",
    ],
)
def test_an_edited_file_gives_no_expression(now: str) -> None:
    (site,) = relocated("y = float(x)\n", now)
    assert (site.line, site.expression, site.column) == (1, None, None)
    assert site.code == (split_lines(now) or [""])[0].strip()


def test_a_function_that_moved_gives_no_expression_though_its_lines_look_alike() -> None:
    body = "    y = float(y)\n" * 3
    uses = Uses()
    names: dict[str, Any] = {"x": Spy(uses)}
    exec(compile(f"def f(y):\n{body}f(x)", PATH, "exec"), names)
    trace = trace_of(f"import os\ndef f(y):\n{body}f(x)", uses.places)
    assert locate(trace, 0).expression is None


def test_another_function_in_the_same_place_gives_no_expression() -> None:
    (site,) = relocated("def f(y):\n    return float(y)\nf(x)", "def g(y):\n    return float(y)\ng(x)")
    assert site.expression is None


@pytest.mark.parametrize(
    "text",
    [
        "y = " + "(" * 5000 + "x" + ")" * 5000,
        "y = " + "-" * 50_000 + "1",
        "y = 1" + " + 1" * 50_000,
        "y = 1" + ".a" * 20_000,
        "if 1:\n" + "".join(" " * i + "if 1:\n" for i in range(1, 90)) + " " * 90 + "y = 1",
    ],
    ids=["parentheses", "signs", "sum", "attributes", "blocks"],
)
def test_deep_trees_are_survived(text: str) -> None:
    trace = trace_of(text, [(compile("1", PATH, "eval"), 2)])
    trace.positions = [events.Position(0, 1, 1, 4, len(text), "CALL")]
    trace.codes = [events.Code(0, "<module>", 1)]
    assert locate(trace, 0).expression is None
    statement_of(trace, 0)


def test_without_columns_the_line_and_the_statement_are_known() -> None:
    trace = trace_of("if x:\n    y = float(x)\n", [])
    trace.codes.append(events.Code(0, "<module>", 1))
    trace.positions.append(events.Position(0, 2, 2, -1, -1, "CALL"))
    site = locate(trace, 0)
    assert (site.code, site.expression, site.statement) == ("y = float(x)", None, "Assign")


def test_an_instruction_that_converts_nothing_gives_no_expression() -> None:
    trace = trace_of("y = x\n", [])
    trace.codes.append(events.Code(0, "<module>", 1))
    trace.positions.append(events.Position(0, 1, 1, 4, 5, "LOAD_NAME"))
    assert locate(trace, 0).expression is None


def test_a_line_past_the_end_has_no_code() -> None:
    trace = trace_of("y = x\n", [])
    trace.codes.append(events.Code(0, "<module>", 1))
    trace.positions.append(events.Position(0, 9, 9, 0, 1, "CALL"))
    assert locate(trace, 0).code == ""


def test_warnings_of_the_parser_are_not_shown(recwarn: pytest.WarningsRecorder) -> None:
    assert site_of("y = '\\d', float(x)").expression == "float(x)"
    assert not recwarn.list


# Other compilers


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("if not a:\n    b", (1, 2, 0, 5, "POP_JUMP_FORWARD_IF_TRUE", (1, 1, 7, 8)), "a"),
        ("if a and b.c():\n    d", (1, 2, 0, 5, "POP_JUMP_FORWARD_IF_FALSE", (1, 1, 9, 14)), "b.c()"),
        ("if a < 1 and b: c", (1, 1, 3, 8, "POP_JUMP_FORWARD_IF_FALSE", (1, 1, 13, 14)), "b"),
        ("x = a or b", (1, 1, 4, 10, "JUMP_IF_TRUE_OR_POP", (1, 1, 4, 5)), "a"),
        ("x = a or b", (1, 1, 4, 10, "POP_JUMP_IF_TRUE", (1, 1, 4, 5)), "a"),
        ("x = a or b", (1, 1, 4, 10, "TO_BOOL", (1, 1, 4, 5)), "a"),
        ("x = p, a or b", (1, 1, 7, 13, "TO_BOOL", (1, 1, 4, 5)), "a"),
        ("x = p, a or b", (1, 1, 7, 13, "POP_JUMP_IF_TRUE", (1, 1, 4, 5)), None),
        ("if not a: b", (1, 1, 7, 8, "POP_JUMP_IF_TRUE", (1, 1, 0, 1)), "a"),
        ("for i in a: b", (1, 1, 0, 13, "GET_ITER", (1, 1, 9, 10)), "a"),
        ("for i in a: b", (1, 1, 9, 10, "GET_ITER", None), "a"),
        ("with a as b: c", (1, 1, 0, 14, "BEFORE_WITH", (1, 1, 5, 6)), "a"),
        ("x = f'{a} {b:.3}'", (1, 1, 4, 17, "FORMAT_VALUE", (1, 1, 11, 12)), "b"),
        ("x = f'{a} {b:.3}'", (1, 1, 10, 16, "FORMAT_WITH_SPEC", (1, 1, 6, 9)), "b"),
        ("x = f'{a:{b}}'", (1, 1, 6, 13, "FORMAT_WITH_SPEC", (1, 1, 9, 12)), "a"),
        ("x = f'{a:{b}}'", (1, 1, 4, 14, "FORMAT_VALUE", (1, 1, 10, 11)), None),
        ("x = (a\n    .b())", (2, 2, 5, 8, "PRECALL", (2, 2, 5, 6)), "a .b()"),
    ],
)
def test_places_of_every_compiler_are_understood(
    text: str, position: tuple[Any, ...], expected: str | None
) -> None:
    """A trace may be read by another Python than the one that wrote it."""
    trace = trace_of(text, [])
    trace.codes.append(events.Code(0, "<module>", 1))
    trace.positions.append(events.Position(0, *position))
    assert locate(trace, 0).expression == expected


def test_assertions_that_pytest_rewrote() -> None:
    uses = Uses(__file__)
    x, n = Spy(uses), Spy(uses, truth=False)
    assert x
    assert not n
    assert x.sum()
    assert x and not n  # noqa: PT018
    assert float(x) == 1
    assert bool(x.sum())
    assert x.sum() and not n  # noqa: PT018
    trace = trace_of(Path(__file__).read_text("utf-8"), uses.places)
    found = [locate(trace, number).expression for number in range(len(uses.places))]
    assert found == ["x", "n", "x.sum()", "x", "n", "float(x)", "bool(x.sum())", "x.sum()", "n"]


def test_text_that_was_executed_is_a_file_like_any_other() -> None:
    uses = Uses("<string>")
    exec("def f(y):\n    if not y: pass\nf(x)", {"x": Spy(uses)})
    trace = trace_of("def f(y):\n    if not y: pass\nf(x)", uses.places)
    assert locate(trace, 0).expression == "y"


def test_a_notebook_cell_is_a_module_whatever_its_name() -> None:
    trace = trace_of("y = float(x)", [])
    trace.codes.append(events.Code(0, "<cell line: 1>", 1))
    trace.positions.append(events.Position(0, 1, 1, 4, 12, "CALL"))
    assert locate(trace, 0).expression == "float(x)"


# Random tests

NAMES = "abcd"


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("(not {})".format, parts),
        st.builds("({} and {})".format, parts, parts),
        st.builds("({} or\n  {} or {})".format, parts, parts, parts),
        st.builds("({} if {} else {})".format, parts, parts, parts),
        st.builds("f({})".format, parts),
    )


CONDITIONS = st.recursive(st.sampled_from(NAMES), _joined, max_leaves=8)
TESTS = ["if {}: pass", "while {}: break", "y = [1 for i in [1] if {}]", "y = list(1 for i in [1] if {})"]


@given(st.sampled_from([*TESTS, "y = {}", "y = f({})"]), CONDITIONS, st.sets(st.sampled_from(NAMES)))
def test_whatever_is_tested_is_named(statement: str, condition: str, true: set[str]) -> None:
    """The expression is the tested name itself, or one that may have had its value."""
    text = statement.format(condition)
    uses = Uses()
    spies = {name: Spy(uses, truth=name in true, name=name) for name in NAMES}
    exec(compile(text, PATH, "exec"), {**spies, "f": lambda value: value})
    trace = trace_of(text, uses.places)
    for number, name in enumerate(uses.names):
        if name:  # the others are results of ``not``
            expression = locate(trace, number).expression
            assert expression is not None
            assert name in _values(ast.parse(f"({expression})", mode="eval").body)


def _values(node: ast.expr) -> set[str]:
    """Names whose value an expression may have."""
    if isinstance(node, ast.BoolOp):
        return set().union(*map(_values, node.values))
    if isinstance(node, ast.IfExp):
        return _values(node.body) | _values(node.orelse)
    if isinstance(node, ast.Call):
        return _values(node.args[0])
    return {node.id} if isinstance(node, ast.Name) else set()


# Cost


def test_a_file_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(f"y{i} = float(x)" for i in range(50))
    trace = trace_of(text, run(text).places)
    parse, parsed = ast.parse, []

    def counting(source: str, **how: str) -> ast.Module:
        parsed.append(source)
        return parse(source, **how)

    monkeypatch.setattr(ast, "parse", counting)
    assert {locate(trace, number).expression for number in range(50)} == {"float(x)"}
    assert parsed == [text + "\n"]


def test_a_position_is_located_once_in_each_trace() -> None:
    text = "y = float(x)"
    places = run(text).places
    trace = trace_of(text, places)
    assert locate(trace, 0) is locate(trace, 0)
    assert locate(trace_of(None, places), 0).expression is None


# Statements


def statements(text: str) -> list[str | None]:
    uses = run(text)
    trace = trace_of(text, uses.places)
    found = [statement_of(trace, number) for number in range(len(uses.places))]
    return [statement and statement.text for statement in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y  =  float( x )  # why", ["y = float(x)"]),
        ("if  not  n :\n    y = float(x)\nelse: pass", ["if not n", "y = float(x)"]),
        ("for i in ( x ):\n    pass", ["for i in x"]),
        ("a = 1; b = int(x); c = 2", ["b = int(x)"]),
        ("try:\n    y = float(x)\nfinally:\n    y = not x", ["y = float(x)", "y = not x"]),
        ("try:\n    1/0\nexcept (x and ZeroDivisionError):\n    pass", ["try"]),
        ("match x:\n    case 1:\n        y = int(x)", ["match x", "match x", "y = int(x)"]),
        ("@x.compute\ndef f(a=float(x)):\n    pass", ["@x.compute\ndef f(a=float(x))"] * 2),
    ],
)
def test_a_statement_is_normalised_without_what_is_inside(text: str, expected: list[str]) -> None:
    assert statements(text) == expected


def test_without_source_there_is_no_statement() -> None:
    assert statement_of(trace_of(None, run("y = float(x)").places), 0) is None
