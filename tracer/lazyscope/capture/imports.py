"""Modules of the array layer that the program imports while it is watched are recorded as they load."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from lazyscope.capture.own_failures import guarded

_MODULES = (
    "dask", "dask.array", "distributed.client", "multiprocessing.spawn", "multiprocessing.popen_forkserver",
)  # fmt: skip
_ARRAY_LAYER = re.compile(r"(^|\.)(dask\.array|array_api_compat|array_api_extra)(\.|$)")


def is_array_layer(module_name: str) -> bool:
    """Whether a module can hold functions that are recorded."""
    return _ARRAY_LAYER.search(module_name) is not None and ".tests" not in module_name


class ImportWatcher:
    """A finder that lets the others find, and hears of it when a module has been executed.

    Parameters
    ----------
    loaded : callable
        Called with each module of the array layer, and with the others that are watched, once executed.
    """

    def __init__(self, loaded: Callable[[ModuleType], object]) -> None:
        self._loaded = guarded(loaded)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec the other finders give, with its loader watched while it executes the module."""
        if not (name in _MODULES or is_array_layer(name)):
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _WatchedLoader(spec.loader, self._loaded)  # type: ignore[assignment]
                return spec
        return None

    def install(self) -> None:
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)


class _WatchedLoader:
    """Stands in for a loader until its module is executed; the module never keeps it."""

    def __init__(self, loader: Any, loaded: Callable[[ModuleType], object]) -> None:
        self._loader = loader
        self._loaded = loaded

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._loaded(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
