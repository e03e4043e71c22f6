"""Programs made at random are the same with a trace as without one."""

from __future__ import annotations

from pathlib import Path

import pytest
from random_programs import compare


@pytest.mark.parametrize("tens", range(6))
def test_a_trace_changes_nothing(tmp_path: Path, tens: int) -> None:
    """Neither results, keys, exceptions, warnings, output nor executions, and all is restored afterwards."""
    for number in range(10 * tens, 10 * tens + 10):
        program, found, compared = compare(1, number, tmp_path)
        assert found == [], f"{program.path}\n\n{program.source}\n" + "\n".join(one.what for one in found)
        assert compared["compared"] > 0
