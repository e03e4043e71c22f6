"""A trace never changes the program it watches.

Most of it is shown by observing: this file, run as a program, makes the observations below and prints
them; once without lazyscope and once inside a trace. Each observation must be the same.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import importlib
import importlib.util
import inspect
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
import textwrap
import threading
import traceback
import types
import warnings
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import array_api_compat
import array_api_compat.dask.array as xp
import array_api_compat.numpy as xp_numpy
import cloudpickle
import dask
import dask.array as da
import numpy as np
import pytest
from dask.base import get_scheduler, tokenize
from dask.callbacks import Callback
from dask.utils import get_scheduler_lock

OBSERVATIONS: dict[str, Callable[[], Any]] = {}

SCIPYS_COPY = next(
    f"{parent}.array_api_compat"
    for parent in ("scipy._external", "scipy._lib")
    if importlib.util.find_spec(parent)
)
COPIES = (SCIPYS_COPY, "sklearn.externals.array_api_compat")
"""The copies of the compat layer that others carry."""


UNSTABLE = ("empty", "ones", "zeros")
"""Functions of dask.array whose tokens differ from process to process without a trace, too."""


def observation(function: Callable[[], Any]) -> Callable[[], Any]:
    """Make a function one of the observations that must be the same inside a trace."""
    OBSERVATIONS[function.__name__] = function
    return function


def array(shape: tuple[int, ...] = (6, 4)) -> da.Array:
    """A small array of different numbers in several chunks."""
    size = int(np.prod(shape))
    return da.from_array(np.linspace(0.5, 3.0, size).reshape(shape), chunks=2, name="numbers")


def closures() -> dict[str, Callable[..., Any]]:
    """Functions that see namespaces, their functions and arrays through their closures."""
    log, std, total, transform, norm = xp.log, xp.std, xp.sum, da.fft.fft, xp.linalg.vector_norm
    namespace, eager, lazy = xp, np.arange(4.0), array((2,))

    def over_namespace(block: Any) -> Any:
        return namespace.log(block)

    def over_log(block: Any) -> Any:
        return log(block)

    def over_std(block: Any) -> Any:
        return block + std(block)

    def over_sum(block: Any) -> Any:
        return block + total(block)

    def over_fft(block: Any) -> Any:
        return transform(block).real

    def over_norm(block: Any) -> Any:
        return block + norm(block)

    def over_eager_array(block: Any) -> Any:
        return block + eager[: block.shape[-1]]

    def over_lazy_array(block: Any) -> Any:
        return block + lazy.shape[0]

    return {name: value for name, value in locals().items() if name.startswith("over_")}


def programs() -> dict[str, Callable[[da.Array], Any]]:
    """Ways to build a graph, each given an array."""
    made: dict[str, Callable[[da.Array], Any]] = {
        "operators": lambda x: (x + 1) * x - 2 / x**2 + abs(-x) % 3 + (x > 1) * (x @ x.T)[0, 0],
        "indexing": lambda x: x[1:, ::2][:, [0, 1]] + x[x.shape[0] - 1, 0],
        "mask": lambda x: x[x > 1],
        "setitem": _assigned,
        "functions": lambda x: da.where(x > 1, da.log(x), da.sqrt(x)) + da.clip(x, 1, 2).mean(axis=0),
        "compat": lambda x: (
            xp.std(x, axis=0) + xp.sum(x) + xp.var(x, correction=1) + xp.astype(x[0], xp.float32)
        ),
        "compat creation": lambda x: (
            xp.ones((4,)) + xp.arange(4) + xp.asarray([1, 2, 3, 4]) + xp.zeros_like(x[0])
        ),
        "creation": lambda x: da.ones(4, chunks=2) + da.full(4, 7, chunks=2) + da.eye(4, chunks=2)[0],
        "linalg": lambda x: da.linalg.norm(x) + xp.linalg.vector_norm(x) + da.linalg.qr(x.rechunk((2, 4)))[1],
        "fft": lambda x: da.fft.fft(x.rechunk((6, 4))).real + xp.fft.fft(x.rechunk((6, 4))).imag,
        "joins": lambda x: da.concatenate([x, xp.concat([x, x])]) + da.stack([x, x])[0, 0],
        "sorting": lambda x: da.topk(x, 2, axis=0) + da.cumsum(x, axis=0)[:2],
        "overlap": lambda x: da.overlap.overlap(x, depth=1, boundary="reflect").map_blocks(np.sqrt),
        "ufunc outer": lambda x: da.add.outer(x[:, 0], x[0]) + np.add(x, 1)[0],
        "array function": lambda x: np.concatenate([x, x]) + np.sum(x),
        "reduction": lambda x: da.reduction(x, np.sum, np.sum, axis=0, dtype=float),
        "random": lambda x: da.random.default_rng(3).normal(size=x.shape, chunks=2) + x,
        "delayed": lambda x: (
            x + da.from_delayed(dask.delayed(np.sum, pure=True)([1]), shape=(), dtype=float, name="t")
        ),
        "gufunc": lambda x: da.apply_gufunc(np.sqrt, "()->()", x, output_dtypes=float),
        "blockwise": lambda x: da.blockwise(np.add, "ij", x, "ij", x, "ij", dtype=float),
        "persisted": lambda x: (x + 1).persist(scheduler="sync") * 2,
    }
    for name, function in handed_over().items():
        made[f"map_blocks {name}"] = lambda x, f=function: x.map_blocks(f, dtype=float, meta=np.empty((0, 0)))
        made[f"blockwise {name}"] = lambda x, f=function: da.blockwise(
            f, "ij", x, "ij", dtype=float, meta=np.empty((0, 0))
        )
        made[f"gufunc {name}"] = lambda x, f=function: da.apply_gufunc(f, "()->()", x, output_dtypes=float)
        made[f"delayed {name}"] = lambda x, f=function: dask.delayed(f, pure=True)("x")
    return made


def handed_over() -> dict[str, Callable[..., Any]]:
    """Functions of the namespaces, and closures, that a program hands to dask."""
    named = {
        "da.log": da.log, "da.mean": da.mean, "da.fft.fft": da.fft.fft, "da.ones_like": da.ones_like,
        "da.linalg.norm": da.linalg.norm, "xp.log": xp.log, "xp.std": xp.std, "xp.sum": xp.sum,
        "xp.astype": xp.astype, "xp.linalg.vector_norm": xp.linalg.vector_norm, "np.log": np.log,
        "partial": functools.partial(xp.std, axis=0), "Array.sum": da.Array.sum,
        "Array.__add__": da.Array.__add__,
    }  # fmt: skip
    return named | closures()


def _assigned(x: da.Array) -> da.Array:
    y = x.copy()
    y[y > 2] = 0
    y[0] = 1
    return y


def keys_of(collection: Any) -> list[str]:
    """Every key of a graph."""
    return sorted(map(str, dict(collection.__dask_graph__())))


def digest(value: Any) -> str:
    """Type, dtype, shape and every bit of a result."""
    if isinstance(value, tuple | list):
        return f"{type(value).__name__}({', '.join(map(digest, value))})"
    if isinstance(value, np.ndarray | np.generic):
        content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f"{type(value).__name__} {value.dtype} {value.shape} {content}"
    return f"{type(value).__name__} {value!r}"


def described(error: BaseException | None) -> Any:
    """An exception with everything that belongs to it, where it came from included."""
    if error is None:
        return None
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "args": repr(error.args),
        "notes": getattr(error, "__notes__", None),
        "suppress": error.__suppress_context__,
        "frames": [(f.filename, f.lineno, f.name) for f in traceback.extract_tb(error.__traceback__)],
        "cause": described(error.__cause__),
        "context": described(error.__context__),
    }


@observation
def graph_keys() -> Any:
    """Every key of every program's graph: tokens of functions, closures, namespaces and arrays."""
    return {name: keys_of(build(array())) for name, build in programs().items()}


