"""Runs a program with and without a trace in one process, and says what is not the same.

A program runs three times: twice without a trace and once in one, in a random order. What differs between
the two runs without a trace is the program's own doing (a random token, say) and is not compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import gc
import hashlib
import inspect
import io
import linecache
import operator
import pickle
import random
import re
import sys
import threading
import traceback
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

import array_api_compat
import array_api_compat.dask.array as xp
import array_api_extra as xpx
import cloudpickle
import dask
import dask.array as da
import dask.local
import numpy as np
import xarray as xr
from dask.array import log as early_log
from dask.array import mean as early_mean
from dask.array import ones as early_ones
from dask.base import tokenize
from dask.callbacks import Callback
from dask.delayed import delayed
from traced_programs import snapshot, stand_ins

import lazyscope
from lazyscope.capture import session as sessions
from lazyscope.model import events

OWN_FAILURE = "an event, since lazyscope failed"
OURS = (str(Path(lazyscope.__file__).parent), "<lazyscope")
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
MODES = ("trace", "trace", "everywhere")

GIVEN: dict[str, Any] = {
    "np": np, "da": da, "xp": xp, "xpx": xpx, "xr": xr, "dask": dask, "delayed": delayed,
    "tokenize": tokenize, "early_log": early_log, "early_mean": early_mean, "early_ones": early_ones,
    "Callback": Callback, "array_api_compat": array_api_compat, "cloudpickle": cloudpickle, "pickle": pickle,
    "copy": copy, "functools": functools, "operator": operator, "inspect": inspect, "sys": sys,
    "threading": threading, "warnings": warnings, "traceback": traceback, "asyncio": asyncio,
    "contextlib": contextlib, "gc": gc, "ThreadPoolExecutor": ThreadPoolExecutor,
}  # fmt: skip
"""What programs use without importing it. The names with `early` were bound before any trace."""


class Seen(NamedTuple):
    """What was observed of one run, by what was looked at."""

    notes: dict[str, Any]
    own: list[str]
    """What is wrong whatever other runs show: our own failures, what was not restored, miscounted forces."""
    blind: dict[str, int]


# What is looked at


def digest(value: Any) -> Any:
    """A value in full, to the last bit; of a dask array everything but its values."""
    if isinstance(value, da.Array):
        return lazy_digest(value)
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        content = repr(array.tolist()) if array.dtype.hasobject else array.tobytes()
        digested = hashlib.sha256(repr(content).encode()).hexdigest()[:16]
        return f"{type(value).__name__} {array.dtype} {array.shape} {array.ravel()[:4]} {digested}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__}[{', '.join(str(digest(one)) for one in value)}]"
    return f"{type(value).__name__} {ADDRESS.sub('0x', repr(value))}"


def lazy_digest(array: da.Array) -> str:
    """Type, name, dtype, type of blocks, chunks and keys of a dask array; nothing is computed."""
    chunks = ", ".join(
        f"({', '.join(f'lazy {n.name}' if isinstance(n, da.Array) else str(n) for n in sizes)})"
        for sizes in array.chunks
    )
    graph = array.__dask_graph__()
    keys = hashlib.sha256(repr(sorted(map(str, dict(graph)))).encode()).hexdigest()[:16]
    meta = f"{type(array._meta).__name__} {array.dtype}"
    return f"{type(array).__name__} {array.name} {meta} {chunks} keys {len(graph)} {keys}"


def described(error: BaseException | None, known: tuple[int, ...] = ()) -> Any:
    """An exception with everything that belongs to it, where it came from included."""
    if error is None or id(error) in known:
        return error if error is None else "seen above"
    known += (id(error),)
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "text": ADDRESS.sub("0x", str(error)),
        "args": ADDRESS.sub("0x", repr(error.args)),
        "more": sorted(map(str, vars(error))),
        "notes": getattr(error, "__notes__", None),
        "suppress": error.__suppress_context__,
        "frames": frames_of(error),
        "cause": described(error.__cause__, known),
        "context": described(error.__context__, known),
        "group": [described(one, known) for one in getattr(error, "exceptions", ())],
    }


def frames_of(error: BaseException) -> list[str]:
    """Every frame of a traceback, without those of this file: what Python would print and mark of it.

    The place in the source stands for the instruction: Python 3.11 leaves a caller at the instruction or at
    its last cache entry, whichever way it has taken to the function.
    """
    found, entry = [], error.__traceback__
    while entry is not None:
        code = entry.tb_frame.f_code
        if code.co_filename != __file__:
            at = next(islice(code.co_positions(), entry.tb_lasti // 2, None), None)
            found.append(f"{code.co_name} {code.co_filename}:{entry.tb_lineno} at {at}")
        entry = entry.tb_next
    return found


def ours_in(description: Any) -> list[str]:
    """Frames of lazyscope's in the description of an exception."""
    if isinstance(description, dict):
        own = [frame for frame in description.get("frames", ()) if any(part in frame for part in OURS)]
        return own + [frame for value in description.values() for frame in ours_in(value)]
    if isinstance(description, list):
        return [frame for value in description for frame in ours_in(value)]
    return []


