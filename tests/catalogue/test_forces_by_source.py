"""Forces that the source explains: which code, which fixes in which order, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_programs import above_info, diagnosed

from lazyscope.catalogue.finding import Finding

HEAD = """
import dask.array as da
import numpy as np
from array_api_compat import is_lazy_array

x = da.random.default_rng(0).random(24, chunks=8)
y = da.random.default_rng(1).random((6, 4), chunks=(2, 4))
"""

OWN = ("LZ101", "LZ102", "LZ103", "LZ104", "LZ105", "LZ106", "LZ107", "LZ116", "LZ117")


def found_in(text: str, folder: Path) -> list[Finding]:
    """Findings about single lines, the first line first."""
    findings = [one for one in diagnosed(HEAD + text, folder).findings if one.code in (*OWN, "LZ199")]
    return sorted(findings, key=lambda one: one.forces)


def only(text: str, folder: Path) -> Finding:
    findings = found_in(text, folder)
    assert len(findings) == 1, [(one.code, one.why) for one in findings]
    return findings[0]


@pytest.mark.parametrize(
    ("text", "code", "technique", "words"),
    [
        (
            "if x.max() > x.mean():\n    a = 1\nelse:\n    a = 2\n",
            "LZ101",
            "where",
            "a = da.where(x.max() > x.mean(), 1, 2)",
        ),
        ("a = 1 if x.max() > 1 else 2\n", "LZ101", "where", "da.where(x.max() > 1, 1, 2)"),
        ("top = x.max()\nif top > 1:\n    top = 1\n", "LZ101", "clip", "top = da.minimum(top, 1)"),
        ("low = x.min()\nif 0 > low:\n    low = 0\n", "LZ101", "clip", "low = da.maximum(low, 0)"),
        ("a = max(x.max(), 1.0)\n", "LZ101", "clip", "da.maximum(x.max(), 1.0)"),
        ("a = min(0.5, x.sum())\n", "LZ101", "clip", "da.minimum(x.sum(), 0.5)"),
        ("a = not x.any()\n", "LZ101", "native-function", "~x.any()"),
        ("a = x.max() in (1, 2)\n", "LZ101", "native-function", "da.isin(x.max(), [1, 2])"),
        (
            "mode = 'a'\nif x.any() and mode == 'b':\n    x = x + 1\n",
            "LZ101",
            "reorder",
            "mode == 'b' and x.any()",
        ),
        (
            "def f(x):\n    if x.max() > 2:\n        return x\n    return -x\nf(x)\n",
            "LZ101",
            "where",
            "return da.where(x.max() > 2, x, -x)",
        ),
        (
            "bad = x < 0\nif bad.any():\n    x = da.where(bad, 0, x)\n",
            "LZ101",
            "where",
            "x = da.where(bad, 0, x)",
        ),
        ("bad = x < 0\nif bad.any():\n    x[bad] = 0\n", "LZ101", "where", "`x[bad] = 0` without the test"),
        (
            "if x.max() > 2 and not x.min() > 1:\n    a = 1\nelse:\n    a = 2\n",
            "LZ101",
            "where",
            "(x.max() > 2) & ~(x.min() > 1)",
        ),
        ("z = x / float(x.max())\n", "LZ104", "keep-0d", "keep `x.max()`"),
        ("z = x[int(x.argmax())]\n", "LZ104", "take-along-axis", "x.argmax()"),
        ("z = da.linspace(0, x.max(), 5)\n", "LZ104", "keep-0d", "(x.max() - 0) * da.linspace(0, 1, 5)"),
        (
            "z = np.interp(x, [0, 1], [0, 2])\n",
            "LZ105",
            "map-blocks",
            "`z = x.map_blocks(np.interp, [0, 1], [0, 2], dtype=float)` on line 7",
        ),
        (
            "z = np.trapezoid(x)\n",
            "LZ105",
            "native-function",
            "`z = ((x[1:] + x[:-1]) / 2).sum()` on line 7",
        ),
        (
            "z = np.linalg.det(y[:4].reshape(4, 2, 2))\n",
            "LZ105",
            "map-blocks",
            "run it on each matrix with `apply_gufunc`",
        ),
        (
            "a = da.stack([da.asarray(np.array([x.max(), x.min()]))])\n",
            "LZ103",
            "batch-compute",
            "`a = da.stack([da.asarray(np.array(da.compute(x.max(), x.min())))])` on line 7",
        ),
        ("a = max(x)\n", "LZ107", "vectorise", "`da.max(x)` instead of `max(x)`"),
        ("a = sorted(x)\n", "LZ107", "vectorise", "one expression of the whole array"),
        ("a = 3 in x\n", "LZ107", "vectorise", "one expression of the whole array"),
        ("a = [float(row.sum()) for row in y]\n", "LZ107", "vectorise", "`y.sum(axis=1).compute().tolist()`"),
        (
            "for i in range(x.shape[0]):\n    if x[i] > 0.5:\n        a = i\n",
            "LZ107",
            "vectorise",
            "compute all turns with one array expression",
        ),
        (
            "for k in da.unique(y).compute()[:3]:\n    n = int((y == k).sum())\n",
            "LZ107",
            "batch-compute",
            "(y == k).sum() for k in da.unique(y).compute()[:3]",
        ),
    ],
)
def test_the_code_and_the_first_fix(text: str, code: str, technique: str, words: str, tmp_path: Path) -> None:
    found = only(text, tmp_path)
    assert (found.code, found.fixes[0].technique) == (code, technique), found.fixes
    assert words in found.fixes[0].summary, found.fixes[0].summary


def test_a_test_that_leaves_a_loop_cannot_be_chosen_by_a_mask(tmp_path: Path) -> None:
    found = only("for n in range(3):\n    if x.sum() > 99:\n        break\n", tmp_path)
    assert [fix.technique for fix in found.fixes] == ["persist", "compute-once", "vectorise", "none"]
    assert "instead of the `break` that asks" in found.fixes[2].summary


# Value checks


@pytest.mark.parametrize(
    ("body", "guard"),
    [
        ("if (x < 0).any():\n        raise ValueError", "not is_lazy_array(x) and (x < 0).any()"),
        ("assert (x >= 0).all()", "assert is_lazy_array(x) or (x >= 0).all()"),
        (
            "if (x > 2).any() or (x < 0).any():\n        raise ValueError",
            "and ((x > 2).any() or (x < 0).any())",
        ),
    ],
)
def test_a_check_is_left_out_for_lazy_arrays(body: str, guard: str, tmp_path: Path) -> None:
    found = found_in(f"def f(x):\n    {body}\n    return x + 1\nf(x)\n", tmp_path)[0]
    assert (found.code, found.fixes[0].technique) == ("LZ102", "guard-lazy")
    assert guard in found.fixes[0].summary


def test_a_check_that_returns_where_all_is_well_is_left_out_in_the_other_direction(tmp_path: Path) -> None:
    text = """
