"""``lazyscope diff`` as one HTML file that asks for nothing and runs nothing; it looks like the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from markupsafe import Markup

from lazyscope import figures
from lazyscope._version import __version__
from lazyscope.catalogue.before_after import BeforeAfter, Change, Run
from lazyscope.catalogue.finding import Finding
from lazyscope.report import diff_notes, diff_words
from lazyscope.report.headline import how_it_ended
from lazyscope.report.html.excerpts import Excerpt, excerpt
from lazyscope.report.html.markup import cut, policy_hash, prose, template

MOST = 300
"""Findings that are shown."""

_FIXES = 3
_SHAPES = {"new": "▲", "worse": "▲", "gone": "✓", "better": "▼"}
"""A mark for each kind, so that nobody has to tell colours apart."""


def render(compared: BeforeAfter, *, source: bool = True) -> str:
    """The comparison as text.

    Parameters
    ----------
    compared : BeforeAfter
        Two runs.
    source : bool
        Whether lines of source text are included; if not, there are places only.
    """
    return str(_template().render(_content(compared, source)))


def _content(compared: BeforeAfter, source: bool) -> dict[str, Any]:
    changes = compared.of("new", "worse", "gone", "better")
    runs = [_run("before", compared.before), _run("after", compared.after)]
    left = len(changes) - MOST
    return {
        "verdict": diff_words.verdict(compared),
        "tone": compared.verdict,
        "reasons": diff_words.reasons(compared),
        "title": " → ".join(dict.fromkeys(run["program"] for run in runs)),
        "runs": runs,
        "sums": diff_words.sums(compared),
        "notes": [_arrows(note) for note in diff_notes.notes(compared, lambda text: cut(text, 300))],
        "changes": [_card(compared, change, source) for change in changes[:MOST]],
        "left_out": f"{figures.plural(left, 'more finding')} that changed: left out." if left > 0 else "",
        "unchanged": _arrows(diff_words.as_they_were(compared, most=50)),
        "style": Markup(_style()),
        "style_hash": policy_hash(_style()),
        "version": __version__,
    }


def _run(label: str, run: Run) -> dict[str, str]:
    return {
        "label": label,
        "program": cut(" ".join(run.trace.header.argv) or "a traced block", 120),
        "ended": how_it_ended(run.trace, lambda text: cut(text, 80)),
    }


@dataclass(frozen=True)
class _Where:
    role: str
    lines: Excerpt


@dataclass(frozen=True)
class _Fix:
    technique: str
    for_library: bool
    summary: Markup
    price: Markup


@dataclass(frozen=True)
class _Card:
    """A finding that changed, ready to be drawn."""

    kind: str
    shape: str
    ids: str
    severity: str
    code: str
    title: Markup
    effect: str
    entry: str
    why: Markup
    where: tuple[_Where, ...]
    fixes: tuple[_Fix, ...]
    is_open: bool


def _card(compared: BeforeAfter, change: Change, source: bool) -> _Card:
    found = change.finding
    run = compared.after if change.after is not None else compared.before
    is_open = change.kind in ("new", "worse")
    return _Card(
        kind=change.kind,
        shape=_SHAPES[change.kind],
        ids=_arrows(diff_words.ids(change)),
        severity=_arrows(diff_words.severity_of(change)),
        code=_arrows(diff_words.code_of(change)),
        title=prose(found.title, source=source, longest=200),
        effect=_arrows(diff_words.effect(compared, change)),
        entry="" if found.entry is None else cut(run.trace.texts[found.entry], 120),
        why=prose(found.why, source=source),
        where=tuple(_where(compared, change, run, source)),
        fixes=tuple(_fixes(found, source)) if is_open else (),
        is_open=is_open,
    )


def _where(compared: BeforeAfter, change: Change, run: Run, source: bool) -> Iterator[_Where]:
    """The user's line and the library's; the line before, too, where it was another."""
    found = change.finding
    if found.user_site is not None:
        yield _Where("Your line", excerpt(run.trace, found.user_site, source=source))
    if found.site is not None and found.site != found.user_site:
        yield _Where("Where it happens", excerpt(run.trace, found.site, source=source))
    old = change.before
    if old is not None and old.site is not None and diff_words.was_elsewhere(compared, change):
        yield _Where("Where it was before", excerpt(compared.before.trace, old.site, source=source))


def _fixes(found: Finding, source: bool) -> Iterator[_Fix]:
    for fix in [fix for fix in found.fixes if fix.technique != "none"][:_FIXES]:
        summary, price = (prose(text, source=source) for text in (fix.summary, fix.price))
        yield _Fix(fix.technique, fix.audience == "library", summary, price)


def _arrows(text: str) -> str:
    return text.replace(" -> ", " → ")


@cache
def _template() -> Any:
    return template(_asset, "diff.html.j2")


@cache
def _asset(name: str) -> str:
    """A file of this form's own, or of the HTML report."""
    package = "lazyscope.report" if name.startswith("diff.") else "lazyscope.report.html"
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    return "\n".join(map(_asset, ("page.css", "findings.css", "diff.css")))