@observation
def results() -> Any:
    """Every result to the last bit, and its type."""
    found = {}
    for name, build in programs().items():
        if " " not in name or ("over_" in name and not name.startswith("delayed")):
            found[name] = digest(dask.compute(build(array()), scheduler="sync")[0])
    x = array()
    found["scalars"] = digest(
        (float(x.sum()), int(x.argmax()), bool((x > 0).all()), len(x), complex(x[0, 0]))
    )
    found["iterated"] = digest([np.asarray(row) for row in x])
    found["types"] = [
        type(value).__name__ for value in (x + 1, da.sum(x), xp.std(x), x > 1, x.T, x[0, 0], +x)
    ]
    return found


@observation
def tokens() -> Any:
    """What dask names functions and namespaces by."""
    namespaces = {
        module.__name__: tokenize(module) for module in (da, xp, da.fft, da.linalg, xp.linalg, xp.fft)
    }
    functions = {name: tokenize(function) for name, function in (handed_over() | public_functions()).items()}
    return namespaces | functions | {"array": tokenize(array()), "list": tokenize([xp.log, array(), "x"])}


def public_functions() -> dict[str, Any]:
    """Every public function of the namespaces, by where it was found."""
    found = {}
    for module in (da, da.fft, da.linalg, xp, xp.fft, xp.linalg):
        for name, value in sorted(vars(module).items()):
            if name in UNSTABLE or name.startswith("_") or isinstance(value, type):
                continue
            if callable(value):
                found[f"{module.__name__}.{name}"] = value
    return found


