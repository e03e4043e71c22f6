"""Where programs with verified truth are, which do not belong to the repository."""

from __future__ import annotations

import os
from pathlib import Path

SHARED = Path(os.environ.get("LAZYSCOPE_SHARED") or Path(__file__).resolve().parents[2] / "shared")
"""``../shared`` or LAZYSCOPE_SHARED; tests that need it are skipped where it does not exist."""
