"""What is left when a program is killed at a random moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from killed_programs import kill


@pytest.mark.parametrize("number", range(8))
def test_what_was_written_before_a_kill_can_be_read(tmp_path: Path, number: int) -> None:
    """Every force that had begun is in the trace, and `show` names the one that was running."""
    assert kill(f"1-{number}", tmp_path).wrong == []
