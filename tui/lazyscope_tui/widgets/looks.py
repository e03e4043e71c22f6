"""How parts of a text look: names of styles, in colours of the theme. What they say is never colour alone."""

from __future__ import annotations

from lazyscope.report.html.finding_cards import SHAPES

STRONG = "bold"
QUIET = "$foreground-muted"
PLACE = "$text-primary"
CODE = "$text-secondary"
MARK = "bold underline $text-warning"
"""The expression that forced."""
ADDED = "$text-success"
REMOVED = "$text-error"
BAR = "$primary"
CURSOR = "$block-cursor-foreground on $block-cursor-background"
CURSOR_ELSEWHERE = "on $block-cursor-blurred-background"
"""The row of a list that has not the focus."""

SEVERITY = {"high": "bold $text-error", "medium": "$text-warning", "low": "", "info": QUIET}

__all__ = [
    "ADDED", "BAR", "CODE", "CURSOR", "CURSOR_ELSEWHERE", "MARK", "PLACE", "QUIET", "REMOVED", "SEVERITY",
    "SHAPES", "STRONG",
]  # fmt: skip