def check_range(x):
    if (x >= 0).all():
        return
    raise ValueError("negative")

check_range(x)
"""
    found = only(text, tmp_path)
    assert found.code == "LZ102"
    assert "`if is_lazy_array(x) or (x >= 0).all():`" in found.fixes[0].summary


def test_a_check_by_a_function_that_returns_its_answer_is_a_check(tmp_path: Path) -> None:
    text = """
def is_fine(x):
    return bool((x >= 0).all())

if not is_fine(x):
    raise ValueError
"""
    assert only(text, tmp_path).code == "LZ102"


def test_nan_instead_of_an_exception_is_said_to_change_behaviour(tmp_path: Path) -> None:
    found = only("if (x < 0).any():\n    raise ValueError('negative')\nz = x + 1\n", tmp_path)
    second = found.fixes[1]
    assert second.technique == "propagate-nan"
    assert "x = da.where(x < 0, da.nan, x)" in second.summary
    assert "behaviour changes" in second.price


def test_of_several_checks_it_says_that_one_compute_is_enough(tmp_path: Path) -> None:
    text = """
def f(x):
    if (x < 0).any():
        raise ValueError
    if (x > 9).any():
        raise ValueError

f(x)
"""
    for found in found_in(text, tmp_path):
        assert "batch-compute" in [fix.technique for fix in found.fixes]


def test_a_number_that_is_checked_and_used_is_no_value_check(tmp_path: Path) -> None:
    text = "n = float(x.max())\nif n < 0:\n    raise ValueError\nz = x / n\n"
    assert only(text, tmp_path).code == "LZ104"


def test_a_warning_beside_work_keeps_the_work(tmp_path: Path) -> None:
    text = """
