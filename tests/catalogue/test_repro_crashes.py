"""Pairs of programs that raise on dask before a repair and stay lazy after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from example_programs import above_info, diagnosed, recorded

from lazyscope.analysis.cost import site_at
from lazyscope.catalogue.diagnose import diagnose
from shared_folder import SHARED

FOLDER = SHARED / "repro"
INDEX = FOLDER / "index.json"
PAIRS = json.loads(INDEX.read_text()) if INDEX.exists() else {}
RAISING = sorted(name for name, about in PAIRS.items() if about["before"] == "raises")

pytestmark = pytest.mark.skipif(not RAISING, reason="the shared pairs are not here")

CALL = """

import array_api_compat.dask.array as _dask
import numpy as _numpy


class _Chunked:
    def asarray(self, values):
        values = _numpy.asarray(values)
        return _dask.asarray(values, chunks=max(-(-values.shape[0] // 2), 1))


result = {function}(*make_inputs(_Chunked()), _dask)
"""


@pytest.mark.parametrize("name", RAISING)
def test_the_failing_line_has_an_accepted_fix_first_or_second(name: str, tmp_path: Path) -> None:
    text = (FOLDER / f"{name}.py").read_text()
    trace = recorded(text + CALL.format(function="before"), tmp_path)
    line = PAIRS[name]["error_line"][0]
    at_line = [
        found
        for found in diagnose(trace).findings
        if (site := site_at(trace, found.site)) is not None and site.line == line
    ]
    assert any(found.failures for found in at_line)
    techniques = {fix.technique for found in at_line for fix in found.fixes[:2]}
    assert techniques & set(PAIRS[name]["techniques"]), techniques


@pytest.mark.parametrize("name", RAISING)
def test_the_repaired_program_has_no_finding(name: str, tmp_path: Path) -> None:
    text = (FOLDER / f"{name}.py").read_text()
    found = above_info(diagnosed(text + CALL.format(function="after"), tmp_path))
    assert not found, [(one.code, one.why) for one in found]
