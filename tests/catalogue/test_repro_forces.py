"""Pairs of programs that force before a rewrite by experts and stay lazy after it."""

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
FORCING = sorted(name for name, about in PAIRS.items() if about["before"] == "forces")

pytestmark = pytest.mark.skipif(not FORCING, reason="the shared pairs are not here")

CALL = """

import array_api_compat.dask.array as _dask

result = {function}(*make_inputs(_dask), _dask)
"""


@pytest.mark.parametrize("name", FORCING)
def test_each_forcing_line_has_an_accepted_fix_first_or_second(name: str, tmp_path: Path) -> None:
    text = (FOLDER / f"{name}.py").read_text()
    trace = recorded(text + CALL.format(function="before"), tmp_path)
    assert len(trace.forces) == PAIRS[name]["forces_before"]
    for line, _ in PAIRS[name]["force_lines"]:
        at_line = [
            found
            for found in above_info(diagnose(trace))
            if (site := site_at(trace, found.site)) is not None and site.line == line and found.owns_forces
        ]
        assert [found.code for found in at_line] not in ([], ["LZ199"])
        techniques = {fix.technique for found in at_line for fix in found.fixes[:2]}
        assert techniques & set(PAIRS[name]["techniques"]), techniques


@pytest.mark.parametrize("name", FORCING)
def test_the_rewritten_program_has_no_finding(name: str, tmp_path: Path) -> None:
    text = (FOLDER / f"{name}.py").read_text()
    found = above_info(diagnosed(text + CALL.format(function="after"), tmp_path))
    assert not found, [(one.code, one.why) for one in found]