@observation
def pickles() -> Any:
    """The bytes that `pickle` and `cloudpickle` make of functions, closures, methods and arrays."""
    things = handed_over() | public_functions()
    things |= {
        "array": array(),
        "scalar": array().sum(),
        "class": da.Array,
        "module": xp,
        "method": array().sum,
    }
    things |= {"nothing of ours": threading.main_thread, "numbers": np.arange(3)}
    return {name: [_dumped(pickle, thing), _dumped(cloudpickle, thing)] for name, thing in things.items()}


def _dumped(module: Any, thing: Any) -> str:
    try:
        return str(hashlib.sha256(module.dumps(thing)).hexdigest())
    except Exception as error:
        return f"{type(error).__name__}"


@observation
def unpickled() -> Any:
    """Functions that pickle by reference come back as the very object."""
    return {
        name: pickle.loads(pickle.dumps(value)) is value
        for name, value in public_functions().items()
        if not _dumped(pickle, value).endswith("Error")
    }


@observation
def what_functions_say_of_themselves() -> Any:
    """Signature, documentation, module and names of every function, method and property."""
    found = {}
    methods = {f"Array.{name}": value for name, value in vars(da.Array).items() if name != "__new__"}
    for name, value in (public_functions() | methods).items():
        target = value.fget if isinstance(value, property) else value
        try:
            signature = str(inspect.signature(target))
        except (TypeError, ValueError) as error:
            signature = type(error).__name__
        said = [getattr(target, key, None) for key in ("__name__", "__qualname__", "__module__", "__doc__")]
        source = None
        with contextlib.suppress(TypeError, OSError):
            source = hashlib.sha256(inspect.getsource(target).encode()).hexdigest()
        found[name] = [signature, *map(str, said), source, getattr(value, "__doc__", None)]
    return found


@observation
def identities() -> Any:
    """Which namespace an array has, which scheduler a word means, which lock a scheduler gets."""
    x = array()
    copies = [importlib.import_module(name) for name in COPIES]
    spaces = [
        copy.array_namespace(x) is importlib.import_module(f"{copy.__name__}.dask.array") for copy in copies
    ]
    pool = ThreadPoolExecutor(1)
    spellings: dict[str, Any] = {
        "threads": "threads", "threading": "threading", "sync": "sync", "single": "single-threaded",
        "processes": "processes", "capital": "Threads", "none": None, "get": dask.get,
        "own": _own_scheduler,
    }  # fmt: skip
    answers = {name: get_scheduler(scheduler=word) for name, word in spellings.items()}
    known = {
        "dask.threaded.get": dask.threaded.get, "dask.local.get_sync": dask.local.get_sync,
        "dask.multiprocessing.get": dask.multiprocessing.get, "own": _own_scheduler, "None": None,
    }  # fmt: skip
    answered = {
        name: next((word for word, one in known.items() if answer is one), "another")
        for name, answer in answers.items()
    }
    of_pool = get_scheduler(scheduler=pool)
    locks = {
        str(word): type(get_scheduler_lock(x, scheduler=word)).__name__ for word in (None, "threads", "sync")
    }
    locks["processes"] = type(get_scheduler_lock(x, scheduler="processes")).__module__
    with dask.config.set(scheduler="sync"):
        configured = get_scheduler(collections=[x]) is dask.local.get_sync
    return {
        "namespaces": [
            array_api_compat.array_namespace(x) is xp,
            array_api_compat.array_namespace(x, x) is xp,
            *spaces,
        ],
        "questions": [array_api_compat.is_dask_array(x), array_api_compat.is_lazy_array(x)],
        "answers": answered,
        "executor": [type(of_pool).__name__, of_pool.func is dask.local.get_async, of_pool.args[0].__name__],
        "locks": locks,
        "array": [
            x.__dask_scheduler__ is dask.threaded.get,
            get_scheduler(collections=[x]) is dask.threaded.get,
        ],
        "class": [type(da.Array.__dask_scheduler__).__name__, configured],
        "namespace types": [type(xp).__name__, repr(xp), repr(da.fft)],
    }


def _own_scheduler(graph: Any, keys: Any, **_: Any) -> Any:
    return dask.get(graph, keys)


@observation
def where_warnings_point() -> Any:
    """For every ``stacklevel``, in calls, in methods, in tasks: file and line."""
    found: dict[str, list[Any]] = {}

    def warns(block: Any, level: int = 1, **_: Any) -> Any:
        warnings.warn(f"level {level}", UserWarning, stacklevel=level)
        return block

    x = array()
    ways: dict[str, Callable[[int], Any]] = {
        "map_blocks": lambda level: da.map_blocks(warns, x, level=level, dtype=float),
        "method": lambda level: x.map_blocks(warns, level=level, dtype=float),
        "apply_along_axis": lambda level: da.apply_along_axis(warns, 0, x, level),
        "std": lambda level: xp.std(_Warns(level)),
        "closure": lambda level: da.nan_to_num(_Warns(level)),
        "compute": lambda level: x.map_blocks(warns, level=level, meta=x._meta).compute(scheduler="sync"),
        "asarray": lambda level: np.asarray(x[:1, :1].map_blocks(warns, level=level, meta=x._meta)),
    }
    with dask.config.set(scheduler="sync"):
        for name, way in ways.items():
            for level in range(1, 15):
                with warnings.catch_warnings(record=True) as caught, contextlib.suppress(Exception):
                    warnings.simplefilter("always")
                    way(level)
                found.setdefault(name, []).append(
                    sorted({(str(w.message), w.filename, w.lineno) for w in caught})
                )
    return found


