"""The shared cases, small programs with verified truth, through ``lazyscope run`` and the JSON report.

On SciPy 1.18 the truth is in the head of each case; on others it is what the independent checker beside
the cases observes in this interpreter. The number of repeated tasks is the checker's on all of them.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from shared_folder import SHARED

OBSERVED = (
    "forces", "sites", "user_sites", "kind", "raises", "recomputed", "unknown_chunks_origin",
    "unknown_chunks_user_line",
)  # fmt: skip


Reported: TypeAlias = tuple[Path, dict[str, Any]]


FOLDER = SHARED / "cases"
CASES = sorted(FOLDER.glob("case[0-9][0-9].py")) if (FOLDER / "verify.py").exists() else []

pytestmark = pytest.mark.skipif(not CASES, reason="the shared cases are not here")


def head(case: Path) -> dict[str, Any]:
    """The JSON object in the leading comment block of a case."""
    lines = []
    for line in case.read_text().splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    found: dict[str, Any] = json.loads("\n".join(lines))
    return found


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the independent checker observes here, by the name of the case."""
    out = tmp_path_factory.mktemp("observed") / "observed.json"
    verify = CASES[0].with_name("verify.py")
    subprocess.run([sys.executable, str(verify), "--json", str(out)], capture_output=True, check=False)
    found: dict[str, Any] = json.loads(out.read_text())["cases"]
    return found


def report_of(case: Path, trace: Path) -> dict[str, Any]:
    """Run a case traced and read the report; the program's own status is not ours to judge."""
    environment = os.environ | head(case).get("env", {})
    command = [sys.executable, "-m", "lazyscope"]
    run = subprocess.run(
        [*command, "run", "-o", str(trace), str(case)], env=environment, capture_output=True, text=True
    )
    assert "lazyscope failed" not in run.stderr
    report = subprocess.run(
        [*command, "report", str(trace), "--format", "json"], capture_output=True, text=True, check=True
    )
    document: dict[str, Any] = json.loads(report.stdout)
    assert (run.returncode == 0) == (document["program"]["exception"] is None)
    return document


def as_observed(document: dict[str, Any], case: Path) -> dict[str, Any]:
    """A report in the words of the checker."""

    def site(found: dict[str, Any] | None) -> list[str] | None:
        if found is None:
            return None
        own = found["file"].endswith(case.name)
        return [case.name if own else found["file"], found["function"].rpartition(".")[2], found["code"]]

    forces, unknown = document["forces"], document["unknown_shapes"]
    return {
        "forces": len(forces),
        "sites": [site(f["site"]) for f in forces],
        "user_sites": [site(f["user_site"]) for f in forces],
        "kind": [f["trigger"] for f in forces],
        "raises": document["program"]["exception"],
        "recomputed": any(f["tasks_repeated"] for f in forces),
        "unknown_chunks_origin": unknown[0]["site"]["code"] if unknown else None,
        "unknown_chunks_user_line": unknown[0]["user_site"]["code"] if unknown else None,
    }


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.stem)
def reported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """A case and the report of it."""
    return request.param, report_of(request.param, tmp_path_factory.mktemp("case") / "case.lazy")


def test_case(reported: Reported, observed: dict[str, Any]) -> None:
    """Forces, sites, triggers, exception, unknown shapes and repeated tasks are as verified."""
    case, document = reported
    got = as_observed(document, case)
    seen = observed[case.stem]
    truth = head(case)["expected"] if importlib.metadata.version("scipy").startswith("1.18.") else seen
    assert {key: got[key] for key in OBSERVED} == {key: truth[key] for key in OBSERVED}
    assert sum(f["tasks_repeated"] for f in document["forces"]) == seen["recomputed_task_runs"]
    assert [f["tasks"] for f in document["forces"]] == seen["tasks_per_force"]
    assert document["totals"]["unattributed_forces"] == 0
    assert document["program"]["ended"] == ("ok" if got["raises"] is None else "exception")
    assert [b for b in document["blind_spots"] if "lazyscope" in b] == []


def test_the_first_findings_offer_a_fix_that_experts_accept(reported: Reported) -> None:
    """Among the first two fixes of the first two; a control has no finding that wants mending."""
    case, document = reported
    accepted, findings = head(case)["accepted_fixes"], document["findings"]
    offered = [fix["technique"] for one in findings[:2] for fix in one["fixes"][:2]]
    assert set(accepted) & set(offered), (accepted, offered)
    if accepted == ["none"]:
        assert all(one["severity"] == "info" for one in findings)
