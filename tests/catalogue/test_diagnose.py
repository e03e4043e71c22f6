"""The diagnosis: one owner for every force, grouping, severity, order, what follows from what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.catalogue import entries
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.entries import Entry
from lazyscope.catalogue.finding import Diagnosis, Discovery, Fix, Match
from lazyscope.catalogue.severity import severity
from lazyscope.model.trace import TraceData
from trace_builder import TraceBuilder

USER = """
def main():
    result = f(x)
    other = f(y)
    total = x.sum().compute()
"""
LIBRARY = """
def f(x):
    if bool(x.any()):
        raise ValueError
    y = np.asarray(x)
    return g(y)
"""


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", USER)
    build.source("lib/core.py", LIBRARY, role="library", distribution="lib 1.0")
    return build


def entry(code: str, **matchers: object) -> Entry:
    """An entry of a catalogue made for a test."""
    return replace(
        Entry(code, code, "", "", "", None, None, None),
        **matchers,  # type: ignore[arg-type]
    )


def catalogue(monkeypatch: pytest.MonkeyPatch, *forces: Entry, whole: tuple[Entry, ...] = ()) -> None:
    """Replace the catalogue."""
    monkeypatch.setattr(entries, "for_forces", lambda: forces)
    monkeypatch.setattr(entries, "for_failures", lambda: ())
    monkeypatch.setattr(entries, "for_traces", lambda: whole)


def says(technique: str, **fields: object) -> Match:
    """A match with one fix for the caller."""
    fix = Fix(technique, "do it", "nothing")  # type: ignore[arg-type]
    return Match("because", (fix,), **fields)  # type: ignore[arg-type]


def described(diagnosis: Diagnosis) -> list[tuple[str, str, tuple[int, ...], str | None]]:
    return [(one.id, one.code, one.forces, one.follows) for one in diagnosis.findings]


def test_forces_are_one_finding_for_each_line_of_the_user_and_site(
    build: TraceBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same library line reached from another user line is another finding."""
    site = build.at("lib/core.py", "bool(x.any())")
    first, second = build.at("program.py", "f(x)"), build.at("program.py", "f(y)")
    for user, seconds in ((first, 1.0), (second, 0.5), (first, 0.25)):
        build.force(site, "__bool__", user_site=user, entry="lib.f", seconds=seconds, tasks=4, repeated=1)
    catalogue(monkeypatch, entry("LZ101", match_force=lambda _: says("where")))
    found = diagnose(build.end().trace())
    assert described(found) == [("F1", "LZ101", (1, 3), None), ("F2", "LZ101", (2,), None)]
    assert [one.occurrences for one in found.findings] == [2, 1]
    assert found.findings[0].cost.self_seconds == 1.25
    assert (found.findings[0].cost.tasks, found.findings[0].cost.tasks_repeated) == (8, 2)
    assert {number: one.id for number, one in found.of_force.items()} == {1: "F1", 2: "F2", 3: "F1"}