class _Warns:
    """Answers a question of the compat layer with a warning."""

    def __init__(self, level: int) -> None:
        self._level = level

    @property
    def dtype(self) -> Any:
        warnings.warn("asked", UserWarning, stacklevel=self._level)
        return np.dtype(float)

    shape = ndim = size = dtype

    def __getattr__(self, name: str) -> Any:
        warnings.warn(name, UserWarning, stacklevel=self._level)
        raise AttributeError(name)


@observation
def how_warnings_are_filtered() -> Any:
    """With each action of the filter: how often the same line is shown, and what is raised."""
    found: dict[str, Any] = {}
    x = array()
    for action in ("default", "once", "always", "module", "ignore", "error"):
        shown: list[Any] = []
        errors: list[Any] = []
        with warnings.catch_warnings():
            warnings.simplefilter(action)
            warnings.showwarning = lambda *args, shown=shown: shown.append((str(args[0])[:40], args[2:4]))
            globals().pop("__warningregistry__", None)
            for _ in range(3):
                try:
                    np.partition(x, 1)
                except Warning as error:
                    errors.append(type(error).__name__)
                with contextlib.suppress(RuntimeWarning):
                    da.log(x - 10)[:1].compute(scheduler="sync")
        found[action] = [shown, errors]
    found["filters"] = [str(one) for one in warnings.filters]
    return found


def failing() -> dict[str, Callable[[da.Array], Any]]:
    """Programs that raise: in calls, while metadata are inferred, in tasks, in conversions."""

    def broken(block: Any) -> Any:
        error = ValueError("in a task", 7)
        error.add_note("a note")
        raise error

    def chained(block: Any) -> Any:
        try:
            broken(block)
        except ValueError as error:
            raise KeyError("chained") from error

    def interrupted(block: Any) -> Any:
        raise KeyboardInterrupt("stop")

    def after_another(x: da.Array) -> Any:
        try:
            x + da.ones(3)
        except ValueError:
            return x.map_blocks(broken, meta=x._meta).compute()

    def with_meta(x: da.Array, function: Any) -> da.Array:
        return x.map_blocks(function, meta=x._meta)

    return {
        "operator": lambda x: x + da.ones(3),
        "function": lambda x: da.mean(x, axis=9),
        "closure of the compat layer": lambda x: xp.std(x, axis=9),
        "method": lambda x: x.sum(axis=9),
        "closure": lambda x: da.fft.fft(x, axis=0),
        "item": lambda x: x[99],
        "keyword": lambda x: da.sum(x, no_such=1),
        "arguments": lambda _: da.where(),
        "attribute": lambda x: x.no_such,
        "truth": lambda x: bool(x),
        "wrong item": lambda x: x.__setitem__(99, 1),
        "ufunc": lambda x: da.log.outer(x, x, x),
        "metadata": lambda x: x.map_blocks(broken),
        "task": lambda x: with_meta(x, broken).compute(),
        "chained": lambda x: np.asarray(with_meta(x, chained)),
        "interrupt": lambda x: with_meta(x, interrupted).compute(),
        "persist": lambda x: with_meta(x, broken).persist(),
        "condition": lambda x: bool((with_meta(x, broken) > 0).all()),
        "after another": after_another,
        "delayed": lambda x: dask.delayed(broken)(x).compute(),
        "get": lambda _: dask.get({"a": (broken, 1)}, "a"),
        "scheduler": lambda x: x.compute(scheduler="no such"),
        "unknown size": lambda x: x[x[:, 0] > 1][5:3, [True]],
    }


@observation
def exceptions() -> Any:
    """Type, arguments, notes, cause, context and every frame, once the traced block is left."""
    found = {}
    with dask.config.set(scheduler="sync"):
        for name, program in failing().items():
            caught: BaseException | None = None
            try:
                with inner_trace():
                    program(array())
            except BaseException as error:
                caught = error
            found[name] = described(caught)
    return found


@observation
def exceptions_in_threads() -> Any:
    """The same out of a pool of threads: type, arguments, notes and the frames outside the scheduler."""
    found = {}
    for name in ("task", "chained", "condition", "delayed"):
        caught: BaseException | None = None
        try:
            with inner_trace(), dask.config.set(scheduler="threads"):
                failing()[name](array())
        except BaseException as error:
            caught = error
        found[name] = described(caught)
    return found


