"""A fix: an edit first and a sentence second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from lazyscope.fixes.edit import Edit

Audience: TypeAlias = Literal["caller", "library"]
Technique: TypeAlias = Literal[
    "where",
    "at",
    "apply-where",
    "lazy-apply",
    "map-blocks",
    "native-function",
    "guard-lazy",
    "propagate-nan",
    "clip",
    "take-along-axis",
    "vectorise",
    "keep-0d",
    "remove-check",
    "choose-parameter",
    "convert-input",
    "enable-dispatch",
    "persist",
    "store",
    "compute-once",
    "batch-compute",
    "rechunk",
    "compute-chunk-sizes",
    "pass-as-argument",
    "reorder",
    "upstream",
    "none",
]
"""Ids of design.md, section 7."""


@dataclass(frozen=True)
class Estimate:
    """What a fix would save, as bounds; None where nothing can be said."""

    tasks_repeated: tuple[int, int] | None = None
    """Repeated tasks that would not run: at least, at most."""
    seconds: tuple[float, float] | None = None
    """Wall time: at least, at most."""


@dataclass(frozen=True)
class Fix:
    """One way to fix a finding."""

    technique: Technique
    summary: str
    """What to do, in the terms of the code at hand."""
    price: str
    """What it costs or loses."""
    audience: Audience = "caller"
    """``caller``: who writes the user's line; ``library``: who writes the code that forced. A finding in
    the user's own code has fixes for the caller only."""
    estimate: Estimate = Estimate()
    edit: Edit | None = None
    """What it changes; None for a sketch."""
    sketch: str = ""
    """The summary without code, for where the edit does not hold; empty for what the technique does."""

    @property
    def is_sketch(self) -> bool:
        """Whether it is words only."""
        return self.edit is None