import warnings

bad = x < 0.5
if bad.any():
    x = da.where(bad, 0, x)
    warnings.warn("small values")
z = x + 1
"""
    found = only(text, tmp_path)
    assert found.code == "LZ101"
    edit = found.fixes[0].edit
    assert edit is not None
    new = [line for change in edit.changes for line in change.new]
    assert "if not is_lazy_array(bad) and bad.any():" in new
    assert "x = da.where(bad, 0, x)" in new


def test_a_cheap_condition_comes_first_in_a_check_too(tmp_path: Path) -> None:
    text = """
def f(x, policy="omit"):
    if (x < 0).any() and policy == "raise":
        raise ValueError

f(x)
"""
    found = only(text, tmp_path)
    assert (found.code, found.fixes[0].technique) == ("LZ102", "reorder")
    replacement = found.fixes[0].edit
    assert replacement is not None
    assert replacement.main.new == ('    if policy == "raise" and (x < 0).any():',)


# Lines for the user's file


def test_a_choice_that_reads_what_it_assigns_is_asked_once(tmp_path: Path) -> None:
    text = """
a, b = x.max(), x.min()
if a > b:
    a = b
    c = 1
else:
    a = a + 1
    c = 2
"""
    replacement = only(text, tmp_path).fixes[0].edit
    assert replacement is not None
    assert replacement.main.new == (
        "condition = a > b",
        "a = da.where(condition, b, a + 1)",
        "c = da.where(condition, 1, 2)",
    )
    lines = (tmp_path / "program.py").read_text().splitlines()
    assert lines[replacement.main.line - 1] == "if a > b:"
    assert lines[replacement.changes[-1].end_line - 1] == "    c = 2"


def test_a_choice_with_more_in_it_is_not_replaced_as_a_whole(tmp_path: Path) -> None:
    text = "if x.max() > 2:\n    a = 1\n    b = 3\nelse:\n    a = 2\n"
    found = only(text, tmp_path)
    assert found.fixes[0].technique == "where"
    assert found.fixes[0].edit is None


@pytest.mark.parametrize(
    "text",
    [
        "if x.max() > 2:\n    a = 'b'\nelse:\n    a = 'c'\n",
        "a = 'b' if x.max() > 2 else None\n",
        "def f(x):\n    if x.max() > 2:\n        return 'b'\n    return 'c'\nf(x)\n",
        "a = None\nif x.max() > 2:\n    a = 'b'\n",
    ],
)
def test_arrays_do_not_choose_between_texts(text: str, tmp_path: Path) -> None:
    assert "where" not in [fix.technique for fix in only(text, tmp_path).fixes]


# Conversions to NumPy


def test_functions_that_the_namespace_has_need_no_numpy(tmp_path: Path) -> None:
    found = only("def f(t):\n    t = np.asarray(t)\n    return np.cos(t) + np.exp(t)\nz = f(x)\n", tmp_path)
    assert (found.code, found.fixes[0].technique) == ("LZ103", "convert-input")
    assert found.fixes[0].summary == (
        "use `cos` and `exp` and `asarray` of `da` instead of NumPy's, for `t` and what is made of it"
    )


def test_compiled_code_is_wrapped(tmp_path: Path) -> None:
    text = """
