"""What forces cost, in total and site by site."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazyscope.analysis import cost
from sample_traces import killed, kmeans
from trace_builder import TraceBuilder

SOURCE = """
def main():
    a = f(x) + g(x)
    b = f(x)
"""


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", SOURCE)
    build.source("library.py", "def f(x):\n    return bool(x)\n", role="library")
    return build


def test_totals_add_up_all_forces() -> None:
    """K-means: 17 forces, each task counted, 1.84 MB back."""
    found = cost.totals(kmeans().trace())
    assert found.forces == 17
    assert found.calls == 71
    assert found.tasks == 23 + 5 + 10 + 4 * 22 + 3 + 42 + 51 + 60
    assert found.tasks_repeated == 1 + 10 + 4 * 11 + 3 * 31
    assert found.bytes == 2 + 320_000 + 4 * 320_032 + 3 * 80_001
    assert found.unattributed_forces == 0
    assert found.forced_seconds == pytest.approx(0.305 + 0.288 + 4 * 0.453 + 0.003 + 3 * 0.612 + 3)


def test_a_trace_without_forces_brought_nothing_back(build: TraceBuilder) -> None:
    """Nothing came back, and that is known."""
    found = cost.totals(build.end().trace())
    assert (found.forces, found.bytes, found.forced_seconds) == (0, 0, 0.0)


def test_bytes_are_the_sum_of_what_is_known(build: TraceBuilder) -> None:
    """A force of unknown size is left out of the sum."""
    line = build.at("program.py", "f(x)")
    build.force(line, "compute", seconds=1, size=None)
    build.force(line, "compute", seconds=1, size=100)
    assert cost.totals(build.end().trace()).bytes == 100


def test_bytes_are_unknown_if_nothing_is_known(build: TraceBuilder) -> None:
    """Unknown is None, never 0."""
    build.force(build.at("program.py", "f(x)"), "compute", seconds=1, size=None)
    assert cost.totals(build.end().trace()).bytes is None


def test_a_failed_force_brought_nothing_back(build: TraceBuilder) -> None:
    """An exception leaves no bytes unknown."""
    build.force(build.at("program.py", "f(x)"), "compute", seconds=1, error="ValueError")
    assert cost.totals(build.end().trace()).bytes == 0


def test_forces_without_a_site_are_counted(build: TraceBuilder) -> None:
    """What nobody could attribute is still in the totals and has a group of its own."""
    build.force(None, "compute", seconds=1, tasks=7)
    trace = build.end().trace()
    assert cost.totals(trace).unattributed_forces == 1
    (site,) = cost.breakdown(trace).sites
    assert (site.site, site.user_site, site.direct, site.tasks) == (None, None, False, 7)


def test_kmeans_has_six_sites_the_dearest_first() -> None:
    """Sites are sorted by self seconds and know how often they forced."""
    sites = cost.breakdown(kmeans().trace()).sites
    assert [(site.site and site.site.expression, len(site.forces)) for site in sites] == [
        ("diff > thresh", 3),
        ("np.asarray(c_obs)", 4),
        ("xp.all(xp.isfinite(array))", 2),
        ("np.asarray(obs)", 1),
        ("np.asarray(c_code_book)", 4),
        ("np.asarray(obs_code)", 3),
    ]
    assert sites[0].forces == (7, 11, 15)
    assert sites[0].entries == ("scipy.cluster.vq.kmeans",)
    assert not sites[0].direct


def test_groups_are_apart_by_expression_user_line_and_trigger(build: TraceBuilder) -> None:
    """Two expressions of a line, two callers of a line and two triggers are different sites."""
    first, second = build.at("program.py", "f(x)"), build.at("program.py", "g(x)")
    library = build.at("library.py", "bool(x)")
    other_line = build.at("program.py", "b = f(x)")
    build.force(first, "compute", seconds=1)
    build.force(second, "compute", seconds=1)
    build.force(first, "persist", seconds=1)
    build.force(library, "__bool__", user_site=first, seconds=1)
    build.force(library, "__bool__", user_site=other_line, seconds=1)
    build.force(library, "__bool__", user_site=second, seconds=1)
    sites = cost.breakdown(build.end().trace()).sites
    assert [site.forces for site in sites] == [(4, 6), (1,), (2,), (3,), (5,)]


def test_the_entries_of_a_group_are_listed_once(build: TraceBuilder) -> None:
    """One line can reach several public functions."""
    user, library = build.at("program.py", "f(x)"), build.at("library.py", "bool(x)")
    for entry in ("lib.f", "lib.g", "lib.f"):
        build.force(library, "__bool__", user_site=user, entry=entry, seconds=1)
    (site,) = cost.breakdown(build.end().trace()).sites
    assert site.entries == ("lib.f", "lib.g")


def test_a_nested_force_is_not_counted_twice(build: TraceBuilder) -> None:
    """The outer force keeps only the time in which the inner one was not running."""
    outer = build.begin(build.at("program.py", "f(x)"), "compute", tasks=3)
    inner = build.begin(build.at("program.py", "g(x)"), "compute", parent=outer, tasks=2, at=1.0)
    build.finish(inner, 3.0).finish(outer, 10.0)
    build.wait(16.0)
    found = cost.breakdown(build.end().trace())
    assert [(site.self_seconds, site.tasks) for site in found.sites] == [(7.0, 3), (3.0, 2)]
    assert (found.overlap_seconds, found.unforced_seconds) == (0.0, 6.0)


def test_forces_in_two_threads_overlap(build: TraceBuilder) -> None:
    """What was counted twice is known, so that all parts still make the whole."""
    build.force(build.at("program.py", "f(x)"), "compute", seconds=4.0)
    build.force(build.at("program.py", "g(x)"), "compute", seconds=3.0, at=2.0)
    build.now = 10.0
    found = cost.breakdown(build.end().trace())
    assert (found.overlap_seconds, found.unforced_seconds) == (2.0, 5.0)
    assert [site.share for site in found.sites] == [0.4, 0.3]


def test_a_force_that_did_not_come_back_counts_until_the_last_record() -> None:
    """Its time is a lower bound, and the group says so."""
    found = cost.breakdown(killed().trace())
    assert [site.unfinished for site in found.sites] == [0, 1]
    assert found.sites[1].self_seconds == pytest.approx(3.5)


def test_a_force_that_raised_is_counted_as_such(build: TraceBuilder) -> None:
    """It cost time like any other."""
    line = build.at("program.py", "f(x)")
    build.force(line, "compute", seconds=1, error="ValueError")
    build.force(line, "compute", seconds=1)
    (site,) = cost.breakdown(build.end().trace()).sites
    assert (site.raised, site.unfinished, site.self_seconds) == (1, 0, 2.0)


def test_one_inexact_force_makes_the_group_inexact(build: TraceBuilder) -> None:
    """A sum of upper bounds is an upper bound."""
    line = build.at("program.py", "f(x)")
    build.force(line, "compute", seconds=1, tasks_exact=False)
    build.force(line, "compute", seconds=1)
    assert not cost.breakdown(build.end().trace()).sites[0].tasks_exact


def test_an_inherited_user_line_is_marked(build: TraceBuilder) -> None:
    """A worker thread's user line is that of the force around it."""
    build.force(build.at("library.py", "bool(x)"), "__bool__", inherited=True, seconds=1)
    assert cost.breakdown(build.end().trace()).sites[0].inherited


