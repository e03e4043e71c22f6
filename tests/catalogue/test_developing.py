"""``run --as PACKAGE``: the package's code is the developer's own, and the fixes are for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import os

os.environ["SCIPY_ARRAY_API"] = "1"
import dask.array as da
import numpy as np
from scipy.cluster.vq import kmeans

obs = da.from_array(np.arange(12.0).reshape(6, 2), chunks=(3, 2)) + 0
kmeans(obs, obs[:2] + 0)
"""


def finding(folder: Path, *options: str) -> dict[str, Any]:
    """The finding about SciPy's check for finite values."""
    (folder / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "lazyscope", "run", "-o", "t.lazy", "--overwrite", *options]
    subprocess.run([*command, "program.py"], cwd=folder, check=True, capture_output=True)
    shown = [sys.executable, "-m", "lazyscope", "report", "t.lazy", "--format", "json"]
    report = json.loads(subprocess.run(shown, cwd=folder, check=True, capture_output=True).stdout)
    (found,) = [one for one in report["findings"] if one["code"] == "LZ102"]
    return dict(found)


def test_the_developer_of_a_library_gets_the_fixes_for_the_library(tmp_path: Path) -> None:
    """Its caller gets those for the call first."""
    pytest.importorskip("scipy")
    for_caller, for_developer = finding(tmp_path), finding(tmp_path, "--as", "scipy")
    assert for_caller["site"]["code"] == for_developer["site"]["code"]
    assert for_caller["user_site"]["file"] == "program.py"
    assert for_caller["fixes"][0]["technique"] == "remove-check"
    (edit,) = for_caller["fixes"][0]["edits"]
    assert edit["old"] == ["kmeans(obs, obs[:2] + 0)"]
    assert edit["new"] == ["kmeans(obs, obs[:2] + 0, check_finite=False)"]
    assert [fix["audience"] for fix in for_caller["fixes"] if fix["technique"] == "guard-lazy"] == ["library"]
    assert for_developer["user_site"]["file"].startswith("scipy/")
    assert for_developer["fixes"][0]["technique"] == "guard-lazy"
    assert {fix["audience"] for fix in for_developer["fixes"]} == {"caller"}
