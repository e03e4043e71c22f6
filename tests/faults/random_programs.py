"""Programs made at random, run with and without a trace: a trace must change nothing that can be seen.

    python tests/faults/random_programs.py --programs 500 --seed 0

A program is Python source: statements drawn from `EXPRESSIONS`, in blocks drawn from `Writer.blocks`. The
same seed and number give the same program. Each difference is printed with the number of its program,
whose source is kept with ``--save``.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from twin_runs import MODES, Difference, Program, differences, order_of

PRELUDE = '''\
class Own(da.Array):
    """A subclass of dask's arrays."""
    __slots__ = ()

class Broken(Exception):
    """One of the program's own."""

class Quiet:
    """Swallows what is raised in its block."""
    def __enter__(self): return self
    def __exit__(self, kind, error, tb):
        if error is not None: caught(error)
        return isinstance(error, Exception)

def own(x): return Own(x.dask, x.name, x.chunks, meta=x._meta)
def twice(block): return block * 2
def shifted(block, by): return block + by
def quiet_nan(block): return np.log(block - 1)
def fails(block): raise Broken("in a task", 7)
def fails_late(block):
    if block.size: raise Broken("in a task")
    return block
def chains(block):
    try: fails(block)
    except Broken as error: raise KeyError("chained") from error
def suppresses(block):
    try: fails(block)
    except Broken: raise KeyError("suppressed") from None
def follows(block):
    try: fails(block)
    except Broken: raise ZeroDivisionError("meanwhile")
def warns(block):
    warnings.warn("in a block", UserWarning, stacklevel=2)
    return block
def computes(block): return block + float(da.ones(3, chunks=2).sum())
def asks(block): return block + float((da.from_array(np.arange(4.0), chunks=2) > 1).any())
def load(by): return np.arange(24.0).reshape(6, 4) + by
def down(depth, function): return function() if depth == 0 else down(depth - 1, function)
def to_the_limit(x):
    depth, frame = 0, sys._getframe()
    while frame: depth, frame = depth + 1, frame.f_back
    sys.setrecursionlimit(depth + 150)
    def deeper(x): return deeper(x + 1)
    try: deeper(x)
    except RecursionError as error: return type(error).__name__
    finally: sys.setrecursionlimit(1000)
def stack_of(error):
    caught(error)
    print(type(error).__name__, traceback.extract_tb(error.__traceback__)[-1].name)

