"""The rows of the tree of calls that are in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lazyscope_tui.call_tree import CallTree, Node
from lazyscope_tui.searching import Term


@dataclass
class OpenTree:
    """A tree of which some rows are open."""

    tree: CallTree
    rows: list[Node] = field(default_factory=list)
    terms: Sequence[Term] = ()

    def open(self, index: int) -> None:
        """Put the children of a row below it; the next ones in place of ``more``."""
        node = self.rows[index]
        if node.kind == "more":
            self.rows[index : index + 1] = self.tree.rest(node)
        elif node.can_open and not node.is_open:
            node.is_open = True
            self.rows[index + 1 : index + 1] = self.tree.children(node, self.terms)

    def close(self, index: int) -> int:
        """Take the rows below a row away, or go to the one that it is below; the index of either."""
        node = self.rows[index]
        if node.is_open:
            node.is_open = False
            last = self._end(index)
            del self.rows[index + 1 : last]
            return index
        return self.above(index)

    def above(self, index: int) -> int:
        """The row that a row is below; the row itself at the top."""
        depth = self.rows[index].depth
        return next((one for one in range(index, -1, -1) if self.rows[one].depth < depth), index)

    def _end(self, index: int) -> int:
        """Where the rows below a row end."""
        depth = self.rows[index].depth
        below = range(index + 1, len(self.rows))
        return next((one for one in below if self.rows[one].depth <= depth), len(self.rows))
