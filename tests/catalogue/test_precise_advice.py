"""What advice must not say: variables that are no arrays, kernels that are none, names without a value."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_programs import diagnosed

from lazyscope.catalogue.finding import Finding

HEAD = """
import dask.array as da
import numpy as np
from array_api_compat import is_lazy_array

x = da.random.default_rng(0).random(24, chunks=8)
"""

SCIPY = """
import os
os.environ["SCIPY_ARRAY_API"] = "1"
import numpy as np
import dask.array as da
from scipy.cluster.vq import kmeans, vq
from scipy.cluster.hierarchy import is_valid_linkage, to_tree

data = da.random.default_rng(0).random((40, 2), chunks=(10, 2))
guess = da.asarray(np.array([[0.0, 0.0], [1.0, 1.0]]))
"""


def found_in(text: str, folder: Path, *codes: str) -> list[Finding]:
    return [one for one in diagnosed(text, folder).findings if one.code in codes]


def first_of(found: Finding, technique: str) -> str:
    return next(fix.summary for fix in found.fixes if fix.technique == technique)


# The caller's variables


def test_only_arrays_that_the_call_mentions_are_computed_first(tmp_path: Path) -> None:
    text = SCIPY + "again = data * 2\nkmeans(data[:, :1] + 0, guess[:, :1], thresh=1e-3)\n"
    for found in found_in(text, tmp_path, "LZ102", "LZ103", "LZ106"):
        summary = first_of(found, "compute-once")
        assert "again" not in summary
        assert "thresh =" not in summary


def test_a_number_is_not_computed_though_it_is_the_only_variable(tmp_path: Path) -> None:
    text = SCIPY + "k = 2\nkmeans(data[:, :1], k, seed=1)\n"
    (found,) = found_in(text, tmp_path, "LZ102")
    assert "k = k.compute()" not in first_of(found, "compute-once")
    assert "kmeans(data[:, :1].compute(), k, seed=1)" in first_of(found, "compute-once")


# Kernels


def test_the_kernel_is_named_as_it_is_called(tmp_path: Path) -> None:
    text = SCIPY + "codes = vq(data, guess)\n"
    summaries = [first_of(one, "lazy-apply") for one in found_in(text, tmp_path, "LZ103")]
    assert any("`_vq.vq`" in summary for summary in summaries)


def test_a_function_of_python_is_no_kernel(tmp_path: Path) -> None:
    text = (
        HEAD
        + """
import textwrap

def checked(values):
    return values

def f(t):
    t = np.asarray(t)
    return checked(t)[::-1]

f(x)
"""
    )
    (found,) = found_in(text, tmp_path, "LZ103")
    summary = first_of(found, "lazy-apply")
    assert "checked" not in summary
    assert summary.startswith("wrap what needs NumPy")


# Checks


def test_the_guard_asks_the_array_and_not_what_holds_it(tmp_path: Path) -> None:
    text = (
        HEAD
        + """
from types import SimpleNamespace

def refuse(result):
    if (result.low < 0).any():
        raise ValueError
    return result

refuse(SimpleNamespace(low=x))
"""
    )
    (found,) = found_in(text, tmp_path, "LZ102")
    # Nothing is known of attributes: no code names what is not recorded.
    assert found.fixes[0].is_sketch


def test_checks_of_a_library_are_not_said_to_need_values_for_its_result(tmp_path: Path) -> None:
    text = (
        SCIPY
        + """
Z = da.asarray(np.array([[0.0, 1.0, 0.5, 2.0], [2.0, 3.0, 0.7, 3.0]]))
for _ in range(3):
    is_valid_linkage(Z, throw=True)
    Z = Z + 0
to_tree(Z)
"""
    )
    for found in found_in(text, tmp_path, "LZ108"):
        assert "checks values" in found.why
        techniques = [fix.technique for fix in found.fixes]
        assert "guard-lazy" in techniques
        assert "lazy-apply" not in techniques
        assert "batch-compute" not in techniques, "the program's loop goes on between them"


# Choices


def test_what_only_the_body_reads_is_computed_without_a_choice(tmp_path: Path) -> None:
    text = (
        HEAD
        + """
def f(x):
    q = x * 1
    if x.max() > 0.1:
        top = x[:3] * 2
        q = q + top.sum()
    return q

f(x)
"""
    )
    (found,) = found_in(text, tmp_path, "LZ101")
    # The old value has twelve elements and so has the new one: that is not known of the parts.
    assert "compute both ways" in first_of(found, "where")


@pytest.mark.parametrize(("comparison", "joined"), [("0 < x.max() < 1", True), ("x.max() < 1", False)])
def test_only_a_chain_is_taken_apart(comparison: str, joined: bool, tmp_path: Path) -> None:
    text = (
        HEAD
        + f"""
class Node:
    def __init__(self, height):
        self.height = height

    def __eq__(self, other):
        return self.height == other.height

a, b = Node(x.max()), Node(x.min())
both = {comparison if joined else "a != b"}
again = x.sum().compute()
"""
    )
    (found,) = found_in(text, tmp_path, "LZ101")
    assert any("`(0 < x.max()) & (x.max() < 1)`" in fix.summary for fix in found.fixes) is joined


def test_arms_that_do_more_than_assign_are_not_first_of_all_a_where(tmp_path: Path) -> None:
    text = (
        HEAD
        + """
names = []

def f(x):
    if x.max() > 0.1:
        names.append("high")
    else:
        names.append("low")
    return x

f(x)
"""
    )
    (found,) = found_in(text, tmp_path, "LZ101")
    assert found.fixes[0].technique != "where"


def test_a_variable_without_a_value_before_is_not_chosen(tmp_path: Path) -> None:
    text = (
        HEAD
        + """
def best_of(x, least):
    part = x + 1
    if part.sum() < least:
        best = part * 2
        least = part.mean()
    return best, least

best_of(x, 1e9)[0].sum().compute()
"""
    )
    (found,) = found_in(text, tmp_path, "LZ101")
    assert all(fix.is_sketch for fix in found.fixes if fix.technique == "where")


# Loops


def test_a_comparison_with_a_number_is_not_about_labels(tmp_path: Path) -> None:
    text = HEAD + "found = []\nfor part in x:\n    if part == 0.5:\n        found = [part]\n"
    for found in found_in(text, tmp_path, "LZ107"):
        assert not any("labels" in fix.summary for fix in found.fixes)


def test_indices_are_not_elements(tmp_path: Path) -> None:
    text = (
        HEAD
        + """
from itertools import product

grid = x.reshape(6, 4)
for i, j in product(range(6), range(4)):
    if grid[i, j] > 2:
        grid = grid + 0
"""
    )
    found = next(one for one in found_in(text, tmp_path, "LZ107"))
    assert "with one array expression" in first_of(found, "vectorise")


# Repeated requests


def test_a_library_is_not_to_keep_what_several_calls_ask_for(tmp_path: Path) -> None:
    text = SCIPY + "for _ in range(4):\n    kmeans(data * 2, guess, seed=1)\n"
    for found in found_in(text, tmp_path, "LZ404"):
        assert all(fix.audience == "caller" for fix in found.fixes)


def test_an_object_of_several_arrays_cannot_be_held(tmp_path: Path) -> None:
    text = (
        SCIPY
        + """
from scipy import stats

result = stats.ttest_1samp(data, 0.5)
largest = float(result.pvalue.max())
print((result.pvalue / largest).sum().compute())
"""
    )
    summaries = [fix.summary for one in diagnosed(text, tmp_path).findings for fix in one.fixes]
    assert len(summaries) > 2
    assert not any("result.persist()" in summary for summary in summaries)
