"""How much memory the process has and may take, read from the kernel; None where it does not say."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
FRESH = 0.05
"""Seconds for which a reading of the resident size stands: forces of a loop share it."""

SHARE = 0.01
"""Of the time that reading the peak may take."""

_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


_read_at = float("-inf")
_resident: int | None = None


def resident_bytes() -> int | None:
    """Resident size of this process, at most `FRESH` seconds old."""
    global _read_at, _resident
    now = time.monotonic()
    if now - _read_at > FRESH:
        _resident = _resident_now()
        _read_at = now
    return _resident


def _resident_now() -> int | None:
    try:
        descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return int(os.read(descriptor, 128).split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return None
    finally:
        os.close(descriptor)


def peak_resident_bytes() -> int | None:
    """Highest resident size of this process since it began."""
    if resource is None:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT


class PeakReader:
    """Reads the peak for one force after another, and lets forces go without where it takes too long.

    The kernel adds up the threads of a process for it, which can take longer than a small force.
    """

    def __init__(self) -> None:
        self._next = float("-inf")

    def before(self) -> int | None:
        """The peak as a force begins; None if reading it again would cost more than `SHARE` of the time."""
        began = time.perf_counter()
        if began < self._next:
            return None
        peak = peak_resident_bytes()
        ended = time.perf_counter()
        # Another one is read when the force ends.
        self._next = ended + 2 * (ended - began) / SHARE
        return peak


def limit_bytes() -> int | None:
    """The smallest of physical memory and the limits of the process's control groups."""
    limits = [_meminfo("MemTotal"), *(limit for limit, _ in _cgroup_limits())]
    return min((limit for limit in limits if limit is not None), default=None)


def free_bytes() -> int | None:
    """What this process could still take before the kernel or a control group stops it."""
    room = [_meminfo("MemAvailable"), *(limit - used for limit, used in _cgroup_limits())]
    free = min((bytes_ for bytes_ in room if bytes_ is not None), default=None)
    return None if free is None else max(free, 0)


def _meminfo(name: str) -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def _cgroup_limits() -> list[tuple[int, int]]:
    """(limit, used without page cache) of each control group above the process that has a limit."""
    limits = []
    for directory, limit_name, used_name in _cgroup_directories():
        limit = _number(directory / limit_name)
        used = _number(directory / used_name)
        if limit is not None and used is not None and limit < 1 << 60:
            limits.append((limit, used - _reclaimable(directory)))
    return limits


def _cgroup_directories() -> list[tuple[Path, str, str]]:
    """Version 2 and version 1 directories of this process's memory group and those above it."""
    found = []
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, names = Path("/sys/fs/cgroup"), ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            root = Path("/sys/fs/cgroup/memory")
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        below = root / path.lstrip("/")
        for directory in (below, *below.parents):
            found.append((directory, *names))
            if directory == root:
                break
    return found


def _reclaimable(directory: Path) -> int:
    """Page cache that the kernel drops before it kills."""
    try:
        lines = (directory / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    values = dict(line.split()[:2] for line in lines if len(line.split()) >= 2)
    return int(values.get("inactive_file", values.get("total_inactive_file", 0)))


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