inner_trace: Callable[[], Any] = contextlib.nullcontext
"""What an observation opens where it needs a block to leave: a trace of its own if it is watched."""


@observation
def lifetimes() -> Any:
    """What is alive after the program has dropped its arrays and graphs, without the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        return {name: _survivors(program) for name, program in _dropped().items()}
    finally:
        gc.enable()


def _dropped() -> dict[str, Callable[[da.Array], Any]]:
    def converted(x: da.Array) -> Any:
        return [np.asarray(x), float(x.sum()), x.compute(scheduler="threads"), dask.compute(x, x + 1)]

    def failed(x: da.Array) -> Any:
        with contextlib.suppress(ValueError):
            x + da.ones(3)

    return {
        "call": lambda x: x + 1,
        "compat": lambda x: xp.std(x) + xp.sum(x),
        "converted": converted,
        "persisted": lambda x: x.persist(),
        "unknown": lambda x: x[x > 1],
        "assigned": _assigned,
        "function": lambda x: np.partition(x, 1),
        "get": lambda x: dask.get(dict(x.__dask_graph__()), x.__dask_keys__()[0]),
        "mapped": lambda x: x.map_blocks(closures()["over_std"], dtype=float).compute(),
        "failed": failed,
    }


def _survivors(program: Callable[[da.Array], Any]) -> list[bool]:
    data = np.linspace(0.5, 3.0, 24).reshape(6, 4)
    x = da.from_array(data, chunks=2, name=False)
    with warnings.catch_warnings(), dask.config.set(scheduler="sync"):
        warnings.simplefilter("ignore")
        made = program(x)
    watched = [weakref.ref(x), weakref.ref(x.dask), weakref.ref(data)]
    if isinstance(made, da.Array):
        watched += [weakref.ref(made), weakref.ref(made.dask)]
    del x, data, made
    return [ref() is not None for ref in watched]


@observation
def reference_counts() -> Any:
    """How many references to an array there are after calls and forces."""
    x = array()
    counts = [sys.getrefcount(x)]
    y = x + 1
    counts += [sys.getrefcount(x), sys.getrefcount(y)]
    y.compute(scheduler="sync")
    return [*counts, sys.getrefcount(x), sys.getrefcount(y), sys.getrefcount(y.dask)]


@observation
def number_of_executions() -> Any:
    """How often graphs are executed, and blocks computed, as a callback and the blocks count."""
    executions: list[int] = []
    blocks: list[int] = []

    class Counting(Callback):
        def _start(self, dsk: Any) -> None:
            executions.append(len(dsk))

    def counted(block: Any) -> Any:
        blocks.append(1)
        return block

    found = {}
    x = array().map_blocks(counted, dtype=float)
    programs_: dict[str, Callable[[], Any]] = {
        "compute": lambda: x.compute(),
        "truth": lambda: bool((x > 0).all()),
        "list": lambda: [float(row[0]) for row in x],
        "mask": lambda: x[x[:, 0] > 1].compute_chunk_sizes(),
        "asarray": lambda: np.asarray(x) + np.asarray(x),
        "several": lambda: dask.compute(x, x + 1, x.sum()),
        "compat": lambda: float(xp.std(x)),
        "metadata": lambda: x.map_blocks(lambda b: b + float(x.sum())),
        "partition": lambda: np.partition(x.rechunk((6, 4)), 1),
        "index": lambda: np.arange(5)[x[0, 0].astype(int)],
        "get": lambda: dask.get(dict(x.__dask_graph__()), list(x.__dask_keys__()[0])),
    }
    with warnings.catch_warnings(), dask.config.set(scheduler="sync"), Counting():
        warnings.simplefilter("ignore")
        for name, program in programs_.items():
            executions.clear()
            blocks.clear()
            program()
            found[name] = [list(executions), len(blocks)]
    return found


@observation
def dask_configuration() -> Any:
    """`dask.config`, warnings filters and hooks of the interpreter."""
    hooks = [
        sys.gettrace(),
        sys.getprofile(),
        sys.excepthook is sys.__excepthook__,
        threading.excepthook.__name__,
    ]
    return [
        repr(dask.config.config),
        [str(one) for one in warnings.filters],
        repr(hooks),
        threading.active_count(),
    ]


def depth() -> int:
    """Number of frames on the stack."""
    frame: types.FrameType | None = sys._getframe()
    count = 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count


def depths() -> dict[str, int]:
    """How deep the stack is where dask calls back, in each kind of call."""
    seen: list[int] = []

    def block(values: Any) -> Any:
        seen.append(depth())
        return values

    x = array()
    found = {}
    ways: dict[str, Callable[[], Any]] = {
        "function": lambda: da.map_blocks(block, x, dtype=float),
        "method": lambda: x.map_blocks(block, dtype=float),
        "compute": lambda: x.map_blocks(block, meta=x._meta).compute(scheduler="sync"),
        "asarray": lambda: np.asarray(x.map_blocks(block, meta=x._meta)),
        "get": lambda: dask.get({"a": (block, 1)}, "a"),
    }
    with dask.config.set(scheduler="sync"):
        for name, way in ways.items():
            seen.clear()
            way()
            found[name] = max(seen) - depth()
    return found


def observe(names: list[str], watched: bool) -> dict[str, Any]:
    """Make observations, inside a trace if `watched`."""
    global inner_trace
    context: Any = contextlib.nullcontext()
    if watched:
        lazyscope = importlib.import_module("lazyscope")
        inner_trace, context = lazyscope.trace, lazyscope.trace()
    found = {}
    with context:
        for name in names:
            try:
                found[name] = OBSERVATIONS[name]()
            except Exception:
                found[name] = traceback.format_exc()
        found["depths"] = depths()
    return found


# The tests


SOURCE_ROOT = str(Path(__file__).parents[3] / "tracer")


def python(*arguments: str, given: str = "", path: str = SOURCE_ROOT) -> str:
    """What a process of its own prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
        cwd=tempfile.gettempdir(),
        input=given,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def observed(watched: bool) -> Any:
    return json.loads(python(__file__, "watched" if watched else "plain"))


