"""What all screens look at: one trace, what was found in it, and what the reader chose.

A main screen is constructed with the session alone. It posts `GoTo` to lead to another place; the app
switches to the screen of that kind and calls its ``reveal(id)``. When the findings
are there, the app sets `Session.diagnosis` and posts `DiagnosisReady` to every screen that is open; a screen
opened later finds them in the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from textual.message import Message

from lazyscope.analysis.cost import SiteCost, breakdown
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.model.trace import TraceData

Place: TypeAlias = Literal["finding", "force", "graph", "timeline", "calls"]
"""Kinds of places to go to."""


@dataclass
class Session:
    """A trace that is looked at."""

    path: Path | None
    """Where it was read from; None for a trace in memory."""
    trace: TraceData
    diagnosis: Diagnosis | None = None
    """None until the findings are known."""
    allowed: dict[str, str] = field(default_factory=dict)
    """Reasons of findings marked as allowed while looking at them, by fingerprint."""
    selected: str | None = None
    """Id of the finding that was looked at last."""

    @cached_property
    def sites(self) -> Sequence[SiteCost]:
        """The lines that forced, the dearest first."""
        return breakdown(self.trace).sites

    def finding(self, number: str | None) -> Finding | None:
        """The finding of an id such as ``F1``."""
        if self.diagnosis is None or number is None:
            return None
        return next((found for found in self.diagnosis.findings if found.id == number), None)

    @property
    def name(self) -> str:
        """What the trace is called."""
        return self.path.name if self.path is not None else "trace"


class DiagnosisReady(Message):
    """The findings are in the session now."""


class GoTo(Message):
    """Lead the reader to a place.

    Parameters
    ----------
    kind
        What is to be seen.
    id
        Of a finding (``F1``) or a force (``"12"``); None for the place as it was left.
    """

    def __init__(self, kind: Place, id: str | None = None) -> None:  # noqa: A002
        super().__init__()
        self.kind: Place = kind
        self.id = id
