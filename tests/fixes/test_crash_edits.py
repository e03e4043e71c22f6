"""Edits for programs that raise on dask arrays: applied, they give what NumPy gives."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from example_programs import recorded

from lazyscope.catalogue.diagnose import diagnose
from lazyscope.fixes.edit import Edit
from lazyscope.fixes.fix import Fix
from lazyscope.model.trace import TraceData

HEAD = """
import dask.array as da
import numpy as np

line = np.random.default_rng(1).normal(2, 1.5, size=24)
grid = np.random.default_rng(2).normal(size=(12, 8))
x = da.from_array(line, chunks=6)
m = da.from_array(grid, chunks=(4, 8))
"""


def fixes_of(text: str, folder: Path) -> tuple[TraceData, list[Fix]]:
    """The fixes of the first finding above info that has an edit."""
    trace = recorded(text, folder)
    for found in diagnose(trace).findings:
        fixes = [fix for fix in found.fixes if fix.edit is not None]
        if found.severity != "info" and fixes:
            return trace, fixes
    raise AssertionError("no edit")


def edited(trace: TraceData, edit: Edit) -> str:
    """The program with an edit."""
    [file] = edit.files
    return "\n".join(edit.lines(trace, file))


def printed(text: str) -> str:
    """What a program prints."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(compile(text, "program", "exec"), {"__name__": "__main__"})
    return told.getvalue().strip()


@pytest.mark.parametrize(
    ("text", "technique", "new", "expected"),
    [
        ("n = int(x[x > 2].shape[0])\nprint(n)", "where", "n = int(da.sum(x > 2))",
         "int((line > 2).sum())"),
        ("kept = x[x > 2]\nprint(kept[:2].compute().round(5).tolist())", "compute-chunk-sizes",
         "kept = x[x > 2].persist().compute_chunk_sizes()", "line[line > 2][:2].round(5).tolist()"),
        ("low = x[x < 2]\nhigh = x[x >= 2]\nprint(len(low) - len(high))", "where",
         "print(int(da.sum(x < 2)) - int(da.sum(x >= 2)))", "int((line < 2).sum() - (line >= 2).sum())"),
        ("low = x[x < 2]\nhigh = x[x >= 2]\nn = min(len(low), len(high))\nprint((low[:n] - high[:n]).size)",
         "compute-chunk-sizes",
         "high = x[x >= 2].persist()", "min((line < 2).sum(), (line >= 2).sum())"),
        ("r = np.array([0, 11])\nprint(m[r, [1, 2]].compute().round(5).tolist())", "native-function",
         "m.vindex[r, [1, 2]]", "grid[[0, 11], [1, 2]].round(5).tolist()"),
        ("f = da.fft.fft(x)\nprint(round(float(abs(f).sum().compute()), 5))", "rechunk",
         "da.fft.fft(x.rechunk(-1))", "round(float(abs(np.fft.fft(line)).sum()), 5)"),
        ("y = x * 2\ny.sort()\nprint(y[:2].compute().round(5).tolist())", "map-blocks", "y = y.rechunk",
         "np.sort(line * 2)[:2].round(5).tolist()"),
        ("print(round(float(x.sum(where=x > 2).compute()), 5))", "native-function", "da.where(x > 2, x, 0)",
         "round(float(line.sum(where=line > 2)), 5)"),
        ("a = np.add.reduce(m, axis=1)\nprint(a.sum().compute().round(5))", "native-function",
         "m.sum(axis=1)",
         "grid.sum().round(5)"),
        ("c, e = da.histogram(x, bins=3)\nprint(c.compute().tolist())", "choose-parameter",
         "range=dask.compute(x.min(), x.max())", "np.histogram(line, bins=3)[0].tolist()"),
        ("print(round(float(da.median(m).compute()), 5))", "rechunk", "da.median(m.ravel(), axis=0)",
         "round(float(np.median(grid)), 5)"),
        ("print(round(x.max().item(), 5))", "compute-once", "x.max().compute().item()",
         "round(line.max().item(), 5)"),
    ],
)  # fmt: skip
def test_the_first_edit_gives_the_result_of_numpy(
    text: str, technique: str, new: str, expected: str, tmp_path: Path
) -> None:
    trace, [fix, *_] = fixes_of(HEAD + text, tmp_path)
    assert fix.edit is not None
    assert fix.technique == technique
    program = edited(trace, fix.edit)
    assert new in program
    assert printed(program) == printed(f"{HEAD}print({expected})")


@pytest.mark.parametrize(
    "text",
    [
        "s = da.linalg.svd(m.rechunk((4, 4)))[1]\nprint(s.compute().round(5).tolist())",
        "print(m[np.array([0, 11]), [1, 2]].compute().round(5).tolist())",
        "print(m.ravel(order='F')[:3].compute().round(5).tolist())",
        "y = da.median(m)\nprint(round(float(y.compute()), 5))",
    ],
)
def test_every_edit_prints_the_same(text: str, tmp_path: Path) -> None:
    trace, fixes = fixes_of(HEAD + text, tmp_path)
    told = {printed(edited(trace, fix.edit)) for fix in fixes if fix.edit is not None}
    assert len(fixes) > 1
    assert len(told) == 1


def test_positions_behind_a_slice_are_not_gathered(tmp_path: Path) -> None:
    """NumPy puts the axis of the positions where they stand, `vindex` puts it first."""
    text = "print(da.ones((3, 4, 5), chunks=2)[:, [0, 1], [1, 2]].compute().shape)"
    _, fixes = fixes_of(HEAD + text, tmp_path)
    assert [fix.technique for fix in fixes] == ["compute-once"]


@pytest.mark.parametrize(
    ("text", "has_edit"),
    [
        (
            "s = x.std()\nz = x.map_blocks(lambda b: b / float(s), dtype=float)\nprint(z.sum().compute())",
            True,
        ),
        (
            "t = x * 1\nz = m.map_blocks(lambda b: b + t[0].compute(), dtype=float)\nprint(z.sum())",
            False,
        ),
    ],
)
def test_only_what_is_one_value_for_all_blocks_becomes_an_argument(
    text: str, has_edit: bool, tmp_path: Path
) -> None:
    trace = recorded(HEAD + text, tmp_path)
    handed = [
        fix
        for found in diagnose(trace).findings
        for fix in found.fixes
        if fix.technique == "pass-as-argument" and fix.edit is not None
    ]
    assert bool(handed) == has_edit


def test_a_result_that_is_asked_for_at_once_gains_nothing_by_being_lazy(tmp_path: Path) -> None:
    trace = recorded(HEAD + "print(round(float(np.interp(x, [0, 4], [0, 1]).sum()), 5))", tmp_path)
    edits = [fix for found in diagnose(trace).findings for fix in found.fixes if fix.edit is not None]
    assert not edits


def test_dask_in_a_block_function_becomes_numpy(tmp_path: Path) -> None:
    text = """
def limited(block, top):
    return da.minimum(block, top)


print(np.asarray(x.map_blocks(limited, 2.0, dtype=float, meta=np.empty(0))).sum().round(5))
"""
    trace = recorded(HEAD + text, tmp_path)
    [found] = [one for one in diagnose(trace).findings if one.code == "LZ123"]
    edit = found.fixes[0].edit
    assert edit is not None
    assert "np.minimum(block, top)" in edited(trace, edit)