from scipy.special import bdtr

def f(k):
    return da.asarray(bdtr(np.asarray(k), 5, 0.5))

z = f(da.floor(x * 5))
"""
    found = only(text, tmp_path)
    assert (found.code, found.fixes[0].technique) == ("LZ103", "lazy-apply")
    assert found.fixes[0].summary == "wrap `bdtr` with `lazy_apply` of array-api-extra"


@pytest.mark.parametrize(
    "text",
    [
        "print(np.asarray(x))\n",
        "def f(x):\n    return np.asarray(x)\nf(x)\n",
        "print(float(x.mean()))\n",
        "total = float(x.sum())\n",
        "np.save('out.npy', x)\n",
        "x = x.persist()\nwhile float(x.max()) > 0.1:\n    x = (x / 2).persist()\n",
        "x = x.persist()\nfor _ in '123':\n    x = (x / 2).persist()\n    if x.max() < 0.1:\n        break\n",
        "order = da.asarray(2)\nif order > 1:\n    pass\n",
    ],
)
def test_what_the_program_wants_is_no_more_than_info(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    diagnosis = diagnosed(HEAD + text, tmp_path)
    assert not above_info(diagnosis), [(one.code, one.why) for one in above_info(diagnosis)]
    assert diagnosis.findings


# Loops


def test_the_state_of_a_loop_that_grows_is_held_before_it_is_asked(tmp_path: Path) -> None:
    text = """
change = 1.0
while change > 1e-3:
    x_new = x / 3 + 1
    change = float(abs(x_new - x).max())
    x = x_new
"""
    found = only(text, tmp_path)
    assert found.code == "LZ106"
    assert found.fixes[0].technique == "persist"
    replacement = found.fixes[0].edit
    assert replacement is not None
    change = next(one for one in replacement.changes if one.new == ("    x_new = x_new.persist()",))
    lines = (tmp_path / "program.py").read_text().splitlines()
    assert lines[change.line - 1] == "    change = float(abs(x_new - x).max())"


def test_a_lazy_test_of_a_loop_names_what_the_turns_hand_on(tmp_path: Path) -> None:
    text = "x = x + 9\nwhile x.max() > 1:\n    x = x / 2\n"
    found = only(text, tmp_path)
    assert found.code == "LZ106"
    assert "`x = x.persist()` after `x = x / 2`" in found.fixes[0].summary


def test_data_that_every_turn_reads_are_held_before_the_loop(tmp_path: Path) -> None:
    text = """
z = da.zeros(24, chunks=8).persist()
for _ in range(20):
    z_new = (z / 2 + x).persist()
    if (x * 0 + abs(z_new - z)).max() < 1e-3:
        break
    z = z_new
"""
    found = only(text, tmp_path)
    assert found.code == "LZ106"
    assert "`x = x.persist()` after `x = " in found.fixes[0].summary
    assert "z" not in found.fixes[0].summary.split("=")[0]


def test_a_search_through_elements_is_no_convergence(tmp_path: Path) -> None:
    text = "def f(x):\n    for v in x:\n        if v > 2:\n            return v\nf(x)\n"
    assert only(text, tmp_path).code == "LZ107"


def test_different_arrays_one_after_the_other_are_no_loop_over_elements(tmp_path: Path) -> None:
    text = """
for seed in range(3):
    z = da.random.default_rng(seed).random(6, chunks=3)
    print(float(z.mean()))
"""
    assert "LZ107" not in [found.code for found in found_in(text, tmp_path)]


def test_arrays_that_are_written_out_are_no_loop_over_elements(tmp_path: Path) -> None:
    text = "for one in (x, y):\n    if (one < 0).any():\n        raise ValueError\n"
    assert only(text, tmp_path).code == "LZ102"


# Parameters


def test_a_parameter_that_is_not_given_is_named(tmp_path: Path) -> None:
    text = """
