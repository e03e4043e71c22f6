"""The only place that sets attributes on other modules, and that puts them back.

Every change keeps the object it replaced and is undone in reverse, by identity: where somebody else has
set the attribute since, their object stays and `undo` names the attribute.
"""

from __future__ import annotations

import sys
from types import CellType, ModuleType
from typing import Any

_ABSENT = object()


class Patches:
    """Attributes and closure cells that were replaced, in the order of replacement."""

    def __init__(self) -> None:
        self._done: list[tuple[Any, str | None, Any, Any]] = []
        self._imported_before = set(sys.modules)

    def set(self, owner: Any, name: str, replacement: Any) -> None:
        """Replace an attribute of a module or class."""
        # What the owner itself holds, unbound: not what attribute access makes of it.
        before = vars(owner).get(name, _ABSENT)
        self._done.append((owner, name, before, replacement))
        setattr(owner, name, replacement)

    def set_cell(self, cell: CellType, replacement: Any) -> None:
        """Replace what a closure sees under one of its names."""
        self._done.append((cell, None, cell.cell_contents, replacement))
        cell.cell_contents = replacement

    def undo(self) -> list[str]:
        """Put everything back.

        Returns
        -------
        list of str
            Attributes that somebody else has replaced meanwhile and that were left alone.
        """
        originals = {id(after): before for _, _, before, after in self._done if before is not _ABSENT}
        replacements = [after for _, _, _, after in self._done]
        foreign = []
        while self._done:
            owner, name, before, replacement = self._done.pop()
            if name is None:
                if owner.cell_contents is replacement:
                    owner.cell_contents = before
            elif vars(owner).get(name, _ABSENT) is not replacement:
                foreign.append(f"{getattr(owner, '__name__', owner)}.{name}")
            elif before is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
        self._restore_copies(originals)
        replacements.clear()
        return foreign

    def _restore_copies(self, originals: dict[int, Any]) -> None:
        """Modules imported meanwhile may have bound a replacement: ``from dask.array import mean``."""
        for imported, module in list(sys.modules.items()):
            if isinstance(module, ModuleType) and imported not in self._imported_before:
                for name, value in list(vars(module).items()):
                    if id(value) in originals:
                        setattr(module, name, originals[id(value)])
