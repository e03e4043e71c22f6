"""From the frames at the moment of an event to who did it: site, user site, entry and trigger."""

from __future__ import annotations

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

INFERENCE = frozenset({"compute_meta", "apply_infer_dtype", "infer_dtype"})
"""Functions of dask that run others on empty or tiny arrays to learn dtype and dimensions."""

STACKS = 10_000
"""Stacks remembered before all are forgotten."""


class Sighting(NamedTuple):
    """What the frames say about one event."""

    places: list[Place]
    """Frames outside the array layer and tools, innermost first."""
    site: Place | None
    user_site: Place | None
    entry: str | None
    inner: list[str]
    """Functions of dask between the site and the event, outermost first."""
    inferring: bool = False
    """Whether dask was running a function of the program on empty arrays to learn what it returns."""


class Sighter:
    """Reads stacks, and remembers those it has read: a loop shows the same one again and again.

    Parameters
    ----------
    roles : Roles
        Says whose file a frame's is.
    """

    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self._known: dict[tuple[int, ...], tuple[Sighting, list[int], list[CodeType]]] = {}

    def sight(self, frame: FrameType | None) -> Sighting:
        """Read a stack from `frame` outwards."""
        frames: list[FrameType] = []
        key: list[int] = []
        while frame is not None:
            frames.append(frame)
            key += (id(frame.f_code), frame.f_lasti)
            frame = frame.f_back
        known = self._known.get(tuple(key))
        if known is None:
            sighting, libraries = _read([(f, f.f_lasti) for f in frames], self._roles)
            # Which class or closure a frame runs for is not in its code.
            asked_anew = libraries if any(_varies(frames[i].f_code) for i in libraries) else []
            self._remember(tuple(key), sighting, asked_anew, frames)
            return sighting
        sighting, libraries, _ = known
        if libraries:
            return sighting._replace(entry=entry_of([frames[i] for i in libraries]))
        return sighting

    def _remember(
        self, key: tuple[int, ...], sighting: Sighting, libraries: list[int], frames: list[FrameType]
    ) -> None:
        if len(self._known) >= STACKS:
            self._known.clear()
        # The code objects are kept, so that no others get their ids.
        self._known[key] = (sighting, libraries, [frame.f_code for frame in frames])

    def sight_traceback(self, traceback: TracebackType | None) -> Sighting:
        """Read the frames an exception passed through, then those outside of the one that caught it."""
        return _read(frames_of(traceback), self._roles)[0]


def frames_of(traceback: TracebackType | None) -> list[tuple[FrameType, int]]:
    """The frames an exception passed through and the instructions it left them at, innermost first.

    Then those outside of the one that caught it.
    """
    passed: list[tuple[FrameType, int]] = []
    frame = traceback.tb_frame.f_back if traceback is not None else None
    while traceback is not None:
        passed.append((traceback.tb_frame, traceback.tb_lasti))
        traceback = traceback.tb_next
    passed.reverse()
    while frame is not None:
        passed.append((frame, frame.f_lasti))
        frame = frame.f_back
    return passed


def _varies(code: CodeType) -> bool:
    """Whether it is a method's or a closure's."""
    return "." in code.co_qualname


def _read(frames: list[tuple[FrameType, int]], roles: Roles) -> tuple[Sighting, list[int]]:
    """What frames, innermost first, say; and which of them are the library's, outermost first."""
    places: list[Place] = []
    libraries: list[int] = []
    inner: list[str] = []
    user_site: Place | None = None
    in_task = inferring = False
    for number, (frame, instruction) in enumerate(frames):
        code = frame.f_code
        role = roles.of(code.co_filename, frame.f_globals)
        if role == "array":
            inferring = inferring or (code.co_name in INFERENCE and is_dask(frame))
            if not places and not in_task and is_dask(frame):
                # A worker's own frames are not what led to the event.
                in_task = frame.f_globals.get("__name__") == "dask._task_spec"
                if not in_task:
                    inner.append(code.co_name)
        elif role == "tool":
            if code.co_filename == _HOST:
                break
        else:
            places.append((code, instruction))
            if user_site is None and role == "user":
                user_site = (code, instruction)
            elif user_site is None:
                libraries.append(number)
            if len(places) >= DEEPEST and user_site is not None:
                break
    libraries = libraries[::-1] if user_site else []
    entry = entry_of([frames[number][0] for number in libraries]) if libraries else None
    inner.reverse()
    site = places[0] if places else None
    return Sighting(places, site, user_site, entry, inner, inferring), libraries


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