@pytest.fixture(scope="module")
def plain() -> Any:
    """The observations without lazyscope."""
    return observed(False)


@pytest.fixture(scope="module")
def watched() -> Any:
    """The observations inside a trace."""
    return observed(True)


MORE_FRAMES = {"function": 2, "method": 3, "compute": 3, "asarray": 4, "get": 2}
"""Frames a trace adds at most to the stack of each kind of call; `map_blocks` calls `blockwise`."""


class TestObservations:
    """What a program can see is the same inside a trace."""

    @pytest.mark.parametrize("name", OBSERVATIONS)
    def test_it_is_the_same_inside_a_trace(self, plain: Any, watched: Any, name: str) -> None:
        """As the observation's own docstring says."""
        assert not isinstance(plain[name], str), plain[name]
        assert not isinstance(watched[name], str), watched[name]
        if isinstance(plain[name], dict):
            for part, seen in plain[name].items():
                assert (part, watched[name].get(part)) == (part, seen)
        assert watched[name] == plain[name]

    def test_they_are_worth_making(self, plain: Any) -> None:
        """Programs have keys, functions pickle by reference, warnings and exceptions were met."""
        assert min(len(keys) for keys in plain["graph_keys"].values()) >= 1
        assert len(plain["unpickled"]) > 250
        assert sum(plain["unpickled"].values()) > 250
        assert all(plain["exceptions"].values()), plain["exceptions"]
        assert plain["lifetimes"]["call"] == [False] * 5
        assert plain["how_warnings_are_filtered"]["error"][1] == ["FutureWarning"] * 3
        assert {len(levels) for levels in plain["where_warnings_point"].values()} == {14}
        assert plain["number_of_executions"]["compute"][1] == 6

    def test_the_stack_grows_by_a_few_frames_only(self, plain: Any, watched: Any) -> None:
        """One for each recorded function on the way, two for a force's hand-over and its scheduler."""
        grown = {name: watched["depths"][name] - plain["depths"][name] for name in plain["depths"]}
        assert {name: grown[name] <= most for name, most in MORE_FRAMES.items()} == dict.fromkeys(grown, True)

    def test_a_payload_pickled_in_a_trace_is_read_without_lazyscope(self) -> None:
        """In a process that cannot import it: functions, closures, arrays, delayed values and the proxy."""
        payload = python(
            "-c",
            "import sys; sys.path.insert(0, sys.argv[1])\n"
            "import test_transparency as t, cloudpickle, dask, lazyscope\n"
            "cloudpickle.register_pickle_by_value(t)\n"
            "with lazyscope.trace():\n"
            "    x = t.array()\n"
            "    things = [*t.handed_over().values(), *[build(x) for name, build in t.programs().items()\n"
            "              if 'store' not in name], x, t.da.Array, lazyscope.namespace(t.xp)]\n"
            "    print(cloudpickle.dumps(things).hex())",
            str(Path(__file__).parent),
        )
        read = python(
            "-c",
            "import sys, cloudpickle, dask\n"
            "sys.modules['lazyscope'] = None  # importing it or anything of it fails\n"
            "things = cloudpickle.loads(bytes.fromhex(sys.stdin.read()))\n"
            "arrays = [thing for thing in things if type(thing).__name__ == 'Array']\n"
            "dask.compute(*[a for a in arrays if 'over' in a.name], scheduler='sync')\n"
            "print(len(arrays) > 50, things[-1].__name__)",
            given=payload,
            path="",
        )
        assert read == "True array_api_compat.dask.array\n"