def test_without_time_there_are_no_shares(build: TraceBuilder) -> None:
    """Unknown is None, never 0."""
    build.force(build.at("program.py", "f(x)"), "compute", seconds=0.0)
    found = cost.breakdown(build.end().trace())
    assert found.sites[0].share is None
    assert found.share(0.0) is None


@st.composite
def one_thread(draw: st.DrawFn) -> TraceBuilder:
    """Forces as one thread can have them: one after the other, or one inside the other."""
    build = TraceBuilder("program.py")
    build.source("program.py", SOURCE)
    sites = [
        None,
        build.at("program.py", "f(x)"),
        build.at("program.py", "g(x)"),
        build.at("program.py", "b = f(x)"),
    ]
    open_forces: list[tuple[int, float]] = []
    steps = st.lists(st.tuples(st.booleans(), st.floats(0, 100), st.sampled_from(sites)), max_size=20)
    for begins, pause, site in draw(steps):
        build.wait(pause)
        if begins:
            tasks = draw(st.integers(0, 1000))
            trigger = draw(st.sampled_from(["compute", "__bool__"]))
            parent = open_forces[-1][0] if open_forces else None
            force = build.begin(
                site, trigger, parent=parent, tasks=tasks, repeated=draw(st.integers(0, tasks))
            )
            open_forces.append((force, build.now))
        elif open_forces:
            force, began = open_forces.pop()
            build.finish(force, build.now - began)
    for force, began in reversed(open_forces):
        build.finish(force, build.now - began)
    return build.wait(draw(st.floats(0, 100))).end()


@given(one_thread())
def test_on_one_thread_the_parts_make_the_whole(build: TraceBuilder) -> None:
    """Shares of the sites and of the unforced rest make 1, tasks and forces make the totals."""
    trace = build.trace()
    found, totals = cost.breakdown(trace), cost.totals(trace)
    assert found.overlap_seconds == pytest.approx(0, abs=1e-6)
    parts = sum(site.self_seconds for site in found.sites) + found.unforced_seconds
    assert parts == pytest.approx(trace.seconds, abs=1e-6)
    if trace.seconds > 0:
        shares = [*(site.share for site in found.sites), found.share(found.unforced_seconds)]
        assert sum(share or 0 for share in shares) == pytest.approx(1)
    assert sum(site.tasks for site in found.sites) == totals.tasks
    assert sum(site.tasks_repeated for site in found.sites) == totals.tasks_repeated
    assert sorted(n for site in found.sites for n in site.forces) == [f.id for f in trace.forces]
