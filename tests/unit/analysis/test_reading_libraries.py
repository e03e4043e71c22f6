"""Readings of lines of the installed SciPy and scikit-learn: they say what an expert would say.

Lines are found by their text; one that a version does not have is skipped.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import pytest

from lazyscope.analysis.reading import (
    Reading,
    in_loop,
    is_numpy_conversion,
    is_scalar_conversion,
    is_value_check,
    laziness,
    only_raises_or_warns,
    read,
)
from source_positions import CALL, TRUTH, Compiled


@lru_cache
def text_of(file: str) -> str:
    package = file.partition("/")[0]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return ""
    path = Path(spec.origin).parent.parent / file
    return path.read_text("utf-8") if path.exists() else ""


def library(file: str, line: str, expression: str, *opcodes: str, occurrence: int = 0) -> Reading:
    """The reading of an expression on a line of a library, given by its text."""
    text = text_of(file)
    lines = [n for n, found in enumerate(text.split("\n"), 1) if found.strip() == line]
    if len(lines) <= occurrence:
        pytest.skip(f"{file} has no such line here")
    number = lines[occurrence]
    source = Compiled(text, file, only_line=number)
    found = read(source.trace, source.at(expression, *opcodes, line=number))
    assert found is not None
    return found


VQ = "scipy/cluster/vq/_vq_impl.py" if text_of("scipy/cluster/vq/_vq_impl.py") else "scipy/cluster/vq.py"
HIERARCHY = "scipy/cluster/hierarchy/_hierarchy_impl.py"
STATS = "scipy/stats/_stats_py.py"
MORESTATS = "scipy/stats/_morestats.py"
ARRAY_API = "scipy/_lib/_array_api.py"
UTIL = "scipy/_lib/_util.py"

CHECKS = {
    "finite": (ARRAY_API, "if not xp.all(xp.isfinite(array)):", "xp.all(xp.isfinite(array))", None),
    "sklearn finite": ("sklearn/utils/validation.py", "if first_pass_isfinite:", "first_pass_isfinite", None),
    "sklearn nan": ("sklearn/utils/validation.py", "if has_inf or has_nan_error:", "has_inf", None),
    "sklearn weights": (
        "sklearn/utils/_array_api.py",
        "if xp.any(scale == 0.0):",
        "xp.any(scale == 0.0)",
        None,
    ),
    "whiten": (VQ, "if check_finite and xp.any(zero_std_mask):", "xp.any(zero_std_mask)", None),
    "hmean": (
        STATS,
        "if not is_lazy_array(negative_mask) and xp.any(negative_mask):",
        "xp.any(negative_mask)",
        "eager",
    ),
    "tmean": (STATS, "if not lazy and xp.all(mask):", "xp.all(mask)", "eager"),
    "nearly constant": (
        STATS,
        "if xp.any(nconst_xy & (~const_xy)):",
        "xp.any(nconst_xy & (~const_xy))",
        "eager",
    ),
    "fdr": (
        MORESTATS,
        "if not xp.all(ps == xp.clip(ps, 0., 1.)):",
        "xp.all(ps == xp.clip(ps, 0., 1.))",
        "eager",
    ),
    "linkage": (HIERARCHY, "if not lazy and not xp.all(xp.isfinite(y)):", "xp.all(xp.isfinite(y))", "eager"),
    "linkage in a block": (
        HIERARCHY,
        "if validate and not np.all(np.isfinite(y)):",
        "np.all(np.isfinite(y))",
        None,
    ),
    "boxcox": (MORESTATS, "if np.any(x <= 0):", "np.any(x <= 0)", None),
    "vector strength": (
        "scipy/signal/_signaltools.py",
        "if xp.any(period <= 0):",
        "xp.any(period <= 0)",
        None,
    ),
    "nan policy": (UTIL, "if contains_nan:", "contains_nan", "eager"),
}


@pytest.mark.parametrize(("file", "line", "expression", "reached_by"), CHECKS.values(), ids=CHECKS)
def test_checks_of_values(file: str, line: str, expression: str, reached_by: str | None) -> None:
    found = library(file, line, expression, *TRUTH)
    assert is_value_check(found)
    assert laziness(found) == reached_by


NO_CHECKS = {
    "sums of parts": (STATS, "if lazy or xp.any(mask):", "xp.any(mask)"),
    "nan rows": ("sklearn/utils/_array_api.py", "if xp.any(mask):", "xp.any(mask)"),
    "which sum": ("sklearn/utils/extmath.py", "if xp.any(X_nan_mask):", "xp.any(X_nan_mask)"),
    "skewness": (
        STATS,
        "if is_lazy_array(can_correct) or xp.any(can_correct):",
        "xp.any(can_correct)",
    ),
    "empty clusters": (VQ, "if not has_members.all():", "has_members.all()"),
    "convergence": (VQ, "while diff > thresh:", "diff > thresh"),
    "constant input": (MORESTATS, "if np.all(x == 0):", "np.all(x == 0)"),
    "integral": (
        "sklearn/utils/multiclass.py",
        "if xp.any(data != xp.astype(integral_data, y.dtype)):",
        "xp.any(data != xp.astype(integral_data, y.dtype))",
    ),
}


@pytest.mark.parametrize(("file", "line", "expression"), NO_CHECKS.values(), ids=NO_CHECKS)
def test_tests_that_decide_on_work_are_no_checks(file: str, line: str, expression: str) -> None:
    found = library(file, line, expression, *TRUTH)
    assert not is_value_check(found)
    assert not only_raises_or_warns(found)


def test_scipy_check_finite() -> None:
    found = library(ARRAY_API, "if not xp.all(xp.isfinite(array)):", "xp.all(xp.isfinite(array))", *TRUTH)
    assert found.test is not None
    assert (found.test.mask, found.test.negated, found.test.body.exception) == (
        "xp.isfinite(array)", True, "ValueError",
    )  # fmt: skip
    assert found.function is not None
    assert (found.function.name, found.function.returns_value) == ("_check_finite", False)


def test_scipy_kmeans_loop() -> None:
    found = library(VQ, "while diff > thresh:", "diff > thresh", *TRUTH)
    (loop,) = found.loops
    assert (found.role, loop.kind, loop.carried, loop.decides) == ("while", "while", ("diff",), True)
    assert found.function is not None
    assert found.function.name == "_kmeans"


@pytest.mark.parametrize(
    ("line", "expression", "kernel", "looped"),
    [
        ("np_obs = np.asarray(obs)", "np.asarray(obs)", "_vq.update_cluster_means", False),
        ("obs_code = np.asarray(obs_code)", "np.asarray(obs_code)", "_vq.update_cluster_means", True),
        ("c_obs = np.asarray(c_obs)", "np.asarray(c_obs)", "_vq.vq", False),
        ("c_code_book = np.asarray(c_code_book)", "np.asarray(c_code_book)", "_vq.vq", False),
        ("data = np.asarray(data)", "np.asarray(data)", "_vq.update_cluster_means", False),
    ],
)
def test_scipy_vq_converts_for_compiled_code(
    line: str, expression: str, kernel: str, *, looped: bool
) -> None:
    found = library(VQ, line, expression, *CALL)
    assert is_numpy_conversion(found)
    assert kernel in [callee.function for callee in found.passed_to]
    assert in_loop(found) is looped


def test_scipy_vq_has_an_option_for_its_check() -> None:
    found = library(VQ, "c_obs = np.asarray(c_obs)", "np.asarray(c_obs)", *CALL)
    assert found.function is not None
    assert [(p.name, p.default) for p in found.function.options] == [("check_finite", "True")]
    assert any("allow_dask_compute=True" in decorator for decorator in found.function.decorators)


def test_scipy_linkage_has_a_lazy_variant() -> None:
    line = "if not lazy and not xp.all(xp.isfinite(y)):"
    found = library(HIERARCHY, line, "xp.all(xp.isfinite(y))", *TRUTH)
    assert found.function is not None
    assert "is_lazy_array(y)" in found.function.lazy_branches
    assert any(branch.startswith("xpx.lazy_apply(cy_linkage") for branch in found.function.lazy_branches)


def test_scipy_kmeans2_counts_clusters() -> None:
    found = library(VQ, "nc = int(code_book)", "int(code_book)", *CALL)
    assert is_scalar_conversion(found)
    assert (found.targets, found.later_tests[0].text) == (("nc",), "nc < 1")


@pytest.mark.parametrize(
    ("file", "line", "mask"),
    [
        (STATS, "if is_lazy_array(can_correct) or xp.any(can_correct):", "can_correct"),
        (STATS, "if is_lazy_array(nan_out) or xp.any(nan_out):", "nan_out"),
        (STATS, "if lazy or xp.any(mask):", "mask"),
        ("sklearn/utils/_array_api.py", "if xp.any(mask):", "mask"),
    ],
)
def test_repairs_behind_a_test(file: str, line: str, mask: str) -> None:
    found = library(file, line, f"xp.any({mask})", *TRUTH)
    assert found.test is not None
    assert (found.test.reduction, found.test.mask, found.test.body.does) == ("any", mask, "masked update")


def test_sklearn_chooses_a_function() -> None:
    line = "if xp.any(X_nan_mask):"
    found = library("sklearn/utils/extmath.py", line, "xp.any(X_nan_mask)", *TRUTH)
    assert found.test is not None
    assert (found.test.body.does, found.test.in_both, found.test.mask_is) == ("assigns", (), "xp.isnan(X)")


def test_scipy_branches_by_a_lazy_question_of_its_own() -> None:
    line = "n_moments = 4 if is_lazy_array(order) else int(xp.max(order))"
    found = library(STATS, line, "int(xp.max(order))", *CALL)
    assert (laziness(found), found.outcome, found.targets) == ("eager", "assigned", ("n_moments",))
