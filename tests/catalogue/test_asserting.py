"""Statements that are there to look at values: they are no checks on the way to a result."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_programs import above_info, diagnosed

from lazyscope.catalogue.finding import Finding

HEAD = """
import dask.array as da
import numpy as np
from numpy.testing import assert_, assert_allclose

x = da.random.default_rng(0).random(24, chunks=8)
held = x.persist()
"""


def findings(text: str, folder: Path) -> list[Finding]:
    return [one for one in diagnosed(HEAD + text, folder).findings if one.code != "LZ119"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("assert held.max() < 2\n", "LZ102"),
        ("def test_it():\n    assert (held < 2).all()\ntest_it()\n", "LZ102"),
        ("assert_(held.max() < 2)\n", "LZ101"),
        ("assert_allclose(held, held)\n", "LZ103"),
        ("if held.max() < 2:\n    print('small')\nelse:\n    print('large')\n", "LZ101"),
    ],
)
def test_what_looks_at_values_once_is_no_more_than_info(text: str, code: str, tmp_path: Path) -> None:
    diagnosis = diagnosed(HEAD + text, tmp_path)
    assert not above_info(diagnosis), [(one.code, one.why) for one in above_info(diagnosis)]
    assert code in {one.code for one in diagnosis.findings}


def test_an_assertion_of_what_is_computed_again_holds_it_and_is_not_guarded(tmp_path: Path) -> None:
    found = findings("assert (x < 2).all()\nassert (x > -1).all()\n", tmp_path)
    first = min((one for one in found if one.code == "LZ102"), key=lambda one: one.forces)
    assert first.title == "An assertion computes the array"
    assert "is asserted" in first.why
    techniques = [fix.technique for fix in first.fixes]
    assert techniques[:2] == ["persist", "batch-compute"]
    assert not {"guard-lazy", "propagate-nan"} & set(techniques)
    assert "in one `dask.compute`" in first.fixes[1].summary


def test_an_assert_on_the_way_to_a_result_is_a_check(tmp_path: Path) -> None:
    text = "def scaled(x):\n    assert (x < 2).all()\n    return x / 2\nscaled(x)\n"
    found = next(one for one in findings(text, tmp_path) if one.code == "LZ102")
    assert found.fixes[0].technique == "guard-lazy"


def test_lists_are_compared_after_their_elements_were_computed(tmp_path: Path) -> None:
    """Evaluating ``left == right`` is what computes: it cannot be handed to ``dask.compute``."""
    text = "left, right = [x.sum(), x.min()], [x.sum(), x.min()]\nassert left == right\n"
    found = next(one for one in findings(text, tmp_path) if one.code == "LZ102")
    batches = [fix.summary for fix in found.fixes if fix.technique == "batch-compute"]
    assert any("in one `dask.compute`" in summary for summary in batches)


def test_printing_and_more_is_a_decision(tmp_path: Path) -> None:
    text = "if held.max() < 2:\n    print('small')\n    held = held * 2\n"
    (found,) = findings(text, tmp_path)
    assert found.code == "LZ101"
    assert found.severity == "low"


def test_a_list_of_arrays_in_an_assertion_is_still_to_be_stacked(tmp_path: Path) -> None:
    text = "assert_allclose(held[:2], np.array([held.max(), held.min()]), atol=2)\n"
    (found,) = [one for one in findings(text, tmp_path) if "list of dask arrays" in one.why]
    assert (found.code, found.severity) == ("LZ103", "low")
    assert [fix.technique for fix in found.fixes] == ["batch-compute", "native-function"]
    assert found.fixes[0].edit is not None
    assert found.fixes[0].edit.main.new == (
        "assert_allclose(held[:2], np.array(da.compute(held.max(), held.min())), atol=2)",
    )
    assert found.fixes[1].summary == (
        "stack the elements of `[held.max(), held.min()]` with `stack` of `da`, which stays lazy"
    )
