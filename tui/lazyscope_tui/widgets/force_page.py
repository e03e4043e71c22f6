"""A force on a page: where, what it wanted, and which earlier force had run its tasks."""

from __future__ import annotations

from collections import Counter

from textual.content import Content

from lazyscope import figures
from lazyscope.model.trace import Force
from lazyscope.report.killed import wanted_sentences
from lazyscope_tui.force_rows import began, state, took
from lazyscope_tui.session import Session
from lazyscope_tui.widgets.looks import QUIET, STRONG
from lazyscope_tui.widgets.page import Page, prose, text
from lazyscope_tui.widgets.source_lines import write_source

_MOST = 12
"""Layers and results that are shown."""


def write_force(page: Page, session: Session, force: Force) -> None:
    """All about a force."""
    begin = force.begin
    entry = "" if begin.entry is None else f" in {session.trace.texts[begin.entry]}"
    page.line((f"Force {force.id}", STRONG), text(f" by {begin.trigger}{entry}"))
    page.paragraph(Content(f"Began at {began(force)}, took {took(force)}, {_ending(force)}{_around(force)}."))
    _finding(page, session, force)
    _earlier(page, session, force)
    if begin.site is not None:
        write_source(page, session.trace, begin.site, "Forced by")
    if begin.user_site is not None and begin.user_site != begin.site:
        write_source(page, session.trace, begin.user_site, "Your line")
    _asked(page, session, force)
    _facts(page, session, force)


def _ending(force: Force) -> str:
    error = force.end.error if force.end is not None else None
    return (
        f"raised {text(error).plain}"
        if error
        else {"running": "has not come back"}.get(state(force), "finished")
    )


def _around(force: Force) -> str:
    return "" if force.begin.parent is None else f", inside force {force.begin.parent}"


def _finding(page: Page, session: Session, force: Force) -> None:
    found = None if session.diagnosis is None else session.diagnosis.of_force.get(force.id)
    if found is not None:
        mark = f"{found.id} {found.severity} {found.code}  "
        page.paragraph(Content.assemble((mark, STRONG), prose(found.title)))
    if force.begin.allowed is not None:
        page.line(("allowed: ", STRONG), text(force.begin.allowed))


def earlier_forces(force: Force) -> Counter[int]:
    """How many of its tasks earlier forces had run, by the latest of these."""
    counted: Counter[int] = Counter()
    for wanted in force.begin.wanted:
        if wanted.repeated and wanted.last is not None:
            counted[wanted.last] += wanted.repeated
    return counted


def _earlier(page: Page, session: Session, force: Force) -> None:
    """Which earlier forces had run its tasks, layer by layer."""
    begin = force.begin
    page.heading("Computed before")
    if not begin.tasks_repeated:
        page.line("None of its tasks had been computed before.")
        return
    bound = "" if begin.tasks_exact else "at most "
    tasks = figures.plural(begin.tasks, "task")
    page.line(f"{bound}{begin.tasks_repeated:,} of {tasks} had been computed before:")
    trace = session.trace
    repeated = [wanted for wanted in begin.wanted if wanted.repeated]
    for wanted in repeated[:_MOST]:
        layer = text(trace.texts[trace.layers[wanted.layer].operation])
        by = "an earlier force" if wanted.last is None else f"force {wanted.last}"
        page.line(f"  {wanted.repeated:>7,} of {wanted.tasks:<7,} ", layer, (f"  last by {by}", QUIET))
    if repeated[_MOST:]:
        page.line((f"  and {figures.plural(len(repeated) - _MOST, 'more layer')}", QUIET))


def _asked(page: Page, session: Session, force: Force) -> None:
    page.heading("What it wanted")
    page.paragraph(text(" ".join(wanted_sentences(session.trace, force.begin))))
    for name in force.begin.results[:_MOST]:
        page.line("  ", text(session.trace.texts[name], QUIET))
    if force.begin.results[_MOST:]:
        page.line((f"  and {figures.plural(len(force.begin.results) - _MOST, 'more result')}", QUIET))


def _facts(page: Page, session: Session, force: Force) -> None:
    end = force.end
    size = "unknown" if end is None or end.bytes is None else figures.size(end.bytes)
    page.heading("Figures")
    rows = [
        ("without nested forces", figures.duration(force.self_seconds)),
        ("came back", size),
        ("scheduler", force.begin.scheduler),
        ("thread", session.trace.texts[force.begin.thread]),
    ]
    if end is not None and end.peak_bytes is not None:
        rows.append(("peak of memory", figures.size(end.peak_bytes)))
    if force.partition_reads:
        again = f"{force.partition_reads_repeated:,} made before"
        rows.append(("partition reads", f"{force.partition_reads:,}, {again}"))
    for name, value in rows:
        page.line((f"{name:<22}", QUIET), text(value))