class Executions:
    """Counts executions of graphs below every sensor of lazyscope."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Count what a block executes."""
        original = dask.local.start_state_from_dask
        dask.local.start_state_from_dask = self._noting(original)
        try:
            yield
        finally:
            dask.local.start_state_from_dask = original

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def start_state_from_dask(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                self.count += 1
            return original(*args, **kwargs)

        return start_state_from_dask


# One run


class Program(NamedTuple):
    """A program in a file of its own."""

    path: Path
    source: str
    code: types.CodeType

    @classmethod
    def written(cls, source: str, path: Path) -> Program:
        """Write a program where tracebacks and `inspect` find it."""
        path.write_text(source)
        linecache.checkcache(str(path))
        return cls(path, source, compile(source, str(path), "exec"))


def run(program: Program, around: Callable[[], Any]) -> tuple[dict[str, Any], int]:
    """What can be observed of one run, and how many graphs were executed in it."""
    said: list[Any] = []
    errors: list[Any] = []
    names = GIVEN | {"__name__": "program", "__file__": str(program.path)}
    names["note"] = lambda label, *values: said.append(f"{label}: {digest(values)}")
    names["caught"] = lambda error: errors.append(described(error))
    executions, out, err, left = Executions(), io.StringIO(), io.StringIO(), None
    limit = sys.getrecursionlimit()
    with warnings.catch_warnings(record=True) as warned, executions.counted():
        warnings.simplefilter("always")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                with around():
                    exec(program.code, names)
            except BaseException as error:
                left = described(error)
            finally:
                sys.setrecursionlimit(limit)
    count = executions.count
    return {
        "notes": said,
        "caught": errors,
        "left": left,
        "warnings": sorted(f"{w.category.__name__} {w.filename}:{w.lineno} {w.message}" for w in warned),
        "stdout": out.getvalue(),
        "stderr": err.getvalue(),
        "executions": count,
        "values": {
            name: final(value) for name, value in list(names.items()) if re.fullmatch(r"[a-z]\d+", name)
        },
    }, count


def final(value: Any) -> Any:
    """A variable's value at the end of the program; arrays are computed, now that no trace is open."""
    if not isinstance(value, da.Array):
        return digest(value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return lazy_digest(value), digest(value.compute(scheduler="sync"))
    except Exception as error:
        return described(error)


def run_plain(program: Program) -> Seen:
    """One run without a trace."""
    notes, _ = run(program, contextlib.nullcontext)
    return Seen(notes, [], {})


def run_traced(program: Program, mode: str) -> Seen:
    """One run in a trace: of a context in memory, or of every thread with a file."""
    before, known, finders = state(), set(stand_ins()), list(sys.meta_path)
    kept: list[Any] = []
    journal = program.path.with_suffix(".lazy")
    around = functools.partial(_everywhere, journal) if mode == "everywhere" else lazyscope.trace
    notes, executions = run(program, lambda: _keeping(around(), kept))
    trace = lazyscope.load(journal) if mode == "everywhere" else kept[0]
    journal.unlink(missing_ok=True)
    after = state()
    changed = [".".join(where) for where, value in before.items() if after.get(where) is not value]
    own = [f"not restored: {name}" for name in changed]
    own += [f"left behind: {name}" for name in sorted(set(stand_ins()) - known)]
    own += ["sys.meta_path is another"] if finders != sys.meta_path else []
    own += [f"own frame: {frame}" for frame in ours_in([notes["caught"], notes["left"]])]
    blind = dict(trace.data.blind_spots)
    own += [f"{count} times: {text}" for text, count in blind.items() if text.startswith(OWN_FAILURE)]
    # A force may fail before its first task, while dask optimises: then there is no execution to count.
    failed = sum(not force.completed for force in trace.forces)
    if not executions <= len(trace.forces) <= executions + failed:
        own.append(f"{len(trace.forces)} forces in the trace, {executions} executions counted")
    return Seen(notes, own, blind)


@contextlib.contextmanager
def _keeping(around: Any, kept: list[Any]) -> Iterator[None]:
    with around as trace:
        kept.append(trace)
        yield


@contextlib.contextmanager
def _everywhere(journal: Path) -> Iterator[None]:
    opened = sessions.start(path=journal, overwrite=True, everywhere=True)
    try:
        yield
    finally:
        sessions.stop(opened, events.End(seconds=opened.now(), ended="ok"))


def state() -> dict[tuple[str, ...], Any]:
    """Every object that a trace could have replaced, by where it is found."""
    hooks = {("sys", name): getattr(sys, name) for name in ("excepthook", "unraisablehook", "displayhook")}
    hooks |= {("threading", "excepthook"): threading.excepthook, ("warnings", "warn"): warnings.warn}
    return snapshot() | hooks


# Comparison


class Difference(NamedTuple):
    """Something that is not the same in a trace."""

    kind: str
    what: str


def differences(program: Program, mode: str, order: str) -> tuple[list[Difference], Counter[str]]:
    """What a trace changes in a program, and how often what it does not see; `order` is, say, ``utu``."""
    runs = [run_traced(program, mode) if which == "t" else run_plain(program) for which in order]
    plain = [seen.notes for seen, which in zip(runs, order, strict=True) if which == "u"]
    traced = runs[order.index("t")]
    found = [Difference(text.split(":")[0].lstrip("0123456789 "), text) for text in traced.own]
    compared: Counter[str] = Counter()
    for part, expected in plain[0].items():
        found += _compared(part, expected, plain[1][part], traced.notes[part], compared)
    compared.update({f"blind: {text}": count for text, count in traced.blind.items()})
    compared["executions"] = traced.notes["executions"]
    compared["exceptions caught in the program"] = len(traced.notes["caught"])
    compared["programs that an exception left"] = traced.notes["left"] is not None
    return found, compared


def _compared(
    part: str, expected: Any, again: Any, traced: Any, compared: Counter[str]
) -> Iterator[Difference]:
    """Differences in one part, as deep as both runs without a trace agree."""
    if isinstance(expected, dict) and isinstance(again, dict) and expected.keys() == again.keys():
        if not isinstance(traced, dict) or traced.keys() != expected.keys():
            yield Difference(part, f"{part}: {_short(expected)}\n   traced: {_short(traced)}")
            return
        for key, value in expected.items():
            yield from _compared(f"{part}.{key}", value, again[key], traced[key], compared)
    elif isinstance(expected, list) and isinstance(again, list) and len(expected) == len(again):
        if not isinstance(traced, list) or len(traced) != len(expected):
            yield Difference(part, f"{part}: {_apart(expected, traced)}")
            return
        for number, (one, other, third) in enumerate(zip(expected, again, traced, strict=True)):
            yield from _compared(f"{part}[{number}]", one, other, third, compared)
    elif expected != again:
        compared["not the same in two runs without a trace"] += 1
    else:
        compared["compared"] += 1
        if traced != expected:
            yield Difference(part, f"{part}: {_short(expected)}\n   traced: {_short(traced)}")


def _apart(expected: list[Any], traced: Any) -> str:
    """Where two lists of different length part."""
    if not isinstance(traced, list):
        return f"{_short(expected)}\n   traced: {_short(traced)}"
    pairs = zip(expected, traced, strict=False)
    at = next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(expected), len(traced)))
    return (
        f"{len(expected)} against {len(traced)} from [{at}] on: {_short(expected[at : at + 2])}"
        f"\n   traced: {_short(traced[at : at + 2])}"
    )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 700 else f"{text[:700]}… ({len(text)} characters)"


def order_of(rng: random.Random) -> str:
    """In which order a program runs: the traced run first, second or last."""
    return rng.choice(("tuu", "utu", "uut"))
