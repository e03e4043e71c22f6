"""Traces made by hand to exhaust, mislead or break what reads them: one idea each, by name."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable
from typing import Any

import msgspec
from hostile_sources import SOURCES, bomb, broken_checksum

from lazyscope.model import events, journal, journal_file
from trace_builder import TraceBuilder

TRACES: dict[str, Callable[[], bytes]] = {}
"""What makes the bytes of each."""

HUGE = 2**63 - 1
_FORCES = ("expected_bytes", "largest_chunk_bytes", "resident_bytes", "free_bytes")


def program(text: str = "y = bool(x)\n") -> tuple[TraceBuilder, int]:
    build = TraceBuilder("program.py")
    build.source("program.py", text)
    return build, build.at("program.py", "bool(x)")


def trace(name: str) -> Callable[[Callable[[TraceBuilder, int], object]], None]:
    """Take what a function adds to a short program, its line being at a position, as a trace."""

    def register(add: Callable[[TraceBuilder, int], object]) -> None:
        def content() -> bytes:
            build, at = program()
            add(build, at)
            return build.end().content()

        TRACES[name] = content

    return register


# Sources


def _of_source(packed: bytes, line: int, columns: tuple[int, int], *, late: bool = False) -> bytes:
    """A force in a source that is given as it is packed."""
    build = TraceBuilder("program.py")
    add = build._records.append
    add(events.File("program.py", "user", None, None if late else packed))
    add(events.Code(0, "<module>", 1))
    add(events.Position(0, line, line, *columns, "CALL"))
    if late:
        add(events.Source(0, packed))
    for _ in range(3):
        build.force(0, "__bool__", seconds=0.1, tasks=3)
    build.failure("ValueError", "The truth value of an array is ambiguous", 0)
    return build.end("exception", "ValueError").content()


for name, (text, fragment) in SOURCES.items():

    def of_text(text: str = text, fragment: str = fragment) -> bytes:
        start = text.index(fragment)
        line, column = text.count("\n", 0, start) + 1, start - (text.rfind("\n", 0, start) + 1)
        packed = zlib.compress(text.encode("utf-8", "surrogatepass"))
        return _of_source(packed, line, (column, column + len(fragment)))

    TRACES[f"source: {name}"] = of_text

for late in (False, True):
    where = "late source" if late else "source"
    TRACES[f"{where}: bomb of 3 GB"] = lambda late=late: _of_source(bomb(3_000), 1, (0, 1), late=late)
    TRACES[f"{where}: wrong checksum"] = lambda late=late: _of_source(broken_checksum(), 1, (0, 1), late=late)
    TRACES[f"{where}: cut"] = lambda late=late: _of_source(
        zlib.compress(b"x\n" * 999)[:-9], 1, (0, 1), late=late
    )
    TRACES[f"{where}: no zlib"] = lambda late=late: _of_source(b"bool(x)\n", 1, (0, 7), late=late)


@trace("source: 400 bombs of 4 MB")
def _(build: TraceBuilder, at: int) -> None:
    for number in range(400):
        packed = zlib.compress(b"ab\n" * (1_300_000 + number))
        file = build._number(events.File(f"f{number}.py", "user", None, packed))
        code = build._number(events.Code(file, "<module>", 1))
        build.force(build._number(events.Position(code, 1, 1, 0, 2, "CALL")), "compute", seconds=0.1)


@trace("source: 300 files of 90,000 tokens")
def _(build: TraceBuilder, at: int) -> None:
    for number in range(300):
        packed = zlib.compress(f"y = bool(x{number})\n".encode() + b"a = b + c\n" * 15_000)
        file = build._number(events.File(f"f{number}.py", "user", None, packed))
        code = build._number(events.Code(file, "<module>", 1))
        build.force(build._number(events.Position(code, 1, 1, 4, 12, "CALL")), "__bool__", seconds=0.1)


# Times and figures

for name, seconds in {
    "nan": math.nan,
    "inf": math.inf,
    "-inf": -math.inf,
    "1e308": 1e308,
    "-1": -1.0,
}.items():

    @trace(f"a force takes {name} s")
    def _(build: TraceBuilder, at: int, seconds: float = seconds) -> None:
        build.finish(build.begin(at, "__bool__"), seconds)

    @trace(f"a force begins at {name} s")
    def _(build: TraceBuilder, at: int, seconds: float = seconds) -> None:
        build.force(at, "__bool__", seconds=1.0, at=seconds)

    @trace(f"everything happens at {name} s")
    def _(build: TraceBuilder, at: int, seconds: float = seconds) -> None:
        build.now = seconds
        build.call("dask.array.add", at, outputs=[("a", "float64", [3])])
        build.unknown_shape("Array.__getitem__", at)
        build.failure("ValueError", "no", at)

    @trace(f"tasks take {name} s")
    def _(build: TraceBuilder, at: int, seconds: float = seconds) -> None:
        force = build.begin(at, "__bool__")
        build._records.append(events.ForceEnd(id=force, completed=True, seconds=1.0, task_seconds=seconds))

    @trace(f"results differ by {name}")
    def _(build: TraceBuilder, at: int, seconds: float = seconds) -> None:
        build._records.append(
            events.Difference(
                at=0.0,
                began=0.0,
                ended=seconds,
                function="f",
                path="",
                difference="values",
                found="a",
                expected="b",
                largest_absolute=seconds,
                largest_relative=seconds,
                site=at,
                user_site=at,
            )
        )


for figure in (-1, 2**53, HUGE, 2**64 - 1):
    for name in _FORCES:

        @trace(f"{name} is {figure}")
        def _(build: TraceBuilder, at: int, name: str = name, figure: int = figure) -> None:
            build.force(at, "__bool__", seconds=1.0, **{name: figure})

    @trace(f"{figure} tasks")
    def _(build: TraceBuilder, at: int, figure: int = figure) -> None:
        layer = build.layer("sum-1", "sum", figure)
        for _ in range(3):
            build.force(at, "__bool__", seconds=1.0, tasks=figure, wanted=[events.Wanted(layer, figure, 1)])

    @trace(f"a result of {figure} bytes")
    def _(build: TraceBuilder, at: int, figure: int = figure) -> None:
        build.force(at, "__bool__", seconds=1.0, size=figure)

    @trace(f"an array of {figure} × {figure}")
    def _(build: TraceBuilder, at: int, figure: int = figure) -> None:
        build.call("dask.array.add", at, outputs=[("a", "float64", [figure] * 2)])
        build.force(at, "__bool__", seconds=1.0, results=("a",))

    @trace(f"a layer of {figure} × {figure} blocks")
    def _(build: TraceBuilder, at: int, figure: int = figure) -> None:
        text = build.text("sum-1")
        record = events.Layer(text, text, 3, [], [figure] * 2, [figure] * 2, figure, source=True)
        build.force(
            at, "__bool__", seconds=1.0, wanted=[events.Wanted(build._number(record), 3, 3, b"\xff", 1)]
        )

    @trace(f"line {figure}")
    def _(build: TraceBuilder, at: int, figure: int = figure) -> None:
        build.force(
            build._number(events.Position(0, figure, figure, figure, figure)), "__bool__", seconds=1.0
        )

    @trace(f"a limit of {figure} bytes")
    def _(build: TraceBuilder, at: int, figure: int = figure) -> None:
        build._records[0] = msgspec.structs.replace(build._records[0], memory_limit=figure)
        build.begin(at, "__array__", expected_bytes=80)


@trace("10 million tasks, wanted whole by 2,000 forces")
def _(build: TraceBuilder, at: int) -> None:
    layer = build.layer("sum-1", "sum", 10**7)
    for _ in range(2_000):
        build.force(at, "__bool__", seconds=1.0, tasks=10**7, wanted=[events.Wanted(layer, 10**7, 10**7)])


@trace("an array of 1,000 dimensions")
def _(build: TraceBuilder, at: int) -> None:
    build.call("dask.array.add", at, outputs=[("a", "float64", [2] * 1_000)])
    build.force(at, "__bool__", seconds=1.0)


for dtype in (
    "(1,",
    "numpy." * 100,
    "i8," * 100_000,
    "a" * 200_000,
    "(1000000,1000000)f8",
    "V9999999999",
    "\0",
    "{'names': [",
    "__import__('os')",
    "[" * 5_000,
    "f8\n",
    "datetime64[ns",
    ">>f8",
    "1e999f8",
):

    @trace(f"dtype {dtype[:20]!r}")
    def _(build: TraceBuilder, at: int, dtype: str = dtype) -> None:
        build.call("dask.array.add", at, outputs=[("a", dtype, [3, 3])])
        build.force(at, "__bool__", seconds=1.0, results=("a",))
        build.failure("ValueError", "Shapes must be known: chunked along axis 0", at)


# Order and kinship


@trace("a force is its own parent")
def _(build: TraceBuilder, at: int) -> None:
    build.force(at, "__bool__", seconds=1.0, parent=1)


@trace("two forces are each other's parents")
def _(build: TraceBuilder, at: int) -> None:
    build.force(at, "__bool__", seconds=1.0, parent=2)
    build.force(at, "__bool__", seconds=1.0, parent=1)


@trace("a circle of 5,000 forces")
def _(build: TraceBuilder, at: int) -> None:
    for number in range(5_000):
        build.force(at, "__bool__", seconds=1.0, parent=number or 5_000)


@trace("5,000 forces inside one another")
def _(build: TraceBuilder, at: int) -> None:
    for number in range(5_000):
        build.begin(at, "__bool__", parent=number or None)


@trace("the parent is missing")
def _(build: TraceBuilder, at: int) -> None:
    build.force(at, "__bool__", seconds=1.0, parent=HUGE)


@trace("all forces have one id")
def _(build: TraceBuilder, at: int) -> None:
    for _ in range(100):
        build._forces = 0
        build.force(at, "__bool__", seconds=1.0)
        build._failures = 0
        build.failure("ValueError", "no", at)


@trace("layers read each other")
def _(build: TraceBuilder, at: int) -> None:
    layers = [build.layer(f"a-{n}", "a", 3, [(n + 1) % 50]) for n in range(50)]
    build.force(at, "__bool__", seconds=1.0, wanted=[events.Wanted(layer, 3, 0) for layer in layers])


@trace("5,000 layers in a row")
def _(build: TraceBuilder, at: int) -> None:
    for number in range(5_000):
        build.layer(f"a-{number}", "a", 3, [number - 1] if number else [])
    build.force(at, "__bool__", seconds=1.0, wanted=[events.Wanted(n, 3, 0) for n in range(5_000)])


@trace("an array is made of itself")
def _(build: TraceBuilder, at: int) -> None:
    name, thread = build.text("a"), build.text("MainThread")
    layout = build._number(events.Layout([3], [1], [3]))
    for _ in range(50):
        build._records.append(events.Call(0.0, name, at, at, [name], [(name, name, layout)], thread))
    build.force(at, "__bool__", seconds=1.0, results=("a",))


@trace("events in forces that are not there")
def _(build: TraceBuilder, at: int) -> None:
    thread = build.text("MainThread")
    warned = events.Warned(
        at=0.0,
        category="RuntimeWarning",
        message="Mean of empty slice",
        site=at,
        user_site=at,
        thread=thread,
        force=77,
    )
    build._records += [warned, *[msgspec.structs.replace(warned, force=-1)] * 5]


@trace("a stack of 100,000 frames, shown 1,000 times")
def _(build: TraceBuilder, at: int) -> None:
    build._number(events.Stack([at] * 100_000))
    for _ in range(1_000):
        build.force(at, "__bool__", seconds=1.0)
        build._records[-2] = msgspec.structs.replace(build._records[-2], stack=0)


# Texts

for name, text in {
    "200,000 letters": "a" * 200_000,
    "terminal codes": "\x1b[31m\x1b]52;c;aGk=\x07\x9b2J",
    "markup": "</script><b>[red]",
    "nothing": "",
    "blanks": " \n\t\r\v\f\x85\u2028",
    "overrides": "\u202e\u2066abc",
    "formats": "%s%n{0.__class__}",
    "backquotes": "`" * 500,
    "parts": "." * 5_000,
    "slashes": "/" * 5_000,
    "astral": "\U0010ffff" * 3_000,
}.items():

    @trace(f"every text is {name}")
    def _(build: TraceBuilder, at: int, text: str = text) -> None:
        build.missing(text, distribution=text)
        there = build.at(text, 3, function=text, opcode=text)
        build.call(text, there, outputs=[(text, text, [3])])
        for _ in range(200):
            build.force(there, text, seconds=1.0, entry=text, results=(text,), error=text, allowed=text)
        build.unknown_shape(text, there, entry=text)
        build.failure(text, text, there, entry=text)
        build.blind_spot(text, HUGE)


@trace("20,000 things were not seen")
def _(build: TraceBuilder, at: int) -> None:
    for number in range(20_000):
        build.blind_spot(f"something {number}")


@trace("20,000 failures")
def _(build: TraceBuilder, at: int) -> None:
    for number in range(20_000):
        build.failure("ValueError", f"no {number}", at, escaped=False)


# Frames


def _frame(payload: bytes) -> bytes:
    return struct.pack("<II", len(payload), zlib.crc32(payload)) + payload


_WHOLE = program()[0].end().content()

TRACES |= {
    "empty": lambda: b"",
    "magic only": lambda: journal.MAGIC,
    "no records": lambda: journal.MAGIC + _frame(b"\x90"),
    "half a header": lambda: _WHOLE[:40],
    "a million empty frames": lambda: _WHOLE + _frame(b"\x90") * 1_000_000,
    "two headers": lambda: _WHOLE + _WHOLE[len(journal.MAGIC) :],
    "magic in the middle": lambda: _WHOLE + _WHOLE,
    "a frame of 4 GB": lambda: _WHOLE + struct.pack("<II", 2**32 - 1, 0),
    "a first frame of 4 GB": lambda: journal.MAGIC + struct.pack("<II", 2**32 - 1, 0) + bytes(99),
    "deep nesting": lambda: _WHOLE + _frame(b"\x91" * 3_000_000 + b"\xc0"),
    "deep nesting of a header": lambda: (
        journal.MAGIC + _frame(b"\x91\x92\xa1H" + b"\x91" * 3_000_000 + b"\xc0")
    ),
    "4 billion records": lambda: _WHOLE + _frame(b"\xdd\xff\xff\xff\xff"),
    "a text of 4 GB": lambda: _WHOLE + _frame(b"\x91\x92\xa1T\xdb\xff\xff\xff\xff"),
    "a million texts": lambda: _WHOLE + _frame(msgspec.msgpack.encode([["T", ""]] * 1_000_000)),
    "a million stacks": lambda: _WHOLE + _frame(msgspec.msgpack.encode([["S", []]] * 1_000_000)),
    "numbers that point nowhere": lambda: _WHOLE + journal_file.encode_frame([events.Code(77, "f", 1)]),
    "ends twice": lambda: _WHOLE + journal_file.encode_frame([events.End(seconds=9.0, ended="ok")] * 2),
    "ends oddly": lambda: _WHOLE + journal_file.encode_frame([events.End(seconds=9.0, ended="never")]),
}


def names_of(kind: str) -> list[Any]:
    """Names that begin so."""
    return [name for name in TRACES if name.startswith(kind)]
