"""The findings of many tests as one list."""

from __future__ import annotations

from typing import Any

from lazyscope.report.gathered_findings import NAMED_TESTS, GatheredFindings
from lazyscope.report.json_report import to_document
from trace_builder import TraceBuilder

TEXT = "def main():\n    total = float(x.sum())\n    y = x.sum().compute()\n"


def part(nodeid: str, *forces: tuple[str, float]) -> dict[str, Any]:
    """What a test has to say that forced these expressions for so many seconds."""
    build = TraceBuilder("test_it.py")
    build.source("test_it.py", TEXT)
    for expression, seconds in forces:
        trigger = "__float__" if expression.startswith("float") else "compute"
        build.force(build.at("test_it.py", expression), trigger, seconds=seconds, tasks=3)
    return {"nodeid": nodeid, **to_document(build.end().trace())}


def test_findings_of_one_fingerprint_are_one() -> None:
    """Their costs are summed, the text is that of the dearest, the worst severity counts."""
    gathered = GatheredFindings()
    gathered.add(part("a", ("float(x.sum())", 0.001)))
    gathered.add(part("b", ("float(x.sum())", 20.0), ("float(x.sum())", 1.0)))
    (found,) = gathered.documents()
    assert (found["tests"], found["nodeids"], found["occurrences"]) == (2, ["a", "b"], 3)
    assert found["severity"] == "high"
    assert found["cost"]["self_seconds"] == found["at_stake"] == 21.001
    assert found["cost"]["tasks"] == 9
    assert found["cost"]["share"] is None
    assert (found["forces"], found["failures"], found["unknown_shapes"]) == ([], [], [])


def test_events_of_every_test_refer_to_the_whole_list() -> None:
    """Ids differ from those within a test; the dearest comes first whatever its id."""
    gathered = GatheredFindings()
    first = part("a", ("x.sum().compute()", 5.0))
    second = part("b", ("float(x.sum())", 20.0), ("x.sum().compute()", 5.0))
    gathered.add(first)
    gathered.add(second)
    float_, compute = gathered.documents()
    assert float_["id"] == "F2"
    assert [force["finding"] for force in first["forces"]] == [compute["id"]]
    assert [force["finding"] for force in second["forces"]] == [float_["id"], compute["id"]]


def test_only_the_first_tests_are_named() -> None:
    """All are counted."""
    gathered = GatheredFindings()
    for number in range(NAMED_TESTS + 5):
        gathered.add(part(f"test_{number}", ("float(x.sum())", 0.1)))
    (found,) = gathered.documents()
    assert found["tests"] == NAMED_TESTS + 5
    assert found["nodeids"] == [f"test_{number}" for number in range(NAMED_TESTS)]
