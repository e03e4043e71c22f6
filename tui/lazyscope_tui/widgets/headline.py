"""What ran, how it ended and what its forces cost, in two lines."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from lazyscope.analysis.cost import totals
from lazyscope.report.headline import cost_sentences, how_it_ended
from lazyscope.report.html.markup import cut, cut_path
from lazyscope.report.unseen import unseen
from lazyscope.text.harmless import harmless
from lazyscope_tui.session import Session
from lazyscope_tui.widgets.looks import STRONG

_SAID = 3
"""Sentences of the cost that are told."""


class Headline(Widget):
    """The sentences that every report begins with.

    Parameters
    ----------
    session
        The trace.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._words = self._told()

    def tell(self) -> None:
        """Say it anew."""
        self._words = self._told()
        self.refresh()

    def _told(self) -> Content:
        trace = self._session.trace
        # Of a path the end says which program it is; of arguments the first do.
        script, *arguments = trace.header.argv or ["The traced block"]
        program = cut(" ".join([cut_path(script, 36), *arguments]), 56)
        ended = how_it_ended(trace, lambda exception: cut(exception, 40))
        said = cost_sentences(trace, totals(trace))[:_SAID]
        style = STRONG if trace.ended == "ok" else "bold $text-error"
        return Content.assemble(
            (f"{program} {harmless(ended)}", style), f" {' '.join(said)}{self._not_seen()}"
        )

    def _not_seen(self) -> str:
        """That there is more to know than the figures say."""
        diagnosis = self._session.diagnosis
        lines = [] if diagnosis is None else unseen(self._session.trace, diagnosis)
        return f" Not seen: {harmless(lines[0])}." if lines else ""

    def render(self) -> Content:
        lines = self._words.wrap(self.size.width)
        shown = lines[: self.size.height]
        if len(lines) > len(shown) and shown:
            shown[-1] = (shown[-1] + " ...").truncate(self.size.width, ellipsis=True)
        return Content("\n").join(shown)
