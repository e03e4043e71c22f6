"""From the frames at the moment of an event to who did it: site, user site, entry and trigger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import NamedTuple

from lazyscope.capture.entry import entry_of
from lazyscope.capture.roles import Roles

Place = tuple[CodeType, int]
"""A code object and the offset of an instruction in it."""

DEEPEST = 200
"""Frames kept of a stack, the innermost ones."""

_HOST = str(Path(__file__).with_name("program.py"))
"""Beyond its frames lies lazyscope's own command, which is nobody's program."""

TRIGGERS = {
    name: name
    for name in (
        "__array__",
        "__bool__",
        "__float__",
        "__int__",
        "__index__",
        "__complex__",
        "__iter__",
        "__len__",
        "compute",
        "persist",
        "compute_chunk_sizes",
        "store",
    )
} | {"handle_nonmatching_names": "array_function"}
"""Functions of dask that make it execute a graph, by name. dask answers a NumPy function it lacks
(NEP 18) in a function of its own inside ``__array_function__``."""


class Sighting(NamedTuple):
    """What the frames say about one event."""

    places: list[Place]
    """Frames outside the array layer and tools, innermost first."""
    site: Place | None
    user_site: Place | None
    entry: str | None
    inner: list[str]
    """Functions of dask between the site and the event, outermost first."""


def sight(frame: FrameType | None, roles: Roles) -> Sighting:
    """Read a stack from `frame` outwards."""
    return _read(_outwards(frame), roles)


def sight_traceback(traceback: TracebackType | None, roles: Roles, frame: FrameType | None) -> Sighting:
    """Read the frames an exception passed through, then those outside of `frame`, its catcher."""
    passed = []
    while traceback is not None:
        passed.append((traceback.tb_frame, traceback.tb_lasti))
        traceback = traceback.tb_next
    outer = list(_outwards(frame.f_back if frame else None))
    return _read(iter(passed[::-1] + outer), roles)


def _outwards(frame: FrameType | None) -> Iterator[tuple[FrameType, int]]:
    while frame is not None:
        yield frame, frame.f_lasti
        frame = frame.f_back


def _read(frames: Iterator[tuple[FrameType, int]], roles: Roles) -> Sighting:
    places: list[Place] = []
    libraries: list[FrameType] = []
    inner: list[str] = []
    user_site: Place | None = None
    role_of = roles.of
    for frame, instruction in frames:
        code = frame.f_code
        role = role_of(code.co_filename, frame.f_globals)
        if role == "array":
            if not places and is_dask(frame):
                inner.append(code.co_name)
        elif role == "tool":
            if code.co_filename == _HOST:
                break
        else:
            places.append((code, instruction))
            if user_site is None:
                if role == "user":
                    user_site = (code, instruction)
                else:
                    libraries.append(frame)
            if len(places) >= DEEPEST and user_site is not None:
                break
    entry = entry_of(libraries[::-1]) if libraries and user_site else None
    inner.reverse()
    return Sighting(places, places[0] if places else None, user_site, entry, inner)


def is_dask(frame: FrameType) -> bool:
    """Whether the frame runs a function of dask or distributed."""
    module = frame.f_globals.get("__name__")
    return isinstance(module, str) and module.startswith(("dask.", "distributed."))


def trigger_of(inner: list[str]) -> str:
    """The outermost function of the list in design.md, section 2; ``other`` without one.

    A public function of dask that calls ``compute`` on its own is the trigger rather than that call.

    Parameters
    ----------
    inner : list of str
        Names of dask's functions between the site and the scheduler, outermost first.
    """
    for depth, name in enumerate(inner):
        if name not in TRIGGERS:
            continue
        if name in ("compute", "persist") and depth > 0:
            return "array_ufunc" if "__array_ufunc__" in inner[:depth] else "other"
        return TRIGGERS[name]
    return "other"


def operation_of(inner: list[str]) -> str:
    """The outermost function of dask that has a name of its own."""
    return next((name for name in inner if not name.startswith("<")), "")

