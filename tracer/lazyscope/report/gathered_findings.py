"""The findings of many tests as one list."""

from __future__ import annotations

from lazyscope.catalogue.severity import ORDER
from lazyscope.report.json_report import Document

NAMED_TESTS = 20
"""Tests that a finding names."""


class GatheredFindings:
    """The findings of many tests; those with one fingerprint are one.

    Its text is that of the test in which it cost most.
    """

    def __init__(self) -> None:
        self._found: dict[str, Document] = {}

    def add(self, part: Document) -> None:
        """Take the findings of a test, and have its events refer to the whole's."""
        ids = {found["id"]: self._add(found, part["nodeid"]) for found in part["findings"]}
        for found in part["findings"]:
            if found["follows"] is not None:
                self._found[found["fingerprint"]]["follows"] = ids[found["follows"]]
        for event in (*part["forces"], *part["unknown_shapes"], *part["failures"]):
            event["finding"] = ids.get(event["finding"])

    def _add(self, found: Document, nodeid: str) -> str:
        known = self._found.get(found["fingerprint"])
        if known is None:
            whole = {**found, "id": f"F{len(self._found) + 1}", "tests": 1, "nodeids": [nodeid]}
            # Ids of events count within a test.
            whole |= {"forces": [], "failures": [], "unknown_shapes": [], "follows": None}
            # Bounds of several tests cannot be added: they share no force.
            whole["if_not_forced"] = None
            self._found[found["fingerprint"]] = whole
            return str(whole["id"])
        if (found["at_stake"] or 0.0) > (known["at_stake"] or 0.0):
            known |= {name: found[name] for name in ("why", "fixes", "site", "user_site", "depends_on")}
        known["severity"] = min(known["severity"], found["severity"], key=ORDER.index)
        known["occurrences"] += found["occurrences"]
        known["tests"] += 1
        known["nodeids"] = [*known["nodeids"], nodeid][:NAMED_TESTS]
        known["at_stake"] = _sum(known["at_stake"], found["at_stake"])
        own, more = known["cost"], found["cost"]
        known["cost"] = {name: _sum(own[name], more[name]) for name in own} | {"share": None}
        return str(known["id"])

    def documents(self) -> list[Document]:
        """All of them, what cost most first."""
        return sorted(
            self._found.values(),
            key=lambda one: (ORDER.index(one["severity"]), -(one["at_stake"] or 0.0)),
        )


def _sum(one: float | None, other: float | None) -> float | None:
    """Of what is known."""
    known = [number for number in (one, other) if number is not None]
    return round(sum(known), 6) if known else None
