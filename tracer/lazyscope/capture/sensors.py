"""All sensors: put in place when the first trace opens, taken away when the last one closes."""

from __future__ import annotations

import sys
from types import ModuleType

from lazyscope.capture import arrays, namespace, scheduler, threads, unknown, warned
from lazyscope.capture.imports import ImportWatcher
from lazyscope.capture.patching import Patches
from lazyscope.capture.session import installed_patches

_watcher: ImportWatcher | None = None


def install(patches: Patches) -> None:
    """Put every sensor in place."""
    global _watcher
    namespace.install(patches)
    arrays.install(patches)
    arrays.install_ufuncs(patches)
    unknown.install(patches)
    warned.install(patches)
    threads.install(patches)
    scheduler.install(patches)
    _watcher = ImportWatcher(_loaded)
    _watcher.install()


def forget() -> None:
    """Take away what patches do not hold."""
    global _watcher
    if _watcher is not None:
        _watcher.remove()
        _watcher = None
    namespace.forget()


def _loaded(module: ModuleType) -> None:
    patches = installed_patches()
    if patches is None:
        return
    if module.__name__ == "distributed.client":
        scheduler.install_client(patches, sys.modules["distributed.client"])
    else:
        namespace.install_module(patches, module)
        namespace.rebind_everywhere(patches)