def test_a_force_belongs_to_the_first_entry_that_knows_it(
    build: TraceBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later ones are not asked."""
    build.force(build.at("program.py", "x.sum().compute()"), "compute", seconds=1)

    def never(evidence: ForceEvidence) -> Match | None:
        raise AssertionError(evidence)

    catalogue(
        monkeypatch,
        entry("LZ101", match_force=lambda _: None),
        entry("LZ102", match_force=lambda _: says("where")),
        entry("LZ103", match_force=never),
    )
    found = diagnose(build.end().trace())
    assert described(found) == [("F1", "LZ102", (1,), None)]
    assert found.broken == ()


def test_an_entry_that_fails_is_named_and_the_others_speak(
    build: TraceBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else is lost."""
    build.force(build.at("program.py", "x.sum().compute()"), "compute", seconds=1)

    def broken(_: object) -> Match | None:
        raise KeyError("x")

    catalogue(
        monkeypatch,
        entry("LZ101", match_force=broken),
        entry("LZ199", match_force=lambda _: says("none")),
        whole=(entry("LZ401", find=broken),),
    )
    found = diagnose(build.end().trace())
    assert described(found) == [("F1", "LZ199", (1,), None)]
    assert found.broken == ("LZ401 (KeyError: 'x')", "LZ101 (KeyError: 'x')")


def test_what_a_call_forced_besides_goes_away_with_a_fix_that_ends_it_all(
    build: TraceBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the forces of another call, nor the user's own."""
    check, convert = build.at("lib/core.py", "bool(x.any())"), build.at("lib/core.py", "np.asarray(x)")
    first, second = build.at("program.py", "f(x)"), build.at("program.py", "f(y)")
    build.force(check, "__bool__", user_site=first, entry="lib.f", seconds=0.01)
    build.force(convert, "__array__", user_site=first, entry="lib.f", seconds=0.04)
    build.force(check, "__bool__", user_site=second, entry="lib.f", seconds=0.03)
    build.force(build.at("program.py", "x.sum().compute()"), "compute", seconds=0.02)

    def by_trigger(evidence: ForceEvidence) -> Match:
        return says({"__array__": "compute-once", "__bool__": "remove-check"}.get(evidence.trigger, "none"))

    catalogue(monkeypatch, entry("LZ103", match_force=by_trigger))
    found = diagnose(build.end().trace())
    assert described(found) == [
        ("F1", "LZ103", (2,), None),
        ("F1a", "LZ103", (1,), "F1"),
        ("F2", "LZ103", (3,), None),
        ("F3", "LZ103", (4,), None),
    ]
    assert found.findings[1].actionability == "follow-on"


def test_a_finding_about_forces_of_others_has_no_share_of_its_own(
    build: TraceBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is ranked by what it would save; what it leads to follows it."""
    line = build.at("program.py", "x.sum().compute()")
    for _ in range(3):
        build.force(line, "compute", seconds=1, tasks=4, repeated=4)

    def find(trace: TraceData) -> list[Discovery]:
        return [
            Discovery(says("persist"), line, line, forces=(2, 3), at_stake=2.0, tasks=5, leads_to=(1, 2, 3))
        ]

    expected = says("none", expected=True)
    catalogue(
        monkeypatch,
        entry("LZ119", match_force=lambda _: expected),
        whole=(entry("LZ110", find=find),),
    )
    again, own = diagnose(build.end().trace()).findings
    assert (again.code, again.severity, again.at_stake, again.cost.tasks) == ("LZ110", "high", 2.0, 5)
    assert (again.cost.self_seconds, again.cost.share, again.cost.seconds) == (0.0, 0.0, 2.0)
    assert (own.code, own.severity, own.cost.share, own.follows) == ("LZ119", "info", 1.0, "F1")


@pytest.mark.parametrize(
    ("at_stake", "program", "expected"),
    [
        (10.0, 1e6, "high"),
        (9.9, 1e6, "medium"),
        (1.0, 4.0, "high"),
        (1.0, 4.1, "medium"),
        (0.99, 1.0, "medium"),
        (0.1, 2.0, "medium"),
        (0.1, 2.1, "low"),
        (0.09, 0.09, "low"),
        (0.0, 0.0, "low"),
    ],
)
def test_severity_has_the_thresholds_of_the_documentation(
    at_stake: float, program: float, expected: str
) -> None:
    """At least so many seconds, or so many that are at least such a part."""
    assert severity(at_stake, program) == expected


def test_the_force_that_killed_the_program_comes_first(
    build: TraceBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little it had cost by then, and although the program wanted it."""
    site, user = build.at("lib/core.py", "np.asarray(x)"), build.at("program.py", "f(x)")
    build.force(site, "__array__", user_site=user, entry="lib.f", seconds=60)
    build.begin(build.at("program.py", "x.sum().compute()"), "compute")
    catalogue(
        monkeypatch, entry("LZ119", match_force=lambda e: says("none", expected=e.trigger == "compute"))
    )
    killed, other = diagnose(build.wait(0.01).trace()).findings
    assert (killed.forces, killed.severity) == ((2,), "high")
    assert (other.forces, other.severity) == ((1,), "high")
