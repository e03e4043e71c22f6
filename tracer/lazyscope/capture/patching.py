"""The only place that changes what is not lazyscope's, and that puts it back.

Every change keeps what it replaced and is undone in reverse, by identity: where somebody else has made a
change since, theirs stays and `undo` names the place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FunctionType, ModuleType
from typing import Any

_ABSENT = object()


class Patches:
    """What was replaced, in the order of replacement."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], str | None]] = []
        self._replaced: list[tuple[Any, Any]] = []
        self._imported_before = set(sys.modules)

    def set(self, owner: Any, name: str, replacement: Any) -> None:
        """Replace an attribute of a module or class."""
        # What the owner itself holds, unbound: not what attribute access makes of it.
        before = vars(owner).get(name, _ABSENT)

        def undo() -> str | None:
            if vars(owner).get(name, _ABSENT) is not replacement:
                return f"{getattr(owner, '__name__', owner)}.{name}"
            if before is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
            return None

        self._undo.append(undo)
        if before is not _ABSENT:
            self._replaced.append((before, replacement))
        setattr(owner, name, replacement)

    def set_code(self, function: FunctionType, code: CodeType) -> None:
        """Have a function, wherever it is held, run other code."""
        before = function.__code__

        def undo() -> str | None:
            if function.__code__ is not code:
                return f"{function.__module__}.{function.__qualname__}.__code__"
            function.__code__ = before
            return None

        self._undo.append(undo)
        function.__code__ = code

    def undo(self) -> list[str]:
        """Put everything back.

        Returns
        -------
        list of str
            What somebody else has replaced meanwhile and was left alone.
        """
        foreign = []
        while self._undo:
            foreign.append(self._undo.pop()())
        self._restore_copies()
        return [name for name in foreign if name is not None]

    def _restore_copies(self) -> None:
        """Modules imported meanwhile may have bound a replacement: ``from dask.array import ones``."""
        originals = {id(replacement): before for before, replacement in self._replaced}
        for imported, module in list(sys.modules.items()):
            if isinstance(module, ModuleType) and imported not in self._imported_before:
                for name, value in list(vars(module).items()):
                    if id(value) in originals:
                        setattr(module, name, originals[id(value)])
        self._replaced.clear()