def binned(x, bins=4, limits=None):
    if limits is None:
        limits = float(x.min()), float(x.max())
    return da.histogram(x, bins=bins, range=limits)[0]

binned(x)
"""
    findings = found_in(text, tmp_path)
    assert [found.code for found in findings] == ["LZ116", "LZ116"]
    for found in findings:
        assert [fix.technique for fix in found.fixes] == ["persist", "choose-parameter", "keep-0d", "none"]
        assert found.fixes[0].edit is not None
        assert found.fixes[0].edit.main.new == ("x = x.persist()",)
        assert found.fixes[1].summary == "pass `limits=...` to `binned`, if you know it"


@pytest.mark.parametrize(
    "body",
    [
        "if n is None:\n        n = 3\n    return x / float(x.max()) * n",
        "if axis is None:\n        x = x / float(x.max())\n        axis = 0\n    return x",
        "if n is None:\n        if (x < 0).any():\n            raise ValueError\n        n = 1\n    return x",
    ],
)
def test_forces_beside_a_missing_parameter_are_not_blamed_on_it(body: str, tmp_path: Path) -> None:
    text = f"def f(x, n=None, axis=None):\n    {body}\nf(x)\n"
    assert "LZ116" not in [found.code for found in found_in(text, tmp_path)]


# Small constants


@pytest.mark.parametrize(
    "text",
    [
        "z = da.asarray([1, 2])\nif z.max() > 1:\n    a = 1\nelse:\n    a = 2\n",
        "k = da.asarray(2)\nif x.max() > k:\n    a = 1\nelse:\n    a = 2\n",
    ],
)
def test_data_of_the_users_are_no_constants_however_small(text: str, tmp_path: Path) -> None:
    assert only(text, tmp_path).code == "LZ101"


# Libraries


def test_in_a_library_the_callers_fixes_come_first(tmp_path: Path) -> None:
    text = """
import os
os.environ["SCIPY_ARRAY_API"] = "1"
import numpy as np
import dask.array as da
from scipy.cluster.vq import kmeans

obs = da.random.default_rng(0).random((40, 2), chunks=(10, 2))
guess = da.asarray(np.array([[0.0, 0.0], [1.0, 1.0]]))
kmeans(obs, guess)
"""
    findings = {found.code: found for found in diagnosed(text, tmp_path).findings}
    check, loop, conversion = findings["LZ102"], findings["LZ106"], findings["LZ103"]
    assert check.fixes[0].technique == "remove-check"
    assert "check_finite=False" in check.fixes[0].summary
    for found in (check, loop, conversion):
        audiences = [fix.audience for fix in found.fixes if fix.technique != "none"]
        assert audiences == sorted(audiences)
        assert audiences[0] == "caller"
    assert "library" in [fix.audience for fix in check.fixes]


def test_what_needs_the_number_is_not_to_be_computed_with_it(tmp_path: Path) -> None:
    """``widest`` must be known before ``x[widest]`` can be asked for; ``x.sum()`` needs nothing."""
    text = """
    import dask.array as da

    x = da.arange(12, chunks=4) % 5
    widest = int(x.argmax())
    print(float(x[widest]))
    print(float(x.sum()))
    """
    findings = diagnosed(text, tmp_path).findings
    widest, one_by_one = (
        next(one for one in findings if one.code == code and one.forces[0] == first)
        for code, first in (("LZ104", 1), ("LZ111", 2))
    )
    assert one_by_one.forces == (2, 3)
    assert [(fix.technique, fix.edit is None) for fix in one_by_one.fixes] == [
        ("persist", False),
        ("batch-compute", True),
    ]
    assert one_by_one.fixes[1].summary.startswith("collect the lazy results of lines 5 and 6 and compute")
    assert [(fix.technique, fix.edit is None) for fix in widest.fixes] == [
        ("persist", False),
        ("take-along-axis", True),
        ("batch-compute", True),
        ("none", True),
    ]
