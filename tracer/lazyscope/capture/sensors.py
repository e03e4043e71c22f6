"""All sensors: put in place when the first trace opens, taken away when the last one closes.

A program decides itself when it imports what (`SCIPY_ARRAY_API` must be set before SciPy is imported,
``array.query-planning`` before `dask.array`), so nothing of dask or NumPy is imported for it: each sensor
is put in place when the module it watches has been imported.
"""

from __future__ import annotations

import sys
from types import ModuleType

from lazyscope.capture import spawned, warned
from lazyscope.capture.imports import ImportWatcher
from lazyscope.capture.patching import Patches
from lazyscope.capture.session import installed_patches

_watcher: ImportWatcher | None = None
_arrays_watched = False
_schedulers_watched = False


def install(patches: Patches) -> None:
    """Put every sensor in place whose module is imported, and wait for the others'."""
    global _watcher
    warned.install(patches)
    for name in ("dask", "dask.array", *spawned.MODULES):
        module = sys.modules.get(name)
        if module is not None and not _is_initialising(module):
            _watch(patches, module)
    _watcher = ImportWatcher(_loaded)
    _watcher.install()


def forget() -> None:
    """Take away what patches do not hold."""
    global _watcher, _arrays_watched, _schedulers_watched
    if _watcher is not None:
        _watcher.remove()
        _watcher = None
    if _arrays_watched:
        from lazyscope.capture import calls, namespace

        namespace.forget()
        calls.internal.clear()
    _arrays_watched = _schedulers_watched = False


def _is_initialising(module: ModuleType) -> bool:
    return bool(getattr(module.__spec__, "_initializing", False))


def _loaded(module: ModuleType) -> None:
    patches = installed_patches()
    if patches is not None:
        _watch(patches, module)


def _watch(patches: Patches, module: ModuleType) -> None:
    """Put the sensors in place that a module just imported calls for."""
    if module.__name__ == "dask":
        _watch_schedulers(patches)
    elif module.__name__ == "dask.array":
        _watch_arrays(patches)
    elif module.__name__ in spawned.MODULES:
        spawned.install(patches, module)
    elif module.__name__ == "distributed.client" and _schedulers_watched:
        from lazyscope.capture import scheduler

        scheduler.install_client(patches, module)
    elif _arrays_watched:
        from lazyscope.capture import namespace

        namespace.install_module(patches, module)


def _watch_schedulers(patches: Patches) -> None:
    global _schedulers_watched
    from lazyscope.capture import scheduler

    scheduler.install(patches)
    _schedulers_watched = True


def _watch_arrays(patches: Patches) -> None:
    global _arrays_watched
    from lazyscope.capture import arrays, constructor, namespace

    namespace.install(patches)
    arrays.install(patches)
    arrays.install_ufuncs(patches)
    constructor.install(patches)
    _arrays_watched = True
