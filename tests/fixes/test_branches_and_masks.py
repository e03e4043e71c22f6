"""Rewrites of branches, checks and masks: the edited program prints what NumPy gives, and executes less."""

from __future__ import annotations

from pathlib import Path

import pytest
from followed_advice import follow, sketched, with_numpy

X = """
import dask.array as da

x = da.sin(da.arange(12.0, chunks=4)) * 5
"""


# Branches

BRANCHES = {
    "a choice of numbers": (
        "where",
        """
total = x.sum()
if total >= 0:
    sign = 1.0
else:
    sign = -1.0
print((x * sign).mean().compute().round(8))
""",
        ("sign = da.where(total >= 0, 1.0, -1.0)",),
    ),
    "an array divided only if that can be": (
        "where",
        """
n = da.sqrt((x * x).sum())
y = x + 1
if n > 0:
    y = y / n
print(y.max().compute().round(8))
""",
        ("y = da.where(n > 0, y / n, y)",),
    ),
    "a conditional expression": (
        "where",
        """
s = x.std()
z = (x - x.mean()) / (s if s > 0 else 1.0)
print(z.max().compute().round(8))
""",
        ("z = (x - x.mean()) / (da.where(s > 0, s, 1.0))",),
    ),
    "a chain of comparisons": (
        "where",
        """
m = x.mean()
k = 2.0 if -1 < m < 1 else 3.0
print((x * k).sum().compute().round(8))
""",
        ("k = da.where((-1 < m) & (m < 1), 2.0, 3.0)",),
    ),
    "an upper limit": (
        "clip",
        """
top = x.max()
if top > 3.0:
    top = 3.0
print((x / top).sum().compute().round(8))
""",
        ("top = da.minimum(top, 3.0)",),
    ),
    "Python's own maximum": (
        "clip",
        """
spread = max(x.std(), abs(x).mean(), 0.5)
print((x / spread).sum().compute().round(8))
""",
        ("spread = da.maximum(da.maximum(x.std(), abs(x).mean()), 0.5)",),
    ),
    "a mask that is asked for anything true": (
        "where",
        """
y = x + 1
low = y < -2
if da.any(low):
    y = da.where(low, -2.0, y)
print(y.sum().compute().round(8))
""",
        ("y = da.where(low, -2.0, y)",),
    ),
    "a cheap condition behind an expensive one": (
        "reorder",
        """
verbose = False
if (x > 4).any() and verbose:
    print("large")
print(x.sum().compute().round(8))
""",
        ("if verbose and (x > 4).any():",),
    ),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_becomes_an_expression(name: str, tmp_path: Path) -> None:
    technique, body, new = BRANCHES[name]
    followed = follow(X + body, tmp_path, "LZ101", technique)
    assert followed.new == new
    assert followed.after.printed == followed.before.printed == with_numpy(X + body, tmp_path)
    assert followed.after.executions < followed.before.executions


def test_early_returns_are_chosen_at_the_end_together(tmp_path: Path) -> None:
    text = (
        X
        + """
def scale(v):
    s = v.std()
    if s == 0:
        return v * 0
    z = (v - v.mean()) / s
    return z.clip(-1, 1)


print(scale(x).sum().compute().round(8))
"""
    )
    followed = follow(text, tmp_path, "LZ101", "where")
    assert "return da.where(s == 0, v * 0, z.clip(-1, 1))" in followed.new
    assert followed.after.printed == followed.before.printed
    assert followed.after.executions == followed.before.executions - 1


@pytest.mark.parametrize(
    "body",
    [
        # The text of the number would be that of an array.
        'if x.sum() > 0:\n    k = 1\nelse:\n    k = -1\nprint("sign", k)\nprint((x * k).sum().compute())',
        # The types differ: an integer would become a float.
        "if x.sum() > 0:\n    k = 1\nelse:\n    k = 0.5\nprint((x * k).sum().compute())",
        # A list cannot be indexed by an array.
        "if x.sum() > 0:\n    k = 1\nelse:\n    k = 0\nprint([x.min(), x.max()][k].compute())",
        # Whoever reads the shape gets another one.
        "y = x * 2\nif y.sum() > 0:\n    y = 0.0\nprint((y + x).sum().compute())",
    ],
)
def test_a_choice_that_others_would_see_is_told_in_words(body: str, tmp_path: Path) -> None:
    sketched(f"{X}{body}\n", tmp_path, "LZ101", "where")


def test_a_function_with_several_callers_stays_right_for_numpy_arrays(tmp_path: Path) -> None:
    text = """
import dask.array as da
import numpy as np


def halved(v):
    m = v.mean()
    if m > 1:
        v = v / 2
    return v


print(halved(np.arange(4.0)).tolist())
x = da.arange(12.0, chunks=4)
print(halved(x).sum().compute())
"""
    followed = follow(text, tmp_path, "LZ101", "where")
    assert followed.new == ("v = np.where(m > 1, v / 2, v)",)
    assert followed.after.printed == followed.before.printed


# Checks

CHECKED = """
import dask.array as da
{imports}

def weights(v):
    if (v < 0).any():
        raise ValueError("negative")
    total = v.sum()
    if total == 0:
        raise ValueError("nothing")
    return v / total


x = abs(da.arange(-6.0, 6.0, chunks=4))
"""


def test_all_checks_of_a_function_are_guarded_by_one_edit(tmp_path: Path) -> None:
    text = CHECKED.format(imports="") + "print(weights(x).max().compute().round(8))\n"
    followed = follow(text, tmp_path, "LZ102", "guard-lazy")
    assert followed.new == (
        "from array_api_compat import is_lazy_array",
        "if not is_lazy_array(v) and (v < 0).any():",
        "if not is_lazy_array(total) and total == 0:",
    )
    assert followed.after.printed == followed.before.printed
    assert followed.after.executions == 1


def test_nan_takes_the_place_of_what_would_be_refused(tmp_path: Path) -> None:
    text = CHECKED.format(imports="") + "print(weights(x).max().compute().round(8))\n"
    followed = follow(text, tmp_path, "LZ102", "propagate-nan")
    assert "v = da.where(v < 0, da.nan, v)" in followed.new
    assert followed.after.printed == followed.before.printed


def test_a_check_whose_exception_is_caught_is_no_check_only(tmp_path: Path) -> None:
    text = CHECKED.format(imports="") + (
        "try:\n    y = weights(x - 3)\nexcept ValueError:\n    y = x\nprint(y.sum().compute())\n"
    )
    sketched(text, tmp_path, "LZ102", "guard-lazy")


def test_integers_get_no_nan(tmp_path: Path) -> None:
    text = """
import dask.array as da


def counts(n):
    if (n < 0).any():
        raise ValueError("negative")
    return n * 2


print(counts(da.arange(12, chunks=4)).sum().compute())
"""
    sketched(text, tmp_path, "LZ102", "propagate-nan")


# Masks

MASKS = {
    "a change in place": ("y = x + 0\ny[y > 2] *= 2", "y = da.where(y > 2, y * 2, y)"),
    "a formula that is not defined everywhere": (
        "y = da.zeros_like(x)\npos = x > 0\ny[pos] = da.log(x[pos])",
        "y = da.where(pos, da.log(da.where(pos, x, 1)), y)",
    ),
    "two arrays": (
        "w = x + 4\ny = da.full_like(x, -1.0)\nok = (x > 0) & (w > 1)\ny[ok] = x[ok] / w[ok]",
        "y = da.where(ok, x / da.where(ok, w, 1), y)",
    ),
    "a mean of the selection": (
        "y = x + 0\nm = y > 0\ny[m] = y[m] - y[m].mean()",
        "y = da.where(m, y - (da.sum(da.where(m, y, 0)) / da.sum(m)), y)",
    ),
    "selections that have names": (
        "y = x + 0\nm = x > 0\na = x[m]\nb = a * 2\ny[m] = b + 1",
        "y = da.where(m, (x * 2) + 1, y)",
    ),
    "floats for an array of integers": (
        "y = da.arange(12, chunks=4)\nm = y > 5\ny[m] = y[m] / 2",
        "y = da.where(m, y / 2, y).astype(y.dtype)",
    ),
}


@pytest.mark.parametrize("name", MASKS)
def test_an_assignment_through_a_mask_becomes_where(name: str, tmp_path: Path) -> None:
    body, new = MASKS[name]
    text = f"{X}{body}\nprint(y.dtype, y.sum().compute().round(8))\n"
    followed = follow(text, tmp_path, "LZ205", "where")
    assert followed.new == (new,)
    assert followed.before.error == "ValueError"
    assert followed.after.printed == with_numpy(text, tmp_path)


def test_all_assignments_of_a_function_are_one_edit(tmp_path: Path) -> None:
    text = (
        X
        + """
def bands(v):
    out = da.zeros_like(v)
    low = v < -1
    high = v > 1
    out[low] = v[low] + 1
    out[high] = v[high] - 1
    return out


print(bands(x).sum().compute().round(8))
"""
    )
    followed = follow(text, tmp_path, "LZ205", "where")
    assert followed.new == ("out = da.where(low, v + 1, out)", "out = da.where(high, v - 1, out)")
    assert followed.after.printed == with_numpy(text, tmp_path)


def test_a_test_around_the_assignment_goes_with_it(tmp_path: Path) -> None:
    text = f"{X}y = x / 10\nok = x > 0\nif da.any(ok):\n    a = x[ok]\n    y[ok] = 2.0 / a**0.5\n"
    text += "print(y.sum().compute().round(8))\n"
    followed = follow(text, tmp_path, "LZ205", "where")
    assert followed.new == ("y = da.where(ok, 2.0 / da.where(ok, x, 1)**0.5, y)",)
    assert followed.after.printed == with_numpy(text, tmp_path)
    assert followed.after.executions == 1


def test_an_argument_that_others_look_at_is_not_rebound(tmp_path: Path) -> None:
    text = f"{X}\ndef fix(v):\n    m = v > 2\n    v[m] = v[m] * 2\n\n\ny = x + 0\nfix(y)\n"
    sketched(f"{text}print(y.sum().compute())\n", tmp_path, "LZ205", "where")


SELECTIONS = {
    "a median": (
        "pos = x[x > 0]\nprint(da.median(pos, axis=0).compute().round(8))",
        ("print(da.nanmedian(da.where(x > 0, x, da.nan), axis=0).compute().round(8))",),
    ),
    "a length": (
        "wet = x[x > 1]\nshare = len(wet) / len(x)\nprint(round(share, 8))",
        ("share = int(da.sum(x > 1)) / len(x)",),
    ),
    "a length as an integer": (
        "n = int(x[x > 1].shape[0])\nprint(n)",
        ("n = int(da.sum(x > 1))",),
    ),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_what_consumes_a_selection_decides_what_replaces_it(name: str, tmp_path: Path) -> None:
    body, new = SELECTIONS[name]
    followed = follow(f"{X}{body}\n", tmp_path, "LZ201", "where")
    assert followed.new == new
    assert followed.before.error is not None
    assert followed.after.printed == with_numpy(f"{X}{body}\n", tmp_path)


def test_nan_that_the_mask_selects_is_not_left_out(tmp_path: Path) -> None:
    text = f"{X}w = da.arange(12, chunks=4)\nprint(da.median(x[w > 3], axis=0).compute())\n"
    sketched(text, tmp_path, "LZ201", "where")


# Numbers and loops


def test_conversions_of_a_function_are_left_out_together(tmp_path: Path) -> None:
    text = (
        X
        + """
def normalised(v):
    lo = float(v.min())
    hi = float(v.max())
    return (v - lo) / (hi - lo)


print(normalised(x).mean().compute().round(8))
"""
    )
    followed = follow(text, tmp_path, "LZ104", "keep-0d")
    assert followed.new == ("lo = v.min()", "hi = v.max()")
    assert followed.after.printed == followed.before.printed
    assert followed.after.executions == 1


def test_a_number_that_is_shown_stays_a_number(tmp_path: Path) -> None:
    text = f'{X}top = float(x.max())\nprint(f"{{top:.3f}}")\nprint((x / top).sum().compute())\n'
    sketched(text, tmp_path, "LZ104", "keep-0d")


def test_python_goes_over_no_elements(tmp_path: Path) -> None:
    text = f"{X}print(any(v > 4 for v in x))\n"
    followed = follow(text, tmp_path, "LZ101", "vectorise")
    assert followed.new == ("print(bool(da.any(x > 4)))",)
    assert followed.after.printed == followed.before.printed
    assert followed.after.executions == 1


def test_a_convergence_loop_holds_its_state_and_what_it_reads(tmp_path: Path) -> None:
    text = (
        X
        + """
m = x.mean()
for _ in range(4):
    w = 1 / (1 + abs(x - m))
    new = (w * x).sum() / w.sum()
    if abs(new - m) < 1e-9:
        break
    m = new
print(m.compute().round(8))
"""
    )
    followed = follow(text, tmp_path, "LZ106", "persist")
    assert followed.new == ("x = x.persist()", "new = new.persist()")
    assert followed.after.printed == followed.before.printed