class TestAfterwards:
    """What is left of a trace once its block is over."""

    def test_the_interpreter_is_as_it_was(self) -> None:
        """Finders, filters, hooks, the configuration of dask, and every module that was there before."""

        def state() -> list[Any]:
            return [
                list(sys.meta_path), list(sys.path_hooks), list(sys.path), list(warnings.filters),
                repr(dask.config.config), sys.gettrace(), sys.getprofile(), threading.active_count(),
                {name: id(module) for name, module in sys.modules.items() if "lazyscope" not in name},
            ]  # fmt: skip

        lazyscope = importlib.import_module("lazyscope")
        with lazyscope.trace():
            float(array().sum())
        before = state()
        with lazyscope.trace():
            float(xp.std(array() + 1))
        assert state() == before

    @pytest.mark.parametrize("caught_inside", [True, False])
    def test_no_frame_of_ours_is_left_in_a_traceback(self, caught_inside: bool) -> None:
        """Neither in one that leaves the block nor in its causes, contexts and groups."""
        from own_files import is_own  # imports lazyscope, which this file as a program must not

        lazyscope = importlib.import_module("lazyscope")
        errors: list[BaseException] = []
        try:
            with lazyscope.trace():
                for program in (failing()["chained"], failing()["closure of the compat layer"]):
                    try:
                        program(array())
                    except Exception as error:
                        errors.append(error)
                if caught_inside:
                    raise ExceptionGroup("all", errors) from errors[0]
                failing()["chained"](array())
        except Exception as left:
            text = "".join(traceback.format_exception(left))
        assert text.count("KeyError: 'chained'") == (2 if caught_inside else 1)
        files = re.findall(r'^[ |+]*File "(.*?)", line', text, re.MULTILINE)
        assert __file__ in files
        assert [file for file in files if is_own(file)] == []


class TestExpressions:
    """The expression back end of dask.array, which is fixed when it is imported."""

    def test_a_trace_begins_records_what_works_and_leaves_no_mark(self) -> None:
        """Although its arrays lack most of what is watched."""
        program = """
            import dask
            dask.config.set({"array.query-planning": True, "scheduler": "sync"})
            import dask.array as da
            import numpy as np
            import lazyscope
            from lazyscope.capture import session
            x = da.ones((4, 4), chunks=2)
            assert hasattr(x, "expr")
            before = {key: value for key, value in vars(da.Array).items()}, dict(vars(da))
            plain = (x + 1).sum().compute(), (x + 1)._name
            with lazyscope.trace() as t:
                y = x + 1
                assert (y.sum().compute(), y._name) == plain
                da.mean(x, axis=0).compute()
                try:
                    np.linalg.no_such
                except AttributeError:
                    pass
            after = {key: value for key, value in vars(da.Array).items()}, dict(vars(da))
            assert [b.keys() for b in before] == [a.keys() for a in after]
            assert all(a[key] is b[key] for a, b in zip(after, before) for key in b)
            print(len(t.forces), t.data.ended, [f.completed for f in t.forces], session.installed_patches())
            print(sorted(t.data.blind_spots))
            print([call.operation for call in t.calls if "__add__" in call.operation])
        """
        assert python("-c", textwrap.dedent(program)) == "2 ok [True, True] None\n[]\n['Array.__add__']\n"


@pytest.fixture
def namespace() -> Callable[[Any], Any]:
    """`lazyscope.namespace`."""
    return importlib.import_module("lazyscope").namespace  # type: ignore[no-any-return]


@pytest.fixture
def trace() -> Iterator[Any]:
    """An open trace."""
    with importlib.import_module("lazyscope").trace() as opened, dask.config.set(scheduler="sync"):
        yield opened


SPACES = pytest.mark.parametrize("real", [xp, da, xp_numpy, np, da.fft], ids=lambda module: module.__name__)


