"""What several kinds of finding write: the namespace at a site, one changed line, what to hold."""

from __future__ import annotations

import re

from lazyscope.analysis.evidence import ForceEvidence, Placed
from lazyscope.catalogue.advice import changed_line, persist_before
from lazyscope.fixes.edit import Edit
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.placement import file_at

_DASK_ARRAY = re.compile(r"^[ \t]*import .*\bdask\.array as (\w+)", re.MULTILINE)
_NAMESPACE = re.compile(r"\bxp\b")


def namespace(placed: Placed) -> str:
    """What the array functions are called by in the file of the site: ``xp``, ``da``."""
    if placed.site is None:
        return "xp"
    known: dict[int, str] = vars(placed.trace).setdefault("_namespaces", {})
    file = file_at(placed.trace, placed.site)
    if file not in known:
        text = "\n".join(placed.trace.source_lines(file))
        found = _DASK_ARRAY.search(text)
        known[file] = found[1] if found and not _NAMESPACE.search(text) else "xp"
    return known[file]


def line_with(evidence: ForceEvidence, old: str, new: str) -> Edit | None:
    """The user's line with one text in place of another; None if it is not sure which."""
    if not old or not evidence.at_user or evidence.site is None:
        return None
    return changed_line(evidence.trace, evidence.site, evidence.where, old, new)


def hold_at_user(evidence: ForceEvidence) -> Fix | None:
    """Persist, in the user's own code, what these forces and others read again; None if nothing is."""
    return persist_before(evidence) if evidence.at_user else None


def present(*fixes: Fix | None) -> tuple[Fix, ...]:
    """Those that there are."""
    return tuple(fix for fix in fixes if fix is not None)
