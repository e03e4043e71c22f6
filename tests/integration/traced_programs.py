"""Programs whose lines are known, run in a trace; and every object that a trace could have replaced."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import dask
import dask.array as da
import numpy as np
from witness import Witness

import lazyscope
from lazyscope.model.trace import TraceData
from lazyscope.views import Force, Site

# Nothing is left behind

LAYER = ("dask", "distributed", "array_api_compat", "array_api_extra")


def layer_modules() -> dict[str, ModuleType]:
    """The loaded modules of the array layer, vendored copies too."""
    return {
        name: module
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType) and set(LAYER) & set(name.split("."))
    }


def snapshot() -> dict[tuple[str, ...], Any]:
    """Every object that a trace could have replaced, by where it is found."""
    found: dict[tuple[str, ...], Any] = {
        ("warnings", "_showwarnmsg"): warnings._showwarnmsg,  # type: ignore[attr-defined]
        ("warnings", "showwarning"): warnings.showwarning,
        ("threading", "start"): vars(threading.Thread)["start"],
        ("futures", "submit"): vars(ThreadPoolExecutor)["submit"],
    }
    if "multiprocessing.spawn" in sys.modules:
        found["spawn", "get_command_line"] = sys.modules["multiprocessing.spawn"].get_command_line
    if "multiprocessing.popen_forkserver" in sys.modules:
        popen = sys.modules["multiprocessing.popen_forkserver"].Popen
        found["forkserver", "_launch"] = vars(popen)["_launch"]
    for name, module in layer_modules().items():
        for attribute, value in list(vars(module).items()):
            if callable(value):
                found[name, attribute] = value
                found |= cells(f"{name}.{attribute}", value) | codes(f"{name}.{attribute}", value)
    for owner in watched_classes():
        for attribute, value in vars(owner).items():
            if callable(value) or isinstance(value, property | classmethod | staticmethod):
                found[owner.__module__, owner.__qualname__, attribute] = value
                found |= codes(f"{owner.__qualname__}.{attribute}", value)
    return found


def codes(where: str, value: Any) -> dict[tuple[str, ...], Any]:
    """What the functions behind a module's or class's attribute run."""
    functions = (value, getattr(value, "fget", None), getattr(value, "fset", None))
    return {
        (where, "code", str(number)): function.__code__
        for number, function in enumerate(functions)
        if isinstance(function, FunctionType)
    }


def cells(where: str, value: Any) -> dict[tuple[str, ...], Any]:
    """What a function's closure sees."""
    if not isinstance(value, FunctionType) or not value.__closure__:
        return {}
    names = value.__code__.co_freevars
    return {
        (where, "closure", name): cell.cell_contents
        for name, cell in zip(names, value.__closure__, strict=True)
        if is_filled(cell) and callable(cell.cell_contents)
    }


def is_filled(cell: Any) -> bool:
    try:
        return bool(cell.cell_contents is not None)
    except ValueError:
        return False


def watched_classes() -> list[type]:
    """Classes that a trace sets attributes on."""
    from dask.array.ufunc import ufunc

    found: list[type] = [da.Array, ufunc]
    if "distributed.client" in sys.modules:
        found.append(sys.modules["distributed.client"].Client)
    return found


def stand_ins() -> list[str]:
    """Attributes that hold a function of lazyscope's, in whatever module was loaded meanwhile."""
    return [
        f"{name}.{attribute}"
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType) and not name.startswith("lazyscope")
        for attribute, value in list(vars(module).items())
        if type(value) is FunctionType and value.__code__.co_filename.startswith("<lazyscope")
    ]


# Programs


@dataclass
class Run:
    """A program that was run in a trace, what lazyscope says, and what the witness saw."""

    path: Path
    text: str
    trace: lazyscope.Trace
    seen: Witness
    names: dict[str, Any]
    error: BaseException | None = None

    @property
    def forces(self) -> list[Force]:
        return self.trace.forces

    @property
    def data(self) -> TraceData:
        return self.trace.data

    def lines(self, mark: str = "#!") -> list[int]:
        """Numbers of the lines that end in a mark."""
        return [n for n, line in enumerate(self.text.splitlines(), 1) if line.rstrip().endswith(mark)]

    def line(self, mark: str) -> int:
        """Number of the one line that ends in a mark."""
        (number,) = self.lines(mark)
        return number

    def is_here(self, site: Site | None) -> bool:
        """Whether a site lies in the program."""
        return site is not None and site.file.endswith(self.path.name)

    def where(self, *, user: bool = False) -> list[tuple[str, int | None, str | None]]:
        """Trigger, line and expression of each force; the line is None outside the program."""
        return [
            (force.trigger, site.line if self.is_here(site) else None, site.expression if site else None)
            for force in self.forces
            for site in [force.user_site if user else force.site]
        ]

    def check_counts(self) -> None:
        """As many forces, tasks and repeated tasks as the witness saw."""
        assert [f.tasks for f in self.forces] == self.seen.tasks
        assert [f.tasks_repeated for f in self.forces] == self.seen.repeated


def known_names() -> dict[str, Any]:
    """What every program may use without importing it, so that its lines are its own."""
    import array_api_compat.dask.array as xp

    return {"np": np, "da": da, "dask": dask, "xp": xp}


Runner = Callable[..., Run]