class TestProxy:
    """`lazyscope.namespace`: the proxy of a namespace."""

    @SPACES
    def test_there_is_one_of_each_namespace(self, namespace: Any, real: Any) -> None:
        """Hashable, with the same name, documentation and directory; a proxy's proxy is itself."""
        proxy = namespace(real)
        assert namespace(real) is proxy
        assert namespace(proxy) is proxy
        assert {proxy: 1}[namespace(real)] == 1
        assert isinstance(proxy, types.ModuleType)
        assert (proxy.__name__, proxy.__doc__, dir(proxy)) == (real.__name__, real.__doc__, dir(real))
        assert len({id(namespace(one)) for one in (xp, da, xp_numpy, np)}) == 4

    @SPACES
    def test_it_pickles_and_tokenises_as_the_module(self, namespace: Any, real: Any) -> None:
        """So a graph with it inside has the keys it would have had."""
        proxy = namespace(real)
        assert pickle.loads(pickle.dumps(proxy)) is real
        assert cloudpickle.loads(cloudpickle.dumps(proxy)) is real
        assert tokenize(proxy) == tokenize(real)
        assert tokenize(proxy.__name__, [proxy]) == tokenize(real.__name__, [real])

    def test_functions_taken_from_it_are_those_of_the_module_to_dask(
        self, namespace: Any, trace: Any
    ) -> None:
        """The same tokens and the same bytes when pickled, alone and in a closure."""

        def closure(log: Any, module: Any) -> Any:
            return lambda block: log(block) + module.sum(block)

        for name in ("std", "sum", "log", "astype", "asarray", "ones", "concat"):
            ours, theirs = getattr(namespace(xp), name), getattr(xp, name)
            assert tokenize(ours) == tokenize(theirs), name
            assert cloudpickle.dumps(ours) == cloudpickle.dumps(theirs), name
        assert tokenize(closure(namespace(xp).std, namespace(xp))) == tokenize(closure(xp.std, xp))

    def test_libraries_take_it_for_the_namespace_it_stands_for(self, namespace: Any) -> None:
        """What they ask of a namespace is answered as for the module, by every copy of the compat layer."""
        for copy in (array_api_compat, *map(importlib.import_module, COPIES)):
            own = importlib.import_module(f"{copy.__name__}.dask.array")
            assert copy.is_dask_namespace(namespace(own)) is True
            assert copy.is_dask_namespace(namespace(da)) is True
            assert copy.is_dask_namespace(namespace(xp_numpy)) is False
            assert copy.is_numpy_namespace(namespace(np)) is True
            assert copy.is_array_api_strict_namespace(namespace(own)) is False

    def test_what_is_no_function_is_the_modules_own(self, namespace: Any) -> None:
        """Types, constants and ufuncs are the very objects; linalg and fft are proxies too."""
        proxy = namespace(xp)
        for name in ("float64", "pi", "newaxis", "nan", "__array_api_version__", "bool"):
            assert getattr(proxy, name) is getattr(xp, name)
        assert (proxy.linalg, proxy.fft) == (namespace(xp.linalg), namespace(xp.fft))
        with pytest.raises(AttributeError, match="no_such"):
            proxy.no_such  # noqa: B018
        assert not hasattr(proxy, "no_such")

    @pytest.mark.parametrize("real", [xp, da, xp_numpy], ids=lambda module: module.__name__)
    def test_calls_through_it_are_recorded_exactly_once(self, namespace: Any, trace: Any, real: Any) -> None:
        """Whether or not the functions behind it are recorded anyway."""
        proxy, x = namespace(real), array()
        before = len(trace.calls)
        values = [proxy.sum(x), proxy.mean(x, axis=0), proxy.linalg.norm(x) if real is da else proxy.std(x)]
        operations = [call.operation.rpartition(".")[2] for call in trace.calls[before:]]
        assert operations == ["sum", "mean", "norm" if real is da else "std"]
        assert all(isinstance(value, da.Array) for value in values)

    def test_a_library_written_for_any_namespace_runs_through_it(self, namespace: Any, trace: Any) -> None:
        """With the results and keys it has without it, and each of its calls recorded once, at its line."""
        x = array()
        plain_mean, plain_scaled = standardise(xp, x)
        before = len(trace.calls)
        mean, scaled = standardise(namespace(xp), x)
        assert (keys_of(scaled), keys_of(mean)) == (keys_of(plain_scaled), keys_of(plain_mean))
        assert np.array_equal(scaled.compute(), plain_scaled.compute())
        own = [call for call in trace.calls[before:] if call.site.function == "standardise"]
        assert [call.operation.rpartition(".")[2] for call in own] == [
            "asarray", "mean", "std", "__eq__", "asarray", "where", "__sub__", "__truediv__", "astype",
            "vector_norm",
        ]  # fmt: skip

    def test_without_a_trace_it_only_hands_on(self, namespace: Any) -> None:
        """Results, and exceptions, are the module's."""
        assert float(namespace(xp).sum(array())) == float(xp.sum(array()))
        with pytest.raises(TypeError, match="no_such"):
            namespace(xp).sum(array(), no_such=1)


def standardise(space: Any, x: Any) -> Any:
    """What a library does with the namespace it is handed."""
    x = space.asarray(x)
    mean = space.mean(x, axis=0)
    spread = space.std(x, axis=0, correction=1)
    spread = space.where(spread == 0, space.asarray(1.0), spread)
    scaled = space.astype((x - mean) / spread, space.float32)
    return space.linalg.vector_norm(mean), scaled


if __name__ == "__main__":
    print(json.dumps(observe(list(OBSERVATIONS), sys.argv[1] == "watched")))