'''

ARRAYS = {
    "m": "da.from_array(np.arange(24.0).reshape(6, 4) / 7, chunks={c2})",
    "v": "da.from_array(np.array([3.0, 0.5, 2.0, 1.0]), chunks={c1})",
    "s": "da.from_array(np.float64(1.5))",
    "b": "da.from_array(np.arange(24).reshape(6, 4) % 3 == 0, chunks={c2})",
    "e": "da.zeros((0, 4), chunks={c2})",
    "r": "da.from_array(np.array([(1, 2.0), (3, 4.5), (5, 0.0), (7, 1.0)], dtype='i4,f8'), chunks={c1})",
    "t": "da.from_array(np.array(['2020-01-01', '2020-03-01', 'NaT', '2021'], dtype='M8[D]'), chunks={c1})",
    "o": "da.from_array(np.array([1, 'two', None, 4.0], dtype=object), chunks={c1})",
    "u": "da.from_array(np.arange(8.0), chunks=3)[da.from_array(np.arange(8) % 2 == 0, chunks=3)]",
}
"""What a program begins with, by kind: (6, 4) floats, (4,) floats, a scalar, a mask, nothing, records, dates,
objects, an array of unknown length."""

EXPRESSIONS: dict[str, list[str]] = {
    "m": [
        "{m} + {m}", "{m} * 2.5", "2 / ({m} + 1)", "{m} - {s}", "{m} + {v}", "-{m}", "abs({m})", "{m} ** 2",
        "{m} % 3", "{m} // 2", "divmod({m}, 2)[1]", "1 - {m}", "{m} @ np.eye(4)", "{m}.T.T",
        "da.where({b}, {m}, {m})", "xp.where({b}, {m}, 0.5)", "np.add({m}, {m})", "np.sqrt({m})",
        "da.log({m})",
        "early_log({m} + 1)", "early_ones((6, 4), chunks={c2})", "np.where({b}, {m}, 0)",
        "da.clip({m}, 0, 2)",
        "xp.clip({m}, min=0.5)", "np.clip({m}, 0, 1)", "xp.astype({m}, xp.float32)", "{m}.astype('i4')",
        "{m}.map_blocks(twice, dtype=float)", "{m}.map_blocks(shifted, 3, dtype=float)",
        "{m}.map_blocks(twice)",
        "da.map_blocks(computes, {m}, meta={m}._meta)", "da.map_blocks(asks, {m}, dtype=float)",
        "{m}.map_blocks(warns, meta={m}._meta)", "{m}.map_blocks(quiet_nan, dtype=float)",
        "{m}.map_blocks(fails_late, dtype=float)",
        "{m}.map_overlap(twice, depth=1, boundary='reflect', dtype=float)",
        "xpx.at({m})[{b}].set(0.0)", "xpx.at({m})[0].add(2.0)", "xpx.nunique({v}) + {m}",
        "xpx.apply_where({b}, ({m},), twice, fill_value=0.0)", "xpx.lazy_apply(twice, {m})",
        "da.fft.fft({m}.rechunk((6, 4))).real", "xp.fft.fft({m}.rechunk((6, 4)), axis=0).imag",
        "{m}.copy()", "copy.copy({m})", "{m}.persist()", "{m}.persist(scheduler='sync')",
        "dask.persist({m})[0]",
        "dask.optimize({m})[0]", "da.cumsum({m}, axis=0)", "xp.cumulative_sum({m}, axis=1)",
        "da.flip({m}, 0)",
        "da.roll({m}, 1, axis=0)", "xp.broadcast_to({v}, (6, 4))", "np.concatenate([{m}[:3], {m}[3:]])",
        "xp.concat([{m}[:2], {m}[2:]])", "da.stack([{m}, {m}])[0]", "da.concatenate([{e}, {m}])",
        "da.apply_along_axis(np.cumsum, 0, {m})",
        "da.blockwise(np.add, 'ij', {m}, 'ij', {m}, 'ij', dtype=float)",
        "da.apply_gufunc(np.sqrt, '()->()', {m}, output_dtypes=float)", "own({m})", "own({m}) * 2",
        "da.from_delayed(delayed(load, pure=True)(3), shape=(6, 4), dtype=float)",
        "delayed(twice, pure=True)({m}) and {m}",
        "da.random.default_rng(5).normal(size=(6, 4), chunks=3)",
        "da.random.RandomState(2).random_sample((6, 4), chunks={c2})",
        "da.linalg.qr({m}.rechunk((2, 4)))[0]", "xr.DataArray({m}, dims=('a', 'b')).data",
        "{m}.rechunk({c2})",
        "(xr.DataArray({m}, dims=('a', 'b')) + 1).data", "da.reshape({m}, (4, 6)).T",
        "{m}.reshape(-1).reshape((6, 4))",
        "xp.reshape({m}, (6, 4))", "da.outer({v}, {v})[:1] + {m}", "da.nan_to_num({m})",
        "da.isclose({m}, {m}) * {m}",
        "da.triu({m})", "da.tril(xp.ones_like({m}))", "xp.full_like({m}, 2.0)",
        "da.asarray({m}, dtype='f4')",
        "xp.asarray({m}, copy=True)", "da.overlap.overlap({m}, depth=1, boundary=0)[1:7, 1:5] + 0",
        "da.einsum('ij,ij->ij', {m}, {m})", "da.reduction({m}, np.sum, np.sum, axis=0, dtype=float) + {m}",
        "np.add.outer({v}, {v})[:1] + {m}", "da.true_divide({m}, 0)",
        "functools.reduce(operator.add, [{m}] * 3)",
        "sum([{m}, {m}])", "da.choose({b} * 1, [{m}, -{m}])", "da.piecewise({m}, [{b}], [0, 1])",
        "{m}[::-1]",
        "{m}.store(np.zeros((6, 4)), compute=False) and {m}", "da.pad({m}, 1)[1:-1, 1:-1]",
        "da.linspace(0, 1, 4) + {m}",
        "{m}.view('f8')", "da.frompyfunc(abs, 1, 1)({m}).astype(float)",
        "array_api_compat.array_namespace({m}).negative({m})",
    ],
    "v": [
        "{m}.sum(axis=0)", "xp.mean({m}, axis=0)", "{m}[0]", "{m}[-1, :]", "xp.std({m}, axis=0)",
        "{m}.max(axis=0)",
        "early_mean({m}, axis=0)", "da.linalg.norm({m}, axis=0)", "xp.linalg.vector_norm({m}, axis=0)",
        "da.median({m}, axis=0)", "xp.take({m}, xp.asarray([1]), axis=0)[0]", "{v}[[3, 2, 1, 0]]",
        "np.sum({m}, axis=0)",
        "da.einsum('ij,ij->j', {m}, {m})", "xp.sort({v})", "{r}['f1']", "{e}.sum(axis=0)",
        "{v}.reshape((2, 2)).ravel()",
        "da.tensordot({m}, {m}, axes=((0,), (0,)))[0]", "{m}.T @ {m}[:, 0]", "da.nanmean({m}, axis=0)",
        "{v}.cumsum()",
        "xp.vecdot({m}, {m}, axis=0)", "da.diff(da.concatenate([{v}, {v}[:1]]))",
        "da.argmax({m}, axis=0) * 1.0",
        "np.mean({m}, axis=0)", "{m}[1] + {m}[{m}.shape[0] - 1]",
        "da.histogram({m}, bins=4, range=(0, 4))[0] * 1.0",
        "da.bincount({v}.astype(int), minlength=4) * 1.0", "da.digitize({v}, np.array([1.0, 2.0])) * 1.0",
        "da.interp({v}, [0, 1], [1, 2]) if hasattr(da, 'interp') else {v}", "xp.arange(4) * 1.0",
        "da.arange(4, chunks={c1}) / 2",
        "(({t} - {t}[0]).astype('f8'))", "da.vstack([{v}, {v}])[1]", "da.squeeze({m}[:1])",
        "np.dot({m}.T, {m}[:, 1])",
        "{v}.compute_chunk_sizes()",
        "da.quantile({m}.rechunk((6, 2)), 0.5, axis=0) if hasattr(da, 'quantile') else {v}",
    ],
    "s": [
        "{m}.sum()", "xp.max({m})", "{v}[1]", "{m}.mean()", "da.linalg.norm({m})", "da.dot({v}, {v})",
        "{m}[2, 3]",
        "{v}.min()", "xp.asarray(1.25)", "da.var({m})", "{s} + 1", "{s} * {s}", "da.trace({m}[:4])",
        "{m}.std(ddof=1)",
        "xp.prod({v})", "{b}.any() * 1.0", "xp.count_nonzero({m}) * 1.0", "early_mean({m})", "np.max({m})",
        "{v}[{s}.astype(int)] * 1.0",
        "da.from_array(np.float32(0.5))", "xr.DataArray({v}, dims='a').mean().data", "da.nansum({m})",
        "{u}.sum()",
    ],
    "b": [
        "{m} > {s}", "xp.isnan({m})", "da.isfinite({m})", "{m} == {m}", "~{b}", "{b} & {b}",
        "np.logical_or({b}, {b})",
        "{m} != 0", "{m} >= {v}", "{b} ^ {b}", "xp.logical_not({b})", "da.isin({m}.astype(int), [1, 2])",
        "{m} < 1.5",
    ],
    "u": [
        "{m}[{b}]", "{v}[{v} > 1]", "da.unique({v})", "xp.unique_values({v})", "da.nonzero({m} > 1)[0]",
        "{u} * 2",
        "{u}[{u} > 0.5]", "da.flatnonzero({v})", "da.concatenate([{u}, {u}])",
        "{u}.map_blocks(twice, dtype=float)",
        "xp.astype({u}, xp.float32)", "da.compress([True, False, True, True], {v})", "{u} + {u}",
        "{u}.persist()",
        "da.from_delayed(delayed(np.arange)(4.0), shape=(np.nan,), dtype=float)", "da.extract({b}, {m})",
        "{u}[:, None][:, 0]",
        "da.topk({v}, {s}.astype(int))", "da.argwhere({m} > 2)[:, 0]",
    ],
    "e": ["{e} + 1", "{m}[3:3]", "{e}[:, :4]", "da.concatenate([{e}, {e}])", "xp.zeros((0, 4))"],
    "r": ["{r}[:4]", "{r}.persist()", "{r}.rechunk({c1})"],
    "t": ["{t}.copy()", "{t} + np.timedelta64(1, 'D')", "da.where({v} > 1, {t}, {t})"],
    "o": ["{o}.copy()", "{o}.rechunk({c1})", "{o}[::-1]"],
    "n": [
        "float({s})", "bool(({m} > 100).any())", "int({s})", "complex({s})", "len({v})", "len({m})",
        "list({v})", "[float(x) for x in {v}]",
        "np.asarray({m})", "np.array({v}, dtype='f4')", "{v}.compute()", "dask.compute({s}, {v})",
        "dask.compute({{'a': [{s}], 'b': 1}})",
        "sum({v})", "np.partition({v}, 1)", "np.percentile({m}, 50)", "{u}.compute_chunk_sizes().shape",
        "'yes' if {s} > 1 else 'no'", "not {s}",
        "max({v})", "float({s}) in [1.5, 2.5]", "np.array([{s}, {s}])", "xp.asarray([{s}, {s}])",
        "{m}.compute(scheduler='sync')",
        "{m}.compute(scheduler='threads', num_workers=1)", "repr({m})", "str({v})",
        "pickle.loads(pickle.dumps({m})).name",
        "cloudpickle.loads(cloudpickle.dumps({m} + 1)).name", "copy.deepcopy({v}).name",
        "tokenize({m}, {v})", "tokenize(da.mean, xp.std, twice)",
        "(gc.collect(), sys.getrefcount({m}))[1]",
        "sorted(vars({m}))", "{m}.nbytes, {m}.npartitions, {m}.itemsize",
        "{u}.shape == {u}.shape",
        "dask.get({{'a': 1, 'b': (twice, 'a')}}, 'b')", "dask.threaded.get({{'a': (load, 2)}}, 'a')",
        "delayed(sum)([{s}, {s}]).compute()",
        "delayed(load)({s}).compute()", "dask.compute(delayed(float)({s}), {m}.mean())",
        "{m}.store(np.zeros((6, 4)))",
        "da.store([{m}, {m}], [np.zeros((6, 4)), np.zeros((6, 4))], lock=False)",
        "{m}.to_delayed()[0, 0].compute()", "{m}.blocks[0, 0].compute()",
        "{m}.partitions[0].shape", "xr.DataArray({m}, dims=('a', 'b')).mean('a').values",
        "repr(xr.DataArray({m}, dims=('a', 'b')))",
        "xr.Dataset({{'x': ('a', {v})}}).load()['x'].values", "da.allclose({m}, {m})",
        "bool(da.allclose({m}, {m}))", "np.allclose({m}, {m})",
        "np.array_equal({v}, {v})", "xp.unique_all({v})[0]", "da.unique({v}).compute()", "{o}.compute()",
        "{t}.compute()", "{r}.compute()", "{r}['f0'].sum().compute()",
        "np.min({t})", "{e}.compute().shape", "np.asarray({e})", "({o} + {o}).compute(scheduler='sync')",
        "operator.index({v}.argmax())", "range({v}.argmax())[-1:]",
        "round(float({s}), 1)", "float(own({m}).sum())", "isinstance(own({m}) + 1, Own)",
        "type(own({m}).persist()).__name__", "hasattr({m}, 'no_such')",
        "da.map_blocks(computes, {m}, meta={m}._meta).compute()",
        "{m}.map_blocks(asks, meta={m}._meta).sum().compute()", "len({m}.dask.layers)",
        "inspect.signature(da.mean), inspect.signature(da.Array.sum)",
        "da.mean.__name__, da.mean.__module__, da.mean.__qualname__",
        "inspect.getsource(da.mean) == inspect.getsource(da.mean)", "len(inspect.getsource(xp.std))",
        "threading.active_count()", "sys.getrecursionlimit()",
        "next(iter({v}))", "[row.shape for row in {m}]", "dict(zip('ab', {v}))", "{s} == 1.5 and 'equal'",
        "sorted({v})", "'%.2f' % {s}", "f'{{float({s}):.3f}}'",
        "np.average({v})", "np.median({v})", "np.linalg.norm({m})", "np.linalg.inv({m}[:4])",
        "np.fft.fft({v})", "np.sort({v})", "np.unique({v})", "da.tile({v}, 2).shape",
        "np.add.reduce({v})", "np.maximum.accumulate({v})", "np.multiply.at", "np.isclose({v}, 1).any()",
        "xpx.isclose({v}, {v}).compute()", "warns(np.ones(2))", "to_the_limit({s})",
        "array_api_compat.is_lazy_array({m}), array_api_compat.is_dask_array({m})",
        "array_api_compat.array_namespace({m}, {v}) is xp",
        "xp.__array_namespace_info__().default_dtypes()",
        "float({m}.sum(axis=0)[1] + {v}[0])", "bool({u}.shape)", "dask.delayed({m}).shape.compute()",
        "dask.visualize", "{m}.dask.validate()", "{v}.__len__()", "{s}.__bool__()",
        "functools.wraps(da.mean)(twice).__name__", "functools.partial(da.sum, axis=0)({m}).compute()",
        "list(map(float, {v}))", "any({v} > 2)", "all({b}[0])", "[*{v}][1]",
    ],
    "x": [
        "{m} + da.ones(5)", "{m}[99]", "{m}[0, 0, 0]", "xp.mean({m}, axis=7)", "{m}.no_such", "da.no_such",
        "da.linalg.no_such", "xp.no_such", "da.fft.fft({m}.rechunk((2, 2)))",
        "{m}.map_blocks(fails, dtype=float).compute()", "{m}.map_blocks(fails)",
        "{m}.map_blocks(chains, dtype=float).sum().compute()",
        "np.asarray({m}.map_blocks(suppresses, dtype=float))",
        "float({m}.map_blocks(follows, dtype=float).sum())", "{m}.map_blocks(follows)",
        "da.Array({{}}, 'x', 'nope', dtype=float)", "da.Array({{}}, 5, ((1,),), dtype=float)",
        "da.Array({{}}, 'x', ((1,), (-1,)), dtype='nope')", "Own({{}}, 'x', ((1,),), meta=5)", "bool({m})",
        "float({m})", "int({v})", "complex({v})", "{m} @ {m}", "xp.reshape({m}, (5, 5))",
        "{u}.reshape((2, 2))", "len({u})", "list({u})", "xp.asarray({m}, dtype='nope')", "da.where()",
        "da.sum({m}, no_such=1)", "{m}.sum(axis='a')", "{m}.compute(scheduler='nope')", "{e}.max()",
        "{e}.max().compute()",
        "({o} * {o}).compute(scheduler='sync')", "{o}.sum().compute(scheduler='sync')", "{t} + {t}",
        "{t}.sum()", "{r} + 1", "({r} + 1).compute()", "{r}['no']", "da.log.outer({m}, {m}, {m})",
        "da.stack([{m}, {v}])", "da.concatenate([{m}, {v}])",
        "operator.index({s})", "range({s})", "[1, 2][{s}]", "hash({m}) and 1 / 0", "next({v})",
        "{s}.item()", "{v}.tolist()", "iter({s})", "list({s})", "len({s})", "da.linalg.inv({m})",
        "da.linalg.cholesky({v})",
        "delayed(fails)({m}).compute()", "dask.compute({m}, delayed(chains)(1))",
        "dask.get({{'a': (fails, 1)}}, 'a')",
        "da.from_delayed(delayed(fails)(1), (2,), dtype=float).compute()", "da.from_array(5, chunks='x')",
        "{m}.rechunk((7, 7, 7))", "da.map_blocks(twice)", "{m}.map_overlap(fails, depth=1)",
        "da.apply_gufunc(fails, '()->()', {m}, output_dtypes=float).compute()",
        "{m}.persist(scheduler='sync').map_blocks(fails, dtype=float).persist()",
        "{v}.store(np.zeros(9)[:2])", "xpx.at({m})[{b}].set({v})", "xp.astype({m}, 'nope')",
        "xp.unique_counts({m}, 1)", "np.linalg.solve({m}, {v})", "np.partition({v}, 99)", "{m}.reshape(7)",
        "da.einsum('ij,jk', {m}, {m})", "warnings.warn('error', RuntimeWarning)",
        "np.log(np.float64(0)) + {m}[0, 0].map_blocks(quiet_nan, dtype=float).compute()",
        "xr.DataArray({m}, dims='a')", "down(60, lambda: {m} + da.ones(5))",
        "down(60, lambda: {m}.map_blocks(fails, dtype=float).compute())", "da.random.default_rng('x')",
    ],
}  # fmt: skip
"""By the kind of their value: ``n`` is nothing lazy, ``x`` raises. ``{m}`` is any array of that kind."""

CHANGES = [
    "{m}[0] = 1.0", "{m}[{b}] = 0", "{m}[:, 1] = {m}[:, 0]", "{m} += 1", "{m} *= {v}",
    "{v}[{v} > 1] = {s}", "{v}[-1] = 5", "{v}[0] = {s}",
    "{m}[1:3, ::2] = 7", "{m}[da.isnan({m})] = 0", "{m}[0, 0] = np.nan", "{v}[[0, 2]] = 9",
    "{b}[0] = True", "{m}[99] = 1", "{m}['a'] = 1",
]  # fmt: skip
"""Statements that change an array in place."""

RAISES = [
    "raise", "raise ValueError('again') from error", "raise KeyError('meanwhile')",
    "raise Broken('alone') from None",
]  # fmt: skip
PASSES = ["pass", "print('caught', type(error).__name__)", "note('caught', str(error))", "stack_of(error)"]


KINDS = "mmmmmm vvvv sss bb uuu e nnnnnnnn xx !!".replace(" ", "")
"""How often a statement is of each kind; ``!`` changes an array in place."""

MANAGERS = [
    "np.errstate(all='raise')", "np.errstate(all='ignore')", "dask.config.set(scheduler='sync')",
    "dask.config.set(scheduler='threads')", "Quiet()", "Quiet(), Quiet()", "contextlib.suppress(Exception)",
    "Callback(pretask=lambda key, *_: None)", "dask.annotate(priority=1)",
]  # fmt: skip
"""What a block may be run in."""


class Writer:
    """Writes one program.

    Parameters
    ----------
    seed : str
        Says which.
    """

    def __init__(self, seed: str) -> None:
        self._rng = random.Random(seed)
        self._arrays: dict[str, list[str]] = {}
        self._number = 0
        self._awaiting = False
        """Whether what is written runs in an event loop, in which there can be no other."""

    def program(self) -> str:
        """The source."""
        lines = [self._assigned(kind, text) for kind, text in ARRAYS.items()]
        for _ in range(self._rng.randint(4, 10)):
            lines += self._statements(0)
        return PRELUDE + "\n".join(lines) + "\n"

    # Statements

    def _statements(self, depth: int) -> list[str]:
        blocks = self._rng.random() < (0.75, 0.4, 0.25, 0.0)[min(depth, 3)]
        return self._rng.choice(self.blocks)(self, depth) if blocks else self._plain()

    def _plain(self) -> list[str]:
        kind = self._rng.choice(KINDS)
        if kind == "!":
            return [self._filled(self._rng.choice(CHANGES))]
        if kind in "nx":
            self._number += 1
            return [f"note({self._number}, {self._filled(self._rng.choice(EXPRESSIONS[kind]))})"]
        return [self._assigned(kind, self._rng.choice(EXPRESSIONS[kind]))]

    def _assigned(self, kind: str, template: str) -> str:
        text = self._filled(template)
        self._number += 1
        name = f"{kind}{self._number}"
        self._arrays.setdefault(kind, []).append(name)
        return f"{name} = {text}"

    def _filled(self, template: str) -> str:
        rows, columns = self._rng.randint(1, 6), self._rng.randint(1, 4)
        return template.format_map(_Filling(self._rng, self._arrays, f"({rows}, {columns})", f"{columns}"))

    def _body(self, depth: int) -> list[str]:
        """Statements of a block, whose names nobody uses outside, as they may not come to be bound."""
        known = {kind: names.copy() for kind, names in self._arrays.items()}
        lines = [line for _ in range(self._rng.randint(1, 3)) for line in self._statements(depth + 1)]
        self._arrays = known
        return _indented(lines)

    def _raising(self) -> list[str]:
        """The body of a block, which may end in an exception."""
        self._number += 1
        return _indented([f"note({self._number}, {self._filled(self._rng.choice(EXPRESSIONS['x']))})"])

    # Blocks

    def _tried(self, depth: int) -> list[str]:
        body = self._body(depth) + (self._raising() if self._rng.random() < 0.7 else [])
        ending = self._rng.choice(RAISES if depth > 0 and self._rng.random() < 0.5 else PASSES)
        lines = ["try:", *body, "except Exception as error:", "    caught(error)", f"    {ending}"]
        if self._rng.random() < 0.3:
            lines += ["finally:", *self._body(depth)]
        return lines

    def _strict(self, depth: int) -> list[str]:
        return [
            "with warnings.catch_warnings():",
            f"    warnings.simplefilter({self._rng.choice(['error', 'default', 'once', 'ignore'])!r})",
            *self._body(depth),
        ]

    def _function(self, depth: int, call: str = "{0}()", head: str = "def", tail: str = "") -> list[str]:
        self._number += 1
        name = f"step{self._number}"
        body = self._body(depth)
        shared = sorted({line.split(" = ")[0].strip() for line in body if _binds(line)})
        first = [f"    global {', '.join(shared)}"] if shared else []
        last = [f"    {tail}"] if tail else []
        return [f"{head} {name}():", *first, *body, *last, *call.format(name).split("\n")]

    def _deep(self, depth: int) -> list[str]:
        return self._function(depth, f"down({self._rng.choice([1, 20, 150])}, {{0}})")

    def _threaded(self, depth: int) -> list[str]:
        guarded = "def in_{0}():\n    try: {0}()\n    except BaseException as error: caught(error)"
        begun = "thread_{0} = threading.Thread(target=in_{0}); thread_{0}.start(); thread_{0}.join()"
        return self._function(depth, f"{guarded}\n{begun}")

    def _pooled(self, depth: int) -> list[str]:
        # `exception` waits, so that `result` finds what it looks for at once and its line is always the same.
        job = "job_{0} = pool.submit({0}); job_{0}.exception(); job_{0}.result()"
        return self._function(depth, f"with ThreadPoolExecutor(2) as pool: {job}")

    def _generated(self, depth: int) -> list[str]:
        return self._function(depth, "for step in {0}(): note('step', step)", tail="yield float(v2.sum())")

    def _awaited(self, depth: int) -> list[str]:
        if self._awaiting:
            return self._looped(depth)
        both = "async def main_{0}(): await asyncio.gather({0}(), {0}(), return_exceptions=True)"
        call = self._rng.choice(["asyncio.run({0}())", both + "\nasyncio.run(main_{0}())"])
        self._awaiting = True
        lines = self._function(depth, call, head="async def", tail="await asyncio.sleep(0)")
        self._awaiting = False
        return lines

    def _looped(self, depth: int) -> list[str]:
        return ["for turn in range(2):", *self._body(depth)]

    def _grouped(self, depth: int) -> list[str]:
        body = self._body(depth) + self._raising()
        lines = ["try:", *body, "except* Exception as error:", "    caught(error)"]
        if depth > 0:
            lines.append("    raise ExceptionGroup('all', [error, ValueError('too')]) from error")
        return lines

    def _managed(self, depth: int) -> list[str]:
        return [f"with {self._rng.choice(MANAGERS)}:", *self._body(depth)]

    blocks = (
        _tried, _tried, _tried, _tried, _managed, _managed, _managed, _strict, _function, _deep, _threaded,
        _pooled, _generated, _awaited, _looped, _grouped,
    )  # fmt: skip


class _Filling(dict[str, str]):
    """What stands for ``{m}`` in a template: one of the arrays of that kind."""

    def __init__(self, rng: random.Random, arrays: dict[str, list[str]], c2: str, c1: str) -> None:
        super().__init__(c2=c2, c1=c1)
        self._rng, self._arrays = rng, arrays

    def __missing__(self, kind: str) -> str:
        return self._rng.choice(self._arrays[kind][-4:])


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _binds(line: str) -> bool:
    name, sign, _ = line.strip().partition(" = ")
    return bool(sign) and name.isidentifier()


def program(seed: int, number: int) -> str:
    """The source of a program."""
    return Writer(f"{seed}-{number}").program()


def compare(seed: int, number: int, folder: Path) -> tuple[Program, list[Difference], Counter[str]]:
    """Write a program, run it thrice and say what a trace changes."""
    rng = random.Random(f"order {seed}-{number}")
    written = Program.written(program(seed, number), folder / f"program_{seed}_{number}.py")
    return written, *differences(written, rng.choice(MODES), order_of(rng))


def main() -> int:
    """Run programs and report; the status is 1 if a trace changed one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first program")
    parser.add_argument("--save", type=Path, help="where the source of each program that differs is kept")
    chosen = parser.parse_args()
    began, total, kinds, different = time.perf_counter(), Counter[str](), Counter[str](), 0
    with tempfile.TemporaryDirectory(prefix="programs") as folder:
        for number in range(chosen.first, chosen.first + chosen.programs):
            written, found, compared = compare(chosen.seed, number, Path(folder))
            total.update(compared)
            kinds.update({one.kind.partition("[")[0]: 1 for one in found})
            different += bool(found)
            if found:
                _report(number, found)
                if chosen.save:
                    chosen.save.mkdir(parents=True, exist_ok=True)
                    (chosen.save / written.path.name).write_text(written.source)
    took = time.perf_counter() - began
    print(f"{chosen.programs} programs, seed {chosen.seed}, {took:.0f} s: {different} differ")
    for counted in (kinds, total):
        for what, count in counted.most_common():
            print(f"  {count:7} {what}")
    return int(different > 0)


def _report(number: int, found: list[Difference]) -> None:
    print(f"--- program {number}")
    for one in found[:6]:
        print(f"   {one.what}")
    if len(found) > 6:
        print(f"   and {len(found) - 6} more")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
